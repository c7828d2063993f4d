//! Single payments, commitments and contracts: each month of a line cut into parts that add up to it exactly.

use std::fmt::Write;

use super::super::Shape;
use super::super::dice::{Dice, apportion};
use super::Budget;
use super::codes::Specific;
use super::year::{self, AMENDED, LineYear, working_days};
use crate::clock::{SECOND, civil, date_text, month_start};

/// What flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Flow {
    /// Plan and its amendments.
    Plan,
    /// Commitments, by contract or by month.
    Commitments,
    /// Contracts: the commitments of what is bought.
    Contracts,
    /// Payments.
    Payments,
}

/// A part of a month.
pub(super) struct Part {
    pub(super) day: i32,
    pub(super) amount: i64,
    number: usize,
}

/// Parts of a line in a month: some 75,000 payments (of 400,000 real ones: the cost of the demo sets the number) and 40,000
/// contracts a year (CITY-FACTS section 11).
fn parts(flow: Flow, specific: Specific) -> usize {
    match (flow, specific) {
        (Flow::Payments, Specific::Wages) => 8,
        (Flow::Payments, Specific::Utilities) => 20,
        (Flow::Payments, Specific::Services) => 37,
        (Flow::Payments, Specific::Works) => 15,
        (Flow::Payments, Specific::Transfers) => 4,
        (_, Specific::Utilities) => 4,
        (_, Specific::Services) => 34,
        (_, Specific::Works) => 8,
        _ => 1,
    }
}

/// Says whether what is spent on is bought by contract.
fn is_bought(specific: Specific) -> bool {
    matches!(
        specific,
        Specific::Utilities | Specific::Services | Specific::Works
    )
}

/// The money of a line in a month (1 to 12), part by part.
pub(super) fn of_month(
    budget: &Budget,
    flow: Flow,
    line: usize,
    money: &LineYear,
    (year, month): (i32, i32),
) -> Vec<Part> {
    let days = working_days(year, month);
    cut(budget, flow, line, money, (year, month), &days, None)
}

/// The same, of one day only if a day is given: the amounts are not even worked out when none falls on it.
fn cut(
    budget: &Budget,
    flow: Flow,
    line: usize,
    money: &LineYear,
    (year, month): (i32, i32),
    days: &[i32],
    only: Option<i32>,
) -> Vec<Part> {
    let is_payment = flow == Flow::Payments;
    let dice = Dice::new(
        budget.seed,
        if is_payment {
            "city/budget/payments"
        } else {
            "city/budget/contracts"
        },
    );
    let specific = budget.lines[line].specific;
    let time = i64::from(year) * 12 + i64::from(month);
    let at = |n: usize| line * 64 + n;
    let last = days.len() - 1;
    let day = |n: usize| {
        let unit = dice.unit(at(n), time * 4);
        let index = if is_payment {
            // Contracts of January are signed on its first day; nothing is paid on it. December is paid at its end.
            let late = if month == 12 {
                unit.max(dice.unit(at(n), time * 4 + 1))
            } else {
                unit
            };
            1 + (late * last as f64) as usize
        } else if month == 1 || !is_bought(specific) {
            0
        } else {
            (unit * days.len() as f64) as usize
        };
        days[index.min(last)]
    };
    let count = parts(flow, specific);
    if only.is_some_and(|only| (0..count).all(|n| day(n) != only)) {
        return Vec::new();
    }
    let total = if is_payment { money.paid } else { money.committed }[month as usize - 1];
    let weights: Vec<f64> = (0..count)
        .map(|n| dice.between(at(n), time * 4 + 2, 0.2, 1.8))
        .collect();
    let amounts = apportion(total, &weights).into_iter().enumerate();
    amounts
        .map(|(number, amount)| Part {
            day: day(number),
            amount,
            number,
        })
        .filter(|p| p.amount > 0 && only.is_none_or(|only| only == p.day))
        .collect()
}

