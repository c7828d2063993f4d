//! When indicators are computed: periods whose rows have changed since, the newest first. What nothing has touched is not
//! computed again, however many years are in the lake.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use qala_core::spec::{IndicatorSpec, Kind};
use qala_core::{Grain, Zone, parse_instant};
use tokio::sync::Notify;

use crate::centre::Centre;
use crate::error::Result;
use crate::indicator::{Range, VALUES, definition_hash};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Periods that closed long ago wait so long for more late rows before they are computed again.
const PATIENCE: i64 = 6 * HOUR;

/// When indicators are computed: asked for by those who know that much has come, held back by those who still fill.
#[derive(Debug, Default)]
pub struct Computing {
    held: AtomicBool,
    asked: AtomicBool,
    left: AtomicUsize,
    wake: Notify,
}

impl Computing {
    /// Nothing is computed until somebody asks.
    pub fn hold(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// Ranges of periods that are due and not computed yet.
    pub fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// True while nothing is computed.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Computes what has changed now, whatever the interval of an indicator.
    pub fn ask(&self) {
        self.held.store(false, Ordering::Release);
        self.asked.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Waits until something may be due: `longest`, or sooner when somebody asks.
    pub(crate) async fn due(&self, longest: Duration) {
        loop {
            if !self.asked.load(Ordering::Acquire) {
                drop(tokio::time::timeout(longest, self.wake.notified()).await);
            }
            if !self.held.load(Ordering::Acquire) {
                return;
            }
        }
    }
}

/// How far back periods of a grain are computed by themselves. Longer ones are computed on demand.
fn horizon(grain: Grain) -> i64 {
    match grain {
        Grain::Minute15 => DAY,
        Grain::Hour => 8 * DAY,
        Grain::Day => 92 * DAY,
        Grain::Week => 400 * DAY,
        Grain::Month | Grain::Quarter | Grain::Year => 5 * 366 * DAY,
    }
}

/// Longest range that is computed in one question.
fn stretch(grain: Grain) -> i64 {
    match grain {
        Grain::Minute15 => DAY,
        Grain::Hour => 2 * DAY,
        Grain::Day => 31 * DAY,
        Grain::Week => 92 * DAY,
        // Most of the cost of a question is its beginning; one that finds no memory is asked in halves.
        _ => 366 * DAY,
    }
}

/// The two halves of a range of many months; the newer one last.
fn halves(range: Range, zone: &Zone) -> Option<[Range; 2]> {
    if range.to - range.from <= 93 * DAY {
        return None;
    }
    let middle = range.grain.start(range.from + (range.to - range.from) / 2, zone);
    (range.from < middle).then_some([
        Range { to: middle, ..range },
        Range {
            from: middle,
            ..range
        },
    ])
}

/// What is known of a computed period: up to which `_seq` rows were read, and when.
#[derive(Debug, Clone, Copy)]
struct Computed {
    seq: i64,
    at: i64,
}

/// The memory of the schedule. Losing it costs time, not truth: it is read back from the stored values.
#[derive(Debug, Default)]
pub struct Schedule {
    looked: HashMap<String, i64>,
    is_read: bool,
    known: HashMap<(String, Grain), BTreeMap<i64, Computed>>,
}

impl Schedule {
    /// Computes what is due, the newest periods first; what counts the values of others comes after them. Returns the number of
    /// ranges computed.
    pub async fn turn(&mut self, centre: &Centre) -> usize {
        if !self.is_read {
            match stored(centre).await {
                Ok(known) => self.known = known,
                Err(error) => {
                    tracing::error!(%error, "what is computed could not be read; tried again");
                    return 0;
                }
            }
            self.is_read = true;
        }
        let now = centre.clock.now();
        let asked = centre.computing.asked.swap(false, Ordering::AcqRel);
        let reads_values = |spec: &&IndicatorSpec| centre.tables_of(spec).contains(VALUES);
        let (of_values, of_rows): (Vec<_>, Vec<_>) = centre.indicators.iter().partition(reads_values);
        self.compute_due(centre, &of_rows, now, asked).await
            + self.compute_due(centre, &of_values, now, asked).await
    }

    async fn compute_due(
        &mut self,
        centre: &Centre,
        specs: &[&IndicatorSpec],
        now: i64,
        asked: bool,
    ) -> usize {
        let mut ranges = Vec::new();
        for spec in specs.iter().copied() {
            let Some(every) = spec.every_min else { continue };
            let waits = |last: &i64| now - last < i64::from(every) * MINUTE;
            if !asked && self.looked.get(spec.id.as_str()).is_some_and(waits) {
                continue;
            }
            self.looked.insert(spec.id.to_string(), now);
            let mut wrong = None;
            for grain in &spec.grains {
                match self.due(centre, spec, *grain, now) {
                    Ok(found) => ranges.extend(found.into_iter().map(|range| (spec, range))),
                    Err(error) => {
                        tracing::error!(indicator = %spec.id, %grain, %error, "could not look");
                        wrong = Some(error.to_string());
                    }
                }
            }
            centre.tasks.indicator_ran(spec.id.as_str(), |run| {
                run.looked = Some(now);
                run.error = wrong;
            });
        }
        ranges.sort_by_key(|(_, range)| (std::cmp::Reverse(range.to), range.grain));
        let count = ranges.len();
        let mut again = Vec::new();
        for (at, (spec, range)) in ranges.into_iter().enumerate() {
            centre.computing.left.store(count - at, Ordering::Relaxed);
            let mut parts = vec![range];
            while let Some(part) = parts.pop() {
                let Err(error) = self.compute(centre, spec, part, now).await else {
                    continue;
                };
                // A full lake takes half of it no sooner.
                match halves(part, &centre.zone).filter(|_| !error.is_slow_lake()) {
                    Some(halves) => parts.extend(halves),
                    None => again.push((spec, part)),
                }
            }
        }
        centre.computing.left.store(0, Ordering::Relaxed);
        // Memory that other questions held may be free by now.
        for (spec, range) in again {
            if let Err(error) = self.compute(centre, spec, range, now).await {
                if error.is_slow_lake() {
                    tracing::info!(indicator = %spec.id, grain = %range.grain, %error, "computed later");
                } else {
                    tracing::error!(indicator = %spec.id, grain = %range.grain, %error, "could not compute");
                }
                let error = error.to_string();
                centre
                    .tasks
                    .indicator_ran(spec.id.as_str(), |run| run.error = Some(error));
            }
        }
        count
    }

    async fn compute(&mut self, centre: &Centre, spec: &IndicatorSpec, range: Range, now: i64) -> Result<()> {
        let seq = centre.lake.view().seq();
        centre.run_indicator(spec, range).await?;
        centre.tasks.indicator_ran(spec.id.as_str(), |run| {
            run.computed = Some(now);
            run.ranges += 1;
        });
        self.note(centre, spec, range, Computed { seq, at: now });
        Ok(())
    }

    fn note(&mut self, centre: &Centre, spec: &IndicatorSpec, range: Range, computed: Computed) {
        let known = self.known.entry((spec.id.to_string(), range.grain)).or_default();
        let mut at = range.from;
        while at < range.to {
            known.insert(at, computed);
            at = range.grain.end(at, &centre.zone);
        }
    }

    /// Ranges of closed periods that must be computed. A running period would be judged before its rows can have come.
    fn due(&mut self, centre: &Centre, spec: &IndicatorSpec, grain: Grain, now: i64) -> Result<Vec<Range>> {
        let zone = &centre.zone;
        let known = self.known.entry((spec.id.to_string(), grain)).or_default();
        let changes = Changes::of(centre, spec)?;
        // What is not filled in yet concerns rows with a time only.
        let gap = centre.demo.gap().filter(|_| changes.whole.is_none());
        let to = grain.start(now, zone);
        // The last two closed periods are looked at even when no row came: their values say so.
        let recent = grain.start(grain.start(to - 1, zone) - 1, zone);
        let mut at = match changes.days.first_key_value() {
            Some((day, _)) => grain
                .start(zone.day_start(*day).max(now - horizon(grain)), zone)
                .min(recent),
            None => recent,
        };
        let at_once = spec.at_once_days.map_or(i64::MAX, |days| i64::from(days) * DAY);
        let stretch = stretch(grain).min(at_once);
        let mut ranges: Vec<Range> = Vec::new();
        while at < to {
            let end = grain.end(at, zone);
            let filled = gap.is_none_or(|(from, until)| end <= from || at >= until);
            let due = match (
                changes.newest(zone.local_day(at), zone.local_day(end - 1)),
                known.get(&at),
            ) {
                // While the city is filled, what is not there yet is no news.
                (None, None) => at >= recent && gap.is_none(),
                (None, Some(_)) => false,
                (Some(_), None) => true,
                (Some(newest), Some(computed)) => {
                    computed.seq < newest && (at >= recent || now - computed.at >= PATIENCE)
                }
            };
            if filled && due {
                match ranges.last_mut() {
                    Some(last) if last.to == at && end - last.from <= stretch => last.to = end,
                    _ => ranges.push(Range {
                        from: at,
                        to: end,
                        grain,
                    }),
                }
            }
            at = end;
        }
        Ok(ranges)
    }
}

/// When the rows that an indicator reads have changed.
struct Changes {
    /// By local day, of tables with a time.
    days: BTreeMap<i32, i64>,
    /// Of an indicator that reads no such table, such as one of the timetable.
    whole: Option<i64>,
}

impl Changes {
    fn of(centre: &Centre, spec: &IndicatorSpec) -> Result<Self> {
        let mut days: BTreeMap<i32, i64> = BTreeMap::new();
        let (mut whole, mut timed) = (None, false);
        for table in centre.tables_of(spec) {
            let touched = centre.lake.touched(&table)?;
            let dataset = centre.lake.dataset(&table)?;
            if dataset.spec.kind == Kind::Event && dataset.spec.time().is_some() {
                // A table that nothing ever comes into has no say; while a city is filled, its rows are still to come.
                timed |= !touched.is_empty() || centre.demo.gap().is_some();
                for (day, seq) in touched {
                    let newest = days.entry(day).or_insert(seq);
                    *newest = (*newest).max(seq);
                }
            } else {
                whole = whole.max(touched.into_values().max());
            }
        }
        let whole = whole.filter(|_| !timed);
        Ok(Self { days, whole })
    }

    fn newest(&self, first: i32, last: i32) -> Option<i64> {
        self.whole
            .or_else(|| self.days.range(first..=last).map(|(_, seq)| *seq).max())
    }
}

/// The computed periods of the city, by the definitions of today.
async fn stored(centre: &Centre) -> Result<HashMap<(String, Grain), BTreeMap<i64, Computed>>> {
    let sql = format!(
        "SELECT indicator, grain, period_start, definition_hash, inputs FROM indicator_values WHERE place = '{}'",
        crate::indicator::CITY
    );
    let hashes: HashMap<String, String> = centre
        .indicators
        .iter()
        .map(|spec| (spec.id.to_string(), definition_hash(spec)))
        .collect();
    let mut known: HashMap<(String, Grain), BTreeMap<i64, Computed>> = HashMap::new();
    for row in centre.rows(&sql).await? {
        let text = |name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default();
        let indicator = text("indicator");
        if hashes.get(indicator).map(String::as_str) != Some(text("definition_hash")) {
            continue;
        }
        let inputs: Vec<serde_json::Value> = serde_json::from_str(text("inputs")).unwrap_or_default();
        let seq = inputs.iter().filter_map(|i| i.get("seq")?.as_i64()).max();
        let start = parse_instant(text("period_start"), None);
        if let (Ok(start), Some(seq), Some(grain)) = (start, seq, Grain::parse(text("grain"))) {
            let key = (indicator.to_owned(), grain);
            known
                .entry(key)
                .or_default()
                .insert(start, Computed { seq, at: 0 });
        }
    }
    Ok(known)
}
