//! Births, deaths and moves by district and month; residents by sex and age; the rates behind them; the queue for kindergartens.
//!
//! Residents at the begin of any month are those of February 2026 (CITY-FACTS section 3) and the movements between, so that the
//! balance holds to the person at every district and month.

use std::fmt::Write;

use super::Shape;
use super::dice::{Dice, apportion};
use super::facts::DISTRICTS;
use super::people::{AGES, Cell};
use super::truth::CityTruth;
use crate::clock::{civil, date_text, month_start};

/// Months since year 0 of the reference: February 2026.
const REFERENCE: i64 = 2026 * 12 + 1;
/// Growth of the city, residents a year (CITY-FACTS section 1).
const GROWTH: f64 = 50_000.0;
/// Departures a year for each resident (assumption; moves within the city are not counted).
const DEPARTURES: f64 = 0.045;
/// Groups of five years, the last is open.
const GROUPS: usize = 18;
/// Residents by age, in thousandths (assumption, such that 0–15 are 24.2 % as in CITY-FACTS section 3).
const BY_AGE: [f64; GROUPS] = [
    76.0, 78.0, 73.0, 70.0, 86.0, 90.0, 96.0, 88.0, 72.0, 60.0, 52.0, 47.0, 41.0, 31.0, 20.0, 10.0, 7.0, 3.0,
];
/// Share of men by age (assumption).
const MEN: [f64; GROUPS] = [
    0.515, 0.515, 0.513, 0.505, 0.48, 0.475, 0.475, 0.475, 0.47, 0.465, 0.455, 0.44, 0.42, 0.40, 0.37, 0.34,
    0.31, 0.27,
];
/// Births of a woman in a year from age 15 to 49, in groups of five years (assumption: 1.76 children of a woman, which gives
/// the city some 38,000 births).
const FERTILITY: [f64; 7] = [0.013, 0.077, 0.110, 0.088, 0.049, 0.0145, 0.0015];
/// Boys for each girl born.
pub const BOYS: f64 = 1.06;
/// Share that lives five years on: from birth to the first group, from each group to the next, and within the last one
/// (assumption after a life expectancy of 77, CITY-FACTS section 3).
const SURVIVAL: [[f64; GROUPS + 1]; 2] = [
    [
        0.9890, 0.9980, 0.9988, 0.9980, 0.9960, 0.9935, 0.9910, 0.9880, 0.9830, 0.9760, 0.9650, 0.9480,
        0.9240, 0.8900, 0.8420, 0.7750, 0.6800, 0.5600, 0.4500,
    ],
    [
        0.9915, 0.9985, 0.9991, 0.9988, 0.9982, 0.9976, 0.9968, 0.9957, 0.9938, 0.9905, 0.9850, 0.9765,
        0.9635, 0.9430, 0.9090, 0.8520, 0.7620, 0.6350, 0.5000,
    ],
];
const SEXES: [&str; 2] = ["male", "female"];
/// Who moves, by age (assumption after the usual curve: young adults with small children).
const MOVERS: [f64; GROUPS] = [
    8.0, 5.0, 4.0, 14.0, 26.0, 18.0, 10.0, 6.0, 3.0, 2.0, 1.0, 1.0, 1.0, 0.5, 0.3, 0.1, 0.1, 0.0,
];
/// Births by month, mean 1 (assumption).
const BIRTH_MONTHS: [f64; 12] = [
    0.98, 0.94, 0.97, 0.96, 0.98, 1.01, 1.07, 1.07, 1.05, 1.02, 0.97, 0.98,
];
/// Children before school who wait for a place, as a share of all (assumption), by month: places are given in September.
const WAITING: f64 = 0.11;
const QUEUE_MONTHS: [f64; 12] = [
    0.9, 0.93, 0.96, 1.0, 1.05, 1.12, 1.2, 1.25, 0.85, 0.85, 0.86, 0.88,
];

/// Movements of a district in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Movement {
    /// Born.
    pub births: i64,
    /// Died.
    pub deaths: i64,
    /// Moved in.
    pub arrivals: i64,
    /// Moved out.
    pub departures: i64,
}

impl Movement {
    /// By how many the residents change.
    pub fn change(self) -> i64 {
        self.births - self.deaths + self.arrivals - self.departures
    }
}

/// What stands still of the population.
#[derive(Debug, Clone)]
pub(super) struct Movements {
    districts: Vec<Rates>,
}

#[derive(Debug, Clone)]
struct Rates {
    residents: i64,
    /// Residents by sex and group as shares of all.
    shares: [[f64; GROUPS]; 2],
    births: f64,
    deaths: f64,
    /// Net migrants of a year.
    net: f64,
}

