//! Expressions over records. What is not known is neither true nor false, and chooses nothing.

use std::cmp::Ordering;

use geo::line_measures::{Distance, Euclidean, Length};
use geo::{Geometry, Relate};
use serde_json::Value as Json;

use super::filter::{Arithmetic, Comparison, Expression, Field, Function, Literal, Path};
use super::time::{DAY, civil, instant};
use crate::sensorthings::{Entity, Graph, Holds, Period, geometry};

/// A value while it is computed with.
#[derive(Debug, Clone, PartialEq)]
pub enum Computed {
    /// Unknown, or not there.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A time.
    Time(Period),
    /// A duration in µs.
    Duration(i64),
    /// A geometry.
    Geometry(Geometry),
    /// An object or array.
    Json(Json),
}

impl Computed {
    fn of_json(value: &Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Json::String(text) => Self::Text(text.clone()),
            other => Self::Json(other.clone()),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn time(&self) -> Option<Period> {
        match self {
            Self::Time(period) => Some(*period),
            Self::Text(text) => Period::parse(text).ok(),
            _ => None,
        }
    }

    fn geometry(&self) -> Option<Geometry> {
        match self {
            Self::Geometry(geometry) => Some(geometry.clone()),
            Self::Json(json) => geometry::of_geojson(json),
            _ => None,
        }
    }
}

/// What expressions are evaluated over.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    /// The records.
    pub graph: &'a Graph,
    /// The time of `now()`, µs of UTC.
    pub now: i64,
}

impl Evaluator<'_> {
    /// True when the expression is true for a record.
    pub fn holds(&self, expression: &Expression, entity: Entity, id: i64) -> bool {
        self.truth(expression, entity, id) == Some(true)
    }

    fn truth(&self, expression: &Expression, entity: Entity, id: i64) -> Option<bool> {
        match expression {
            Expression::And(left, right) => {
                match (self.truth(left, entity, id), self.truth(right, entity, id)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }
            }
            Expression::Or(left, right) => {
                match (self.truth(left, entity, id), self.truth(right, entity, id)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                }
            }
            Expression::Not(inner) => self.truth(inner, entity, id).map(|truth| !truth),
            Expression::Among(relations, ids) => {
                let mut here = vec![id];
                let mut at = entity;
                for relation in relations {
                    here = here
                        .iter()
                        .flat_map(|id| self.graph.related(at, *id, relation))
                        .collect();
                    at = relation.target;
                }
                Some(here.iter().any(|id| ids.contains(id)))
            }
            // Over a set, one of its entities is enough.
            other => {
                let values = self.values(other, entity, id);
                let truths: Vec<Option<bool>> = values
                    .iter()
                    .map(|value| match value {
                        Computed::Bool(truth) => Some(*truth),
                        _ => None,
                    })
                    .collect();
                if truths.contains(&Some(true)) {
                    Some(true)
                } else if truths.contains(&Some(false)) {
                    Some(false)
                } else {
                    None
                }
            }
        }
    }

    /// The values of an expression for a record: one, or as many as its relations lead to.
    pub fn values(&self, expression: &Expression, entity: Entity, id: i64) -> Vec<Computed> {
        match expression {
            Expression::Literal(literal) => vec![literal_value(literal)],
            Expression::Path(path) => self.path(path, entity, id),
            Expression::Call(function, parts) => {
                let parts: Vec<Vec<Computed>> =
                    parts.iter().map(|part| self.values(part, entity, id)).collect();
                combine(&parts, &|parts| {
                    call(*function, parts, self.now).unwrap_or(Computed::Null)
                })
            }
            Expression::Compare(comparison, left, right) => {
                let is_null = |side: &Expression| matches!(side, Expression::Literal(Literal::Null));
                let with_null = is_null(left) || is_null(right);
                let parts = [self.values(left, entity, id), self.values(right, entity, id)];
                combine(&parts, &|parts| {
                    compare(*comparison, parts[0], parts[1], with_null).map_or(Computed::Null, Computed::Bool)
                })
            }
            Expression::Compute(operator, left, right) => {
                let parts = [self.values(left, entity, id), self.values(right, entity, id)];
                combine(&parts, &|parts| {
                    compute(*operator, parts[0], parts[1]).unwrap_or(Computed::Null)
                })
            }
            Expression::Negative(inner) => combine(&[self.values(inner, entity, id)], &|parts| {
                parts[0]
                    .number()
                    .map_or(Computed::Null, |number| Computed::Number(-number))
            }),
            Expression::Not(_) | Expression::And(..) | Expression::Or(..) | Expression::Among(..) => {
                vec![
                    self.truth(expression, entity, id)
                        .map_or(Computed::Null, Computed::Bool),
                ]
            }
        }
    }

    /// The values of a property.
    pub fn path(&self, path: &Path, entity: Entity, id: i64) -> Vec<Computed> {
        let (mut at, mut ids) = (entity, vec![id]);
        for relation in &path.relations {
            ids = ids
                .iter()
                .flat_map(|id| self.graph.related(at, *id, relation))
                .collect();
            at = relation.target;
        }
        let read = |id: &i64| match &path.field {
            Field::Id => Computed::Number(*id as f64),
            Field::Property(property, keys) => {
                let record = self.graph.find(at, *id);
                let value = record.and_then(|record| record.body.get(property.name));
                let value = value.and_then(|value| below(value, keys));
                match (value, property.holds) {
                    (None, _) => Computed::Null,
                    (Some(Json::String(text)), Holds::Instant) => {
                        instant(text).map_or(Computed::Null, |at| Computed::Time(Period::instant(at)))
                    }
                    (Some(Json::String(text)), Holds::Period) => {
                        Period::parse(text).map_or(Computed::Null, Computed::Time)
                    }
                    (Some(value), _) => Computed::of_json(value),
                }
            }
        };
        ids.iter().map(read).collect()
    }
}

