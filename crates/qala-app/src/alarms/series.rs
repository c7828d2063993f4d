//! Values of indicators: borders with hysteresis, what is usual at this hour, and patterns over places.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{AlarmGroup, AlarmPlaces, AlarmSpec, AlarmWhen, BorderSide};
use qala_core::{Grain, Zone, parse_instant};
use qala_lake::Query;
use qala_models::indicators::control_chart::xmr;
use qala_registry::{AlarmChange, AlarmRaise};
use serde_json::{Map, Value};

use super::Causes;
use crate::centre::Centre;
use crate::error::Result;
use crate::indicator::CITY;
use crate::map::instant_literal;

const TABLE: &str = "indicator_values";
const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1440 * MINUTE;

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    from: i64,
    to: i64,
    value: Option<f64>,
    simulated: bool,
}

/// Values of places, each in order.
type Series = BTreeMap<String, Vec<Point>>;

/// About the length of a period, µs, rather longer than shorter.
fn length(grain: Grain) -> i64 {
    match grain {
        Grain::Minute15 => 15 * MINUTE,
        Grain::Hour => 60 * MINUTE,
        Grain::Day => DAY + 60 * MINUTE,
        Grain::Week => 7 * DAY + 60 * MINUTE,
        Grain::Month => 31 * DAY + 60 * MINUTE,
        Grain::Quarter => 92 * DAY + 60 * MINUTE,
        Grain::Year => 366 * DAY + 60 * MINUTE,
    }
}

fn points(rows: Vec<Map<String, Value>>) -> Series {
    let mut series = Series::new();
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let instant = |name: &str| parse_instant(text(name), None);
        let (Ok(from), Ok(to)) = (instant("period_start"), instant("period_end")) else {
            continue;
        };
        series.entry(text("place").to_owned()).or_default().push(Point {
            from,
            to,
            value: row.get("value").and_then(Value::as_f64),
            simulated: row.get("simulated").and_then(Value::as_bool).unwrap_or(false),
        });
    }
    series
}

/// The values before the newest that follow each other without a gap, the newest last.
fn in_a_row(points: &[Point]) -> Vec<Option<f64>> {
    let mut first = points.len().saturating_sub(1);
    while first > 0 && points[first - 1].to == points[first].from {
        first -= 1;
    }
    points[first..].iter().map(|point| point.value).collect()
}

/// True when the newest period is not history.
fn is_news(points: &[Point], now: i64) -> bool {
    points
        .last()
        .is_some_and(|last| last.to + (last.to - last.from) > now)
}

/// Values of the same time of the local day as the newest, which is the last of them.
fn same_hour(points: &[Point], grain: Grain, zone: &Zone) -> Vec<Option<f64>> {
    let hour = |point: &Point| (point.from + zone.offset(point.from)).rem_euclid(DAY);
    let of_day = matches!(grain, Grain::Minute15 | Grain::Hour);
    let Some(newest) = points.last().map(hour) else {
        return Vec::new();
    };
    points
        .iter()
        .filter(|point| !of_day || hour(point) == newest)
        .map(|point| point.value)
        .collect()
}

/// Says whether the newest value leaves the limits that those before it make. `None` when there is too little to say.
fn departs(values: &[Option<f64>], side: BorderSide, points: usize, least: usize) -> Option<bool> {
    let newest = values.last().copied().flatten()?;
    let before: Vec<Option<f64>> = values[..values.len() - 1]
        .iter()
        .filter(|v| v.is_some())
        .copied()
        .collect();
    if before.len() < least {
        return None;
    }
    let mut series = before[before.len().saturating_sub(points)..].to_vec();
    let baseline = series.len();
    series.push(Some(newest));
    let chart = xmr(&series, Some(baseline));
    let last = chart.points.last()?;
    let (lower, upper) = (last.lower?, last.upper?);
    Some(match side {
        BorderSide::Above => newest > upper,
        BorderSide::Below => newest < lower,
        BorderSide::Both => newest > upper || newest < lower,
    })
}

