//! What a timetable offers on each route: trips, hours, headways, vehicles, distance, speed.
//!
//! What belongs here: numbers of a GTFS Schedule feed for one service day. What does not: whether anything ran.

mod feed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use self::feed::{Feed, seconds};
use crate::Card;
use crate::run::{Model, Refusal, Run, Table, days_of};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "transit.route_stats",
        purpose: "What each route of a GTFS Schedule feed offers on a service day: trips, first departure and last arrival, \
                  headways, vehicles on the way at once, distance, hours and speed.",
        method: "A trip runs from the departure at its first stop to the arrival at its last; one with frequencies once for each \
                 headway. Headways are the differences of successive starts of one direction between headway_from and \
                 headway_to, those of both directions together. peak_trips is the largest number of trips that are on the way \
                 at one moment (begun and not ended). distance_km is the length of shapes between the places nearest to the \
                 first and last stop (haversine); speed_km_h = distance_km / duration_h.",
        assumptions: &[
            "Times are those of the service day and may pass 24:00:00.",
            "calendar_dates outweighs calendar.",
            "Without `date` the first of the days with the most trips is taken.",
        ],
        limits: &[
            "Trips without a time at their first or last stop count nowhere.",
            "Without shapes distance and speed are empty.",
            "Vehicles that change routes are counted on each.",
        ],
    },
    run,
};

/// Trips of a route, or of one of its directions.
#[derive(Debug, Default)]
struct Sums {
    /// Start, end, direction.
    runs: Vec<(i64, i64, Option<u8>)>,
    metres: f64,
    /// False when a trip has no length.
    measured: bool,
}

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let settings = run.settings();
    let time = |name: &str| {
        let text = settings.text(name);
        seconds(text.as_bytes())
            .ok_or_else(|| Refusal(format!("setting `{name}`: `{text}` is not a time like 07:00:00")))
    };
    let within = time("headway_from")?..=time("headway_to")?;
    let feed = Feed::read(run.file("feed")?)?;
    let date = settings.text("date");
    let day = if date.is_empty() {
        feed.busiest_day()
            .ok_or_else(|| Refusal("no trip of the feed ever runs".into()))?
    } else {
        days_of(date)
            .ok_or_else(|| Refusal(format!("setting `date`: `{date}` is not a day like 2026-03-02")))?
    };
    let split = settings.flag("by_direction");
    let mut lengths = HashMap::new();
    let mut sums: BTreeMap<(usize, Option<u8>), Sums> = BTreeMap::new();
    for trip in feed.trips_on(day) {
        let runs = Feed::runs_of(trip);
        if runs.is_empty() {
            continue;
        }
        let key = (trip.route, trip.direction.filter(|_| split));
        let sum = sums.entry(key).or_insert_with(|| Sums {
            measured: true,
            ..Sums::default()
        });
        let length = feed.length_m(trip, &mut lengths);
        sum.measured &= length.is_some();
        sum.metres += length.unwrap_or(0.0) * runs.len() as f64;
        sum.runs
            .extend(runs.into_iter().map(|(start, end)| (start, end, trip.direction)));
    }
    let mut lines: Vec<((usize, Option<u8>), Sums)> = sums.into_iter().collect();
    lines.sort_by(|((a, d), _), ((b, e), _)| (&feed.routes[*a].id, d).cmp(&(&feed.routes[*b].id, e)));
    let day = day_text(day);
    let route = |line: &((usize, Option<u8>), Sums)| feed.routes[line.0.0].clone();
    let of = |number: fn(&Sums) -> i64| lines.iter().map(move |line| number(&line.1));
    let headways: Vec<Headways> = lines.iter().map(|(_, sum)| sum.headways(&within)).collect();
    let distances: Vec<Option<f64>> = lines
        .iter()
        .map(|(_, sum)| sum.measured.then_some(sum.metres / 1e3))
        .collect();
    let hours: Vec<f64> = lines
        .iter()
        .map(|(_, sum)| sum.seconds() as f64 / 3600.0)
        .collect();
    let speeds = distances
        .iter()
        .zip(&hours)
        .map(|(km, hours)| km.filter(|_| *hours > 0.0).map(|km| km / hours));
    Ok(vec![
        Table::new("routes")
            .texts_of("date", lines.iter().map(|_| &day))
            .texts_of("route_id", lines.iter().map(|line| route(line).id))
            .texts_of(
                "route_short_name",
                lines.iter().map(|line| route(line).short_name),
            )
            .texts_of("route_type", lines.iter().map(|line| route(line).kind))
            .texts_of(
                "direction_id",
                lines
                    .iter()
                    .map(|((_, direction), _)| direction.map_or_else(String::new, |d| d.to_string())),
            )
            .ints_of("trips", of(|sum| sum.runs.len() as i64))
            .texts_of("first_departure", of(Sums::start).map(clock))
            .texts_of("last_arrival", of(Sums::end).map(clock))
            .floats_of("mean_headway_min", headways.iter().map(|h| h.mean))
            .floats_of("min_headway_min", headways.iter().map(|h| h.least))
            .floats_of("max_headway_min", headways.iter().map(|h| h.most))
            .ints_of("peak_trips", of(Sums::peak))
            .floats_of("distance_km", distances.iter().copied())
            .floats_of("duration_h", hours.iter().copied())
            .floats_of("speed_km_h", speeds),
    ])
}

