//! The grid of streets: names, classes, lanes, limits; junctions and the segments between them.

use std::fmt::Write;

use super::dice::Dice;
use super::facts::DISTRICTS;
use super::shape::{District, at_km, elevation_m, km, locate};
use crate::place::Point;
use crate::transit::STREETS as WORDS;

/// Metres between neighbouring streets (assumption: a block of 350 m).
const BLOCK_KM: f64 = 0.35;
/// Streets that run south to north, and west to east.
const COLUMNS: usize = 90;
const ROWS: usize = 68;
/// Highest junction, m: above it nobody lives (assumption).
const HIGHEST_M: f64 = 1_150.0;

/// First words of names, in Kazakh, Russian and English letters: words of colour and size, for streets that are not real.
const FIRST: [(&str, &str, &str); 10] = [
    ("", "", ""),
    ("Ақ ", "Ак ", "Aq "),
    ("Көк ", "Кок ", "Kok "),
    ("Қара ", "Кара ", "Qara "),
    ("Сары ", "Сары ", "Sary "),
    ("Қызыл ", "Кызыл ", "Qyzyl "),
    ("Жасыл ", "Жасыл ", "Zhasyl "),
    ("Ұлы ", "Улы ", "Uly "),
    ("Кіші ", "Киши ", "Kishi "),
    ("Жаңа ", "Жана ", "Zhanga "),
];

/// What a street is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreetClass {
    /// Crosses the city: three lanes, 60 km/h.
    Main,
    /// Joins the main streets: two lanes, 60 km/h.
    Collector,
    /// Leads to the houses: one lane, 40 km/h.
    Local,
}

impl StreetClass {
    /// The word in the data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Collector => "collector",
            Self::Local => "local",
        }
    }

    /// Lanes in one direction (assumption).
    pub fn lanes(self) -> i64 {
        match self {
            Self::Main => 3,
            Self::Collector => 2,
            Self::Local => 1,
        }
    }

    /// Speed limit, km/h (assumption: 60 on through streets, 40 between houses).
    pub fn limit_kmh(self) -> i64 {
        match self {
            Self::Main | Self::Collector => 60,
            Self::Local => 40,
        }
    }
}

/// A street of the grid.
#[derive(Debug, Clone)]
pub(super) struct Street {
    pub(super) id: String,
    /// Name in Kazakh, Russian and English.
    pub(super) names: [String; 3],
    pub(super) class: StreetClass,
}

/// A crossing of two streets.
#[derive(Debug, Clone)]
pub(super) struct Junction {
    pub(super) point: Point,
    pub(super) district: usize,
    /// Positions in the list of streets: south to north, and west to east.
    pub(super) streets: (usize, usize),
}

/// A street between two neighbouring junctions.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) street: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) metres: f64,
}

/// All streets.
#[derive(Debug, Clone)]
pub(super) struct Network {
    pub(super) streets: Vec<Street>,
    pub(super) junctions: Vec<Junction>,
    pub(super) segments: Vec<Segment>,
    /// Junction of a column and a row, if there is one.
    grid: Vec<Option<usize>>,
}

/// Every sixth street is a main one, every third a collector or more.
fn class(index: usize) -> StreetClass {
    match index % 6 {
        0 => StreetClass::Main,
        3 => StreetClass::Collector,
        _ => StreetClass::Local,
    }
}

/// Draws the grid.
pub(super) fn draw(seed: u64, districts: &[District]) -> Network {
    let dice = Dice::new(seed, "city/streets");
    let streets: Vec<Street> = (0..COLUMNS + ROWS)
        .map(|index| {
            let rank = if index < COLUMNS { index } else { index - COLUMNS };
            // Names are given in an order that the seed shuffles; each of the 160 is used once at most.
            let name = (index * 7 + dice.bits(0, 0) as usize % 160) % 160;
            let (a, b) = (FIRST[name / 16], WORDS[name % 16]);
            let join = |first: &str, word: &str| format!("{first}{word}");
            Street {
                id: format!("SIM-ST{:03}", index + 1),
                names: [join(a.0, b.0), join(a.1, b.1), join(a.2, b.2)],
                class: class(rank),
            }
        })
        .collect();
    let mut junctions = Vec::new();
    let mut grid = vec![None; COLUMNS * ROWS];
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            // Streets keep their distance to within 40 m.
            let x = 1.2 + column as f64 * BLOCK_KM + dice.between(column, 1, -0.04, 0.04);
            let y = 13.0 + row as f64 * BLOCK_KM + dice.between(row, 2, -0.04, 0.04);
            let point = at_km(x, y);
            if elevation_m(point) > HIGHEST_M {
                continue;
            }
            let Some(district) = locate(districts, point) else {
                continue;
            };
            grid[row * COLUMNS + column] = Some(junctions.len());
            junctions.push(Junction {
                point,
                district,
                streets: (column, COLUMNS + row),
            });
        }
    }
    let mut network = Network {
        streets,
        junctions,
        segments: Vec::new(),
        grid,
    };
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            network.join((column, row), (column + 1, row), COLUMNS + row);
            network.join((column, row), (column, row + 1), column);
        }
    }
    network
}

