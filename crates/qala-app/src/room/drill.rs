//! Drills: a seeded scenario drives the same records as what happens, marked as a drill everywhere.
//!
//! The script of a scenario is worked out from its seed alone: the same seed gives the same events at the same seconds. A live
//! drill tells them when they are due and people work through the procedure; a played one also has a crew that is drawn from the
//! seed, so that its log is the same to the byte.

use qala_core::spec::ProcedureSpec;
use qala_core::{Lang, Text};
use qala_registry::{
    AuditAction, Closing, Incident, NewIncident, PlaceKind, Settled, StepState, TimelineKind, Versioned,
};
use serde_json::{Value, json};

use super::incident::steps_of;
use super::scenarios::{SCENARIOS, Scenario};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

const SECOND: i64 = 1_000_000;
/// The first word of the mark by which a running drill knows its script.
const MARK: &str = "drill";
/// Drills that are looked at at most.
const MOST: u32 = 200;

/// Numbers that are drawn from a seed: SplitMix64.
struct Dice(u64);

impl Dice {
    fn new(scenario: &str, seed: u64) -> Self {
        let name = scenario.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed ^ name)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.next() % span).unwrap_or(0)
    }
}

/// A line of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillLine {
    /// Seconds after the start.
    pub at_s: u32,
    /// What it tells.
    pub kind: TimelineKind,
    /// Id of a step; empty for an event.
    pub step: String,
    /// The words.
    pub text: Text,
}

/// A drill that was played to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillRun {
    /// The scenario.
    pub scenario: &'static str,
    /// The seed.
    pub seed: u64,
    /// What happened, in its order.
    pub lines: Vec<DrillLine>,
    /// Steps that were done in time, late, and skipped.
    pub counts: (usize, usize, usize),
}

impl DrillRun {
    /// The log: a line of JSON for each line. The same seed and pack give the same bytes.
    pub fn log(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            let text = json!({
                "at_s": line.at_s, "kind": line.kind.as_str(), "step": line.step,
                "kk": line.text.kk, "ru": line.text.ru, "en": line.text.en,
            });
            out.push_str(&text.to_string());
            out.push('\n');
        }
        out
    }
}

fn scenario(id: &str) -> Result<&'static Scenario> {
    SCENARIOS
        .iter()
        .find(|scenario| scenario.id == id)
        .ok_or_else(|| {
            let known: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.id).collect();
            AppError::Usage(format!(
                "there is no scenario `{id}`; there are {}",
                known.join(", ")
            ))
        })
}

/// The events of a scenario with a seed. `districts` are names that events may have as their place.
///
/// # Errors
/// A scenario that does not exist.
pub fn drill_script(id: &str, seed: u64, districts: &[Text]) -> Result<Vec<DrillLine>> {
    let scenario = scenario(id)?;
    let mut dice = Dice::new(id, seed);
    let last = u32::try_from(districts.len().saturating_sub(1)).unwrap_or(0);
    let nowhere = Text::new("қала", "город", "the city");
    let mut lines = Vec::new();
    for (start, spread, (low, high), words) in scenario.events {
        let at_s = start + dice.between(0, *spread);
        let n = dice.between(*low, *high).to_string();
        let place = districts.get(dice.between(0, last) as usize).unwrap_or(&nowhere);
        let say = |lang: Lang, words: &str| words.replace("{n}", &n).replace("{place}", place.get(lang));
        lines.push(DrillLine {
            at_s,
            kind: TimelineKind::Event,
            step: String::new(),
            text: Text::new(
                say(Lang::Kk, words[0]),
                say(Lang::Ru, words[1]),
                say(Lang::En, words[2]),
            ),
        });
    }
    lines.sort_by_key(|line| line.at_s);
    Ok(lines)
}

