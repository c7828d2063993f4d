//! Earned value and earned schedule: what was done for the money and the time so far, and where it leads.
//!
//! What belongs here: indices of one project's series. What does not: risk, other projects, where progress comes from.

#[cfg(test)]
mod tests;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "projects.earned_value",
        purpose: "says how a project does against its plan in money and in time, and forecasts its cost and duration",
        method: "CPI = EV/AC, SPI = EV/PV, EAC = BAC/CPI, TCPI = (BAC − EV)/(BAC − AC); earned schedule ES = C + (EV − PV_C)/\
                 (PV_C+1 − PV_C), C the last period whose plan is earned, SPI(t) = ES/AT, EAC(t) = PD/SPI(t) (Lipke 2003)",
        assumptions: &[
            "all values are cumulative and in one currency; the plan is 0 at the beginning of the first period",
            "periods are of one length. Whole numbers count as they are, from the first one on (a first period of 0 is the \
             beginning); other names, such as 2026-03, stand in the order of the rows",
            "rows with empty ev and ac are the future plan and give no row; the others come in the order of the input",
            "bac and planned_duration are, unless set, the last value of the plan and the period that reaches it; a plan \
             that is earned in full has that period as its earned schedule",
        ],
        limits: &[
            "the forecasts take for granted that the future goes like the past",
            "SPI tends to 1 at the end of a late project; SPI(t) does not",
            "a quotient by zero stays empty; TCPI below 0 means that the budget is spent",
            "a plan that falls contradicts itself and is refused",
        ],
    },
    run,
};

/// What is known at the end of a period; all cumulative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Periods since the beginning.
    pub time: f64,
    /// Planned value.
    pub pv: Option<f64>,
    /// Earned value.
    pub ev: Option<f64>,
    /// Actual cost.
    pub ac: Option<f64>,
}

/// The indices of a period; absent where they cannot be computed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Indices {
    /// Cost performance index.
    pub cpi: Option<f64>,
    /// Schedule performance index, in money.
    pub spi: Option<f64>,
    /// Estimate at completion, money.
    pub eac: Option<f64>,
    /// Performance that is still needed to keep the budget.
    pub tcpi: Option<f64>,
    /// Earned schedule, periods.
    pub earned_schedule: Option<f64>,
    /// Schedule performance index, in time.
    pub spi_t: Option<f64>,
    /// Estimate of the duration, periods.
    pub eac_t: Option<f64>,
}

/// A plan: time and cumulative value, both rising, from (0, 0) on.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan(Vec<(f64, f64)>);

impl Plan {
    /// The plan of points in rising time, whose values must not fall.
    pub fn new(points: &[Point]) -> Self {
        let known = points.iter().filter_map(|point| Some((point.time, point.pv?)));
        let begins = known.clone().next().is_none_or(|(time, _)| time > 0.0);
        Self(begins.then_some((0.0, 0.0)).into_iter().chain(known).collect())
    }

    /// Value of the whole plan.
    pub fn total(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, value)| *value)
    }

    /// The first time at which the plan has its last value.
    pub fn duration(&self) -> f64 {
        let total = self.total();
        let at = self.0.partition_point(|(_, value)| *value < total);
        self.0.get(at).map_or(0.0, |(time, _)| *time)
    }

    /// The time at which the plan has that value; absent for a plan of nothing.
    pub fn time_of(&self, value: f64) -> Option<f64> {
        if self.total() <= 0.0 {
            return None;
        }
        if value >= self.total() {
            return Some(self.duration());
        }
        let after = self.0.partition_point(|(_, planned)| *planned <= value);
        let (to, next) = *self.0.get(after)?;
        let Some((from, reached)) = after.checked_sub(1).and_then(|before| self.0.get(before)) else {
            return Some(to);
        };
        Some(from + (value - reached) / (next - reached) * (to - from))
    }
}

/// The indices of one period for a budget of `bac` and a plan of `planned_duration` periods.
pub fn indices(point: &Point, plan: &Plan, bac: f64, planned_duration: f64) -> Indices {
    let cpi = share(point.ev, point.ac);
    let earned_schedule = point.ev.and_then(|ev| plan.time_of(ev));
    let spi_t = share(earned_schedule, Some(point.time));
    Indices {
        cpi,
        spi: share(point.ev, point.pv),
        eac: share(Some(bac), cpi),
        tcpi: share(point.ev.map(|ev| bac - ev), point.ac.map(|ac| bac - ac)),
        earned_schedule,
        spi_t,
        eac_t: share(Some(planned_duration), spi_t),
    }
}

