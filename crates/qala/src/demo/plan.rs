//! What city a data directory holds, and which of its parts are filled. Written once at the first start and kept beside the
//! lake, so that a later start goes on with the same city.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use qala_app::AppError;
use qala_core::{Zone, parse_instant};
use qala_sim::city::USUAL_DAYS;
use serde::{Deserialize, Serialize};

const FILE: &str = "demo.json";
const VERSION: u32 = 1;
const DAY: i64 = 86_400_000_000;
/// A city whose time is accelerated begins so far in the past: ten times as fast, it has caught up after eight hours.
const LEAD: i64 = 3 * DAY;
const LONGEST_DAYS: i32 = 3660;

/// How much history a city is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum History {
    /// The last two hours only.
    None,
    /// So many local days before today.
    Days(i32),
}

impl Default for History {
    fn default() -> Self {
        Self::Days(USUAL_DAYS)
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Days(days) => write!(f, "{days}"),
        }
    }
}

impl FromStr for History {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "none" => Ok(Self::None),
            Ok(days) if (0..=LONGEST_DAYS).contains(&days) => Ok(Self::Days(days)),
            _ => Err(format!(
                "`{text}` is neither `none` nor a number of days up to {LONGEST_DAYS}"
            )),
        }
    }
}

/// What the command line asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) seed: u64,
    pub(crate) start: Option<String>,
    pub(crate) history: History,
    pub(crate) faults: bool,
    pub(crate) speed: u32,
}

/// What city a data directory holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    version: u32,
    pub(crate) seed: u64,
    pub(crate) faults: bool,
    pub(crate) history: History,
    /// When its live time began, µs of UTC: what lies before was filled in.
    pub(crate) origin: i64,
    /// True when the years are filled in.
    pub(crate) history_filled: bool,
    /// True when the last days are filled in.
    pub(crate) days_filled: bool,
    #[serde(skip)]
    path: PathBuf,
}

impl Plan {
    /// The plan of a data directory; made and kept when there is none. `wall` is the time now, µs of UTC.
    ///
    /// # Errors
    /// Another city than the one that is wanted; a time that is none or lies ahead; IO.
    pub(crate) fn take(data: &Path, wanted: &Wanted, zone: &Zone, wall: i64) -> Result<Self> {
        let start = match &wanted.start {
            Some(text) => Some(parse_instant(text, Some(zone)).map_err(|e| AppError::Usage(e.to_string()))?),
            None => None,
        };
        let path = data.join(FILE);
        let plan = match std::fs::read_to_string(&path) {
            Ok(text) => {
                let found: Self =
                    serde_json::from_str(&text).with_context(|| format!("read {}", path.display()))?;
                Self { path, ..found }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if start.is_some_and(|start| start > wall) {
                    return Err(AppError::Usage(
                        "--start lies ahead: a city cannot begin in the future".into(),
                    )
                    .into());
                }
                let usual = if wanted.speed > 1 { wall - LEAD } else { wall };
                let plan = Self {
                    version: VERSION,
                    seed: wanted.seed,
                    faults: wanted.faults,
                    history: wanted.history,
                    origin: start.unwrap_or(usual),
                    history_filled: false,
                    days_filled: false,
                    path,
                };
                plan.keep()?;
                plan
            }
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let other = |what: String| {
            let place = data.display();
            AppError::Usage(format!(
                "{place} holds a city {what}; ask for that one, or give another --data"
            ))
        };
        if plan.version != VERSION {
            return Err(other(format!("of version {}", plan.version)).into());
        }
        if plan.seed != wanted.seed {
            return Err(other(format!("of seed {}", plan.seed)).into());
        }
        if plan.faults != wanted.faults {
            let faults = if plan.faults { "on" } else { "off" };
            return Err(other(format!("with --faults {faults}")).into());
        }
        if start.is_some_and(|start| start != plan.origin) {
            return Err(other(format!("that began at {}", zone.format(plan.origin))).into());
        }
        Ok(plan)
    }

    /// Writes the plan; durable on return.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn keep(&self) -> Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder)?;
            let new = self.path.with_extension("json.new");
            let mut file = std::fs::File::create(&new)?;
            file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)?;
            std::fs::File::open(folder)?.sync_all()
        };
        write().with_context(|| format!("write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, History, Plan, Wanted};
    use qala_core::Zone;

    #[test]
    fn a_directory_keeps_its_city_and_says_which_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let wall = 1_790_000_000_000_000;
        let take = |seed, start: Option<&str>, speed| {
            let wanted = Wanted {
                seed,
                start: start.map(Into::into),
                history: History::Days(7),
                faults: true,
                speed,
            };
            Plan::take(dir.path(), &wanted, &Zone::utc(), wall).map_err(|e| e.to_string())
        };
        assert!(take(1, Some("2100-01-01"), 1).unwrap_err().contains("ahead"));
        let plan = take(1, None, 10).unwrap();
        assert_eq!(plan.origin, wall - 3 * DAY);
        let mut filled = plan.clone();
        filled.days_filled = true;
        filled.keep().unwrap();
        // Another speed is no other city.
        assert_eq!(take(1, None, 1).unwrap(), filled);
        assert!(take(2, None, 1).unwrap_err().contains("of seed 1"));
        assert!(take(1, Some("2026-03-02"), 1).unwrap_err().contains("began at"));
        assert_eq!(
            ["none", "0", "7"].map(str::parse),
            [Ok(History::None), Ok(History::Days(0)), Ok(History::Days(7))]
        );
        assert!("-1".parse::<History>().is_err() && "all".parse::<History>().is_err());
    }
}
