//! When scheduled runs are due: the newest period of each that is not done. Periods that went by while the program did not run
//! are not made up for; what failed is tried again later and later.

use std::collections::HashMap;

use qala_core::spec::RunSpec;

use super::store::RunState;
use crate::centre::Centre;
use crate::error::Result;

const MINUTE: i64 = 60_000_000;
/// What failed is tried again after so long, then after twice that, and so on …
const SOON: i64 = 5 * MINUTE;
/// … at most after so long.
const LATE: i64 = 360 * MINUTE;

/// What is left to do for a period.
enum Left {
    Nothing,
    /// Again from this instant on, µs of UTC.
    Again(i64),
}

/// When what was tried so often is tried again.
fn again(tries: i64, ended: i64) -> i64 {
    ended + (SOON << (tries - 1).clamp(0, 10)).min(LATE)
}

/// The memory of the schedule. Losing it costs a look at the notes of runs.
#[derive(Debug, Default)]
pub struct RunSchedule {
    /// End of the newest period that is done, by run.
    done: HashMap<String, i64>,
    /// When to look again, with the end of the period it is about.
    later: HashMap<String, (i64, i64)>,
}

impl RunSchedule {
    /// Runs what is due, one after the other. Returns how many were run or looked at.
    pub async fn turn(&mut self, centre: &Centre) -> usize {
        // A city that still fills would be judged by a part of its history.
        if centre.demo.gap().is_some() || centre.computing.is_held() {
            return 0;
        }
        let mut looked = 0;
        for spec in &centre.runs {
            let now = centre.clock.now();
            let (id, end) = (spec.id.as_str(), spec.period(now, &centre.zone).to);
            let waits = |(from, of): &(i64, i64)| *of == end && now < *from;
            if self.done.get(id) == Some(&end) || self.later.get(id).is_some_and(waits) {
                continue;
            }
            looked += 1;
            match centre.run_if_due(spec, now).await {
                Ok(Left::Nothing) => {
                    self.done.insert(id.to_owned(), end);
                }
                Ok(Left::Again(from)) => {
                    self.later.insert(id.to_owned(), (from, end));
                }
                Err(error) => {
                    tracing::error!(run = id, %error, "could not run a model or keep what came of it");
                    self.later.insert(id.to_owned(), (now + SOON, end));
                }
            }
        }
        looked
    }
}

impl Centre {
    async fn run_if_due(&self, spec: &RunSpec, now: i64) -> Result<Left> {
        let _turn = self.run_turn.lock().await;
        let period = spec.period(now, &self.zone);
        let before = self.run_note(spec, period).await?;
        if let Some(note) = &before {
            match note.state {
                RunState::Done => return Ok(Left::Nothing),
                RunState::NoRows | RunState::Failed => {
                    let from = again(note.tries, note.computed_at);
                    if now < from {
                        return Ok(Left::Again(from));
                    }
                }
            }
        }
        let note = self.run_and_keep(spec, period, before.as_ref()).await?;
        Ok(match note.state {
            RunState::Done => Left::Nothing,
            RunState::NoRows | RunState::Failed => Left::Again(again(note.tries, note.computed_at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_again_later_and_later() {
        let waits: Vec<i64> = [1, 2, 3, 7, 8, 90].map(|tries| again(tries, 0) / MINUTE).to_vec();
        assert_eq!(waits, [5, 10, 20, 320, 360, 360]);
    }
}
