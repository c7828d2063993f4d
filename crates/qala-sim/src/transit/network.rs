//! Streets, stops and lines.

use crate::place::{CENTRE, HALF, Point};
use crate::random::Random;

/// Streets of the grid, in Kazakh, Russian and English letters; the first eight run west to east, the others south to
/// north. Words of nature: the streets are not real.
pub(crate) const STREETS: [(&str, &str, &str); 16] = [
    ("Алма", "Алма", "Alma"),
    ("Қайың", "Кайын", "Qaiyng"),
    ("Терек", "Терек", "Terek"),
    ("Емен", "Емен", "Emen"),
    ("Шырша", "Шырша", "Shyrsha"),
    ("Үйеңкі", "Уйенки", "Uiengki"),
    ("Жиде", "Жиде", "Zhide"),
    ("Тал", "Тал", "Tal"),
    ("Бұлақ", "Булак", "Bulaq"),
    ("Өзен", "Озен", "Ozen"),
    ("Көл", "Коль", "Kol"),
    ("Тау", "Тау", "Tau"),
    ("Дала", "Дала", "Dala"),
    ("Орман", "Орман", "Orman"),
    ("Жота", "Жота", "Zhota"),
    ("Аңғар", "Ангар", "Angghar"),
];

const SIDE: usize = 8;
/// Speed of a bus between stops, m/s: 21 km/h (assumption for city streets).
const BUS_M_S: f64 = 5.8;
/// Seconds at a stop (assumption).
pub(crate) const DWELL_S: i64 = 20;

/// A stop at a crossing of two streets.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pub(super) id: String,
    /// Name in Kazakh, Russian and English.
    pub(super) names: [String; 3],
    pub(super) point: Point,
}

/// A line with its two directions.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) short_name: String,
    pub(super) colour: &'static str,
    /// Outward and return.
    pub(super) patterns: [Pattern; 2],
}

/// The stops of one direction with the seconds since the departure from the first.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// Positions in the list of stops.
    pub(crate) stops: Vec<usize>,
    pub(crate) arrival_s: Vec<i64>,
    /// Metres since the first stop.
    pub(crate) metres: Vec<f64>,
}

impl Pattern {
    /// Seconds since the start at which the vehicle leaves a stop; it stays at the last.
    pub(crate) fn departure_s(&self, index: usize) -> i64 {
        if index == 0 || index + 1 == self.stops.len() {
            self.arrival_s[index]
        } else {
            self.arrival_s[index] + DWELL_S
        }
    }

    /// Seconds from the first stop to the last.
    pub(crate) fn length_s(&self) -> i64 {
        self.arrival_s.last().copied().unwrap_or_default()
    }
}

/// Stops and lines.
#[derive(Debug, Clone)]
pub(super) struct Network {
    pub(super) stops: Vec<Stop>,
    pub(super) lines: Vec<Line>,
}

const COLOURS: [&str; 8] = [
    "B3261E", "0B57D0", "146C2E", "7B1FA2", "8A5000", "00696D", "9C2750", "3F51B5",
];

/// Draws the network.
pub(super) fn draw(seed: u64) -> Network {
    let mut random = Random::of(seed, "transit/network");
    let mut nodes = Vec::with_capacity(SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let along = |index: usize| index as f64 / (SIDE - 1) as f64 * 2.0 - 1.0;
            let point = Point {
                lon: CENTRE.lon + HALF.lon * 0.88 * along(column) + random.between(-0.0007, 0.0007),
                lat: CENTRE.lat + HALF.lat * 0.84 * along(row) + random.between(-0.0005, 0.0005),
            };
            nodes.push(point.rounded());
        }
    }
    let paths: Vec<Vec<usize>> = (0..SIDE).map(path).collect();
    let used: Vec<usize> = (0..nodes.len())
        .filter(|n| paths.iter().any(|p| p.contains(n)))
        .collect();
    let stops: Vec<Stop> = used.iter().map(|node| stop(*node, nodes[*node])).collect();
    let lines = paths
        .iter()
        .enumerate()
        .map(|(index, path)| line(index, path, &used, &stops))
        .collect();
    Network { stops, lines }
}

/// The crossings of a line: along a street to the middle, across to another street, and on along that one.
fn path(line: usize) -> Vec<usize> {
    let target = (line + 3) % SIDE;
    let middle = 3 + line % 2;
    let mut nodes: Vec<usize> = (0..=middle).map(|column| line * SIDE + column).collect();
    let mut row = line;
    while row != target {
        row = if row < target { row + 1 } else { row - 1 };
        nodes.push(row * SIDE + middle);
    }
    nodes.extend((middle + 1..SIDE).map(|column| target * SIDE + column));
    nodes
}

fn stop(node: usize, point: Point) -> Stop {
    let (along, across) = (STREETS[node / SIDE], STREETS[SIDE + node % SIDE]);
    Stop {
        id: format!("S{:02}", node + 1),
        names: [
            format!("{} / {}", along.0, across.0),
            format!("{} / {}", along.1, across.1),
            format!("{} / {}", along.2, across.2),
        ],
        point,
    }
}

fn line(index: usize, path: &[usize], used: &[usize], stops: &[Stop]) -> Line {
    let outward: Vec<usize> = path
        .iter()
        .filter_map(|node| used.iter().position(|u| u == node))
        .collect();
    let back: Vec<usize> = outward.iter().rev().copied().collect();
    Line {
        id: format!("R{}", index + 1),
        short_name: format!("{}", 901 + index),
        colour: COLOURS[index],
        patterns: [pattern(outward, stops), pattern(back, stops)],
    }
}

fn pattern(stops: Vec<usize>, all: &[Stop]) -> Pattern {
    let (mut arrival_s, mut metres) = (vec![0], vec![0.0]);
    let (mut seconds, mut distance) = (0_i64, 0.0);
    for (index, pair) in stops.windows(2).enumerate() {
        let step = all[pair[0]].point.metres_to(all[pair[1]].point);
        distance += step;
        // Whole ten seconds, as timetables have them.
        let run = (step / BUS_M_S / 10.0).ceil() as i64 * 10;
        seconds += run + if index == 0 { 0 } else { DWELL_S };
        arrival_s.push(seconds);
        metres.push(distance);
    }
    Pattern {
        stops,
        arrival_s,
        metres,
    }
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn about_sixty_stops_serve_eight_lines() {
        let network = draw(1);
        assert_eq!(network.lines.len(), 8);
        assert!(
            (50..=64).contains(&network.stops.len()),
            "{}",
            network.stops.len()
        );
        for line in &network.lines {
            for pattern in &line.patterns {
                assert!(pattern.arrival_s.windows(2).all(|p| p[0] < p[1]));
                assert!(
                    (1200..4200).contains(&pattern.length_s()),
                    "{}",
                    pattern.length_s()
                );
            }
        }
    }
}