/// A quotient; absent when a part is, or when the divisor is 0.
fn share(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let whole = whole.filter(|whole| *whole != 0.0)?;
    Some(part? / whole)
}

/// Rows with progress or cost, in the order of the input.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let series = run.table("series")?;
    let periods = series.ids("period")?;
    let times = times(series, &periods)?;
    let [pv, ev, ac] = [
        amounts(series, "pv")?,
        amounts(series, "ev")?,
        amounts(series, "ac")?,
    ];
    let points: Vec<Point> = (0..periods.len())
        .map(|row| Point {
            time: times[row],
            pv: pv[row],
            ev: ev[row],
            ac: ac[row],
        })
        .collect();

    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
    let mut before = 0.0;
    for row in &order {
        if let Some(value) = pv[*row] {
            if value < before {
                return Err(series.wrong(
                    *row,
                    "pv",
                    "is less than the plan of an earlier period; the plan must be cumulative",
                ));
            }
            before = value;
        }
    }
    let plan = Plan::new(&order.iter().map(|row| points[*row]).collect::<Vec<_>>());
    let bac = run.settings().float("bac").unwrap_or_else(|| plan.total());
    let duration = run
        .settings()
        .float("planned_duration")
        .unwrap_or_else(|| plan.duration());

    let rows: Vec<usize> = (0..points.len())
        .filter(|row| ev[*row].is_some() || ac[*row].is_some())
        .collect();
    let found: Vec<Indices> = rows
        .iter()
        .map(|row| indices(&points[*row], &plan, bac, duration))
        .collect();
    let column = |pick: fn(&Indices) -> Option<f64>| found.iter().map(pick).collect::<Vec<_>>();
    Ok(vec![
        Table::new("earned_value")
            .texts_of("period", rows.iter().map(|row| &periods[*row]))
            .floats_of("cpi", column(|each| each.cpi))
            .floats_of("spi", column(|each| each.spi))
            .floats_of("eac", column(|each| each.eac))
            .floats_of("tcpi", column(|each| each.tcpi))
            .floats_of("earned_schedule", column(|each| each.earned_schedule))
            .floats_of("spi_t", column(|each| each.spi_t))
            .floats_of("eac_t", column(|each| each.eac_t)),
    ])
}

/// True for a month written as year and month in six digits.
fn is_month(number: i32) -> bool {
    (190_001..=219_912).contains(&number) && (1..=12).contains(&(number % 100))
}

/// Periods since the beginning at the end of each row.
fn times(series: &Table, periods: &[String]) -> Result<Vec<f64>, Refusal> {
    let mut seen = Names::default();
    for (row, period) in periods.iter().enumerate() {
        if seen.place(period) != row {
            return Err(series.wrong(row, "period", "is there twice"));
        }
    }
    let whole: Option<Vec<i32>> = periods.iter().map(|period| period.parse().ok()).collect();
    let Some(mut numbers) = whole else {
        return Ok((1..=periods.len()).map(|place| place as f64).collect());
    };
    // December 202512 and January 202601 are neighbours.
    if numbers.iter().all(|number| is_month(*number)) {
        for number in &mut numbers {
            *number = *number / 100 * 12 + *number % 100;
        }
    }
    let first = numbers.iter().min().copied().unwrap_or(0);
    let begin = if first == 0 { 0.0 } else { f64::from(first) - 1.0 };
    Ok(numbers
        .into_iter()
        .map(|number| f64::from(number) - begin)
        .collect())
}

/// Amounts of a column, none below 0.
fn amounts(series: &Table, column: &str) -> Result<Vec<Option<f64>>, Refusal> {
    let amounts = series.maybe_floats(column)?;
    match amounts
        .iter()
        .position(|amount| amount.is_some_and(|amount| amount < 0.0))
    {
        Some(row) => Err(series.wrong(row, column, "is below 0")),
        None => Ok(amounts),
    }
}
