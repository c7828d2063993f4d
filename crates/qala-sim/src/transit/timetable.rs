//! Trips of the three services: scheduled ones, and one line that runs by frequency on weekdays.

use super::calendar::Service;
use super::network::{Network, Pattern};

/// A trip of the timetable.
#[derive(Debug, Clone)]
pub(super) struct Trip {
    pub(super) id: String,
    /// Positions in the lists of lines and directions.
    pub(super) line: usize,
    pub(super) direction: usize,
    pub(super) service: Service,
    /// Seconds of the service day; a pattern trip of a frequency starts at its first run.
    pub(super) start_s: i64,
    /// Spans (from, to, headway) in seconds within which the trip is repeated.
    pub(super) spans: Vec<(i64, i64, i64)>,
}

/// One run of a vehicle along a trip.
#[derive(Debug, Clone)]
pub(super) struct Run<'a> {
    pub(super) trip: &'a Trip,
    /// Seconds of the service day.
    pub(super) start_s: i64,
}

/// All trips.
#[derive(Debug, Clone)]
pub(super) struct Timetable {
    pub(super) trips: Vec<Trip>,
    patterns: Vec<[Pattern; 2]>,
}

/// Headways in minutes by the hour in which they begin (assumption: 8 minutes in the peaks).
const WEEKDAY: [(i64, i64); 7] = [(6, 15), (7, 8), (10, 12), (16, 8), (20, 15), (22, 20), (25, 0)];
const SATURDAY: [(i64, i64); 4] = [(6, 20), (9, 12), (20, 20), (25, 0)];
const SUNDAY: [(i64, i64); 4] = [(7, 20), (10, 15), (20, 25), (25, 0)];
/// The line that runs by frequency on weekdays.
const FREQUENT: usize = 7;

fn headways(service: Service) -> &'static [(i64, i64)] {
    match service {
        Service::Weekday => &WEEKDAY,
        Service::Saturday => &SATURDAY,
        Service::Sunday => &SUNDAY,
    }
}

/// Plans all trips. Last departures are before 25:00, so trips end on the next date.
pub(super) fn plan(network: &Network) -> Timetable {
    let mut trips = Vec::new();
    for (index, line) in network.lines.iter().enumerate() {
        for direction in 0..2 {
            // Lines do not start at the same minute.
            let shift = (index as i64 * 2 + direction as i64 * 4) * 60;
            for service in Service::ALL {
                let spans: Vec<(i64, i64, i64)> = headways(service)
                    .windows(2)
                    .map(|pair| (pair[0].0 * 3600 + shift, pair[1].0 * 3600 + shift, pair[0].1 * 60))
                    .collect();
                let trip = |id: String, start_s, spans| Trip {
                    id,
                    line: index,
                    direction,
                    service,
                    start_s,
                    spans,
                };
                let name = format!("{}-{}-{direction}", line.id, service.id());
                if index == FREQUENT && service == Service::Weekday {
                    trips.push(trip(format!("{name}-f"), spans[0].0, spans));
                } else {
                    let starts = spans.iter().flat_map(|span| starts(*span));
                    trips.extend(
                        starts
                            .enumerate()
                            .map(|(n, at)| trip(format!("{name}-{:03}", n + 1), at, vec![])),
                    );
                }
            }
        }
    }
    Timetable {
        trips,
        patterns: network.lines.iter().map(|l| l.patterns.clone()).collect(),
    }
}

/// Starts within a span: at its beginning and every headway, before its end.
fn starts((from, to, headway): (i64, i64, i64)) -> impl Iterator<Item = i64> {
    (from..to).step_by(headway.max(1) as usize)
}

impl Timetable {
    /// The runs of a service, in the order of the trips.
    pub(super) fn runs(&self, service: Service) -> impl Iterator<Item = Run<'_>> {
        self.trips
            .iter()
            .filter(move |t| t.service == service)
            .flat_map(|trip| {
                let starts: Vec<i64> = if trip.spans.is_empty() {
                    vec![trip.start_s]
                } else {
                    trip.spans.iter().flat_map(|span| starts(*span)).collect()
                };
                starts.into_iter().map(move |start_s| Run { trip, start_s })
            })
    }

    /// The stops of a trip.
    pub(super) fn pattern(&self, trip: &Trip) -> &Pattern {
        &self.patterns[trip.line][trip.direction]
    }

    /// Seconds of the service day at which a run leaves its stops; the last stop has no departure.
    pub(super) fn departures(&self, run: &Run<'_>) -> Vec<i64> {
        let pattern = self.pattern(run.trip);
        (0..pattern.stops.len() - 1)
            .map(|index| run.start_s + pattern.departure_s(index))
            .collect()
    }
}
