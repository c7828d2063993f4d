//! Filters and orders over observations as SQL.
//!
//! Nothing of a client's text gets into the SQL but literals, written here: numbers, times, quoted text. Names are ours.

use qala_feeds::sensorthings::filter::{
    Arithmetic, Comparison, Expression, Field, Function, Kind, Literal, Path,
};
use qala_feeds::sensorthings::{Entity, MAX_TIME, MIN_TIME, Period, Refusal, time_text};

/// A part of a condition, by its type.
#[derive(Debug, Clone)]
enum Part {
    /// A condition.
    Truth(String),
    /// A double.
    Number(String),
    /// An id column, which is compared with whole numbers as it is.
    Id(&'static str),
    /// A whole number, for ids.
    Whole(i64),
    /// Text.
    Text(String),
    /// First and last instant; `is_instant` when both are surely the same.
    Time {
        first: String,
        last: String,
        is_instant: bool,
    },
    /// µs.
    Duration(String),
    /// The result, whose type each row has of its own.
    Result,
    /// The quality, which is JSON.
    Quality,
    Null,
}

fn not_offered<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::NotOffered(message.into()))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double(value: f64) -> String {
    format!("CAST({value:?} AS DOUBLE)")
}

/// An instant as a literal.
pub(super) fn instant(at: i64) -> String {
    let at = at.clamp(MIN_TIME, MAX_TIME);
    format!(
        "arrow_cast('{}', 'Timestamp(Microsecond, Some(\"UTC\"))')",
        time_text(at)
    )
}

fn time(period: Period) -> Part {
    Part::Time {
        first: instant(period.start),
        last: instant(period.last()),
        is_instant: period.end.is_none(),
    }
}

/// µs of an instant.
fn micros(sql: &str) -> String {
    format!("CAST({sql} AS BIGINT)")
}

