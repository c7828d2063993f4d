//! Checks of the order of an administration: who owns which function, when, with which money, measured by what.
//!
//! What belongs here: rules over bodies, posts, functions and indicators with dates. What does not: who holds a post; how a
//! reform would be better.

mod alike;
mod register;
mod reporting;
mod rules;
#[cfg(test)]
mod tests;
mod words;

pub use alike::pairs as alike_pairs;
pub use register::{Body, Function, Indicator, Lack, Life, Period, Post, Register, lives};
pub use rules::{Finding, Measures, Severity, check};

use qala_core::Lang;

use crate::Card;
use crate::run::{Model, Moment, Refusal, Run, Settings, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "organisation.check",
        purpose: "finds functions without an owner, owners that are gone, functions that are done twice, indicators and posts \
                  that hang in the air, rings of reporting and odd spans",
        method: "nine rules, in this order: orphan_function, unknown_owner, ended_owner, duplicate_function, \
                 indicator_without_source, indicator_without_function, body_cycle, post_without_body, span. Titles are alike \
                 by Dice's measure over words that weigh the more, the rarer they are; where one title only adds words, over their \
                 number",
        assumptions: &[
            "a row of bodies or functions holds from `from` until the day before `to`; an empty date is open; a body or a \
             function that changes has one row for each period. A gap of a single day is none: some registers write the last \
             day into `to`",
            "as_of set: rows that hold on that day count. Not set: the whole history counts, posts and indicators belong to \
             its end, and an owner that begins after its function is no finding",
            "orphan_function: no owner at any time that counts, or a time between two owners (error); no programme or no \
             indicator (warning; asked of functions that have not ended, and only when the register holds a programme or an \
             indicator of any function)",
            "unknown_owner: the owner is not in bodies, or on as_of not yet there; ended_owner: the function goes on after \
             its owner has ended (errors)",
            "duplicate_function: titles alike from `similarity` on, at the same time (warning), unless both owners are bodies \
             of district_kinds, each with its own territory; or one function with two owners at once (error, `A;A`)",
            "indicator_without_source (warning); indicator_without_function: none, an unknown one (error), or one that is not \
             in force on as_of (warning)",
            "body_cycle: one finding for each ring, by the first of its bodies in the input; post_without_body: none, unknown \
             or gone (errors)",
            "span: bodies right below a body and its posts that do not manage, for each of its posts of manager_kinds (one, \
             when there is none), filled or not; above span_max a warning, below span_min an info. Without as_of the bodies \
             that have no end count",
            "within a rule findings are in the order of the input; `language` chooses that of the texts",
        ],
        limits: &[
            "a duplicate in other words is not found; titles say nothing about territory",
            "span_min and span_max depend on the kind of work; a small team may be right",
            "a parent that is not in the register is no finding of these rules",
        ],
    },
    run,
};

/// By rule, then in the order of the input.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let register = Register {
        bodies: bodies(run.table("bodies")?)?,
        posts: run.maybe_table("posts").map(posts).transpose()?,
        functions: functions(run.table("functions")?)?,
        indicators: run.maybe_table("indicators").map(indicators).transpose()?,
    };
    let findings = check(&register, &measures(run.settings())?);
    let lang = match run.settings().text("language") {
        "kk" => Lang::Kk,
        "ru" => Lang::Ru,
        _ => Lang::En,
    };
    Ok(vec![
        Table::new("findings")
            .texts_of("rule", findings.iter().map(|each| each.rule))
            .texts_of("severity", findings.iter().map(|each| each.severity.name()))
            .texts_of("object", findings.iter().map(|each| &each.object))
            .texts_of("finding", findings.iter().map(|each| each.finding.get(lang)))
            .texts_of("mend", findings.iter().map(|each| each.mend.get(lang))),
    ])
}

fn measures(settings: &Settings) -> Result<Measures, Refusal> {
    let number = |name: &str| settings.float(name).unwrap_or(0.0);
    let span = (number("span_min"), number("span_max"));
    if span.0 > span.1 {
        return Err(Refusal("setting `span_min`: it is above `span_max`".to_owned()));
    }
    let text = settings.text("as_of");
    let as_of = if text.is_empty() {
        None
    } else {
        let day = Moment::parse(&format!("{text}T00:00Z"))
            .or_else(|| Moment::parse(text))
            .map(Moment::local_day);
        Some(day.ok_or_else(|| Refusal(format!("setting `as_of`: `{text}` is not a date like 2026-03-02")))?)
    };
    let words = |name: &str| settings.list(name).into_iter().map(str::to_owned).collect();
    Ok(Measures {
        as_of,
        similarity: settings.float("similarity").unwrap_or(1.0),
        span,
        manager_kinds: words("manager_kinds"),
        district_kinds: words("district_kinds"),
    })
}

fn bodies(table: &Table) -> Result<Vec<Body>, Refusal> {
    let ids = table.ids("body")?.into_iter();
    let rows = ids
        .zip(table.texts("parent")?)
        .zip(table.texts("kind")?)
        .zip(periods(table)?);
    Ok(rows
        .map(|(((id, parent), kind), period)| Body {
            id,
            parent,
            kind,
            period,
        })
        .collect())
}

fn posts(table: &Table) -> Result<Vec<Post>, Refusal> {
    let rows = table
        .ids("post")?
        .into_iter()
        .zip(table.texts("body")?)
        .zip(table.texts("kind")?);
    Ok(rows.map(|((id, body), kind)| Post { id, body, kind }).collect())
}

fn functions(table: &Table) -> Result<Vec<Function>, Refusal> {
    let ids = table.ids("function")?.into_iter();
    let rows = ids
        .zip(table.texts("owner")?)
        .zip(table.texts("programme")?)
        .zip(periods(table)?)
        .zip(table.texts("title")?);
    Ok(rows
        .map(|((((id, owner), programme), period), title)| Function {
            id,
            owner,
            programme,
            period,
            title,
        })
        .collect())
}

fn indicators(table: &Table) -> Result<Vec<Indicator>, Refusal> {
    let rows = table
        .ids("indicator")?
        .into_iter()
        .zip(table.texts("function")?)
        .zip(table.texts("source")?);
    Ok(rows
        .map(|((id, function), source)| Indicator { id, function, source })
        .collect())
}

/// The periods of the rows.
fn periods(table: &Table) -> Result<Vec<Period>, Refusal> {
    let (from, to) = (table.maybe_days("from")?, table.maybe_days("to")?);
    let periods: Vec<Period> = from
        .into_iter()
        .zip(to)
        .map(|(from, to)| Period { from, to })
        .collect();
    let ends_first = |period: &Period| period.from.zip(period.to).is_some_and(|(from, to)| to < from);
    match periods.iter().position(ends_first) {
        Some(row) => Err(table.wrong(row, "to", "is before `from`; mend one of the two")),
        None => Ok(periods),
    }
}
