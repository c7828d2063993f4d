//! A folder or file that is watched: new and changed files are taken in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use qala_core::spec::{FeedSpec, Transport};
use qala_lake::Outcome;

use super::Transports;
use crate::centre::Centre;
use crate::error::Result;
use crate::import::{Payload, Progress, blocking, digest};

/// Folders are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What was seen of a file when it was last taken in.
pub(super) type Seen = HashMap<PathBuf, (u64, Option<SystemTime>)>;

impl Transports {
    /// Takes in the new and changed files of all watched feeds once. Returns what came.
    ///
    /// A file that cannot be read is reported and tried again; it does not stop the others.
    pub async fn look(&self, centre: &Centre) -> Vec<(String, Result<Outcome>)> {
        let mut done = Vec::new();
        for feed in &centre.feeds {
            let files = match &feed.transport {
                Transport::File { path } => vec![PathBuf::from(path)],
                Transport::Folder { path, suffix } => list(Path::new(path), suffix.as_deref()),
                Transport::Push {} | Transport::Poll { .. } | Transport::Mqtt { .. } => continue,
            };
            for path in files {
                let Ok(meta) = std::fs::metadata(&path) else {
                    continue;
                };
                let now = (meta.len(), meta.modified().ok());
                if self.seen.lock().await.get(&path) == Some(&now) {
                    continue;
                }
                let outcome = take_in(centre, feed, &path, now.1).await;
                let at = centre.clock.now();
                centre.transports.update(&feed.id, |state| {
                    state.asked = Some(at);
                    match &outcome {
                        Ok(o) => {
                            state.succeed(at);
                            if !o.repeated {
                                state.changed = Some(at);
                            }
                        }
                        Err(error) => state.fail(format!("{}: {error}", path.display())),
                    }
                });
                if outcome.is_ok() {
                    self.seen.lock().await.insert(path.clone(), now);
                }
                done.push((path.display().to_string(), outcome));
            }
        }
        done
    }

    /// Watches folders and files for ever.
    pub async fn watch(&self, centre: &Centre) {
        loop {
            for (path, outcome) in self.look(centre).await {
                match outcome {
                    Ok(o) => tracing::info!(
                        path,
                        accepted = o.total.accepted,
                        quarantined = o.total.quarantined,
                        "taken in"
                    ),
                    Err(error) => tracing::error!(path, %error, "could not take a file in"),
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Takes a file in. After a restart all files are seen anew, and those that later ones overtook must not come in force
/// again: a file with the same name, time and bytes is known by its idempotency key.
async fn take_in(
    centre: &Centre,
    feed: &FeedSpec,
    path: &Path,
    changed: Option<SystemTime>,
) -> Result<Outcome> {
    let payload = Payload::File(path.to_owned());
    let name = payload.name();
    let mut import = centre.feed_import(feed, payload.clone());
    let digest = blocking(move || digest(&payload)).await?;
    let changed = changed.and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok());
    let micros = changed.map_or(0, |t| t.as_micros());
    import.idempotency_key = Some(format!("file {name} {micros} {digest}"));
    import.digest = Some(digest);
    centre.import(import, Arc::new(Progress::default())).await
}

fn list(folder: &Path, suffix: Option<&str>) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.is_file())
        .filter(|p| {
            let name = p
                .file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default();
            !name.starts_with('.')
                && !name.ends_with(".tmp")
                && !name.ends_with(".part")
                && suffix.is_none_or(|s| name.ends_with(s))
        })
        .collect();
    files.sort();
    files
}
