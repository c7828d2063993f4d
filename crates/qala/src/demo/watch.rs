//! What the terminal shows of the city, and the size of the data directory.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use qala_app::{Centre, DemoPhase, DemoStatus};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::print;

const EVERY: Duration = Duration::from_millis(500);
/// The data directory is counted so often.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// The task that watches.
pub(crate) struct Watching {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watching {
    /// Shows the last state and stops.
    pub(crate) async fn end(self) {
        self.stop.send(()).ok();
        drop(self.task.await);
    }
}

/// Begins to watch.
pub(crate) fn start(centre: &Arc<Centre>) -> Watching {
    let (stop, mut stopped) = oneshot::channel();
    let centre = Arc::clone(centre);
    let task = tokio::spawn(async move {
        let start = Instant::now();
        let mut counted: Option<Instant> = None;
        let mut bar = ProgressBar::hidden();
        let mut phase = None;
        loop {
            let ended = tokio::time::timeout(EVERY, &mut stopped).await.is_ok();
            if ended || counted.is_none_or(|at| at.elapsed() >= COUNT_EVERY) {
                let data = centre.data.clone();
                if let Ok(bytes) = tokio::task::spawn_blocking(move || size(&data)).await {
                    centre.demo.note(|status| status.disk_bytes = bytes);
                }
                counted = Some(Instant::now());
            }
            let Some(status) = centre.demo.status() else {
                continue;
            };
            if phase != Some(status.phase) {
                bar.finish_and_clear();
                if let Some(line) = line(&status, phase, start.elapsed()) {
                    print::err(&line);
                }
                bar = if status.phase == DemoPhase::Live {
                    ProgressBar::hidden()
                } else {
                    styled()
                };
                phase = Some(status.phase);
            }
            bar.set_length(status.expected.max(status.done));
            bar.set_position(status.done);
            let behind = status.behind_s(centre.clock.now());
            bar.set_message(format!(
                "{}; live {behind} s behind, {} on disk",
                what(status.phase),
                megabytes(status.disk_bytes)
            ));
            if ended {
                bar.finish_and_clear();
                return;
            }
        }
    });
    Watching { stop, task }
}

fn styled() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}

fn what(phase: DemoPhase) -> &'static str {
    match phase {
        DemoPhase::Recent => "the last hours",
        DemoPhase::History => "the years before, by hour and day",
        DemoPhase::Days => "the last days, row by row",
        DemoPhase::Corrections => "what was taken back",
        DemoPhase::Live => "live",
    }
}

/// What is said once when a phase begins.
fn line(status: &DemoStatus, before: Option<DemoPhase>, since: Duration) -> Option<String> {
    let at = format!("{:.0} s after the start", since.as_secs_f64());
    let disk = megabytes(status.disk_bytes);
    match (status.phase, before) {
        (DemoPhase::Live, Some(DemoPhase::History | DemoPhase::Days | DemoPhase::Corrections)) => {
            Some(format!(
                "all is filled in, {at}: {} rows, {disk} on disk; the city is live, and values of the past are computed",
                status.rows
            ))
        }
        (DemoPhase::Recent | DemoPhase::Live | DemoPhase::Corrections, _) => None,
        (phase, _) => Some(format!("filling in {}, {at}; {disk} on disk", what(phase))),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// Bytes of all files below a folder. What goes away meanwhile does not count.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
