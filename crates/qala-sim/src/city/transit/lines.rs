//! Lines, their stops, their headways, and which bus runs which trip.

use super::super::dice::Dice;
use super::super::people::Cell;
use super::super::streets::{Network, StreetClass};
use crate::place::Point;
use crate::transit::calendar::Service;
use crate::transit::{DWELL_S, Pattern};

/// Bus lines (assumption: CITY-FACTS section 10 has buses and passengers, but no number of lines).
const LINES: usize = 140;
/// Buses on the line in the peak (CITY-FACTS section 11: 2,400 of 3,500).
const ON_THE_LINE: usize = 2_400;
/// Stations of the metro (CITY-FACTS section 11, from memory there).
const METRO_STATIONS: usize = 11;
/// Mean speed of a bus between stops, m/s, as in the small city; of a metro train (assumption).
const BUS_M_S: f64 = 5.8;
const METRO_M_S: f64 = 11.0;
/// Shortest stay at the end of a line, s: longer than any delay, so that no bus is on two trips (assumption).
const LAYOVER_S: i64 = 420;
/// Latest departure, s of the service day.
const LAST_S: i64 = 24 * 3600 + 900;

/// A stop at a junction, for both directions.
#[derive(Debug, Clone)]
pub(in super::super) struct Stop {
    pub(in super::super) id: String,
    pub(in super::super) names: [String; 3],
    pub(in super::super) point: Point,
}

/// A run of a line on a kind of day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Seconds of the service day.
    pub(super) start_s: i64,
    /// Number of the bus within the line.
    pub(super) bus: usize,
}

/// A span of the day with one headway: from, to, seconds between departures.
pub(super) type Span = (i64, i64, i64);

/// A line.
#[derive(Debug, Clone)]
pub(in super::super) struct Line {
    pub(in super::super) id: String,
    pub(super) short_name: String,
    pub(in super::super) is_metro: bool,
    /// Written as headways, as GTFS has it for lines that run often; the others trip by trip.
    pub(super) is_frequent: bool,
    pub(super) patterns: [Pattern; 2],
    /// Headways by the service of [`Service::ALL`] and direction.
    pub(super) spans: [[Vec<Span>; 2]; 3],
    /// Runs by service and direction, in the order of their starts.
    pub(super) runs: [[Vec<Run>; 2]; 3],
    /// Buses that it needs on a weekday.
    pub(in super::super) fleet: usize,
    /// Residents within a block of its stops: what its passengers are in proportion to.
    pub(super) reach: f64,
    /// Persons that one of its vehicles takes.
    pub(super) room: i64,
}

/// Stops and lines.
#[derive(Debug, Clone)]
pub(in super::super) struct Transit {
    pub(in super::super) stops: Vec<Stop>,
    pub(in super::super) lines: Vec<Line>,
}

/// Headways as multiples of that of the peak, by the hour at which they begin (assumption).
const WEEKDAY: [(i64, f64); 6] = [(6, 2.0), (7, 1.0), (10, 1.6), (16, 1.0), (20, 1.9), (22, 2.8)];
const SATURDAY: [(i64, f64); 4] = [(6, 2.4), (9, 1.5), (20, 2.2), (22, 3.0)];
const SUNDAY: [(i64, f64); 4] = [(6, 2.8), (9, 1.8), (20, 2.4), (22, 3.2)];

pub(super) fn service_index(service: Service) -> usize {
    Service::ALL.iter().position(|s| *s == service).unwrap_or(0)
}

/// Draws lines and timetable.
pub(in super::super) fn draw(seed: u64, network: &Network, cells: &[Cell]) -> Transit {
    let dice = Dice::new(seed, "city/lines");
    let mut paths: Vec<Vec<usize>> = Vec::with_capacity(LINES);
    let mut attempt = 0;
    // A path that leaves the city is drawn again; the bound only ends a city without streets.
    while paths.len() < LINES && attempt < 200_000 {
        attempt += 1;
        if let Some(path) = path(dice, attempt, network, cells) {
            paths.push(path);
        }
    }
    let mut stops = Vec::new();
    let mut stop_of = vec![None; network.junctions.len()];
    let mut lines: Vec<Line> = paths
        .into_iter()
        .enumerate()
        .map(|(index, path)| {
            let numbers = path
                .iter()
                .map(|junction| {
                    *stop_of[*junction].get_or_insert_with(|| add(&mut stops, network, *junction))
                })
                .collect::<Vec<usize>>();
            let reach = path.iter().map(|j| cells[*j].total() as f64).sum();
            bus_line(dice, index, numbers, &stops, reach)
        })
        .collect();
    // How many buses a headway takes is known when its runs are planned: a second round meets the number.
    let mut wanted = ON_THE_LINE;
    for _ in 0..2 {
        fit_headways(dice, &mut lines, wanted);
        lines.iter_mut().for_each(Line::plan);
        let planned: usize = lines.iter().map(|l| l.fleet).sum();
        wanted = wanted * ON_THE_LINE / planned.max(1);
    }
    if let Some(mut line) = metro(network, &mut stops) {
        line.plan();
        lines.push(line);
    }
    Transit { stops, lines }
}

