//! The threads of queries: their own, and below those that take messages in.

use std::mem::ManuallyDrop;

use crate::error::{LakeError, Result};
use crate::query::limits::STACK;

/// How far queries step back (`nice`): when every core is busy they get some 6 % of it, and all of it otherwise.
const STEP_BACK: i32 = 15;

/// A runtime that may be dropped anywhere.
pub(crate) struct Threads(Option<tokio::runtime::Runtime>);

impl Threads {
    /// Starts `count` threads that step back.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(count: usize) -> Result<Self> {
        Self::begin(count, "qala-query", step_back)
    }

    /// Starts one thread that does not step back.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn urgent() -> Result<Self> {
        Self::begin(1, "qala-urgent", || ())
    }

    fn begin(count: usize, name: &str, at_start: fn()) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(count.max(1))
            .thread_name(name)
            .thread_stack_size(STACK)
            .on_thread_start(at_start)
            .enable_all()
            .build()
            .map_err(LakeError::io("start the threads of queries"))?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a task on them.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        match &self.0 {
            Some(runtime) => runtime.spawn(task),
            // Only between `drop` and the end of it, where nobody can ask.
            None => tokio::spawn(task),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let Some(runtime) = self.0.take().map(ManuallyDrop::new) else {
            return;
        };
        // Its threads are waited for, which whoever drops it may not do. To let go of a thread that is just ending is not safe in
        // glibc (bug 19951): once in thousands of runs a command that had answered fell over at its end.
        let ending = std::thread::Builder::new()
            .name("qala-end".into())
            .spawn(move || drop(ManuallyDrop::into_inner(runtime)));
        if let Err(error) = ending {
            tracing::debug!(%error, "the threads of queries stay");
        }
    }
}

/// Runs long work on a thread of its own that steps back as queries do.
///
/// # Errors
/// When the system gives no thread, or the work panicked.
pub async fn at_leisure<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (done, waiting) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("qala-leisure".into())
        .spawn(move || {
            step_back();
            // Nobody may wait any more.
            drop(done.send(work()));
        })
        .map_err(LakeError::io("start a thread for long work"))?;
    waiting
        .await
        .map_err(|_| LakeError::Closed("long work failed".into()))
}

/// Lowers the priority of the calling thread; where that is not possible it stays as it is.
#[cfg(target_os = "linux")]
fn step_back() {
    #[expect(unsafe_code, reason = "the standard library has no priorities")]
    // SAFETY: a system call with three numbers; on Linux 0 means the calling thread alone.
    let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, STEP_BACK) };
    if done != 0 {
        tracing::debug!("the priority of a query thread could not be lowered");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {
    // Elsewhere 0 would mean the whole process.
    let _ = STEP_BACK;
}
