//! What the city owns: lights, bridges, playgrounds, boiler houses and buildings with their condition and inspections; lights that
//! go out; public spaces and how many people come.

use std::fmt::Write;

use super::Shape;
use super::dice::{Chooser, Dice};
use super::facts::DISTRICTS;
use super::people::Cell;
use super::streets::{Network, StreetClass};
use super::truth::CityTruth;
use crate::clock::{SECOND, civil, date_text, month_start, weekday};
use crate::place::Point;

/// Kinds: name, function that owns it, number, life in years, years between inspections, value from and to in millions of tenge
/// (assumptions; lights stand on main streets and collectors, one for each 120 m).
const KINDS: [(&str, &str, usize, i32, i32, f64, f64); 5] = [
    ("light", "communal-infrastructure", 0, 15, 2, 0.3, 0.8),
    ("bridge", "road-infrastructure", 120, 60, 2, 300.0, 4_000.0),
    ("playground", "public-spaces", 600, 12, 1, 3.0, 20.0),
    (
        "boiler_house",
        "communal-infrastructure",
        90,
        30,
        1,
        200.0,
        2_000.0,
    ),
    ("building", "public-spaces", 1_200, 50, 3, 50.0, 900.0),
];
const LIGHT_M: f64 = 120.0;
/// Share of things whose last inspection was left out, and in the district planted to be careless (assumption).
const OVERDUE: f64 = 0.05;
const OVERDUE_PLANTED: f64 = 0.30;
/// Lights that go out in a day, as a share of all (assumption: each every two years), and the days until they are lit again.
const OUT_A_DAY: f64 = 0.0014;
const REPAIR_DAYS: (f64, f64) = (0.5, 6.0);
/// In one district repairs take so many times as long.
pub const SLOW_REPAIRS: f64 = 4.0;

/// Public spaces (assumption), of which the largest has 120,000 pedestrians on a weekday (CITY-FACTS section 2).
const SPACES: usize = 24;
const LARGEST: f64 = 120_000.0;
/// Visitors by weekday and month, mean about 1 (assumption).
const WEEK: [f64; 7] = [1.0, 1.0, 1.0, 1.0, 1.05, 1.25, 1.15];
const MONTHS: [f64; 12] = [0.55, 0.6, 0.8, 1.05, 1.25, 1.3, 1.25, 1.25, 1.2, 1.05, 0.8, 0.6];

/// Something the city owns.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    kind: usize,
    number: usize,
    district: usize,
    point: Point,
}

/// What stands still of the assets.
#[derive(Debug, Clone)]
pub(super) struct Assets {
    list: Vec<Asset>,
    lights: usize,
    /// Where each public space lies, and its visitors on a mean weekday.
    spaces: Vec<(usize, Point, f64)>,
    careless: usize,
    slow: usize,
}

/// A light that is out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LightOut {
    /// Light.
    pub asset_id: String,
    /// When it goes out, µs since 1970.
    pub from: i64,
    /// When it is lit again, µs since 1970.
    pub to: i64,
}

impl Assets {
    pub(super) fn new(seed: u64, network: &Network, cells: &[Cell]) -> Self {
        let dice = Dice::new(seed, "city/assets");
        let homes = Chooser::new(cells.iter().map(|c| c.total() as f64));
        let mut list = Vec::new();
        for segment in &network.segments {
            if network.streets[segment.street].class == StreetClass::Local {
                continue;
            }
            let count = (segment.metres / LIGHT_M).round().max(1.0) as usize;
            for n in 0..count {
                list.push(Asset {
                    kind: 0,
                    number: list.len() + 1,
                    district: network.junctions[segment.from].district,
                    point: network.along(segment, (n as f64 + 0.5) / count as f64),
                });
            }
        }
        let lights = list.len();
        for (kind, facts) in KINDS.iter().enumerate().skip(1) {
            for number in 1..=facts.2 {
                let cell = &cells[homes.pick(dice.unit(kind * 10_000 + number, 0))];
                list.push(Asset {
                    kind,
                    number,
                    district: cell.district,
                    point: super::crime::beside(cell.point, dice.disc(kind * 10_000 + number, 1), 170.0),
                });
            }
        }
        let spaces = (0..SPACES).map(|n| {
            let cell = &cells[homes.pick(dice.unit(n, 2))];
            // Each is about three quarters as large as the one before it.
            let size = (0..n).fold(LARGEST, |size, _| size * 0.78);
            (cell.district, cell.point, size.max(900.0))
        });
        Self {
            spaces: spaces.collect(),
            list,
            lights,
            careless: dice.bits(0, 3) as usize % DISTRICTS.len(),
            slow: dice.bits(0, 4) as usize % DISTRICTS.len(),
        }
    }
}

