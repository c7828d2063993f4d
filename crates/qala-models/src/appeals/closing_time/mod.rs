//! How long cases stay open, with those that are still open counted as what they are: not closed yet.
//!
//! What belongs here: Kaplan and Meier's curve by group. What does not: why a case stays open; working days.

#[cfg(test)]
mod tests;

use crate::Card;
use crate::run::{Model, Moment, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "appeals.closing_time",
        purpose: "estimates the share of cases that are still open after each number of days, and the median time to close",
        method: "Kaplan and Meier (1958) by group; 95 % intervals by Greenwood's variance on the log–log scale; the median is \
                 the first day with S ≤ 0.5",
        assumptions: &[
            "a day is 24 h from the opening on; parts of a day do not count",
            "a case that is closed after as_of counts as open at as_of; a case that is opened after it is left out",
            "as_of is a moment, or a date that stands for its first moment in the offset of the first case; without it, the \
             last moment of the file",
            "opened and closed may be dates without a time: then a day is a day of the calendar",
            "a case that is closed on the day on which another one is last seen open leaves before it, as is usual",
            "whether a case is still looked at does not depend on how soon it will be closed",
            "groups are in the order of the input, days rise; a row stands for a day on which something is closed, before \
             the first of them S is 1",
        ],
        limits: &[
            "closed is not solved",
            "where S is 0 an interval is not defined and stays empty; where S never comes to 0.5 the median is empty",
            "calendar time: weekends and holidays count",
        ],
    },
    run,
};

/// A normal deviate with 0.975 below it.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// How long a case was open, and whether it ended with being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// Whole days.
    pub days: i64,
    /// Says whether the case is closed; otherwise it was last seen open.
    pub closed: bool,
}

/// A step of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Day on which something is closed.
    pub day: i64,
    /// Share still open after it.
    pub survival: f64,
    /// 95 % interval; absent where all is closed.
    pub interval: Option<(f64, f64)>,
}

/// Kaplan and Meier's curve with Greenwood's variance on the log–log scale (Kalbfleisch and Prentice 1980): a step for
/// each day on which something is closed, rising.
pub fn curve(spells: &[Spell]) -> Vec<Step> {
    let mut sorted = spells.to_vec();
    sorted.sort_unstable_by_key(|spell| spell.days);
    let mut steps = Vec::new();
    let mut survival = 1.0;
    let mut variance = 0.0;
    let mut from = 0;
    while let Some(first) = sorted.get(from) {
        let to = from + sorted[from..].partition_point(|spell| spell.days == first.days);
        let closed = sorted[from..to].iter().filter(|spell| spell.closed).count() as f64;
        if closed > 0.0 {
            let open = (sorted.len() - from) as f64;
            survival *= 1.0 - closed / open;
            variance += closed / (open * (open - closed));
            steps.push(Step {
                day: first.days,
                survival,
                interval: interval(survival, variance),
            });
        }
        from = to;
    }
    steps
}

/// Survival of S^exp(±z·√variance/|ln S|).
fn interval(survival: f64, variance: f64) -> Option<(f64, f64)> {
    if survival <= 0.0 {
        return None;
    }
    let wide = (NORMAL_975 * variance.sqrt() / survival.ln().abs()).exp();
    Some((survival.powf(wide), survival.powf(1.0 / wide)))
}

/// The first day with S ≤ 0.5, where a rounding error of the product is no difference.
pub fn median_days(curve: &[Step]) -> Option<i64> {
    curve
        .iter()
        .find(|step| step.survival <= 0.5 + 1e-12)
        .map(|step| step.day)
}

