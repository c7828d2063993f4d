//! How long people wait at a stop, against what the timetable lets them wait.
//!
//! What belongs here: waits and headways of passages. What does not: how passages are found in positions of vehicles.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::Card;
use crate::run::{Model, Moment, Names, Refusal, Run, Table};
use crate::stats::mean;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "transit.regularity",
        purpose: "The wait of people who come to a stop by chance (awt_min), the wait that the timetable promises them \
                  (swt_min), what they wait in excess (ewt_min), and how uneven the headways are (cv_headway).",
        method: "Headways h are the differences of successive passages of one route at one stop within one service day, actual \
                 ones by t_actual, scheduled ones by t_scheduled. Wait = Σh²/2Σh with the sums pooled over days; \
                 ewt = awt − swt; cv_headway = standard deviation (of the population) over mean of the actual headways of all \
                 days.",
        assumptions: &[
            "People come to the stop evenly and take the first vehicle, as on lines with at most about 12 minutes between \
             vehicles.",
            "A passage belongs to the service day of t_scheduled, or of t_actual when it was not scheduled; days begin at \
             day_start on the local clock written in the time.",
            "A passage without t_actual is in the timetable only, one without t_scheduled among the actual ones only; one \
             without either counts nowhere.",
            "Passages at the same moment have a headway of 0.",
        ],
        limits: &[
            "A day with fewer than two passages has no headway; where no day has one, the wait is empty.",
            "Passages that were not recorded look like long headways.",
            "People who cannot board a full vehicle are not seen.",
        ],
    },
    run,
};

/// Headways of one or more days, in any unit of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headways(Vec<f64>);

impl Headways {
    /// Adds the headways between passages of one day, in rising order.
    pub fn add(&mut self, passages: &[f64]) {
        self.0.extend(passages.windows(2).map(|pair| pair[1] - pair[0]));
    }

    /// Mean wait of who comes by chance: Σh²/2Σh, in the unit of the passages; absent without a headway above 0.
    pub fn wait(&self) -> Option<f64> {
        let sum: f64 = self.0.iter().sum();
        let squares: f64 = self.0.iter().map(|h| h * h).sum();
        (sum > 0.0).then(|| squares / (2.0 * sum))
    }

    /// Standard deviation of the population over the mean; absent without a headway above 0.
    pub fn variation(&self) -> Option<f64> {
        let mean = mean(&self.0).filter(|mean| *mean > 0.0)?;
        let squares: f64 = self.0.iter().map(|h| (h - mean).powi(2)).sum();
        Some((squares / self.0.len() as f64).sqrt() / mean)
    }
}

/// Passages of one route, stop and service day, µs.
#[derive(Default)]
struct Day {
    scheduled: Vec<i64>,
    actual: Vec<i64>,
}

/// One row for each route and stop, in the order of first appearance.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let passages = run.table("passages")?;
    let day_start = day_start(run.settings().text("day_start"))?;
    let routes = passages.ids("route")?;
    let stops = passages.ids("stop")?;
    let scheduled = passages.maybe_moments("t_scheduled")?;
    let actual = passages.maybe_moments("t_actual")?;
    let (mut route_names, mut stop_names) = (Names::default(), Names::default());
    let mut places: HashMap<(usize, usize), usize> = HashMap::new();
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut days: HashMap<(usize, i64), Day> = HashMap::new();
    for row in 0..routes.len() {
        let line = (route_names.place(&routes[row]), stop_names.place(&stops[row]));
        let place = *places.entry(line).or_insert_with(|| {
            lines.push(line);
            lines.len() - 1
        });
        let Some(at) = scheduled[row].or(actual[row]) else {
            continue;
        };
        let day = days.entry((place, service_day(at, day_start))).or_default();
        day.scheduled.extend(scheduled[row].map(|t| t.micros));
        day.actual.extend(actual[row].map(|t| t.micros));
    }
    let mut sums = vec![(Headways::default(), Headways::default()); lines.len()];
    let mut keys: Vec<(usize, i64)> = days.keys().copied().collect();
    keys.sort_unstable();
    for key in keys {
        if let Some(day) = days.remove(&key) {
            sums[key.0].0.add(&rising_seconds(day.scheduled));
            sums[key.0].1.add(&rising_seconds(day.actual));
        }
    }
    let minutes = |wait: Option<f64>| wait.map(|seconds| seconds / 60.0);
    let waits: Vec<(Option<f64>, Option<f64>)> = sums
        .iter()
        .map(|(scheduled, actual)| (minutes(scheduled.wait()), minutes(actual.wait())))
        .collect();
    Ok(vec![
        Table::new("regularity")
            .texts_of("route", lines.iter().map(|(route, _)| route_names.name(*route)))
            .texts_of("stop", lines.iter().map(|(_, stop)| stop_names.name(*stop)))
            .floats_of("awt_min", waits.iter().map(|(_, actual)| *actual))
            .floats_of("swt_min", waits.iter().map(|(scheduled, _)| *scheduled))
            .floats_of(
                "ewt_min",
                waits
                    .iter()
                    .map(|(scheduled, actual)| actual.zip(*scheduled).map(|(a, s)| a - s)),
            )
            .floats_of("cv_headway", sums.iter().map(|(_, actual)| actual.variation())),
    ])
}

/// Passages in rising order, in seconds from the first.
fn rising_seconds(mut passages: Vec<i64>) -> Vec<f64> {
    passages.sort_unstable();
    let first = passages.first().copied().unwrap_or(0);
    passages.into_iter().map(|t| (t - first) as f64 / 1e6).collect()
}

/// The local day of a moment when days begin `day_start` µs after midnight.
fn service_day(at: Moment, day_start: i64) -> i64 {
    (at.local_micros() - day_start).div_euclid(86_400_000_000)
}

/// µs after midnight of `HH:MM`.
fn day_start(text: &str) -> Result<i64, Refusal> {
    let part = |text: &str, limit: i64| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<i64>().ok())
            .flatten()
            .filter(|number| (0..limit).contains(number))
    };
    text.split_once(':')
        .and_then(|(hour, minute)| Some(part(hour, 24)? * 60 + part(minute, 60)?))
        .map(|minutes| minutes * 60_000_000)
        .ok_or_else(|| {
            Refusal(format!(
                "setting `day_start`: `{text}` is not a time of day like 04:00"
            ))
        })
}