/// The value under keys of an object; a number is the place in an array.
pub fn below<'a>(value: &'a Json, keys: &[String]) -> Option<&'a Json> {
    keys.iter().try_fold(value, |value, key| match value {
        Json::Object(object) => object.get(key),
        Json::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Combinations that are looked at when several sets meet in one comparison.
const MOST_COMBINATIONS: usize = 100_000;

/// Every combination of the parts' values.
fn combine(parts: &[Vec<Computed>], make: &dyn Fn(&[&Computed]) -> Computed) -> Vec<Computed> {
    let mut rows: Vec<Vec<&Computed>> = vec![Vec::new()];
    for part in parts {
        rows = rows
            .iter()
            .flat_map(|row| {
                part.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push(value);
                    row
                })
            })
            .take(MOST_COMBINATIONS)
            .collect();
    }
    rows.iter().map(|row| make(row)).collect()
}

fn literal_value(literal: &Literal) -> Computed {
    match literal {
        Literal::Null => Computed::Null,
        Literal::Bool(truth) => Computed::Bool(*truth),
        Literal::Number { value, .. } => Computed::Number(*value),
        Literal::Text(text) => Computed::Text(text.clone()),
        Literal::Time(period) => Computed::Time(*period),
        Literal::Date(day) => Computed::Number(f64::from(*day)),
        Literal::TimeOfDay(seconds) => Computed::Number(*seconds),
        Literal::Duration(micros) => Computed::Duration(*micros),
        Literal::Geometry(geometry) => Computed::Geometry(geometry.clone()),
    }
}