impl Centre {
    /// Judges new values by the rules about indicators.
    pub(super) async fn look_at_values(
        &self,
        causes: &Causes,
        (after, upto): (i64, i64),
        now: i64,
        changes: &mut Vec<AlarmChange>,
    ) -> Result<()> {
        if self
            .alarm_rules(|when| !matches!(when, AlarmWhen::Event { .. } | AlarmWhen::Missing { .. }))
            .next()
            .is_none()
            || !self.has_grown(TABLE, after)?
        {
            return Ok(());
        }
        let sql = format!(
            "SELECT DISTINCT indicator, grain FROM {TABLE} WHERE _seq > {after} AND _seq <= {upto} AND period_start <= {}",
            instant_literal(now)
        );
        let changed: BTreeSet<(String, String)> = self
            .rows_of_query(&Query::urgent(sql))
            .await?
            .iter()
            .map(|row| {
                let text = |name: &str| {
                    row.get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                (text("indicator"), text("grain"))
            })
            .collect();
        for rule in &self.alarms.rules {
            let Some((indicator, grain)) = rule.series() else {
                continue;
            };
            if changed.contains(&(indicator.to_string(), grain.as_str().to_owned())) {
                self.judge_series(rule, grain, causes, now, changes).await?;
            }
        }
        Ok(())
    }

    async fn judge_series(
        &self,
        rule: &AlarmSpec,
        grain: Grain,
        causes: &Causes,
        now: i64,
        changes: &mut Vec<AlarmChange>,
    ) -> Result<()> {
        let (indicator, back, places) = match &rule.when {
            AlarmWhen::Threshold {
                indicator,
                periods,
                places,
                ..
            } => (indicator, i64::from(*periods) + 2, *places),
            AlarmWhen::Places { indicator, .. } => (indicator, 3, AlarmPlaces::Parts),
            AlarmWhen::Departure {
                indicator,
                points,
                places,
                ..
            } => {
                let of_day = matches!(grain, Grain::Minute15 | Grain::Hour);
                let periods = if of_day { DAY / length(grain) } else { 1 };
                (indicator, (i64::from(*points) + 2) * periods, *places)
            }
            AlarmWhen::Missing { .. } | AlarmWhen::Event { .. } => return Ok(()),
        };
        let is_city = match places {
            AlarmPlaces::City => "=",
            AlarmPlaces::Parts => "<>",
        };
        let sql = format!(
            "SELECT place, period_start, period_end, value, simulated FROM {TABLE} WHERE indicator = '{indicator}' \
             AND grain = '{grain}' AND place {is_city} '{CITY}' AND period_start > {} AND period_start <= {} \
             ORDER BY place, period_start",
            instant_literal(now - back * length(grain)),
            instant_literal(now),
        );
        let mut series = points(self.rows_of_query(&Query::urgent(sql)).await?);
        series.retain(|_, points| is_news(points, now));
        match &rule.when {
            AlarmWhen::Places { border, at_least, .. } => {
                let stands = causes.any(rule);
                let past = |points: &Vec<Point>| {
                    points
                        .last()
                        .and_then(|p| p.value)
                        .is_some_and(|v| border.is_past(v, stands))
                };
                let bad: Vec<&String> = series
                    .iter()
                    .filter(|(_, p)| past(p))
                    .map(|(place, _)| place)
                    .collect();
                if bad.len() >= *at_least as usize {
                    let newest = bad.iter().filter_map(|place| series.get(*place)?.last());
                    let first = newest.clone().map(|p| p.to).min().unwrap_or(now);
                    let members = bad.iter().map(|place| (*place).clone()).collect();
                    let mut raise = self.alarms.raise(rule, "", rule.severity, members);
                    raise.event_at = first;
                    raise.simulated = newest.clone().any(|p| p.simulated);
                    raise.value = newest.filter_map(|p| p.value).reduce(f64::max);
                    changes.push(AlarmChange::Raise(Box::new(raise)));
                } else if stands && !series.is_empty() {
                    changes.push(over(rule, "", Vec::new()));
                }
            }
            _ => {
                for (place, points) in &series {
                    let cause = if rule.group == AlarmGroup::Rule {
                        ""
                    } else {
                        place.as_str()
                    };
                    let stands = causes.holds(rule, cause);
                    let judged = match &rule.when {
                        AlarmWhen::Threshold { border, periods, .. } => {
                            border.judge(&in_a_row(points), *periods, stands)
                        }
                        AlarmWhen::Departure {
                            side,
                            points: most,
                            least,
                            ..
                        } => departs(
                            &same_hour(points, grain, &self.zone),
                            *side,
                            *most as usize,
                            *least as usize,
                        ),
                        _ => None,
                    };
                    match judged {
                        Some(true) => changes.push(AlarmChange::Raise(Box::new(
                            self.raise_of(rule, cause, place, points),
                        ))),
                        Some(false) if stands => {
                            // Of an alarm of all places only this place is over.
                            let members = if cause.is_empty() {
                                vec![place.clone()]
                            } else {
                                Vec::new()
                            };
                            changes.push(over(rule, cause, members));
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn raise_of(&self, rule: &AlarmSpec, cause: &str, place: &str, points: &[Point]) -> AlarmRaise {
        let mut raise = self
            .alarms
            .raise(rule, cause, rule.severity, vec![place.to_owned()]);
        raise.place = (!cause.is_empty() && place != CITY).then(|| place.to_owned());
        if let Some(last) = points.last() {
            // A value is known when its period is over.
            raise.event_at = last.to;
            raise.value = last.value;
            raise.simulated = last.simulated;
        }
        raise
    }
}

fn over(rule: &AlarmSpec, cause: &str, members: Vec<String>) -> AlarmChange {
    AlarmChange::Over {
        rule: rule.id.to_string(),
        cause: cause.to_owned(),
        members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(hour: i64, value: f64) -> Point {
        Point {
            from: hour * 60 * MINUTE,
            to: (hour + 1) * 60 * MINUTE,
            value: Some(value),
            simulated: false,
        }
    }

    #[test]
    fn a_gap_ends_what_is_in_a_row_and_history_is_no_news() {
        let points = [point(1, 1.0), point(3, 3.0), point(4, 4.0)];
        assert_eq!(in_a_row(&points), [Some(3.0), Some(4.0)]);
        assert!(in_a_row(&[]).is_empty());
        assert!(is_news(&points, 5 * 60 * MINUTE + 59 * MINUTE));
        assert!(!is_news(&points, 6 * 60 * MINUTE));
    }

    #[test]
    fn the_hour_of_the_day_is_compared_with_itself() {
        let zone = Zone::new("Asia/Almaty").unwrap();
        let points: Vec<Point> = (0..=24 * 9)
            .map(|h| point(h, (h % 24) as f64 + (h / 24) as f64 / 10.0))
            .collect();
        let same = same_hour(&points, Grain::Hour, &zone);
        assert_eq!(same.len(), 10);
        assert_eq!(same.last().copied().flatten(), Some(0.9));
        assert_eq!(same_hour(&points, Grain::Day, &zone).len(), points.len());
    }

    #[test]
    fn a_value_departs_when_it_leaves_the_limits_and_too_few_say_nothing() {
        let calm: Vec<Option<f64>> = [10.0, 11.0, 10.0, 11.0, 10.0, 11.0, 10.0].map(Some).to_vec();
        let with = |value: f64| {
            let mut all = calm.clone();
            all.push(Some(value));
            all
        };
        // Limits: 10.43 ± 3 · 1 / 1.128 = 7.77 to 13.09.
        assert_eq!(departs(&with(13.0), BorderSide::Above, 28, 7), Some(false));
        assert_eq!(departs(&with(13.2), BorderSide::Above, 28, 7), Some(true));
        assert_eq!(departs(&with(13.2), BorderSide::Below, 28, 7), Some(false));
        assert_eq!(departs(&with(7.7), BorderSide::Both, 28, 7), Some(true));
        assert_eq!(departs(&with(99.0), BorderSide::Both, 28, 8), None);
        let mut unknown = calm;
        unknown.push(None);
        assert_eq!(departs(&unknown, BorderSide::Both, 28, 2), None);
    }
}