fn asset_id(asset: &Asset) -> String {
    let letter = ["L", "BR", "PG", "BH", "BD"][asset.kind];
    format!("SIM-{letter}{:05}", asset.number)
}

/// What is known of an asset on a local day: year built, condition 1 (good) to 5 (bad), days of the last inspection and of the one
/// that is due.
fn state(shape: &Shape, index: usize, today: i32) -> (i32, i32, i32, i32) {
    let dice = Dice::new(shape.seed, "city/asset-states");
    let asset = &shape.assets.list[index];
    let (_, _, _, life, every, _, _) = KINDS[asset.kind];
    let year = civil(today).0;
    // Older than its life in one of ten.
    let age = (f64::from(life) * 1.1 * dice.unit(index, 0)) as i32;
    let built = 2026 - age;
    let worn = f64::from(year - built) / f64::from(life) + 0.15 * dice.normal(index, 1);
    let condition = 1 + (worn * 4.0).clamp(0.0, 4.0).round() as i32;
    // Inspections come every so many years, each thing on its own day.
    let cycle = every * 365;
    let phase = (dice.unit(index, 2) * f64::from(cycle)) as i32;
    let last = today - (today - phase).rem_euclid(cycle);
    let share = if asset.district == shape.assets.careless {
        OVERDUE_PLANTED
    } else {
        OVERDUE
    };
    let left_out = dice.unit(index, 3) < share;
    let inspected = if left_out { last - cycle } else { last };
    (built, condition, inspected, inspected + cycle)
}

/// What the city owns on a local day (days since 1970), as a table.
pub(super) fn list(shape: &Shape, today: i32) -> String {
    let dice = Dice::new(shape.seed, "city/asset-values");
    let mut text = String::from(
        "asset_id,kind,function_id,place_id,lon,lat,built_year,condition,inspected_on,inspection_due_on,renewal_year,\
         value_kzt\n",
    );
    for (index, asset) in shape.assets.list.iter().enumerate() {
        let (kind, function, _, life, _, low, high) = KINDS[asset.kind];
        let (built, condition, inspected, due) = state(shape, index, today);
        let value = ((low + (high - low) * dice.unit(index, 0)) * 1e6).round() as i64;
        let _ = writeln!(
            text,
            "{},{kind},{function},{},{:.6},{:.6},{built},{condition},{},{},{},{value}",
            asset_id(asset),
            DISTRICTS[asset.district].id,
            asset.point.lon,
            asset.point.lat,
            date_text(inspected),
            date_text(due),
            built + life
        );
    }
    text
}

/// The lights that go out on a local day.
fn out_on(shape: &Shape, day: i32) -> Vec<LightOut> {
    let dice = Dice::new(shape.seed, "city/lights");
    let (assets, time) = (&shape.assets, i64::from(day));
    let start = shape.zone.day_start(day);
    let count = dice.count(0, time, assets.lights as f64 * OUT_A_DAY) as usize;
    (0..count)
        .map(|n| {
            let unit = |purpose: usize| dice.unit(1 + n * 8 + purpose, time);
            let asset = &assets.list[(unit(0) * assets.lights as f64) as usize];
            let slow = if asset.district == assets.slow {
                SLOW_REPAIRS
            } else {
                1.0
            };
            // Noticed in the evening.
            let from = start + ((17.0 + 6.0 * unit(1)) * 3600.0) as i64 * SECOND;
            let days = (REPAIR_DAYS.0 + (REPAIR_DAYS.1 - REPAIR_DAYS.0) * unit(2)) * slow;
            LightOut {
                asset_id: asset_id(asset),
                from,
                to: from + (days * 86_400.0) as i64 * SECOND,
            }
        })
        .collect()
}

/// The lights that are out at some time of a window.
fn out_between(shape: &Shape, from: i64, to: i64) -> Vec<LightOut> {
    let back = (REPAIR_DAYS.1 * SLOW_REPAIRS) as i32 + 2;
    let days = shape.zone.local_day(from) - back..=shape.zone.local_day(to - 1);
    let all = days.flat_map(|day| out_on(shape, day));
    all.filter(|l| l.from < to && l.to >= from).collect()
}

