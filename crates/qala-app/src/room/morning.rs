//! The morning pages of each day: made once from eight o'clock on, for the mayor and for each department, and kept for a month.

use std::path::PathBuf;

use qala_core::Lang;

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::paper::{MorningWanted, plain};

/// The local hour from which on they are made.
const HOUR: i64 = 8;
const HOUR_US: i64 = 3_600_000_000;
/// Days that are kept.
const KEPT: usize = 31;
/// Folder in the data directory.
pub(crate) const FOLDER: &str = "morning";

impl Centre {
    /// Makes the pages of this day, unless it is too early or they are there; how many were made.
    ///
    /// A folder of a day has its name only when all its pages are in it.
    ///
    /// # Errors
    /// The query's; IO.
    pub async fn make_morning_pages(&self) -> Result<usize> {
        let now = self.clock.now();
        let start = self.zone.day_start(self.zone.local_day(now));
        if now < start + HOUR * HOUR_US {
            return Ok(0);
        }
        let day = self.zone.format(now).get(..10).unwrap_or_default().to_owned();
        let folder = self.data.join(FOLDER);
        let target = folder.join(&day);
        if target.exists() {
            return Ok(0);
        }
        let begun = folder.join(format!(".{day}"));
        std::fs::create_dir_all(&begun).map_err(AppError::io(format!("create {}", begun.display())))?;
        let departments = self.departments_with_functions().await?;
        let whom: Vec<Option<String>> = std::iter::once(None)
            .chain(departments.into_iter().map(Some))
            .collect();
        let mut made = 0;
        for department in whom {
            for lang in Lang::ALL {
                let wanted = MorningWanted {
                    lang,
                    department: department.clone(),
                    host: String::new(),
                };
                let sheet = self.morning_sheet(&wanted, &Reader::internal()).await?;
                let text = plain(&sheet).letter();
                let bytes = tokio::task::spawn_blocking(move || qala_paper::pdf(&sheet))
                    .await
                    .map_err(|e| AppError::Remote(format!("a worker failed: {e}")))?
                    .map_err(|e| AppError::Remote(e.to_string()))?;
                let name = format!("{}-{}", department.as_deref().unwrap_or("city"), lang.code());
                for (end, bytes) in [("pdf", bytes.as_slice()), ("txt", text.as_bytes())] {
                    let path = begun.join(format!("{name}.{end}"));
                    std::fs::write(&path, bytes)
                        .map_err(AppError::io(format!("write {}", path.display())))?;
                }
                made += 1;
            }
        }
        std::fs::rename(&begun, &target).map_err(AppError::io(format!("name {}", target.display())))?;
        forget_old(&folder)?;
        Ok(made)
    }
}

/// Removes the oldest days.
fn forget_old(folder: &std::path::Path) -> Result<()> {
    let io = || AppError::io(format!("read {}", folder.display()));
    let mut days: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io())? {
        let path = entry.map_err(io())?.path();
        let is_day = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| !name.starts_with('.'));
        if is_day && path.is_dir() {
            days.push(path);
        }
    }
    days.sort();
    let old = days.len().saturating_sub(KEPT);
    for path in days.iter().take(old) {
        std::fs::remove_dir_all(path).map_err(AppError::io(format!("remove {}", path.display())))?;
    }
    Ok(())
}