/// Plays a scenario with a crew that is drawn from the seed: most steps are done in time, some late, some are skipped.
pub(super) fn play(
    scenario: &'static Scenario,
    seed: u64,
    procedure: &ProcedureSpec,
    districts: &[Text],
) -> Result<DrillRun> {
    let mut lines = drill_script(scenario.id, seed, districts)?;
    let mut dice = Dice::new(procedure.id.as_str(), seed);
    let mut counts = (0, 0, 0);
    for step in &procedure.steps {
        let within_s = step.within_min * 60;
        let luck = dice.between(1, 100);
        // In percent of the time that there is.
        let percent = match luck {
            1..=75 => dice.between(20, 98),
            76..=92 => dice.between(102, 150),
            _ => dice.between(60, 100),
        };
        let at_s = u32::try_from(u64::from(within_s) * u64::from(percent) / 100).unwrap_or(within_s);
        let is_skipped = luck > 92;
        match (is_skipped, at_s > within_s) {
            (true, _) => counts.2 += 1,
            (false, true) => counts.1 += 1,
            (false, false) => counts.0 += 1,
        }
        lines.push(DrillLine {
            at_s,
            kind: if is_skipped {
                TimelineKind::StepSkipped
            } else {
                TimelineKind::StepDone
            },
            step: format!("{}.{}", procedure.id, step.id),
            text: if is_skipped {
                Text::new("бригада жоқ", "нет бригады", "no crew was free")
            } else {
                step.text.clone()
            },
        });
    }
    lines.sort_by(|a, b| a.at_s.cmp(&b.at_s).then_with(|| a.step.cmp(&b.step)));
    Ok(DrillRun {
        scenario: scenario.id,
        seed,
        lines,
        counts,
    })
}

/// Words of an event as they stand in the timeline, in three languages.
fn three(text: &Text) -> String {
    if text.kk == text.ru && text.ru == text.en {
        text.kk.clone()
    } else {
        format!("{} / {} / {}", text.kk, text.ru, text.en)
    }
}

/// Scenario and seed of a live drill.
fn mark_of(incident: &Incident) -> Option<(&'static Scenario, u64)> {
    incident.alarms.iter().find_map(|alarm| {
        let mut parts = alarm.split(':');
        if parts.next() != Some(MARK) {
            return None;
        }
        let scenario = scenario(parts.next()?).ok()?;
        Some((scenario, parts.next()?.parse().ok()?))
    })
}

impl Centre {
    async fn district_names(&self) -> Result<Vec<Text>> {
        let places = self.registry.places_at(self.clock.now()).await?;
        let districts = places
            .into_iter()
            .filter(|place| place.kind == PlaceKind::District);
        Ok(districts.map(|place| place.name).collect())
    }

    fn drill_incident(scenario: &Scenario, procedure: &ProcedureSpec, alarms: Vec<String>) -> NewIncident {
        NewIncident {
            // Whoever reads the title in any language knows that it is one.
            title: scenario.title.join(" / "),
            kind: procedure.id.to_string(),
            severity: scenario.severity,
            place: None,
            point: None,
            radius_m: None,
            function: procedure.owner_function.to_string(),
            alarms,
            drill: true,
        }
    }

    /// Starts a live drill: its procedure runs now, its events come when they are due; the number of the incident.
    ///
    /// # Errors
    /// A scenario or procedure that does not exist; the registry's.
    pub async fn start_drill(&self, id: &str, seed: u64, reader: &Reader) -> Result<i64> {
        if reader.role() != qala_registry::Role::Administrator {
            return Err(AppError::Forbidden("this needs the role `administrator`".into()));
        }
        let scenario = scenario(id)?;
        let procedure = self.procedure(scenario.procedure)?;
        let particulars = [("scenario", Value::from(id)), ("seed", seed.into())];
        self.note_change(reader.id(), AuditAction::Drill, "start", &particulars)
            .await?;
        let new = Self::drill_incident(scenario, procedure, vec![format!("{MARK}:{id}:{seed}")]);
        let now = self.clock.now();
        Ok(self
            .registry
            .open_incident(&new, &steps_of(procedure), reader.id(), now)
            .await?)
    }

