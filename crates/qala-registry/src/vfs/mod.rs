//! SQLite over our own [`Disk`] trait, so that the registry joins the simulated disk in tests.
//!
//! What belongs here: one SQLite VFS per [`Vfs`], its files, and the rule that a database file has one
//! connection. What does not: SQL, and any choice of journal mode.
//!
//! Locks stay in this process: a database file that is open is refused to a second connection, on the same
//! disk object. Against a second *process* the data directory has its own lock (the log takes it).
//! There is no shared memory, so SQLite must run with `locking_mode=EXCLUSIVE`.

mod ffi;
mod file;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use qala_disk::Disk;

use self::ffi::Registration;

/// How long a drop waits for SQLite's thread to close its files.
const PATIENCE: Duration = Duration::from_mins(1);

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Database files that are open, by address of their disk and by path.
static OPEN: Mutex<BTreeSet<(usize, String)>> = Mutex::new(BTreeSet::new());

/// A VFS that is registered with SQLite for as long as this lives. Close the connections first: the drop
/// waits until their files are closed.
pub(crate) struct Vfs {
    name: String,
    registration: Option<Registration>,
    shared: Arc<Shared>,
    is_connecting: bool,
}

/// What the callbacks see.
struct Shared {
    disk: Arc<dyn Disk>,
    files: Mutex<usize>,
    closed: Condvar,
}

impl Vfs {
    /// Registers a VFS for `disk` under a name of its own.
    pub(crate) fn new(disk: Arc<dyn Disk>) -> io::Result<Self> {
        let name = format!("qala-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let shared = Arc::new(Shared {
            disk,
            files: Mutex::new(0),
            closed: Condvar::new(),
        });
        let registration = Registration::new(&name, Arc::clone(&shared))?;
        Ok(Self {
            name,
            registration: Some(registration),
            shared,
            is_connecting: true,
        })
    }

    /// The name under which SQLite knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Says that no thread is about to open a connection any more: from now on the files tell who uses it.
    pub(crate) fn connected(&mut self) {
        self.is_connecting = false;
    }
}

impl Drop for Vfs {
    fn drop(&mut self) {
        let Some(registration) = self.registration.take() else {
            return;
        };
        let mut files = self.shared.files.lock();
        while *files > 0 {
            if self.shared.closed.wait_for(&mut files, PATIENCE).timed_out() {
                break;
            }
        }
        if *files > 0 || self.is_connecting {
            // Some thread may still look at it. A few bytes are lost, which is better than a dangling pointer.
            tracing::warn!(
                vfs = self.name,
                files = *files,
                "left a SQLite VFS behind that may be in use"
            );
            registration.leak();
        }
    }
}

impl fmt::Debug for Vfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vfs")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn address(&self) -> usize {
        Arc::as_ptr(&self.disk).cast::<()>() as usize
    }

    /// Takes a database file for one connection; false if another has it.
    fn take(&self, path: &str) -> bool {
        OPEN.lock().insert((self.address(), path.to_owned()))
    }

    fn give_back(&self, path: &str) {
        OPEN.lock().remove(&(self.address(), path.to_owned()));
    }

    fn opened(&self) {
        *self.files.lock() += 1;
    }

    fn closed(&self) {
        *self.files.lock() -= 1;
        self.closed.notify_all();
    }
}