/// Shares by age from the four groups of the cells: what they hold of each group of five years, by the city's curve within.
fn ages(groups: [i64; 4]) -> [f64; GROUPS] {
    // Years of each group of the cells in each group of five years: 0–5, 6–15, working 16–62, pension 63 and over.
    let bounds = [(0.0, 6.0), (6.0, 16.0), (16.0, 63.0), (63.0, 90.0)];
    let within = |(low, high): (f64, f64), group: usize| {
        let (from, to) = (group as f64 * 5.0, group as f64 * 5.0 + 5.0);
        (high.min(to) - low.max(from)).max(0.0) / 5.0
    };
    let mut shares = [0.0; GROUPS];
    let all: i64 = groups.iter().sum();
    for (bound, residents) in bounds.into_iter().zip(groups) {
        let parts: Vec<f64> = (0..GROUPS).map(|g| BY_AGE[g] * within(bound, g)).collect();
        let sum: f64 = parts.iter().sum();
        for (share, part) in shares.iter_mut().zip(parts) {
            *share += residents as f64 / all.max(1) as f64 * part / sum;
        }
    }
    shares
}

impl Movements {
    pub(super) fn new(cells: &[Cell]) -> Self {
        let mut districts: Vec<Rates> = (0..DISTRICTS.len())
            .map(|district| {
                let mut groups = [0; AGES.len()];
                for cell in cells.iter().filter(|c| c.district == district) {
                    for (sum, residents) in groups.iter_mut().zip(cell.residents) {
                        *sum += residents;
                    }
                }
                let by_age = ages(groups);
                let of = |sex: usize| {
                    let mut list = by_age;
                    for (share, men) in list.iter_mut().zip(MEN) {
                        *share *= if sex == 0 { men } else { 1.0 - men };
                    }
                    list
                };
                let shares = [of(0), of(1)];
                let births: f64 = FERTILITY.iter().zip(&shares[1][3..10]).map(|(f, w)| f * w).sum();
                let infants = births * 5.0 * (1.0 - f64::midpoint(SURVIVAL[0][0], SURVIVAL[1][0]));
                let dying = (0..2).flat_map(|s| (0..GROUPS).map(move |g| (s, g)));
                let deaths = dying
                    .map(|(s, g)| shares[s][g] * (1.0 - SURVIVAL[s][g + 1]))
                    .sum::<f64>();
                Rates {
                    residents: groups.iter().sum(),
                    shares,
                    births,
                    deaths: (deaths + infants) / 5.0,
                    net: 0.0,
                }
            })
            .collect();
        // What natural growth leaves of the city's growth moves in, most of it into districts of private houses.
        let natural: f64 = districts
            .iter()
            .map(|d| d.residents as f64 * (d.births - d.deaths))
            .sum();
        let weight = |(d, facts): (&Rates, &super::facts::DistrictFacts)| {
            d.residents as f64 * (0.4 + 2.0 * facts.houses)
        };
        let weights: f64 = districts.iter().zip(&DISTRICTS).map(weight).sum();
        for (district, facts) in districts.iter_mut().zip(&DISTRICTS) {
            district.net = (GROWTH - natural) * weight((district, facts)) / weights;
        }
        Self { districts }
    }
}

/// Months since year 0 of a local day.
fn month_of(day: i32) -> i64 {
    let (year, month, _) = civil(day);
    i64::from(year) * 12 + i64::from(month) - 1
}

/// The movements of a district in a month (months since year 0).
fn movement(shape: &Shape, district: usize, month: i64) -> Movement {
    let dice = Dice::new(shape.seed, "city/movements");
    let rates = &shape.movements.districts[district];
    // Residents grow in a straight line as far as rates go; the movements themselves then say how many there are.
    let years = (month - REFERENCE) as f64 / 12.0;
    let size = rates.residents as f64 * (1.0 + years * GROWTH / super::facts::RESIDENTS as f64);
    let draw = |purpose: usize, a_year: f64| dice.count(district * 10 + purpose, month, a_year / 12.0);
    let season = BIRTH_MONTHS[month.rem_euclid(12) as usize];
    let departures = size * DEPARTURES;
    Movement {
        births: draw(0, size * rates.births * season),
        deaths: draw(1, size * rates.deaths),
        arrivals: draw(2, departures + rates.net),
        departures: draw(3, departures),
    }
}

/// Residents of a district at the begin of a month (months since year 0).
fn residents(shape: &Shape, district: usize, month: i64) -> i64 {
    let sum =
        |months: std::ops::Range<i64>| months.map(|m| movement(shape, district, m).change()).sum::<i64>();
    let known = shape.movements.districts[district].residents;
    known + sum(REFERENCE..month) - sum(month..REFERENCE)
}

/// Residents by sex and group of five years at the begin of a month.
fn pyramid(shape: &Shape, district: usize, month: i64) -> [[i64; GROUPS]; 2] {
    let shares = &shape.movements.districts[district].shares;
    let parts = apportion(residents(shape, district, month), shares.as_flattened());
    let mut pyramid = [[0; GROUPS]; 2];
    for (index, part) in parts.into_iter().enumerate() {
        pyramid[index / GROUPS][index % GROUPS] = part;
    }
    pyramid
}