fn add(stops: &mut Vec<Stop>, network: &Network, junction: usize) -> usize {
    stops.push(Stop {
        id: format!("SIM-B{:04}", stops.len() + 1),
        names: [0, 1, 2].map(|language| network.junction_name(junction, language)),
        point: network.junctions[junction].point,
    });
    stops.len() - 1
}

/// The stops of a line between two places where people live: along a main street or collector, across, and along another.
/// None when it leaves the city or is too short.
fn path(dice: Dice, attempt: i64, network: &Network, cells: &[Cell]) -> Option<Vec<usize>> {
    let ends: Vec<(usize, usize)> = (0..2)
        .map(|end| {
            // Of eight blocks the one with most residents: lines end where people live.
            let found = (0..8).map(|n| {
                let place = dice.unit(end, attempt * 8 + n) * cells.len() as f64;
                (place as usize).min(cells.len() - 1)
            });
            let best = found.max_by_key(|c| cells[*c].total()).unwrap_or_default();
            let (column, row) = network.place(best);
            (column / 3 * 3, row / 3 * 3)
        })
        .collect();
    let (a, b) = (ends[0], ends[1]);
    let share = dice.between(7, attempt, 0.2, 0.8);
    let middle = (a.0 as f64 + (b.0 as f64 - a.0 as f64) * share) as usize / 3 * 3;
    let mut places = vec![a];
    walk(&mut places, (middle, a.1));
    walk(&mut places, (middle, b.1));
    walk(&mut places, b);
    let junctions: Option<Vec<usize>> = places.iter().map(|p| network.at(p.0, p.1)).collect();
    // A stop at every other block: 700 m.
    let stops: Vec<usize> = junctions?.into_iter().step_by(2).collect();
    let on_bus_street = stops.iter().all(|j| {
        let (along, across) = network.junctions[*j].streets;
        [along, across]
            .iter()
            .any(|s| network.streets[*s].class != StreetClass::Local)
    });
    (on_bus_street && (11..=44).contains(&stops.len())).then_some(stops)
}

fn walk(places: &mut Vec<(usize, usize)>, to: (usize, usize)) {
    let Some(mut at) = places.last().copied() else {
        return;
    };
    while at != to {
        let step = |from: usize, to: usize| match from.cmp(&to) {
            std::cmp::Ordering::Less => from + 1,
            std::cmp::Ordering::Equal => from,
            std::cmp::Ordering::Greater => from - 1,
        };
        at = if at.0 == to.0 {
            (at.0, step(at.1, to.1))
        } else {
            (step(at.0, to.0), at.1)
        };
        places.push(at);
    }
}

fn pattern(numbers: Vec<usize>, stops: &[Stop], metres_a_second: f64) -> Pattern {
    let (mut arrival_s, mut metres) = (vec![0], vec![0.0]);
    let (mut seconds, mut distance) = (0, 0.0);
    for (index, pair) in numbers.windows(2).enumerate() {
        let step = stops[pair[0]].point.metres_to(stops[pair[1]].point);
        distance += step;
        // Whole ten seconds, as timetables have them.
        let run = ((step / metres_a_second / 10.0).ceil() as i64 * 10).max(10);
        seconds += run + if index == 0 { 0 } else { DWELL_S };
        arrival_s.push(seconds);
        metres.push(distance);
    }
    Pattern {
        stops: numbers,
        arrival_s,
        metres,
    }
}

fn bus_line(dice: Dice, index: usize, numbers: Vec<usize>, stops: &[Stop], reach: f64) -> Line {
    let back: Vec<usize> = numbers.iter().rev().copied().collect();
    Line {
        id: format!("SIM-R{:03}", index + 1),
        // Numbers of lines have gaps.
        short_name: (index + 1 + index / 5 + (dice.unit(index, -1) * 1.0) as usize).to_string(),
        is_metro: false,
        is_frequent: false,
        patterns: [pattern(numbers, stops, BUS_M_S), pattern(back, stops, BUS_M_S)],
        spans: Default::default(),
        runs: Default::default(),
        fleet: 0,
        reach,
        room: 0,
    }
}

