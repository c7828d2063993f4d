//! A year of the budget, line by line, in tiyn: what was approved and amended, and what is paid and committed by month. All
//! sums are whole and add up exactly.

use super::super::dice::{Dice, apportion};
use super::Budget;
use super::codes::Specific;
use crate::clock::{month_start, weekday};

/// Money of a line in a year, tiyn.
#[derive(Debug, Clone)]
pub(super) struct LineYear {
    pub(super) approved: i64,
    /// By the days of [`AMENDED`].
    pub(super) amendments: [i64; 4],
    pub(super) paid: [i64; 12],
    pub(super) committed: [i64; 12],
}

impl LineYear {
    /// The plan after all amendments.
    pub(super) fn plan(&self) -> i64 {
        self.approved + self.amendments.iter().sum::<i64>()
    }
}

/// Month and day of the amendments of a year (assumption: one a quarter; the last is the cut at the end of the year).
pub(super) const AMENDED: [(i32, i32); 4] = [(4, 15), (7, 15), (10, 20), (12, 10)];
/// Share of lines that an amendment changes (assumption).
const CHANGED: f64 = 0.2;
/// What the last amendment takes from construction (CITY-FACTS section 5: 82.9 of about 1,700 bn in 2024).
const CUT: (f64, f64) = (0.02, 0.06);
/// Two programmes of construction spend little more than half of their plan.
const PLANTED: (f64, f64) = (0.55, 0.65);

/// The budget of a year, tiyn. 1,624 bn in 2024 and 2.8 trillion tenge in 2026 (CITY-FACTS section 5), the years between and
/// beside them: assumption.
pub(super) fn total(year: i32) -> i64 {
    let billions = match year {
        ..=2023 => 1_450,
        2024 => 1_624,
        2025 => 2_200,
        _ => 2_800 + 140 * (i64::from(year) - 2026),
    };
    billions * 1_000_000_000 * 100
}

/// Payments by month (assumption: 18 to 20 % of all in December, CITY-FACTS section 11).
fn months(specific: Specific) -> [f64; 12] {
    match specific {
        Specific::Wages => [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.0, 1.0, 1.0, 1.0, 1.7],
        Specific::Utilities => [1.6, 1.6, 1.3, 1.0, 0.6, 0.5, 0.5, 0.5, 0.6, 1.0, 1.3, 1.9],
        Specific::Services => [0.3, 0.6, 0.9, 1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.1, 1.2, 2.9],
        Specific::Works => [0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 1.4, 3.9],
        Specific::Transfers => [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.3],
    }
}

/// Months from the contract to its payment (assumption).
fn lag(specific: Specific) -> usize {
    match specific {
        Specific::Wages | Specific::Transfers => 0,
        Specific::Utilities | Specific::Services => 1,
        Specific::Works => 3,
    }
}

/// The lines of a year.
pub(super) fn lines(budget: &Budget, year: i32) -> Vec<LineYear> {
    let dice = Dice::new(budget.seed, "city/budget/years");
    let time = |purpose: i64| i64::from(year) * 100 + purpose;
    let weights: Vec<f64> = budget
        .lines
        .iter()
        .enumerate()
        .map(|(n, line)| line.weight * dice.between(n, time(0), 0.93, 1.07))
        .collect();
    let approved = apportion(total(year), &weights);
    let parts = budget.lines.iter().zip(approved).enumerate();
    parts
        .map(|(n, (line, approved))| {
            let is_works = line.specific == Specific::Works;
            let part = |purpose: i64, low: f64, high: f64| {
                (approved as f64 * dice.between(n, time(purpose), low, high)).round() as i64
            };
            let mut amendments = [0; 4];
            for (j, slot) in amendments.iter_mut().enumerate() {
                let purpose = 1 + j as i64;
                *slot = match j {
                    3 if is_works => -part(purpose, CUT.0, CUT.1),
                    3 => 0,
                    _ if dice.unit(n, time(10 + purpose)) < CHANGED => part(purpose, -0.05, 0.08),
                    _ => 0,
                };
            }
            let plan = approved + amendments.iter().sum::<i64>();
            let (low, high) = match line.specific {
                Specific::Works if budget.slow.contains(&line.programme) => PLANTED,
                Specific::Works => (0.86, 1.0),
                Specific::Wages => (0.99, 1.0),
                Specific::Transfers => (1.0, 1.0),
                _ => (0.965, 1.0),
            };
            let executed = (plan as f64 * dice.between(n, time(20), low, high)).floor() as i64;
            let shares: Vec<f64> = months(line.specific)
                .iter()
                .zip(30..)
                .map(|(share, purpose)| share * dice.between(n, time(purpose), 0.85, 1.15))
                .collect();
            let mut paid = [0; 12];
            paid.copy_from_slice(&apportion(executed, &shares));
            let mut committed = [0; 12];
            for (month, amount) in paid.iter().enumerate() {
                committed[month.saturating_sub(lag(line.specific))] += amount;
            }
            if is_works {
                // Contracts that were signed and not carried out.
                committed[10] += (plan - executed) * 7 / 10;
            }
            LineYear {
                approved,
                amendments,
                paid,
                committed,
            }
        })
        .collect()
}

/// The working days of a month (1 to 12): Monday to Friday. Holidays are left out of account.
pub(super) fn working_days(year: i32, month: i32) -> Vec<i32> {
    let days = month_start(year, month)..month_start(year, month + 1);
    days.filter(|day| weekday(*day) < 5).collect()
}