/// An amount in tenge.
fn tenge(tiyn: i64) -> String {
    let sign = if tiyn < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", tiyn.abs() / 100, tiyn.abs() % 100)
}

/// Rows of a local day: second of the day, then what is written.
type Rows = Vec<(i64, String)>;

fn header(flow: Flow) -> &'static str {
    match flow {
        Flow::Plan => "entry_id,t,kind,code,amount_kzt\n",
        Flow::Commitments => "commitment_id,t,code,amount_kzt,contract_id\n",
        Flow::Contracts => "contract_id,t,code,buyer,supplier,method,bids,amount_kzt\n",
        Flow::Payments => "payment_id,t,code,amount_kzt\n",
    }
}

/// The rows of a flow on a local day.
fn of_day(shape: &Shape, flow: Flow, day: i32) -> Rows {
    let budget = &shape.budget;
    let (year, month, _) = civil(day);
    let start = shape.zone.day_start(day);
    if flow == Flow::Plan {
        return plan(shape, year, day..=day);
    }
    let days = working_days(year, month);
    if !days.contains(&day) {
        return Rows::new();
    }
    let dice = Dice::new(budget.seed, "city/budget/hours");
    let mut rows = Rows::new();
    for (n, money) in year::lines(budget, year).iter().enumerate() {
        let line = &budget.lines[n];
        if flow == Flow::Contracts && !is_bought(line.specific) {
            continue;
        }
        for part in cut(budget, flow, n, money, (year, month), &days, Some(day)) {
            // Between 9 and 18 o'clock.
            let second = 32_400 + (dice.unit(n * 64 + part.number, i64::from(day)) * 32_400.0) as i64;
            let t = shape.zone.format(start + second * SECOND);
            let id = format!("{year}{month:02}-{n:03}-{:02}", part.number);
            let (code, amount) = (&line.code, tenge(part.amount));
            let row = match flow {
                Flow::Payments => format!("SIM-PAY{id},{t},{code},{amount}"),
                Flow::Commitments if is_bought(line.specific) => {
                    format!("SIM-COM{id},{t},{code},{amount},SIM-CON{id}")
                }
                Flow::Commitments => format!("SIM-COM{id},{t},{code},{amount},"),
                _ => {
                    let (supplier, method, bids) = tender(budget, n, part.number, (year, month));
                    format!(
                        "SIM-CON{id},{t},{code},{},SIM-SUP{supplier:04},{method},{bids},{amount}",
                        line.administrator
                    )
                }
            };
            rows.push((second, row));
        }
    }
    rows.sort();
    rows
}

/// Shares of single-source purchases and price quotations; the rest are open tenders (assumption).
const SINGLE_SOURCE: f64 = 0.3;
const QUOTATION: f64 = 0.4;
/// Share of competitive purchases with one bid, and the share of the planted buyer (assumption).
pub(super) const ONE_BID: f64 = 0.22;
pub(super) const ONE_BID_PLANTED: f64 = 0.65;
const SUPPLIERS: f64 = 2_000.0;

/// Supplier, method and number of bids of a contract.
fn tender(
    budget: &Budget,
    line: usize,
    number: usize,
    (year, month): (i32, i32),
) -> (i64, &'static str, i64) {
    let dice = Dice::new(budget.seed, "city/budget/tenders");
    let unit = |purpose: i64| {
        dice.unit(
            line * 64 + number,
            (i64::from(year) * 12 + i64::from(month)) * 8 + purpose,
        )
    };
    // Some suppliers win much more than others.
    let supplier = 1 + (unit(0) * unit(0) * SUPPLIERS) as i64;
    let kind = unit(1);
    if kind < SINGLE_SOURCE {
        return (supplier, "single_source", 1);
    }
    let method = if kind < SINGLE_SOURCE + QUOTATION {
        "quotation"
    } else {
        "open_tender"
    };
    let lonely = if budget.lines[line].administrator == budget.lonely {
        ONE_BID_PLANTED
    } else {
        ONE_BID
    };
    let bids = if unit(2) < lonely {
        1
    } else {
        2 + (unit(3) * unit(3) * 7.0) as i64
    };
    (supplier, method, bids)
}