/// Chooses the headways of the peak so that about so many buses are on the line: lines with more residents run more often.
fn fit_headways(dice: Dice, lines: &mut [Line], wanted: usize) {
    let cycle = |line: &Line| line.patterns[0].length_s() + line.patterns[1].length_s() + 2 * LAYOVER_S;
    let wish: Vec<f64> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| dice.between(i, -2, 0.6, 1.4) / (line.reach / cycle(line) as f64).max(0.1))
        .collect();
    let headway = |wish: f64, scale: f64| ((wish * scale / 10.0).round() as i64 * 10).clamp(120, 1500);
    let buses = |scale: f64| -> usize {
        let all = lines.iter().zip(&wish);
        all.map(|(line, wish)| (cycle(line) / headway(*wish, scale)) as usize + 1)
            .sum()
    };
    // More scale, longer headways, fewer buses: halve the interval until the number fits.
    let (mut low, mut high) = (1.0, 1.0e6);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if buses(middle) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    for (index, line) in lines.iter_mut().enumerate() {
        let peak = headway(wish[index], high);
        line.is_frequent = peak < 600;
        line.set_headways(peak, index as i64);
    }
}

/// The metro: one line from the north to the south-west, every 6 minutes in the peak (assumption).
fn metro(network: &Network, stops: &mut Vec<Stop>) -> Option<Line> {
    // Columns and rows of the middle of the city.
    let places = (0..METRO_STATIONS).map(|n| {
        let north = n.min(6);
        let west = n.saturating_sub(6);
        (39 - west * 4, 34 - north * 3)
    });
    let junctions: Option<Vec<usize>> = places.map(|p| network.at(p.0, p.1)).collect();
    let numbers: Vec<usize> = junctions?
        .into_iter()
        .map(|junction| {
            let number = add(stops, network, junction);
            stops[number].id = format!("SIM-M{:02}", number + 1);
            number
        })
        .collect();
    let back: Vec<usize> = numbers.iter().rev().copied().collect();
    let mut line = Line {
        id: "SIM-M1".to_owned(),
        short_name: "M1".to_owned(),
        is_metro: true,
        is_frequent: true,
        patterns: [
            pattern(numbers, stops, METRO_M_S),
            pattern(back, stops, METRO_M_S),
        ],
        spans: Default::default(),
        runs: Default::default(),
        fleet: 0,
        reach: 0.0,
        room: 0,
    };
    line.set_headways(360, 0);
    Some(line)
}

impl Line {
    fn set_headways(&mut self, peak: i64, number: i64) {
        let tables: [&[(i64, f64)]; 3] = [&WEEKDAY, &SATURDAY, &SUNDAY];
        for (spans, table) in self.spans.iter_mut().zip(tables) {
            for (direction, spans) in spans.iter_mut().enumerate() {
                // Lines do not start at the same minute.
                let shift = (number * 7 % 10 + direction as i64 * 5) * 60;
                *spans = table
                    .iter()
                    .enumerate()
                    .map(|(i, (hour, factor))| {
                        let to = table.get(i + 1).map_or(LAST_S, |next| next.0 * 3600 + shift);
                        let headway = ((peak as f64 * factor / 10.0).round() as i64 * 10).max(60);
                        (hour * 3600 + shift, to, headway)
                    })
                    .collect();
            }
        }
    }

    /// Lists the runs and gives each a bus: one that waits where the run begins, or a new one.
    fn plan(&mut self) {
        self.runs = Default::default();
        for service in 0..3 {
            let mut starts: Vec<(i64, usize)> = Vec::new();
            for direction in 0..2 {
                for (from, to, headway) in &self.spans[service][direction] {
                    starts.extend((*from..*to).step_by(*headway as usize).map(|s| (s, direction)));
                }
            }
            starts.sort_unstable();
            // The end of the line where each bus is, and from when.
            let mut fleet: Vec<(usize, i64)> = Vec::new();
            for (start_s, direction) in starts {
                let free = start_s + self.patterns[direction].length_s() + LAYOVER_S;
                let waiting = fleet.iter().position(|b| b.0 == direction && b.1 <= start_s);
                let bus = waiting.unwrap_or(fleet.len());
                if waiting.is_none() {
                    fleet.push((0, 0));
                }
                fleet[bus] = (1 - direction, free);
                self.runs[service][direction].push(Run { start_s, bus });
            }
            if service == 0 {
                self.fleet = fleet.len();
            }
        }
    }

    /// The id of the trip of a run: its own, or the one that is repeated in its span.
    pub(super) fn trip_id(&self, service: usize, direction: usize, run: usize) -> String {
        let word = Service::ALL.get(service).map_or("", |s| s.id());
        if self.is_frequent {
            format!("{}-{word}-{direction}", self.id)
        } else {
            format!("{}-{word}-{direction}-{:03}", self.id, run + 1)
        }
    }
}