fn compare(comparison: Comparison, left: &Computed, right: &Computed, with_null: bool) -> Option<bool> {
    use Comparison as C;
    if with_null {
        let both = *left == Computed::Null && *right == Computed::Null;
        return match comparison {
            C::Equal => Some(both),
            C::NotEqual => Some(!both),
            _ => None,
        };
    }
    if let (Computed::Time(_), _) | (_, Computed::Time(_)) = (left, right) {
        let (a, b) = (left.time()?, right.time()?);
        let equal = a.start == b.start && a.last() == b.last();
        return Some(match comparison {
            C::Equal => equal,
            C::NotEqual => !equal,
            C::Less => a.last() < b.start,
            C::LessOrEqual => equal || a.last() <= b.start,
            C::Greater => a.start > b.last(),
            C::GreaterOrEqual => equal || a.start >= b.last(),
        });
    }
    let order = match (left, right) {
        (Computed::Number(a), Computed::Number(b)) => a.partial_cmp(b),
        (Computed::Text(a), Computed::Text(b)) => Some(a.cmp(b)),
        (Computed::Duration(a), Computed::Duration(b)) => Some(a.cmp(b)),
        (Computed::Bool(a), Computed::Bool(b)) => (a == b).then_some(Ordering::Equal).or(Some(a.cmp(b))),
        _ => None,
    };
    match (comparison, order) {
        (C::Equal, Some(order)) => Some(order == Ordering::Equal),
        (C::NotEqual, Some(order)) => Some(order != Ordering::Equal),
        (C::Less, Some(order)) => Some(order == Ordering::Less),
        (C::LessOrEqual, Some(order)) => Some(order != Ordering::Greater),
        (C::Greater, Some(order)) => Some(order == Ordering::Greater),
        (C::GreaterOrEqual, Some(order)) => Some(order != Ordering::Less),
        (C::Equal | C::NotEqual, None) => {
            let (a, b) = (left.geometry()?, right.geometry()?);
            Some((a.relate(&b).is_equal_topo()) == (comparison == C::Equal))
        }
        (_, None) => None,
    }
}

fn compute(operator: Arithmetic, left: &Computed, right: &Computed) -> Option<Computed> {
    use Arithmetic as A;
    Some(match (operator, left, right) {
        (A::Subtract, Computed::Time(a), Computed::Time(b)) => {
            Computed::Duration(a.start.checked_sub(b.start)?)
        }
        (A::Add, Computed::Time(a), Computed::Duration(b)) => Computed::Time(moved(*a, *b)?),
        (A::Subtract, Computed::Time(a), Computed::Duration(b)) => {
            Computed::Time(moved(*a, b.checked_neg()?)?)
        }
        (A::Add, Computed::Duration(a), Computed::Duration(b)) => Computed::Duration(a.checked_add(*b)?),
        (A::Subtract, Computed::Duration(a), Computed::Duration(b)) => Computed::Duration(a.checked_sub(*b)?),
        _ => {
            let (a, b) = (left.number()?, right.number()?);
            let number = match operator {
                A::Add => a + b,
                A::Subtract => a - b,
                A::Multiply => a * b,
                A::Divide => a / b,
                A::Remainder => a % b,
            };
            Computed::Number(number).finite()?
        }
    })
}

impl Computed {
    fn finite(self) -> Option<Self> {
        match self {
            Self::Number(number) if !number.is_finite() => None,
            other => Some(other),
        }
    }
}

/// A period moved by some µs.
pub(super) fn moved(period: Period, by: i64) -> Option<Period> {
    Some(Period {
        start: period.start.checked_add(by)?,
        end: match period.end {
            Some(end) => Some(end.checked_add(by)?),
            None => None,
        },
    })
}