/// The entries of a year's plan on the days of a span.
fn plan(shape: &Shape, year: i32, days: std::ops::RangeInclusive<i32>) -> Rows {
    let budget = &shape.budget;
    let first = month_start(year, 1);
    let dates = AMENDED.map(|(month, day)| month_start(year, month) + day - 1);
    if !days.contains(&first) && !dates.iter().any(|d| days.contains(d)) {
        return Rows::new();
    }
    let mut rows = Rows::new();
    for (line, money) in budget.lines.iter().zip(year::lines(budget, year)) {
        let amended = dates.into_iter().zip(money.amendments).zip(1..);
        let entries = std::iter::once(((first, money.approved), 0)).chain(amended);
        for ((day, amount), number) in entries.filter(|((day, amount), _)| days.contains(day) && *amount != 0)
        {
            let kind = if number == 0 { "approved" } else { "amended" };
            let t = shape.zone.format(shape.zone.day_start(day));
            let row = format!(
                "SIM-PLAN{year}-{number}-{},{t},{kind},{},{}",
                line.code,
                line.code,
                tenge(amount)
            );
            rows.push((i64::from(day), row));
        }
    }
    rows.sort();
    rows
}

fn table(flow: Flow, rows: &[(i64, String)]) -> String {
    let mut text = String::from(header(flow));
    for (_, row) in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

/// What flowed on the local days from `first` to `last` (days since 1970), as a table; none when nothing did.
pub(in super::super) fn report(shape: &Shape, flow: Flow, (first, last): (i32, i32)) -> Option<String> {
    let rows: Rows = (first..=last).flat_map(|day| of_day(shape, flow, day)).collect();
    (!rows.is_empty()).then(|| table(flow, &rows))
}

/// The plans of the last four years, with the amendments through a local day (days since 1970), as a table.
pub(in super::super) fn list_plan(shape: &Shape, today: i32) -> String {
    let year = civil(today).0;
    let years = year - 3..=year;
    let rows: Rows = years
        .flat_map(|y| plan(shape, y, month_start(y, 1)..=today))
        .collect();
    table(Flow::Plan, &rows)
}

/// Share of a month's payments for which there are bills at its end, and of these the share older than 90 days: usually, and on
/// the planted lines (assumption).
const WAITING: (f64, f64) = (0.06, 0.3);
const OLD: (f64, f64) = (0.02, 0.4);

/// The payables at the end of the local month that begins at `from`, as a table.
pub(in super::super) fn payables(shape: &Shape, from: i64) -> String {
    let budget = &shape.budget;
    let dice = Dice::new(budget.seed, "city/budget/payables");
    let (year, month, _) = civil(shape.zone.local_day(from));
    let as_of = date_text(month_start(year, month + 1) - 1);
    let mut text = String::from("t,code,amount_kzt,over_90_days_kzt\n");
    for (n, (line, money)) in budget.lines.iter().zip(year::lines(budget, year)).enumerate() {
        let planted = budget.unpaid.contains(&n);
        let pick = |pair: (f64, f64)| if planted { pair.1 } else { pair.0 };
        let time = i64::from(year) * 12 + i64::from(month);
        let share = pick(WAITING) * dice.between(n, time, 0.5, 1.5);
        let amount = (money.paid[month as usize - 1] as f64 * share).round() as i64;
        let old = (amount as f64 * pick(OLD) * dice.between(n, time + 100_000, 0.5, 1.5)).round() as i64;
        let _ = writeln!(text, "{as_of},{},{},{}", line.code, tenge(amount), tenge(old));
    }
    text
}