fn from_micros(sql: &str) -> String {
    format!("arrow_cast({sql}, 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

/// A filter over observations as a condition. `now` is the time of `now()`.
///
/// # Errors
/// What cannot be asked of observations.
pub(super) fn condition(filter: &Expression, now: i64) -> Result<String, Refusal> {
    let part = part(filter, now)?;
    truth(&part)
}

fn truth(part: &Part) -> Result<String, Refusal> {
    match part {
        Part::Truth(sql) => Ok(sql.clone()),
        Part::Result => Ok("(CASE WHEN result_kind = 'bool' THEN result_text = 'true' END)".into()),
        Part::Null => Ok("CAST(NULL AS BOOLEAN)".into()),
        _ => not_offered("the $filter needs true or false there"),
    }
}

fn number(part: &Part) -> Result<String, Refusal> {
    match part {
        Part::Number(sql) => Ok(sql.clone()),
        Part::Id(column) => Ok(format!("CAST({column} AS DOUBLE)")),
        Part::Whole(value) => Ok(double(*value as f64)),
        Part::Result => Ok("result_number".into()),
        Part::Null => Ok("CAST(NULL AS DOUBLE)".into()),
        _ => not_offered("the $filter needs a number there"),
    }
}

fn text(part: &Part) -> Result<String, Refusal> {
    match part {
        Part::Text(sql) => Ok(sql.clone()),
        Part::Result => Ok("result_text".into()),
        Part::Null => Ok("CAST(NULL AS VARCHAR)".into()),
        _ => not_offered("the $filter needs text there"),
    }
}

fn first(part: &Part) -> Result<&str, Refusal> {
    match part {
        Part::Time { first, .. } => Ok(first),
        _ => not_offered("the $filter needs a time of the observation there"),
    }
}

fn path(path: &Path) -> Result<Part, Refusal> {
    if !path.relations.is_empty() {
        return not_offered("an observation cannot be compared with what it is related to");
    }
    let Field::Property(property, keys) = &path.field else {
        return Ok(Part::Id("observation_id"));
    };
    let named = |first: &str, last: &str, is_instant: bool| Part::Time {
        first: first.into(),
        last: last.into(),
        is_instant,
    };
    match property.name {
        "phenomenonTime" => Ok(named(
            "phenomenon_time",
            "coalesce(phenomenon_end, phenomenon_time)",
            false,
        )),
        "resultTime" => Ok(named("result_time", "result_time", true)),
        "validTime" => Ok(named("valid_start", "coalesce(valid_end, valid_start)", false)),
        "result" if keys.is_empty() => Ok(Part::Result),
        "resultQuality" if keys.is_empty() => Ok(Part::Quality),
        name => not_offered(format!(
            "observations cannot be chosen by `{name}` or by keys of it"
        )),
    }
}

fn part(expression: &Expression, now: i64) -> Result<Part, Refusal> {
    let below = |expression: &Expression| part(expression, now);
    Ok(match expression {
        Expression::Literal(literal) => match literal {
            Literal::Null => Part::Null,
            Literal::Bool(value) => Part::Truth(value.to_string()),
            Literal::Number {
                whole: Some(whole), ..
            } => Part::Whole(*whole),
            Literal::Number { value, .. } => Part::Number(double(*value)),
            Literal::Text(text) => Part::Text(quoted(text)),
            Literal::Time(period) => time(*period),
            Literal::Date(day) => Part::Number(double(f64::from(*day))),
            Literal::TimeOfDay(seconds) => Part::Number(double(*seconds)),
            Literal::Duration(micros) => Part::Duration(micros.to_string()),
            Literal::Geometry(_) => {
                return not_offered("observations have no geometry; their FeatureOfInterest has");
            }
        },
        Expression::Path(found) => path(found)?,
        Expression::Negative(inner) => Part::Number(format!("(-{})", number(&below(inner)?)?)),
        Expression::Not(inner) => Part::Truth(format!("(NOT {})", truth(&below(inner)?)?)),
        Expression::And(left, right) => Part::Truth(format!(
            "({} AND {})",
            truth(&below(left)?)?,
            truth(&below(right)?)?
        )),
        Expression::Or(left, right) => Part::Truth(format!(
            "({} OR {})",
            truth(&below(left)?)?,
            truth(&below(right)?)?
        )),
        Expression::Among(relations, ids) => {
            let column = match relations.as_slice() {
                [relation] if relation.target == Entity::Datastream => "datastream_id",
                [relation] if relation.target == Entity::FeatureOfInterest => "feature_id",
                _ => return not_offered("observations cannot be chosen over these relations"),
            };
            Part::Truth(among(column, ids.iter().copied()))
        }
        Expression::Compare(comparison, left, right) => {
            Part::Truth(compare(*comparison, &below(left)?, &below(right)?, left.kind())?)
        }
        Expression::Compute(operator, left, right) => compute(*operator, &below(left)?, &below(right)?)?,
        Expression::Call(function, parts) => {
            let parts = parts.iter().map(below).collect::<Result<Vec<_>, _>>()?;
            call(*function, &parts, now)?
        }
    })
}

/// A column that has one of some ids.
pub(super) fn among(column: &str, ids: impl Iterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return "false".into();
    }
    format!("{column} IN ({})", ids.join(", "))
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

fn compare(comparison: Comparison, left: &Part, right: &Part, kind: Kind) -> Result<String, Refusal> {
    let operator = sign(comparison);
    match (left, right) {
        (Part::Null, other) | (other, Part::Null) => {
            let sql = match other {
                Part::Null => return Ok((comparison == Comparison::Equal).to_string()),
                Part::Result => "NULLIF(result_kind, 'null')".to_owned(),
                Part::Quality => "result_quality".to_owned(),
                Part::Time { first, .. } => first.clone(),
                Part::Id(column) => (*column).to_owned(),
                Part::Truth(sql) | Part::Number(sql) | Part::Text(sql) | Part::Duration(sql) => sql.clone(),
                Part::Whole(_) => "0".into(),
            };
            match comparison {
                Comparison::Equal => Ok(format!("({sql} IS NULL)")),
                Comparison::NotEqual => Ok(format!("({sql} IS NOT NULL)")),
                _ => Ok("CAST(NULL AS BOOLEAN)".into()),
            }
        }
        (Part::Time { .. }, _) | (_, Part::Time { .. }) => times(comparison, left, right),
        (Part::Id(column), Part::Whole(value)) => Ok(format!("({column} {operator} {value})")),
        (Part::Whole(value), Part::Id(column)) => Ok(format!("({value} {operator} {column})")),
        (Part::Quality, Part::Text(sql)) | (Part::Text(sql), Part::Quality) => match comparison {
            // Text is kept as a JSON string.
            Comparison::Equal | Comparison::NotEqual => {
                Ok(format!("(result_quality {operator} concat('\"', {sql}, '\"'))"))
            }
            _ => not_offered("`resultQuality` can only be compared by `eq` and `ne`"),
        },
        (Part::Duration(a), Part::Duration(b)) => Ok(format!("({a} {operator} {b})")),
        (Part::Text(_), _) | (_, Part::Text(_)) | (Part::Result, Part::Result) => {
            Ok(format!("({} {operator} {})", text(left)?, text(right)?))
        }
        (Part::Truth(_), _) | (_, Part::Truth(_)) => {
            Ok(format!("({} {operator} {})", truth(left)?, truth(right)?))
        }
        _ if kind == Kind::Geometry => {
            not_offered("observations have no geometry; their FeatureOfInterest has")
        }
        _ => Ok(format!("({} {operator} {})", number(left)?, number(right)?)),
    }
}

/// Times by first and last instant, so that an interval is before another when it has ended.
fn times(comparison: Comparison, left: &Part, right: &Part) -> Result<String, Refusal> {
    let (
        Part::Time {
            first: a,
            last: a_last,
            is_instant: a_is_instant,
        },
        Part::Time {
            first: b,
            last: b_last,
            is_instant: b_is_instant,
        },
    ) = (left, right)
    else {
        return not_offered("a time can only be compared with a time");
    };
    let equal = if *a_is_instant && *b_is_instant {
        format!("({a} = {b})")
    } else {
        format!("({a} = {b} AND {a_last} = {b_last})")
    };
    // With an instant at one end the equal case is within the other; without it, it must be said.
    let or_equal = |sql: String| {
        if *a_is_instant || *b_is_instant {
            sql
        } else {
            format!("({sql} OR {equal})")
        }
    };
    Ok(match comparison {
        Comparison::Equal => equal,
        Comparison::NotEqual => format!("(NOT {equal})"),
        // The first condition follows from the second: files are skipped by it.
        Comparison::Less => format!("({a} < {b} AND {a_last} < {b})"),
        Comparison::LessOrEqual => or_equal(format!("({a} <= {b} AND {a_last} <= {b})")),
        Comparison::Greater => format!("({a} > {b_last})"),
        Comparison::GreaterOrEqual => or_equal(format!("({a} >= {b_last})")),
    })
}

fn compute(operator: Arithmetic, left: &Part, right: &Part) -> Result<Part, Refusal> {
    use Arithmetic as A;
    let word = if operator == A::Subtract { "-" } else { "+" };
    Ok(match (operator, left, right) {
        (A::Subtract, Part::Time { first: a, .. }, Part::Time { first: b, .. }) => {
            Part::Duration(format!("({} - {})", micros(a), micros(b)))
        }
        (
            A::Add | A::Subtract,
            Part::Time {
                first,
                last,
                is_instant,
            },
            Part::Duration(by),
        ) => {
            let moved = |sql: &str| from_micros(&format!("({} {word} {by})", micros(sql)));
            Part::Time {
                first: moved(first),
                last: moved(last),
                is_instant: *is_instant,
            }
        }
        (A::Add | A::Subtract, Part::Duration(a), Part::Duration(b)) => {
            Part::Duration(format!("({a} {word} {b})"))
        }
        _ => {
            let (a, b) = (number(left)?, number(right)?);
            // What cannot be divided by zero is unknown.
            Part::Number(match operator {
                A::Add => format!("({a} + {b})"),
                A::Subtract => format!("({a} - {b})"),
                A::Multiply => format!("({a} * {b})"),
                A::Divide => format!("({a} / NULLIF({b}, {}))", double(0.0)),
                A::Remainder => format!("({a} % NULLIF({b}, {}))", double(0.0)),
            })
        }
    })
}

fn call(function: Function, parts: &[Part], now: i64) -> Result<Part, Refusal> {
    use Function as F;
    let none = Part::Null;
    let at = |index: usize| parts.get(index).unwrap_or(&none);
    let text = |index: usize| text(at(index));
    let number = |index: usize| number(at(index));
    let as_number = |sql: String| Part::Number(format!("CAST({sql} AS DOUBLE)"));
    let field = |name: &str| -> Result<Part, Refusal> {
        Ok(as_number(format!("date_part('{name}', {})", first(at(0))?)))
    };
    // µs of the day or of the second, from the number of µs: the same before 1970 too.
    let within = |size: i64| -> Result<String, Refusal> {
        let all = micros(first(at(0))?);
        Ok(format!("((({all} % {size}) + {size}) % {size})"))
    };
    Ok(match function {
        F::SubstringOf => Part::Truth(format!("(strpos({}, {}) > 0)", text(1)?, text(0)?)),
        F::StartsWith => Part::Truth(format!("starts_with({}, {})", text(0)?, text(1)?)),
        F::EndsWith => Part::Truth(format!("ends_with({}, {})", text(0)?, text(1)?)),
        F::Length => as_number(format!("character_length({})", text(0)?)),
        F::IndexOf => as_number(format!("strpos({}, {}) - 1", text(0)?, text(1)?)),
        F::Substring => {
            let from = format!("CAST(greatest({}, {}) AS BIGINT) + 1", number(1)?, double(0.0));
            match parts.len() {
                3 => {
                    let length = format!("CAST(greatest({}, {}) AS BIGINT)", number(2)?, double(0.0));
                    Part::Text(format!("substr({}, {from}, {length})", text(0)?))
                }
                _ => Part::Text(format!("substr({}, {from})", text(0)?)),
            }
        }
        F::ToLower => Part::Text(format!("lower({})", text(0)?)),
        F::ToUpper => Part::Text(format!("upper({})", text(0)?)),
        F::Trim => Part::Text(format!("btrim({})", text(0)?)),
        F::Concat => Part::Text(format!("({} || {})", text(0)?, text(1)?)),
        F::Year => field("year")?,
        F::Month => field("month")?,
        F::Day => field("day")?,
        F::Hour => field("hour")?,
        F::Minute => field("minute")?,
        F::Second => as_number(format!("({} % 60000000) / 1000000", within(86_400_000_000)?)),
        F::FractionalSeconds => Part::Number(format!(
            "(CAST({} AS DOUBLE) / {})",
            within(1_000_000)?,
            double(1e6)
        )),
        F::Date => {
            let of_day = within(86_400_000_000)?;
            as_number(format!("({} - {of_day}) / 86400000000", micros(first(at(0))?)))
        }
        F::TimeOfDay => Part::Number(format!(
            "(CAST({} AS DOUBLE) / {})",
            within(86_400_000_000)?,
            double(1e6)
        )),
        F::TotalOffsetMinutes => Part::Number(double(0.0)),
        F::Now => time(Period::instant(now)),
        F::MinDateTime => time(Period::instant(MIN_TIME)),
        F::MaxDateTime => time(Period::instant(MAX_TIME)),
        F::Round => Part::Number(format!("round({})", number(0)?)),
        F::Floor => Part::Number(format!("floor({})", number(0)?)),
        F::Ceiling => Part::Number(format!("ceil({})", number(0)?)),
        _ => return not_offered("observations have no geometry; their FeatureOfInterest has"),
    })
}

/// What `ORDER BY` says for `$orderby`; the id decides between equals.
///
/// # Errors
/// A property that observations cannot be ordered by.
pub(super) fn order(order: &[(Path, bool)]) -> Result<String, Refusal> {
    let mut out = Vec::new();
    for (path, is_down) in order {
        let names: Vec<&str> = path.relations.iter().map(|relation| relation.name).collect();
        let columns: &[&str] = match (names.as_slice(), &path.field) {
            ([], Field::Id) => &["observation_id"],
            (["Datastream"], Field::Id) => &["datastream_id"],
            (["FeatureOfInterest"], Field::Id) => &["feature_id"],
            ([], Field::Property(property, keys)) if keys.is_empty() => match property.name {
                "phenomenonTime" => &["phenomenon_time", "phenomenon_end"],
                "resultTime" => &["result_time"],
                "validTime" => &["valid_start", "valid_end"],
                "result" => &["result_number", "result_text"],
                "resultQuality" => &["result_quality"],
                "parameters" => &["parameters"],
                _ => &[],
            },
            _ => &[],
        };
        if columns.is_empty() {
            return not_offered("$orderby: observations can be ordered by their own properties and by ids");
        }
        let way = if *is_down {
            "DESC NULLS LAST"
        } else {
            "ASC NULLS FIRST"
        };
        out.extend(columns.iter().map(|column| format!("{column} {way}")));
    }
    out.push("observation_id".into());
    Ok(out.join(", "))
}

#[cfg(test)]
mod tests;