/// The lights that went out or were lit from `from` (included) to `to` (excluded), as a table; none when there were none.
pub(super) fn report_lights(shape: &Shape, from: i64, to: i64) -> Option<String> {
    let mut rows: Vec<(i64, String, &str)> = out_between(shape, from, to)
        .into_iter()
        .flat_map(|l| [(l.from, l.asset_id.clone(), "out"), (l.to, l.asset_id, "lit")])
        .filter(|(t, _, _)| *t >= from && *t < to)
        .collect();
    rows.sort();
    rows.dedup();
    let mut text = String::from("asset_id,t,status\n");
    for (t, id, status) in &rows {
        let _ = writeln!(text, "{id},{},{status}", shape.zone.format(*t));
    }
    (!rows.is_empty()).then_some(text)
}

fn space_id(n: usize) -> String {
    format!("SIM-PS{:02}", n + 1)
}

/// The public spaces as a table.
pub(super) fn list_spaces(shape: &Shape) -> String {
    let mut text = String::from("space_id,kind,name_kk,name_ru,name_en,function_id,place_id,lon,lat\n");
    for (n, (district, point, _)) in shape.assets.spaces.iter().enumerate() {
        let (kind, [kk, ru, en]) = match n % 3 {
            0 => ("street", ["жаяу көше", "Пешеходная улица", "Pedestrian street"]),
            1 => ("park", ["саябақ", "Парк", "Park"]),
            _ => ("square", ["алаң", "Площадь", "Square"]),
        };
        let number = n + 1;
        let _ = writeln!(
            text,
            "{},{kind},№ {number} {kk},{ru} № {number},{en} {number},public-spaces,{},{:.6},{:.6}",
            space_id(n),
            DISTRICTS[*district].id,
            point.lon,
            point.lat
        );
    }
    text
}

/// Visitors of a public space on a local day.
fn visitors(shape: &Shape, space: usize, day: i32) -> i64 {
    let dice = Dice::new(shape.seed, "city/footfall");
    let noon = shape.zone.day_start(day) + 12 * 3600 * SECOND;
    let rain = shape.atmosphere.climate.at(noon).rain_mm;
    let weather = if rain > 0.0 { 0.7 } else { 1.0 };
    let noise = 1.0 + 0.05 * dice.normal(space, i64::from(day));
    let usual =
        shape.assets.spaces[space].2 * WEEK[weekday(day) as usize] * MONTHS[civil(day).1 as usize - 1];
    (usual * weather * noise).round() as i64
}

/// The visitors of the local days from `first` to `last` (days since 1970), as a table.
pub(super) fn report_footfall(shape: &Shape, (first, last): (i32, i32)) -> String {
    let mut text = String::from("space_id,t,visitors\n");
    for day in first..=last {
        let date = date_text(day);
        for space in 0..shape.assets.spaces.len() {
            let _ = writeln!(text, "{},{date},{}", space_id(space), visitors(shape, space, day));
        }
    }
    text
}

/// What is true of the assets on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetTruth {
    /// Assets whose inspection is overdue.
    pub overdue: usize,
    /// Assets whose life has ended.
    pub renewal_due: usize,
    /// District that leaves out inspections.
    pub careless: &'static str,
    /// District in which lights stay out for long.
    pub slow: &'static str,
}

impl CityTruth<'_> {
    /// What is true of the assets on a local day, days since 1970.
    pub fn assets(&self, day: i32) -> AssetTruth {
        let assets = &self.shape.assets;
        let (mut overdue, mut renewal_due) = (0, 0);
        for (index, asset) in assets.list.iter().enumerate() {
            let (built, _, _, due) = state(self.shape, index, day);
            overdue += usize::from(due < day);
            let end = month_start(built + KINDS[asset.kind].3, 1);
            renewal_due += usize::from(civil(end).0 <= civil(day).0);
        }
        AssetTruth {
            overdue,
            renewal_due,
            careless: DISTRICTS[assets.careless].id,
            slow: DISTRICTS[assets.slow].id,
        }
    }

    /// The lights that are out at some time of a window, µs since 1970.
    pub fn lights_out(&self, from: i64, to: i64) -> Vec<LightOut> {
        out_between(self.shape, from, to)
    }

    /// Visitors of a public space (from 0 by the order of `SIM-PS…`) on a local day; none when there is no such space.
    pub fn visitors(&self, space: usize, day: i32) -> Option<i64> {
        (space < self.shape.assets.spaces.len()).then(|| visitors(self.shape, space, day))
    }
}
