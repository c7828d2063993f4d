//! How much of the budget is promised and paid, at every level of its classification.
//!
//! What belongs here: exact sums by code. What does not: which code means what, and the course of the year.

mod amount;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use amount::Amount;

use crate::Card;
use crate::run::{Model, Refusal, Run, Table};

/// Adds plan, commitments and payments up.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "budget.execution",
        purpose: "Says how much of each line of the budget is planned, committed and paid, from single codes up to the whole \
                  functional group.",
        method: "A code is split at its dots; level n is its first n parts, and a row counts at every level of its code. \
                 share = paid / plan. Amounts are read as decimal numbers and added as whole numbers of 10⁻¹⁸ units, so \
                 that every level balances to the last digit; sums are written as the nearest floating-point number. Rows: \
                 a code before the codes below it, codes of one parent in the order of first appearance in plan, then \
                 commitments, then payments.",
        assumptions: &[
            "Plan rows are amounts, not states: a later change is a row of its own, and may be negative.",
            "A code that one of the inputs does not name has 0 there; an input that is not given at all leaves its column empty.",
        ],
        limits: &[
            "Dates are not looked at: every row counts. Select the period before.",
            "A row without an amount leaves the sum of its code and of all codes above it empty: what is left would be no total.",
            "The share is empty where the plan is 0 or unknown.",
            "Amounts with more than 18 decimals, and sums beyond 1.7 · 10²⁰, are refused.",
        ],
    },
    run,
};

/// What was planned, committed and paid.
const INPUTS: [&str; 3] = ["plan", "commitments", "payments"];

/// A code at a level, with its sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The first parts of the codes below.
    pub code: String,
    /// How many parts.
    pub level: usize,
    /// Plan, commitments and payments; absent where an amount is missing.
    pub sums: [Option<Amount>; 3],
}

impl Line {
    /// Paid as a part of the plan; absent without a plan.
    pub fn share(&self) -> Option<f64> {
        self.sums[2]?.share_of(self.sums[0]?)
    }
}

/// The levels of a code under which its rows are added, as they come.
#[derive(Debug, Default)]
pub struct Tree {
    places: HashMap<String, usize>,
    lines: Vec<Line>,
    below: Vec<Vec<usize>>,
    top: Vec<usize>,
}

impl Tree {
    /// Adds an amount to a code and to all codes above it; `which` is 0 for the plan, 1 for commitments, 2 for payments.
    ///
    /// # Errors
    /// What is wrong with the code or the sum.
    pub fn add(&mut self, which: usize, code: &str, amount: Option<Amount>) -> Result<(), &'static str> {
        if code.split('.').any(|part| part.trim().is_empty()) {
            return Err("has an empty part");
        }
        let ends = code.match_indices('.').map(|(at, _)| at).chain([code.len()]);
        let mut above = None;
        for (index, end) in ends.enumerate() {
            let place = self.place(&code[..end], index + 1, above);
            let sum = &mut self.lines[place].sums[which];
            *sum = match (*sum, amount) {
                (Some(sum), Some(amount)) => Some(sum.plus(amount).ok_or("makes a sum that is too large")?),
                _ => None,
            };
            above = Some(place);
        }
        Ok(())
    }

    fn place(&mut self, code: &str, level: usize, above: Option<usize>) -> usize {
        if let Some(place) = self.places.get(code) {
            return *place;
        }
        let place = self.lines.len();
        self.places.insert(code.to_owned(), place);
        self.lines.push(Line {
            code: code.to_owned(),
            level,
            sums: [Some(Amount::default()); 3],
        });
        self.below.push(Vec::new());
        match above {
            Some(above) => self.below[above].push(place),
            None => self.top.push(place),
        }
        place
    }

    /// The lines: each before those below it, those of one parent in the order of first appearance.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let mut open: Vec<usize> = self.top.iter().rev().copied().collect();
        std::iter::from_fn(move || {
            let place = open.pop()?;
            open.extend(self.below[place].iter().rev());
            Some(&self.lines[place])
        })
    }
}

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let mut levels = Vec::new();
    for word in run.settings().list("levels") {
        match word.parse::<usize>() {
            Ok(level) if level > 0 => levels.push(level),
            _ => {
                return Err(Refusal(format!(
                    "setting `levels`: `{word}` is no level; the first is 1"
                )));
            }
        }
    }
    let mut tree = Tree::default();
    let mut given = [true; 3];
    for (which, name) in INPUTS.into_iter().enumerate() {
        let Some(table) = run.maybe_table(name) else {
            given[which] = false;
            continue;
        };
        let codes = table.ids("code")?;
        for (row, (code, text)) in codes.iter().zip(table.texts("amount")?).enumerate() {
            let text = text.trim();
            let amount = match text {
                "" => None,
                text => Some(Amount::parse(text).ok_or_else(|| {
                    table.wrong(
                        row,
                        "amount",
                        "is no amount with at most 18 decimals, like -1250.50",
                    )
                })?),
            };
            tree.add(which, code, amount).map_err(|what| {
                let column = if what.starts_with("has") { "code" } else { "amount" };
                table.wrong(row, column, what)
            })?;
        }
    }
    let lines: Vec<&Line> = tree
        .lines()
        .filter(|line| levels.is_empty() || levels.contains(&line.level))
        .collect();
    let sums = |which: usize| {
        lines
            .iter()
            .map(move |line| line.sums[which].filter(|_| given[which]).map(Amount::nearest))
            .collect::<Vec<_>>()
    };
    Ok(vec![
        Table::new("execution")
            .texts_of("code", lines.iter().map(|line| &line.code))
            .ints_of("level", lines.iter().map(|line| line.level as i64))
            .floats_of("plan", sums(0))
            .floats_of("committed", sums(1))
            .floats_of("paid", sums(2))
            .floats_of(
                "share",
                lines
                    .iter()
                    .map(|line| line.share().filter(|_| given[2]))
                    .collect::<Vec<_>>(),
            ),
    ])
}
