//! Residents by cell and age, homes, and which homes are off the gas network.

use std::fmt::Write;

use super::dice::{Dice, apportion};
use super::facts::DISTRICTS;
use super::shape::District;
use super::streets::{Network, km_from_centre};
use crate::place::Point;

/// Age groups: before school, school, working, pension. 0–15 are 24.2 %, working age 64.0 %, pension age 11.9 %
/// (CITY-FACTS section 3); the first is split by years, 6 and 10 of 16.
pub(super) const AGES: [(&str, f64); 4] = [
    ("0-5", 0.0908),
    ("6-15", 0.1512),
    ("working", 0.6396),
    ("pension", 0.1184),
];

/// Houses with a coal stove (CITY-FACTS section 11, an assumption there; the real number is not known).
const STOVES: i64 = 30_000;
/// Homes off the gas network that do not burn coal (assumption: electric heating).
const OTHER_OFF_GAS: i64 = 6_000;
/// Residents of a home (assumption).
const HOUSEHOLD: f64 = 3.1;

/// A block of the city: what lies around one junction.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) point: Point,
    pub(super) district: usize,
    /// Residents by the groups of [`AGES`].
    pub(super) residents: [i64; 4],
    pub(super) homes: i64,
    /// Coal stoves; known to the truth only.
    pub(super) stoves: i64,
    pub(super) off_gas: i64,
}

impl Cell {
    /// All residents.
    pub(super) fn total(&self) -> i64 {
        self.residents.iter().sum()
    }
}

/// Settles the districts' residents in cells.
pub(super) fn settle(seed: u64, districts: &[District], network: &Network) -> Vec<Cell> {
    let dice = Dice::new(seed, "city/residents");
    let mut cells: Vec<Cell> = network
        .junctions
        .iter()
        .map(|junction| Cell {
            point: junction.point,
            district: junction.district,
            residents: [0; 4],
            homes: 0,
            stoves: 0,
            off_gas: 0,
        })
        .collect();
    for (index, district) in districts.iter().enumerate() {
        let members: Vec<usize> = (0..cells.len()).filter(|c| cells[*c].district == index).collect();
        let weights: Vec<f64> = members
            .iter()
            .map(|c| {
                let far = km_from_centre(cells[*c].point) / 8.0;
                dice.between(*c, 0, 0.25, 1.75) / (1.0 + far * far)
            })
            .collect();
        for (cell, residents) in members.iter().zip(apportion(district.residents, &weights)) {
            // Outer blocks have more children (assumption).
            let young = 0.9 + 0.02 * km_from_centre(cells[*cell].point) + dice.between(*cell, 1, -0.1, 0.1);
            let shares: Vec<f64> = AGES
                .iter()
                .enumerate()
                .map(|(group, (_, share))| share * if group < 2 { young } else { 1.0 })
                .collect();
            for (slot, part) in cells[*cell]
                .residents
                .iter_mut()
                .zip(apportion(residents, &shares))
            {
                *slot = part;
            }
            cells[*cell].homes = (residents as f64 / HOUSEHOLD).round() as i64;
        }
    }
    heat(dice, &mut cells);
    cells
}

/// Spreads stoves and other homes off the gas network over the cells with private houses.
fn heat(dice: Dice, cells: &mut [Cell]) {
    let weights = |purpose: i64| -> Vec<f64> {
        cells
            .iter()
            .enumerate()
            .map(|(index, cell)| {
                let houses = cell.homes as f64 * DISTRICTS[cell.district].houses;
                // Networks are built street by street: a third of the blocks has nearly all of them.
                let spread = if dice.unit(index, purpose) < 0.33 {
                    1.0
                } else {
                    0.1
                };
                houses * spread
            })
            .collect()
    };
    let (stoves, others) = (
        apportion(STOVES, &weights(2)),
        apportion(OTHER_OFF_GAS, &weights(3)),
    );
    for ((cell, stoves), others) in cells.iter_mut().zip(stoves).zip(others) {
        cell.stoves = stoves.min(cell.homes);
        cell.off_gas = (stoves + others).min(cell.homes);
    }
}

/// Residents by cell and age as a table. Stoves are not in it: nobody in the city knows them.
pub(super) fn list(cells: &[Cell]) -> String {
    let mut text = String::from("cell_id,place_id,lon,lat,age_group,residents\n");
    for (index, cell) in cells.iter().enumerate() {
        for ((age, _), residents) in AGES.iter().zip(cell.residents) {
            let _ = writeln!(
                text,
                "SIM-C{:04},{},{:.6},{:.6},{age},{residents}",
                index + 1,
                DISTRICTS[cell.district].id,
                cell.point.lon,
                cell.point.lat
            );
        }
    }
    text
}

/// Homes by cell as a table.
pub(super) fn list_homes(cells: &[Cell]) -> String {
    let mut text = String::from("cell_id,place_id,lon,lat,homes,homes_on_gas,homes_off_gas\n");
    for (index, cell) in cells.iter().enumerate() {
        let _ = writeln!(
            text,
            "SIM-C{:04},{},{:.6},{:.6},{},{},{}",
            index + 1,
            DISTRICTS[cell.district].id,
            cell.point.lon,
            cell.point.lat,
            cell.homes,
            cell.homes - cell.off_gas,
            cell.off_gas
        );
    }
    text
}

/// Residents by district as a table: what the sources state beside what the simulated city has.
pub(super) fn list_districts(districts: &[District]) -> String {
    let mut text = String::from("place_id,name_kk,name_ru,name_en,stated_residents,residents\n");
    for (facts, district) in DISTRICTS.iter().zip(districts) {
        let [kk, ru, en] = facts.names;
        let _ = writeln!(
            text,
            "{},{kk},{ru},{en},{},{}",
            facts.id, district.stated, district.residents
        );
    }
    text
}
