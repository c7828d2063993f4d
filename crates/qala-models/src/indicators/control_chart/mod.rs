//! Is a point of a series news, or noise?
//!
//! What belongs here: limits and signals of one series. What does not: season, weekday and holiday, which must be taken out
//! before; false discoveries over many series.

mod rules;

#[cfg(test)]
mod tests;

pub use rules::Signal;

use std::cmp::Ordering;

use crate::Card;
use crate::run::{Model, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "indicators.control_chart",
        purpose: "The limits within which a series only makes noise, and the points that are news.",
        method: "XmR chart: centre x̄, limits x̄ ± 3·mR̄/1.128, where mR̄ is the mean of the moving ranges |x_t − x_(t−1)|; both over \
                 the baseline. Signals (Western Electric, σ = mR̄/1.128), each at the point that completes it: beyond_limit; run_8, \
                 eight in a row on one side of the centre; two_of_three beyond 2σ on one side; four_of_five beyond 1σ on one side, \
                 the last of them itself beyond. residual_xmr: where the lag-1 correlation of the baseline is above 0.3, the chart is \
                 of what an AR(1) forecast, fitted to the baseline by least squares, leaves: centre and limits then move with the \
                 forecast, value stays as given, moving_range is of the residuals. Where it is not above 0.3, the chart is that of \
                 xmr; where the residuals are still correlated above 0.3, there is none.",
        assumptions: &[
            "Points follow each other in the order of t at even intervals: moments, dates or plain numbers, each once.",
            "The baseline is the first so many points with a value, or all there are; without a setting all.",
            "Season, weekday and holiday are taken out before.",
            "A missing value breaks the chain: it has no moving range and neither has the next point; it ends a run and is beyond \
             nothing.",
        ],
        limits: &[
            "With one point there are no limits. With fewer than about 20 they are rough.",
            "Signals are of one series: of a hundred series of noise with a hundred points each, 27 points are beyond a limit.",
            "Counts of rare events want other charts.",
        ],
    },
    run,
};

/// What is drawn at one point; absent where it cannot be computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// What is expected.
    pub centre: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
    /// Distance to the point before.
    pub moving_range: Option<f64>,
    /// What is news.
    pub signals: Vec<Signal>,
}

/// A chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    /// One for each value.
    pub points: Vec<Point>,
    /// Mean moving range of the baseline; absent with fewer than two neighbours in it.
    pub mean_moving_range: Option<f64>,
}

impl Chart {
    /// Limit of the moving ranges, 3.267·mR̄.
    pub fn moving_range_upper(&self) -> Option<f64> {
        self.mean_moving_range.map(|mean| 3.267 * mean)
    }
}

/// Standard deviation of normal noise to its mean moving range: d₂ of two points.
const D2: f64 = 1.128;
/// Lag-1 correlation above which values are not independent enough for a chart of their own.
const CORRELATED: f64 = 0.3;

/// The chart of values in order; the first `baseline` of those that are there make the limits, all when absent.
pub fn xmr(values: &[Option<f64>], baseline: Option<usize>) -> Chart {
    let calm = vec![Some(0.0); values.len()];
    chart(values, &calm, end_of(values, baseline))
}

/// The chart of what an AR(1) forecast leaves, where the baseline is correlated; that of the values where it is not; no
/// limits at all where the residuals still are.
pub fn residual_xmr(values: &[Option<f64>], baseline: Option<usize>) -> Chart {
    let end = end_of(values, baseline);
    let Some(slope) = is_correlated(&values[..end])
        .then(|| slope(&values[..end]))
        .flatten()
    else {
        return xmr(values, baseline);
    };
    let forecast: Vec<Option<f64>> = std::iter::once(None)
        .chain(values.iter().map(|before| before.map(|before| slope * before)))
        .take(values.len())
        .collect();
    let residuals: Vec<Option<f64>> = values
        .iter()
        .zip(&forecast)
        .map(|(value, forecast)| Some((*value)? - (*forecast)?))
        .collect();
    if is_correlated(&residuals[..end]) {
        return Chart {
            points: vec![Point::default(); values.len()],
            mean_moving_range: None,
        };
    }
    chart(values, &forecast, end)
}

/// The chart of values less their forecast; the first `end` make the limits.
fn chart(values: &[Option<f64>], forecast: &[Option<f64>], end: usize) -> Chart {
    let left: Vec<Option<f64>> = values
        .iter()
        .zip(forecast)
        .map(|(value, forecast)| Some((*value)? - (*forecast)?))
        .collect();
    let ranges: Vec<Option<f64>> = std::iter::once(None)
        .chain(left.windows(2).map(|pair| Some((pair[1]? - pair[0]?).abs())))
        .take(left.len())
        .collect();
    let centre = mean(&left[..end]);
    let mean_moving_range = mean(&ranges[..end]);
    let sigma = mean_moving_range.map(|mean| mean / D2);
    let deviations: Vec<Option<f64>> = left.iter().map(|left| Some((*left)? - centre?)).collect();
    // What rounding alone does is no news.
    let least = values
        .iter()
        .flatten()
        .fold(0.0, |most: f64, value| most.max(value.abs()))
        * 1e-12;
    let signals = match sigma {
        Some(sigma) => rules::signals(&deviations, sigma, least),
        None => vec![Vec::new(); values.len()],
    };
    let points = signals
        .into_iter()
        .enumerate()
        .map(|(index, signals)| {
            let centre = centre
                .zip(forecast[index])
                .map(|(centre, forecast)| centre + forecast);
            let limit = |sign: f64| Some(centre? + sign * 3.0 * mean_moving_range? / D2);
            Point {
                centre,
                lower: limit(-1.0),
                upper: limit(1.0),
                moving_range: ranges[index],
                signals,
            }
        })
        .collect();
    Chart {
        points,
        mean_moving_range,
    }
}