impl Network {
    fn join(&mut self, a: (usize, usize), b: (usize, usize), street: usize) {
        if let (Some(from), Some(to)) = (self.at(a.0, a.1), self.at(b.0, b.1)) {
            let metres = self.junctions[from].point.metres_to(self.junctions[to].point);
            self.segments.push(Segment {
                street,
                from,
                to,
                metres,
            });
        }
    }

    /// The junction of a column and a row.
    pub(super) fn at(&self, column: usize, row: usize) -> Option<usize> {
        if column >= COLUMNS || row >= ROWS {
            return None;
        }
        self.grid[row * COLUMNS + column]
    }

    /// The first and the last junction of a street: its ends in the south and north, or in the west and east. None when no
    /// junction lies on it.
    pub(super) fn ends(&self, street: usize) -> Option<(usize, usize)> {
        let all = self.junctions.iter().enumerate();
        let mut on = all.filter(|(_, j)| j.streets.0 == street || j.streets.1 == street);
        let first = on.next()?.0;
        Some((first, on.next_back().map_or(first, |(last, _)| last)))
    }

    /// Column and row of a junction.
    pub(super) fn place(&self, junction: usize) -> (usize, usize) {
        let (column, row) = self.junctions[junction].streets;
        (column, row - COLUMNS)
    }

    /// The point that lies `share` of the way along a segment.
    pub(super) fn along(&self, segment: &Segment, share: f64) -> Point {
        let (a, b) = (
            self.junctions[segment.from].point,
            self.junctions[segment.to].point,
        );
        a.towards(b, share).rounded()
    }

    /// The name of a junction in one of the three languages.
    pub(super) fn junction_name(&self, junction: usize, language: usize) -> String {
        let (along, across) = self.junctions[junction].streets;
        format!(
            "{} / {}",
            self.streets[across].names[language], self.streets[along].names[language]
        )
    }

    /// Lanes times metres of a district, both directions, local streets left out: where its traffic is.
    pub(super) fn lane_metres(&self, district: usize) -> f64 {
        let within = self.segments.iter().filter(|s| {
            self.junctions[s.from].district == district && self.streets[s.street].class != StreetClass::Local
        });
        within
            .map(|s| s.metres * 2.0 * self.streets[s.street].class.lanes() as f64)
            .sum()
    }

    /// The segments as a table.
    pub(super) fn list(&self) -> String {
        let mut text = String::from(
            "segment_id,street_id,name_kk,name_ru,name_en,class,lanes,limit_kmh,length_m,place_id,from_junction,\
             to_junction,geometry\n",
        );
        for (index, segment) in self.segments.iter().enumerate() {
            let street = &self.streets[segment.street];
            let (from, to) = (&self.junctions[segment.from], &self.junctions[segment.to]);
            let [kk, ru, en] = &street.names;
            let _ = writeln!(
                text,
                "SIM-SG{:05},{},{kk} көшесі,улица {ru},{en} street,{},{},{},{:.1},{},SIM-J{:04},SIM-J{:04},\
                 \"LINESTRING({:.6} {:.6}, {:.6} {:.6})\"",
                index + 1,
                street.id,
                street.class.as_str(),
                street.class.lanes(),
                street.class.limit_kmh(),
                segment.metres,
                DISTRICTS[from.district].id,
                segment.from + 1,
                segment.to + 1,
                from.point.lon,
                from.point.lat,
                to.point.lon,
                to.point.lat
            );
        }
        text
    }
}

/// Km from the middle of the simulated city.
pub(super) fn km_from_centre(point: Point) -> f64 {
    let (x, y) = km(point);
    // The middle of the district Almaly.
    let (dx, dy) = (x - 14.2, y - 24.1);
    (dx * dx + dy * dy).sqrt()
}