fn call(function: Function, parts: &[&Computed], now: i64) -> Option<Computed> {
    use Function as F;
    let text = |at: usize| parts.get(at)?.text();
    let number = |at: usize| parts.get(at)?.number();
    let of_day = || Some(parts.first()?.time()?.start.rem_euclid(DAY));
    let date = || Some(civil(parts.first()?.time()?.start.div_euclid(DAY)));
    let shape = |at: usize| parts.get(at)?.geometry();
    let related = || Some(shape(0)?.relate(&shape(1)?));
    Some(match function {
        F::SubstringOf => Computed::Bool(text(1)?.contains(text(0)?)),
        F::EndsWith => Computed::Bool(text(0)?.ends_with(text(1)?)),
        F::StartsWith => Computed::Bool(text(0)?.starts_with(text(1)?)),
        F::Length => Computed::Number(text(0)?.chars().count() as f64),
        F::IndexOf => {
            let (hay, needle) = (text(0)?, text(1)?);
            let at = hay.find(needle).map(|byte| hay[..byte].chars().count() as f64);
            Computed::Number(at.unwrap_or(-1.0))
        }
        F::Substring => {
            let from = number(1)?.max(0.0) as usize;
            let length = match parts.get(2) {
                Some(_) => number(2)?.max(0.0) as usize,
                None => usize::MAX,
            };
            Computed::Text(text(0)?.chars().skip(from).take(length).collect())
        }
        F::ToLower => Computed::Text(text(0)?.to_lowercase()),
        F::ToUpper => Computed::Text(text(0)?.to_uppercase()),
        F::Trim => Computed::Text(text(0)?.trim().to_owned()),
        F::Concat => Computed::Text(format!("{}{}", text(0)?, text(1)?)),
        F::Year => Computed::Number(date()?.0 as f64),
        F::Month => Computed::Number(date()?.1 as f64),
        F::Day => Computed::Number(date()?.2 as f64),
        F::Hour => Computed::Number((of_day()? / 3_600_000_000) as f64),
        F::Minute => Computed::Number((of_day()? / 60_000_000 % 60) as f64),
        F::Second => Computed::Number((of_day()? / 1_000_000 % 60) as f64),
        F::FractionalSeconds => Computed::Number((of_day()? % 1_000_000) as f64 / 1e6),
        F::Date => Computed::Number(parts.first()?.time()?.start.div_euclid(DAY) as f64),
        F::TimeOfDay => Computed::Number(of_day()? as f64 / 1e6),
        // Everything is kept in UTC.
        F::TotalOffsetMinutes => parts.first()?.time().map(|_| Computed::Number(0.0))?,
        F::Now => Computed::Time(Period::instant(now)),
        F::MinDateTime => Computed::Time(Period::instant(super::MIN_TIME)),
        F::MaxDateTime => Computed::Time(Period::instant(super::MAX_TIME)),
        // Half away from zero, as SQL rounds too.
        F::Round => Computed::Number(number(0)?.round()),
        F::Floor => Computed::Number(number(0)?.floor()),
        F::Ceiling => Computed::Number(number(0)?.ceil()),
        F::Distance => Computed::Number(distance(&shape(0)?, &shape(1)?)).finite()?,
        F::GeoLength => Computed::Number(length(&shape(0)?)).finite()?,
        F::GeoIntersects | F::Intersects => Computed::Bool(related()?.is_intersects()),
        F::Equals => Computed::Bool(related()?.is_equal_topo()),
        F::Disjoint => Computed::Bool(related()?.is_disjoint()),
        F::Touches => Computed::Bool(related()?.is_touches()),
        F::Within => Computed::Bool(related()?.is_within()),
        F::Overlaps => Computed::Bool(related()?.is_overlaps()),
        F::Crosses => Computed::Bool(related()?.is_crosses()),
        F::Contains => Computed::Bool(related()?.is_contains()),
        F::Relate => Computed::Bool(related()?.matches(text(2)?).ok()?),
    })
}

/// The distance in degrees: the standard leaves the unit open, and clients compare with degrees as in its own example.
fn distance(a: &Geometry, b: &Geometry) -> f64 {
    Euclidean.distance(a, b)
}

/// The length in degrees.
fn length(shape: &Geometry) -> f64 {
    match shape {
        Geometry::Line(line) => Euclidean.length(line),
        Geometry::LineString(line) => Euclidean.length(line),
        Geometry::MultiLineString(lines) => Euclidean.length(lines),
        _ => 0.0,
    }
}