/// The movements of the local month that begins at `from`, as a table.
pub(super) fn report(shape: &Shape, from: i64) -> String {
    let day = shape.zone.local_day(from);
    let month = month_of(day);
    let mut text = String::from("place_id,t,births,deaths,arrivals,departures,residents_at_end\n");
    for (district, facts) in DISTRICTS.iter().enumerate() {
        let m = movement(shape, district, month);
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{}",
            facts.id,
            date_text(day),
            m.births,
            m.deaths,
            m.arrivals,
            m.departures,
            residents(shape, district, month + 1)
        );
    }
    text
}

/// Children who wait for a kindergarten at the end of a month (months since year 0), and who got a place in it.
fn queue(shape: &Shape, district: usize, month: i64) -> (i64, i64) {
    let dice = Dice::new(shape.seed, "city/queue");
    let children = shape
        .cells
        .iter()
        .filter(|c| c.district == district)
        .map(|c| c.residents[0])
        .sum::<i64>();
    let place = dice.between(district, 0, 0.6, 1.4);
    let waits = |month: i64| {
        let of_month = QUEUE_MONTHS[month.rem_euclid(12) as usize];
        (children as f64 * WAITING * place * of_month * (1.0 + 0.01 * dice.normal(district + 10, month)))
            .round() as i64
    };
    let (before, now) = (waits(month - 1), waits(month));
    // Who joins the queue: a share of those born three years before; who leaves got a place.
    let joined = (movement(shape, district, month - 36).births as f64 * 0.35).round() as i64;
    (now, (before + joined - now).max(0))
}

/// The queue at the end of the local month that begins at `from`, as a table.
pub(super) fn report_queue(shape: &Shape, from: i64) -> String {
    let day = shape.zone.local_day(from);
    let (year, month, _) = civil(day);
    let end = date_text(month_start(year, month + 1) - 1);
    let mut text = String::from("place_id,t,waiting,admitted\n");
    for (district, facts) in DISTRICTS.iter().enumerate() {
        let (waiting, admitted) = queue(shape, district, month_of(day));
        let _ = writeln!(text, "{},{end},{waiting},{admitted}", facts.id);
    }
    text
}

/// Residents by sex and age on 1 January of the year of a local day and of the three before, as a table.
pub(super) fn list_pyramids(shape: &Shape, today: i32) -> String {
    let mut text = String::from("place_id,year,sex,age,residents\n");
    let last = civil(today).0;
    for year in last - 3..=last {
        for (district, facts) in DISTRICTS.iter().enumerate() {
            let pyramid = pyramid(shape, district, i64::from(year) * 12);
            for (sex, counts) in SEXES.iter().zip(pyramid) {
                for (group, count) in counts.iter().enumerate() {
                    let _ = writeln!(text, "{},{year},{sex},{},{count}", facts.id, group * 5);
                }
            }
        }
    }
    text
}

/// Fertility, survival and migration by district, sex and age, as a table: what a statistical office publishes.
pub(super) fn list_rates(shape: &Shape) -> String {
    let mut text = String::from("place_id,kind,sex,age,value\n");
    for (facts, district) in DISTRICTS.iter().zip(&shape.movements.districts) {
        let mut put = |kind: &str, sex: &str, age: i64, value: String| {
            let _ = writeln!(text, "{},{kind},{sex},{age},{value}", facts.id);
        };
        for (group, rate) in FERTILITY.iter().enumerate() {
            put("fertility", "female", 15 + 5 * group as i64, rate.to_string());
        }
        for (sex, rates) in SEXES.iter().zip(SURVIVAL) {
            for (group, rate) in rates.iter().enumerate() {
                let age = if group == 0 { -1 } else { 5 * (group as i64 - 1) };
                put("survival", sex, age, rate.to_string());
            }
        }
        let movers: Vec<f64> = (0..2 * GROUPS).map(|n| MOVERS[n % GROUPS]).collect();
        for (n, count) in apportion((district.net * 5.0).round() as i64, &movers)
            .into_iter()
            .enumerate()
        {
            put(
                "migration",
                SEXES[n / GROUPS],
                5 * (n % GROUPS) as i64,
                count.to_string(),
            );
        }
    }
    text
}

impl CityTruth<'_> {
    /// Residents of a district at the begin of a month (1 to 12); none when it is not known.
    pub fn residents(&self, district: &str, year: i32, month: i32) -> Option<i64> {
        let index = DISTRICTS.iter().position(|d| d.id == district)?;
        Some(residents(
            self.shape,
            index,
            i64::from(year) * 12 + i64::from(month) - 1,
        ))
    }

    /// Movements of a district in a month (1 to 12); none when it is not known.
    pub fn movement(&self, district: &str, year: i32, month: i32) -> Option<Movement> {
        let index = DISTRICTS.iter().position(|d| d.id == district)?;
        Some(movement(
            self.shape,
            index,
            i64::from(year) * 12 + i64::from(month) - 1,
        ))
    }

    /// Children of a district who wait for a kindergarten at the end of a month (1 to 12), and who got a place in it.
    pub fn kindergarten_queue(&self, district: &str, year: i32, month: i32) -> Option<(i64, i64)> {
        let index = DISTRICTS.iter().position(|d| d.id == district)?;
        Some(queue(
            self.shape,
            index,
            i64::from(year) * 12 + i64::from(month) - 1,
        ))
    }
}