/// Minutes; absent with fewer than two starts.
struct Headways {
    mean: Option<f64>,
    least: Option<f64>,
    most: Option<f64>,
}

impl Sums {
    fn start(&self) -> i64 {
        self.runs.iter().map(|r| r.0).min().unwrap_or(0)
    }

    fn end(&self) -> i64 {
        self.runs.iter().map(|r| r.1).max().unwrap_or(0)
    }

    fn seconds(&self) -> i64 {
        self.runs.iter().map(|(start, end, _)| end - start).sum()
    }

    fn headways(&self, within: &std::ops::RangeInclusive<i64>) -> Headways {
        let mut starts: BTreeMap<Option<u8>, Vec<i64>> = BTreeMap::new();
        for (start, _, direction) in self.runs.iter().filter(|run| within.contains(&run.0)) {
            starts.entry(*direction).or_default().push(*start);
        }
        let gaps: Vec<i64> = starts
            .into_values()
            .flat_map(|mut starts| {
                starts.sort_unstable();
                starts
                    .windows(2)
                    .map(|pair| pair[1] - pair[0])
                    .collect::<Vec<_>>()
            })
            .collect();
        let minutes = |gap: Option<&i64>| gap.map(|gap| *gap as f64 / 60.0);
        let sum: i64 = gaps.iter().sum();
        Headways {
            mean: (!gaps.is_empty()).then(|| sum as f64 / gaps.len() as f64 / 60.0),
            least: minutes(gaps.iter().min()),
            most: minutes(gaps.iter().max()),
        }
    }

    /// Trips on the way at once at most.
    fn peak(&self) -> i64 {
        let mut changes: Vec<(i64, i64)> = self
            .runs
            .iter()
            .flat_map(|(start, end, _)| [(*start, 1), (*end, -1)])
            .collect();
        // One that ends when another begins is not on the way any more.
        changes.sort_unstable();
        let mut now = 0;
        changes
            .into_iter()
            .map(|(_, change)| {
                now += change;
                now
            })
            .max()
            .unwrap_or(0)
    }
}

/// `HH:MM:SS`, beyond 24 hours too.
fn clock(seconds: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// `YYYY-MM-DD` of a day since 1970.
fn day_text(day: i64) -> String {
    let text = qala_core::Zone::utc().format(day * 86_400_000_000);
    text.get(..10).unwrap_or(&text).to_owned()
}
