//! The parts of a cluster: a scheduler, an executor, and all of them in this process for tests and small machines.
//!
//! Nothing here is signed or encrypted: whoever reaches a scheduler or an executor reads what it can read. They belong
//! on a private network.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ballista_core::error::BallistaError;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::{BallistaCluster, ClusterState};
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::start_server;
use qala_lake::{LakeError, Result};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::parts::Codec;
use crate::session;

/// How long the parts of a cluster in this process may take to find one another.
const START: Duration = Duration::from_secs(60);
/// Parts into which a question is split when its client does not say.
const PARTITIONS: usize = 16;

fn refused(what: &str) -> impl FnOnce(BallistaError) -> LakeError {
    let what = what.to_owned();
    move |error| LakeError::Refused(format!("{what}: {error}"))
}

/// Runs a scheduler at `bind` until it fails or its task is dropped. Executors call it back at `host`.
///
/// # Errors
/// When the address is taken, and what stops a scheduler.
pub async fn serve_scheduler(bind: SocketAddr, host: &str) -> Result<()> {
    let (_, running) = scheduler(bind, host).await?;
    running.await.map_err(refused("the scheduler stopped"))
}

async fn scheduler(
    bind: SocketAddr,
    host: &str,
) -> Result<(
    Arc<dyn ClusterState>,
    impl Future<Output = Result<(), BallistaError>> + Send + use<>,
)> {
    let config = SchedulerConfig {
        external_host: host.to_owned(),
        bind_host: bind.ip().to_string(),
        bind_port: bind.port(),
        task_distribution: TaskDistributionPolicy::RoundRobin,
        override_config_producer: Some(Arc::new(|| session::config(PARTITIONS))),
        override_session_builder: Some(Arc::new(session::scheduler)),
        override_logical_codec: Some(Arc::new(Codec::default())),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config)
        .await
        .map_err(refused("the scheduler cannot be set up"))?;
    let state = cluster.cluster_state();
    Ok((state, start_server(cluster, bind, Arc::new(config))))
}

/// How an executor runs.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// Where it listens; `control` and `data` are two ports of this address.
    pub bind: Ipv4Addr,
    /// Name or address under which the others reach it.
    pub host: String,
    /// Port for tasks.
    pub control: u16,
    /// Port for rows.
    pub data: u16,
    /// Host of the scheduler.
    pub scheduler_host: String,
    /// Port of the scheduler.
    pub scheduler_port: u16,
    /// Tasks at a time.
    pub threads: usize,
    /// Memory of all tasks together, bytes.
    pub memory: u64,
    /// Folder for rows between two stages of a question; it must be there.
    pub work_dir: PathBuf,
}

/// Runs an executor until the process is asked to stop, the executor fails, or its task is dropped.
///
/// # Errors
/// When the scheduler is not reached, and what stops an executor.
pub async fn serve_executor(options: &ExecutorOptions) -> Result<()> {
    let threads = options.threads.max(1);
    let config = ExecutorProcessConfig {
        bind_host: options.bind.to_string(),
        external_host: Some(options.host.clone()),
        port: options.data,
        grpc_port: options.control,
        scheduler_host: options.scheduler_host.clone(),
        scheduler_port: options.scheduler_port,
        scheduler_connect_timeout_seconds: START.as_secs() as u16,
        vcores: threads,
        work_dir: Some(options.work_dir.display().to_string()),
        memory_pool_size: Some(options.memory.max(threads as u64)),
        override_config_producer: Some(Arc::new(|| session::config(PARTITIONS))),
        override_function_registry: Some(session::executor_functions()?),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config))
        .await
        .map_err(refused("the executor stopped"))
}

/// A scheduler and executors in this process, talking over the loopback address as they would over a network. Dropping it
/// stops them.
#[derive(Debug)]
pub struct InProcess {
    runtime: Option<Runtime>,
    address: String,
    work_dirs: Vec<PathBuf>,
}

impl InProcess {
    /// Starts a scheduler and `executors` executors with `threads` threads and `memory` bytes each, which keep rows
    /// between stages in folders below `dir`. Returns when all of them have registered.
    ///
    /// # Errors
    /// When a part does not start, or not in time.
    pub async fn start(executors: usize, threads: usize, memory: u64, dir: &Path) -> Result<Self> {
        let local = Ipv4Addr::LOCALHOST;
        let ports = free_ports(1 + 2 * executors)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("qala-cluster")
            .enable_all()
            .build()
            .map_err(LakeError::io("start the threads of a cluster"))?;
        let (scheduler_port, ports) = ports.split_first().map_or((0, &[][..]), |(p, rest)| (*p, rest));
        let (state, running) = scheduler((local, scheduler_port).into(), &local.to_string()).await?;
        let mut parts =
            vec![runtime.spawn(async { running.await.map_err(refused("the scheduler stopped")) })];
        let mut work_dirs = Vec::new();
        for (number, pair) in ports.chunks_exact(2).enumerate() {
            let work_dir = dir.join(format!("executor-{number}"));
            std::fs::create_dir_all(&work_dir)
                .map_err(LakeError::io(format!("create folder {}", work_dir.display())))?;
            let options = ExecutorOptions {
                bind: local,
                host: local.to_string(),
                control: pair[0],
                data: pair[1],
                scheduler_host: local.to_string(),
                scheduler_port,
                threads,
                memory,
                work_dir: work_dir.clone(),
            };
            work_dirs.push(work_dir);
            parts.push(runtime.spawn(async move { serve_executor(&options).await }));
        }
        let cluster = Self {
            runtime: Some(runtime),
            address: format!("http://{local}:{scheduler_port}"),
            work_dirs,
        };
        cluster.registered(executors, &*state, &mut parts).await?;
        Ok(cluster)
    }

    async fn registered(
        &self,
        executors: usize,
        state: &dyn ClusterState,
        parts: &mut [JoinHandle<Result<()>>],
    ) -> Result<()> {
        let mut ticks = START.as_millis() / 50;
        while state.registered_executor_metadata().await.len() < executors {
            for part in parts.iter_mut().filter(|part| part.is_finished()) {
                return match part.await {
                    Ok(Err(error)) => Err(error),
                    _ => Err(LakeError::Refused(
                        "a part of the cluster stopped at its start".into(),
                    )),
                };
            }
            ticks = ticks.saturating_sub(1);
            if ticks == 0 {
                let message = format!(
                    "the executors did not find the scheduler within {} s",
                    START.as_secs()
                );
                return Err(LakeError::Refused(message));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Address of the scheduler, for [`ClusterEngine::new`](crate::ClusterEngine::new).
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The folder of each executor for rows between two stages.
    pub fn work_dirs(&self) -> &[PathBuf] {
        &self.work_dirs
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Ports that nobody listens on. Another program may take one before it is used; the start fails then.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let held = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(LakeError::io("find free ports"))?;
    held.iter()
        .map(|listener| listener.local_addr().map(|address| address.port()))
        .collect::<std::io::Result<_>>()
        .map_err(LakeError::io("find free ports"))
}