    /// Tells the events of live drills that are due; how many.
    ///
    /// # Errors
    /// The registry's.
    pub(crate) async fn tell_drills(&self) -> Result<usize> {
        let running = self.registry.running_incidents(MOST).await?;
        let mut told = 0;
        for found in running.iter().filter(|found| found.record.drill) {
            let Some((scenario, seed)) = mark_of(&found.record) else {
                continue;
            };
            let script = drill_script(scenario.id, seed, &self.district_names().await?)?;
            let timeline = self.registry.timeline(found.id).await?;
            let known = timeline.iter().filter(|e| e.kind == TimelineKind::Event).count();
            let now = self.clock.now();
            let passed_s = (now - found.record.opened_at) / SECOND;
            for line in script.iter().skip(known) {
                if i64::from(line.at_s) > passed_s {
                    break;
                }
                let text = three(&line.text);
                let entry = (TimelineKind::Event, text.as_str());
                self.registry
                    .change_incident(found.id, entry, |_| (), MARK, now)
                    .await?;
                told += 1;
            }
        }
        Ok(told)
    }

    /// Plays a drill to its end and keeps it as records: number of the incident, and what happened. Its times lie so that it ends
    /// now.
    ///
    /// # Errors
    /// A scenario or procedure that does not exist; the registry's.
    pub async fn play_drill(&self, id: &str, seed: u64, by: &str) -> Result<(i64, DrillRun)> {
        let scenario = scenario(id)?;
        let procedure = self.procedure(scenario.procedure)?;
        let run = play(scenario, seed, procedure, &self.district_names().await?)?;
        let length = run.lines.last().map_or(0, |line| i64::from(line.at_s));
        let start = self.clock.now() - length * SECOND;
        let new = Self::drill_incident(scenario, procedure, Vec::new());
        let registry = &self.registry;
        let incident = registry
            .open_incident(&new, &steps_of(procedure), by, start)
            .await?;
        for line in &run.lines {
            let at = start + i64::from(line.at_s) * SECOND;
            let settled = match line.kind {
                TimelineKind::StepDone => Settled::Done(String::new()),
                TimelineKind::StepSkipped => Settled::Skipped(three(&line.text)),
                _ => {
                    let text = three(&line.text);
                    let entry = (TimelineKind::Event, text.as_str());
                    registry
                        .change_incident(incident, entry, |_| (), MARK, at)
                        .await?;
                    continue;
                }
            };
            registry
                .settle_step(incident, &line.step, &settled, by, at)
                .await?;
        }
        let (on_time, late, skipped) = run.counts;
        let closing = Closing {
            cause: three(&Text::new(
                format!("оқу-жаттығу {id}, {seed}-нұсқа"),
                format!("учение {id}, вариант {seed}"),
                format!("drill {id}, seed {seed}"),
            )),
            lesson: three(&Text::new(
                format!("уақытында {on_time}, кеш {late}, өткізілген {skipped}"),
                format!("вовремя {on_time}, с опозданием {late}, пропущено {skipped}"),
                format!("on time {on_time}, late {late}, skipped {skipped}"),
            )),
            outcome: three(&Text::new(
                "соңына дейін ойналды",
                "разыграно до конца",
                "played to its end",
            )),
        };
        registry
            .close_incident(incident, &closing, by, self.clock.now())
            .await?;
        Ok((incident, run))
    }

    /// Drills, the newest first, each with its steps in time, late, skipped and open.
    ///
    /// # Errors
    /// The registry's.
    pub async fn drills(&self) -> Result<Vec<(Versioned<Incident>, [usize; 4])>> {
        let now = self.clock.now();
        let mut found = Vec::new();
        let all = self.registry.incidents(MOST).await?;
        for incident in all.into_iter().filter(|incident| incident.record.drill) {
            let mut counts = [0; 4];
            for step in self.registry.steps(incident.id).await? {
                let at = match step.state {
                    StepState::Done if step.changed_at <= step.due_at => 0,
                    StepState::Done => 1,
                    StepState::Skipped => 2,
                    StepState::Open if step.due_at < now => 1,
                    StepState::Open => 3,
                };
                counts[at] += 1;
            }
            found.push((incident, counts));
        }
        Ok(found)
    }
}
