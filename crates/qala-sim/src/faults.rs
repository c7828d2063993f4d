//! Faults that are planted on purpose: rows that are late, missing, sent twice or wrong.
//!
//! What does not belong here: what the fault means for one format. A feed says how its row is spoiled.

use serde::Serialize;

use crate::clock::SECOND;
use crate::random::Random;

/// Shares of rows with a planted fault. The shares add up: a row has at most one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    /// Rows sent 10 minutes to 6 hours after they were measured.
    pub late: f64,
    /// Rows never sent.
    pub missing: f64,
    /// Rows sent a second time, 1 to 10 minutes later.
    pub duplicate: f64,
    /// Rows with a wrong value. Every other one is impossible, so that it belongs in quarantine; the others look
    /// plausible and are corrected 30 minutes to 2 hours later.
    pub wrong: f64,
    /// Whether one sensor is silent for 3 hours and one sticks at a value for 6 hours.
    pub outages: bool,
}

impl Default for Faults {
    /// 2 % late, 1 % missing, 0.5 % duplicate, 0.2 % wrong: CITY-FACTS section 11 (assumption there).
    fn default() -> Self {
        Self {
            late: 0.02,
            missing: 0.01,
            duplicate: 0.005,
            wrong: 0.002,
            outages: true,
        }
    }
}

impl Faults {
    /// A city in which nothing goes wrong.
    pub fn none() -> Self {
        Self {
            late: 0.0,
            missing: 0.0,
            duplicate: 0.0,
            wrong: 0.0,
            outages: false,
        }
    }
}

/// What was done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Sent late.
    Late,
    /// Never sent.
    Missing,
    /// Sent twice.
    Duplicate,
    /// Sent with an impossible value.
    Impossible,
    /// Sent with a plausible wrong value first, then corrected.
    Corrected,
    /// An object was silent for a while.
    Gap,
    /// An object sent the same value for a while.
    Stuck,
    /// A message repeated what the one before it said.
    Stale,
}

/// One planted fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// Feed.
    pub feed: &'static str,
    /// What was done.
    pub fault: FaultKind,
    /// Station, detector or vehicle.
    pub object: String,
    /// Quantity; empty when the whole record is meant.
    pub quantity: &'static str,
    /// When it was measured, ISO 8601.
    pub t: String,
    /// End of a gap or of a stuck value, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A row that can be spoiled.
pub(crate) trait Spoil: Clone {
    /// The row with a value that no check lets through.
    fn impossible(&self) -> Self;
    /// The row with a value that is wrong but looks plausible.
    fn plausible(&self) -> Self;
}

/// A row with the instant at which it goes out, in µs.
#[derive(Debug, Clone)]
pub(crate) struct Sent<R> {
    pub(crate) at: i64,
    pub(crate) row: R,
}

/// Plants faults in rows given in the order of their instants and puts them in the order of sending.
/// `note` hears of every fault.
pub(crate) fn plant<R: Spoil>(
    rows: Vec<Sent<R>>,
    faults: &Faults,
    random: &mut Random,
    mut note: impl FnMut(FaultKind, &Sent<R>),
) -> Vec<Sent<R>> {
    let mut out = Vec::with_capacity(rows.len() + rows.len() / 50);
    let seconds = |random: &mut Random, low, high| random.whole(low, high) * SECOND;
    let (late, missing) = (faults.late, faults.late + faults.missing);
    let (duplicate, wrong) = (
        missing + faults.duplicate,
        missing + faults.duplicate + faults.wrong,
    );
    let mut impossible = false;
    for sent in rows {
        let roll = random.unit();
        if roll < late {
            note(FaultKind::Late, &sent);
            out.push(Sent {
                at: sent.at + seconds(random, 600, 21_600),
                row: sent.row,
            });
        } else if roll < missing {
            note(FaultKind::Missing, &sent);
        } else if roll < duplicate {
            note(FaultKind::Duplicate, &sent);
            out.push(Sent {
                at: sent.at + seconds(random, 60, 600),
                row: sent.row.clone(),
            });
            out.push(sent);
        } else if roll < wrong {
            impossible = !impossible;
            if impossible {
                note(FaultKind::Impossible, &sent);
                out.push(Sent {
                    at: sent.at,
                    row: sent.row.impossible(),
                });
            } else {
                note(FaultKind::Corrected, &sent);
                out.push(Sent {
                    at: sent.at,
                    row: sent.row.plausible(),
                });
                out.push(Sent {
                    at: sent.at + seconds(random, 1800, 7200),
                    row: sent.row,
                });
            }
        } else {
            out.push(sent);
        }
    }
    out.sort_by_key(|sent| sent.at);
    out
}