/// The place after the last point of the baseline.
fn end_of(values: &[Option<f64>], baseline: Option<usize>) -> usize {
    let Some(baseline) = baseline else {
        return values.len();
    };
    let mut there = values.iter().enumerate().filter(|(_, value)| value.is_some());
    match baseline.checked_sub(1).map(|skipped| there.nth(skipped)) {
        Some(Some((last, _))) => last + 1,
        Some(None) => values.len(),
        None => 0,
    }
}

/// Mean of the numbers that are there, measured from the first, so that equal numbers have exactly themselves as mean.
fn mean(numbers: &[Option<f64>]) -> Option<f64> {
    let first = numbers.iter().flatten().next()?;
    let (count, sum) = numbers.iter().flatten().fold((0.0, 0.0), |(count, sum), number| {
        (count + 1.0, sum + (number - first))
    });
    Some(first + sum / count)
}

/// Says whether the lag-1 correlation of a series is above [`CORRELATED`].
fn is_correlated(values: &[Option<f64>]) -> bool {
    let Some(mean) = mean(values) else {
        return false;
    };
    let spread: f64 = values.iter().flatten().map(|value| (value - mean).powi(2)).sum();
    let together: f64 = pairs(values).map(|(a, b)| (a - mean) * (b - mean)).sum();
    spread > 0.0 && together > CORRELATED * spread
}

/// Slope of each value on the one before, by least squares; absent when those before are all the same.
fn slope(values: &[Option<f64>]) -> Option<f64> {
    let (before, after): (Vec<_>, Vec<_>) = pairs(values).map(|(a, b)| (Some(a), Some(b))).unzip();
    let (mean_before, mean_after) = (mean(&before)?, mean(&after)?);
    let (together, spread) = pairs(values).fold((0.0, 0.0), |(together, spread), (a, b)| {
        let from_mean = a - mean_before;
        (
            together + from_mean * (b - mean_after),
            spread + from_mean * from_mean,
        )
    });
    (spread > 0.0).then(|| together / spread)
}

/// Neighbours that are both there.
fn pairs(values: &[Option<f64>]) -> impl Iterator<Item = (f64, f64)> {
    values.windows(2).filter_map(|pair| pair[0].zip(pair[1]))
}

/// One row for each row of the series, in the order of `t`.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let series = run.table("series")?;
    let order = in_order(series)?;
    let t = series.texts("t")?;
    let given = series.maybe_floats("value")?;
    let values: Vec<Option<f64>> = order.iter().map(|row| given[*row]).collect();
    let baseline = run
        .settings()
        .int("baseline")
        .and_then(|count| usize::try_from(count).ok());
    let chart = match run.settings().text("method") {
        "residual_xmr" => residual_xmr(&values, baseline),
        _ => xmr(&values, baseline),
    };
    let points = &chart.points;
    Ok(vec![
        Table::new("chart")
            .texts_of("t", order.iter().map(|row| &t[*row]))
            .floats_of("value", values)
            .floats_of("centre", points.iter().map(|point| point.centre))
            .floats_of("lower", points.iter().map(|point| point.lower))
            .floats_of("upper", points.iter().map(|point| point.upper))
            .floats_of("moving_range", points.iter().map(|point| point.moving_range))
            .texts_of(
                "signals",
                points.iter().map(|point| {
                    let names: Vec<&str> = point.signals.iter().map(|signal| signal.name()).collect();
                    names.join(";")
                }),
            ),
    ])
}

/// The rows in the order of `t`: numbers, moments or dates.
fn in_order(series: &Table) -> Result<Vec<usize>, Refusal> {
    if let Ok(numbers) = series.floats("t") {
        return sorted(series, &numbers, f64::total_cmp);
    }
    match (series.moments("t"), series.maybe_days("t")) {
        (Ok(moments), _) => sorted(series, &moments, |a, b| a.micros.cmp(&b.micros)),
        (Err(_), Ok(days)) if days.iter().all(Option::is_some) => sorted(series, &days, Ord::cmp),
        (Err(refusal), _) => Err(refusal),
    }
}

fn sorted<K>(
    series: &Table,
    keys: &[K],
    compare: impl Fn(&K, &K) -> Ordering,
) -> Result<Vec<usize>, Refusal> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| compare(&keys[*a], &keys[*b]));
    match order
        .windows(2)
        .find(|pair| compare(&keys[pair[0]], &keys[pair[1]]).is_eq())
    {
        Some(pair) => {
            let what = format!("is the time of row {} too; give each time one value", pair[0] + 1);
            Err(series.wrong(pair[1], "t", &what))
        }
        None => Ok(order),
    }
}