/// Groups in the order of the input.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let cases = run.table("cases")?;
    let mut groups = Names::default();
    let places: Vec<usize> = cases
        .texts("group")?
        .iter()
        .map(|group| groups.place(group))
        .collect();
    let mut by_group = vec![Vec::new(); groups.len()];
    for (place, spell) in places
        .into_iter()
        .zip(spells(cases, run.settings().text("as_of"))?)
    {
        by_group[place].extend(spell);
    }

    let curves: Vec<Vec<Step>> = by_group.iter().map(|spells| curve(spells)).collect();
    let steps = || curves.iter().flatten();
    let names = groups
        .iter()
        .zip(&curves)
        .flat_map(|(name, curve)| curve.iter().map(move |_| name));
    Ok(vec![
        Table::new("curve")
            .texts_of("group", names)
            .ints_of("day", steps().map(|step| step.day))
            .floats_of("survival", steps().map(|step| step.survival))
            .floats_of("lo", steps().map(|step| step.interval.map(|(lo, _)| lo)))
            .floats_of("hi", steps().map(|step| step.interval.map(|(_, hi)| hi))),
        Table::new("medians")
            .texts_of("group", groups.iter())
            .ints_of("median_days", curves.iter().map(|curve| median_days(curve))),
    ])
}

const DAY_MICROS: i64 = 86_400_000_000;

/// What each case shows as of a moment; absent for a case that was opened later.
fn spells(cases: &Table, as_of: &str) -> Result<Vec<Option<Spell>>, Refusal> {
    let (opened, closed, offset) = if dates_alone(cases, "opened")? && dates_alone(cases, "closed")? {
        (
            start_of(cases.maybe_days("opened")?),
            start_of(cases.maybe_days("closed")?),
            None,
        )
    } else {
        let opened = cases.maybe_moments("opened")?;
        let offset = opened.iter().flatten().next().map_or(0, |moment| moment.offset_s);
        let micros =
            |moments: Vec<Option<Moment>>| moments.into_iter().map(|moment| Some(moment?.micros)).collect();
        (
            micros(opened),
            micros(cases.maybe_moments("closed")?),
            Some(offset),
        )
    };
    let last = opened.iter().chain(&closed).flatten().max().copied().unwrap_or(0);
    let as_of = as_of_micros(as_of, offset)?.unwrap_or(last);

    let mut spells = Vec::with_capacity(opened.len());
    for (row, (opened, closed)) in opened.into_iter().zip(closed).enumerate() {
        let Some(opened) = opened else {
            return Err(cases.wrong(row, "opened", "is empty; a case must have been opened"));
        };
        if closed.is_some_and(|closed| closed < opened) {
            return Err(cases.wrong(
                row,
                "closed",
                "is before the case was opened; mend one of the two",
            ));
        }
        let closed = closed.filter(|closed| *closed <= as_of);
        spells.push((opened <= as_of).then(|| Spell {
            days: (closed.unwrap_or(as_of) - opened) / DAY_MICROS,
            closed: closed.is_some(),
        }));
    }
    Ok(spells)
}

/// Says whether a column holds no time of the day.
fn dates_alone(cases: &Table, column: &str) -> Result<bool, Refusal> {
    Ok(cases
        .texts(column)?
        .iter()
        .all(|text| text.len() <= "2026-03-02".len()))
}

fn start_of(days: Vec<Option<i64>>) -> Vec<Option<i64>> {
    days.into_iter().map(|day| Some(day? * DAY_MICROS)).collect()
}

/// µs since 1970 of the setting. `offset` (s) is that of the cases, absent when they are dates: then the local day counts.
fn as_of_micros(text: &str, offset: Option<i32>) -> Result<Option<i64>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let start = |offset: i32| {
        Moment::parse(&format!("{text}T00:00Z")).map(|start| start.micros - i64::from(offset) * 1_000_000)
    };
    let micros = match (Moment::parse(text), offset) {
        (Some(moment), Some(_)) => Some(moment.micros),
        (Some(moment), None) => Some(moment.local_day() * DAY_MICROS),
        (None, offset) => start(offset.unwrap_or(0)),
    };
    match micros {
        Some(micros) => Ok(Some(micros)),
        None => Err(Refusal(format!(
            "setting `as_of`: `{text}` is neither a date nor an ISO 8601 time with an offset"
        ))),
    }
}
