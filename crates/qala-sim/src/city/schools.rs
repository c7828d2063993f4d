//! Schools and kindergartens with places, children and shifts.

use std::fmt::Write;

use super::dice::{Dice, apportion};
use super::facts::DISTRICTS;
use super::people::Cell;
use crate::place::Point;

/// Schools and, of them, state ones (CITY-FACTS section 11).
const SCHOOLS: i64 = 353;
const STATE_SCHOOLS: usize = 240;
/// Pupils (CITY-FACTS section 11: 320,601 of 2023 and two years' growth).
const PUPILS: i64 = 345_000;
/// Places short at the overfull schools, and free at the others (CITY-FACTS section 11).
const SHORT: i64 = 33_000;
const FREE: i64 = 10_000;
/// Share of schools that are overfull (CITY-FACTS section 2: 67 %), and that have free places (17 %).
const OVERFULL: f64 = 0.67;
const WITH_FREE: f64 = 0.17;
/// Kindergartens and, of them, public ones (CITY-FACTS section 7).
const KINDERGARTENS: i64 = 924;
const PUBLIC_KINDERGARTENS: usize = 198;
/// Share of children before school who go to a kindergarten (assumption).
const ATTENDING: f64 = 0.55;

/// A school or kindergarten.
#[derive(Debug, Clone)]
pub(super) struct Institution {
    pub(super) id: String,
    pub(super) is_school: bool,
    pub(super) is_public: bool,
    number: usize,
    point: Point,
    district: usize,
    /// Children for whom it was built.
    pub(super) capacity: i64,
    pub(super) enrolled: i64,
}

impl Institution {
    /// Shifts by load: one while places are free, three where a fifth too many came (assumption).
    pub(super) fn shifts(&self) -> i64 {
        let load = self.enrolled as f64 / self.capacity.max(1) as f64;
        match load {
            _ if !self.is_school || load <= 0.95 => 1,
            _ if load <= 1.2 => 2,
            _ => 3,
        }
    }
}

/// Founds them where the children live.
pub(super) fn found(seed: u64, cells: &[Cell]) -> Vec<Institution> {
    let dice = Dice::new(seed, "city/schools");
    let mut list = schools(dice, cells);
    list.extend(kindergartens(dice, cells));
    list
}

/// Cells in which to build: in each district by its children, at even steps through them.
fn sites(total: i64, group: usize, cells: &[Cell]) -> Vec<usize> {
    let children = |d: usize| -> Vec<(usize, i64)> {
        let of = cells.iter().enumerate().filter(|(_, c)| c.district == d);
        of.map(|(index, c)| (index, c.residents[group])).collect()
    };
    let sums: Vec<f64> = (0..DISTRICTS.len())
        .map(|d| children(d).iter().map(|c| c.1 as f64).sum())
        .collect();
    let mut sites = Vec::with_capacity(total as usize);
    for (district, count) in apportion(total, &sums).into_iter().enumerate() {
        let step = sums[district] / count.max(1) as f64;
        let (mut passed, mut next, mut built) = (0.0, step / 2.0, 0);
        for (cell, number) in children(district) {
            passed += number as f64;
            while passed >= next && built < count {
                sites.push(cell);
                built += 1;
                next += step;
            }
        }
    }
    sites
}

fn schools(dice: Dice, cells: &[Cell]) -> Vec<Institution> {
    let sites = sites(SCHOOLS, 1, cells);
    let state = in_order(dice, 1, sites.len(), STATE_SCHOOLS);
    // 292,015 of 320,601 pupils go to state schools (CITY-FACTS section 7): about five times as many to each as to a
    // private one.
    let sizes: Vec<f64> = (0..sites.len())
        .map(|i| dice.between(i, 2, 0.5, 1.5) * if state[i] { 4.3 } else { 1.0 })
        .collect();
    let pupils = apportion(PUPILS, &sizes);
    let kinds: Vec<f64> = (0..sites.len()).map(|i| dice.unit(i, 3)).collect();
    // A school that is overfull is so in proportion to its pupils; so is one that has free places.
    let weights = |chosen: fn(f64) -> bool| -> Vec<f64> {
        let parts = kinds.iter().zip(&pupils).enumerate();
        parts
            .map(|(i, (kind, pupils))| {
                if chosen(*kind) {
                    *pupils as f64 * dice.between(i, 4, 0.3, 1.7)
                } else {
                    0.0
                }
            })
            .collect()
    };
    let short = apportion(SHORT, &weights(|kind| kind < OVERFULL));
    let free = apportion(FREE, &weights(|kind| kind >= 1.0 - WITH_FREE));
    sites
        .iter()
        .enumerate()
        .map(|(i, cell)| Institution {
            id: format!("SIM-SC{:03}", i + 1),
            is_school: true,
            is_public: state[i],
            number: i + 1,
            point: cells[*cell].point,
            district: cells[*cell].district,
            capacity: pupils[i] - short[i] + free[i],
            enrolled: pupils[i],
        })
        .collect()
}

fn kindergartens(dice: Dice, cells: &[Cell]) -> Vec<Institution> {
    let sites = sites(KINDERGARTENS, 0, cells);
    let public = in_order(dice, 5, sites.len(), PUBLIC_KINDERGARTENS);
    let children: i64 = cells.iter().map(|c| c.residents[0]).sum();
    let sizes: Vec<f64> = (0..sites.len())
        .map(|i| dice.between(i, 6, 0.5, 1.5) * if public[i] { 2.5 } else { 1.0 })
        .collect();
    let enrolled = apportion((children as f64 * ATTENDING).round() as i64, &sizes);
    sites
        .iter()
        .enumerate()
        .map(|(i, cell)| Institution {
            id: format!("SIM-KG{:03}", i + 1),
            is_school: false,
            is_public: public[i],
            number: i + 1,
            point: cells[*cell].point,
            district: cells[*cell].district,
            // Public ones have queues, paid ones free places (assumption).
            capacity: (enrolled[i] as f64
                / if public[i] {
                    dice.between(i, 7, 0.95, 1.3)
                } else {
                    dice.between(i, 7, 0.6, 1.0)
                })
            .round()
            .max(10.0) as i64,
            enrolled: enrolled[i],
        })
        .collect()
}

/// Chooses exactly `chosen` of `all`, by the dice.
fn in_order(dice: Dice, purpose: i64, all: usize, chosen: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..all).collect();
    order.sort_by_key(|i| dice.bits(*i, purpose));
    let mut marks = vec![false; all];
    for index in order.into_iter().take(chosen) {
        marks[index] = true;
    }
    marks
}

/// Schools and kindergartens as a table.
pub(super) fn list(institutions: &[Institution]) -> String {
    let mut text = String::from(
        "institution_id,kind,name_kk,name_ru,name_en,place_id,lon,lat,is_public,capacity,enrolled,shifts\n",
    );
    for institution in institutions {
        let number = institution.number;
        let (kind, kk, ru, en) = if institution.is_school {
            ("school", "мектеп", "Школа", "School")
        } else {
            ("kindergarten", "балабақша", "Детский сад", "Kindergarten")
        };
        let _ = writeln!(
            text,
            "{},{kind},№ {number} {kk},{ru} № {number},{en} {number},{},{:.6},{:.6},{},{},{},{}",
            institution.id,
            DISTRICTS[institution.district].id,
            institution.point.lon,
            institution.point.lat,
            institution.is_public,
            institution.capacity,
            institution.enrolled,
            institution.shifts()
        );
    }
    text
}
