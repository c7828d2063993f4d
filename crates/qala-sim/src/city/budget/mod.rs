//! The city's budget: plan with amendments, commitments, contracts, payments and payables by the codes of the classification.
//!
//! What belongs here: amounts in whole tiyn that add up at every level, each worked out from seed, line and month. What does
//! not: laws of procurement, taxes, the receipts of the budget.

mod codes;
mod flows;
mod year;

use super::Shape;
use super::dice::Dice;
use super::truth::CityTruth;
use crate::clock::{civil, month_start};
use codes::{Line, Specific};
pub(super) use flows::{Flow, list_plan, payables, report};

/// What stands still of the budget.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    seed: u64,
    lines: Vec<Line>,
    /// Programmes that are planted to spend little of their plan.
    slow: Vec<usize>,
    /// Administrator whose tenders are planted to have one bid most of the time.
    lonely: String,
    /// Lines whose bills are planted to wait.
    unpaid: Vec<usize>,
}

impl Budget {
    pub(super) fn new(seed: u64) -> Self {
        let dice = Dice::new(seed, "city/budget");
        let lines = codes::draw(seed);
        let chosen = |purpose: i64, of: fn(&Line) -> bool, count: usize| {
            let mut list: Vec<usize> = (0..lines.len()).filter(|n| of(&lines[*n])).collect();
            list.sort_by_key(|n| dice.bits(*n, purpose));
            list.truncate(count);
            list
        };
        let slow = chosen(1, |l| l.specific == Specific::Works, 2);
        let lonely = chosen(
            2,
            |l| l.specific == Specific::Services && l.administrator.starts_with('3'),
            1,
        );
        Self {
            seed,
            slow: slow.iter().map(|n| lines[*n].programme).collect(),
            lonely: lonely
                .first()
                .map_or_else(String::new, |n| lines[*n].administrator.clone()),
            unpaid: chosen(3, |l| l.specific == Specific::Services, 3),
            lines,
        }
    }
}

/// The classification as a table.
pub(super) fn list_codes(shape: &Shape) -> String {
    codes::list(&shape.budget.lines)
}

/// Codes of the 120 programmes.
pub(super) fn programmes(shape: &Shape) -> Vec<String> {
    let of = |line: &Line| {
        line.code
            .rsplit_once('.')
            .map_or_else(String::new, |c| c.0.to_owned())
    };
    let mut codes: Vec<String> = shape.budget.lines.iter().map(of).collect();
    codes.dedup();
    codes
}

/// Money of a line of the budget, tiyn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTruth {
    /// Code of the line.
    pub code: String,
    /// Plan of the year as it stands on the day.
    pub plan: i64,
    /// Commitments from the begin of the year through the day.
    pub committed: i64,
    /// Payments from the begin of the year through the day.
    pub paid: i64,
}

/// What is planted in the budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetFaults {
    /// Codes of lines that spend little more than half of their plan, every year.
    pub slow: Vec<String>,
    /// Administrator whose tenders have one bid most of the time.
    pub lonely_buyer: String,
    /// Codes of lines whose bills wait for more than 90 days.
    pub unpaid: Vec<String>,
}

impl CityTruth<'_> {
    /// Plan, commitments and payments of every line in the year of a local day (days since 1970), through that day.
    pub fn budget(&self, day: i32) -> Vec<LineTruth> {
        let budget = &self.shape.budget;
        let (year, month, _) = civil(day);
        let of = budget.lines.iter().zip(year::lines(budget, year)).enumerate();
        of.map(|(n, (line, money))| {
            let amended = year::AMENDED.iter().zip(money.amendments);
            let plan: i64 = amended
                .filter(|((m, d), _)| month_start(year, *m) + d - 1 <= day)
                .map(|(_, amount)| amount)
                .sum();
            let whole = month as usize - 1;
            let until = |flow: Flow| {
                let parts = flows::of_month(budget, flow, n, &money, (year, month));
                parts
                    .iter()
                    .filter(|p| p.day <= day)
                    .map(|p| p.amount)
                    .sum::<i64>()
            };
            LineTruth {
                code: line.code.clone(),
                plan: money.approved + plan,
                committed: money.committed[..whole].iter().sum::<i64>() + until(Flow::Commitments),
                paid: money.paid[..whole].iter().sum::<i64>() + until(Flow::Payments),
            }
        })
        .collect()
    }

    /// Plan of a year after all amendments and what is paid of it, all lines together, tiyn.
    pub fn budget_year(&self, year: i32) -> (i64, i64) {
        let lines = year::lines(&self.shape.budget, year);
        let paid = lines.iter().flat_map(|l| l.paid).sum();
        (lines.iter().map(year::LineYear::plan).sum(), paid)
    }

    /// What is planted in the budget.
    pub fn budget_faults(&self) -> BudgetFaults {
        let budget = &self.shape.budget;
        let slow = budget.lines.iter().filter(|l| budget.slow.contains(&l.programme));
        BudgetFaults {
            slow: slow.map(|l| l.code.clone()).collect(),
            lonely_buyer: budget.lonely.clone(),
            unpaid: budget
                .unpaid
                .iter()
                .map(|n| budget.lines[*n].code.clone())
                .collect(),
        }
    }
}
