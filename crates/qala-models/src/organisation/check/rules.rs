//! The nine rules.

use std::collections::{HashMap, HashSet};

use qala_core::Text;

use super::alike;
use super::register::{Function, Lack, Life, Period, Register, lives};
use super::reporting;
use super::words;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nobody is responsible, or the register contradicts itself.
    Error,
    /// Something is missing or likely wrong.
    Warning,
    /// Worth a look.
    Info,
}

impl Severity {
    /// As in the result.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A fault that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The id of what is at fault; of duplicates both, joined by `;`.
    pub object: String,
    /// What is wrong.
    pub finding: Text,
    /// What to do.
    pub mend: Text,
}

/// What counts as a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// The day to look at, days since 1970-01-01; absent: the whole history.
    pub as_of: Option<i64>,
    /// Likeness of titles from which functions are duplicates, above 0 and up to 1.
    pub similarity: f64,
    /// Fewest and most direct reports of a manager.
    pub span: (f64, f64),
    /// Kinds of posts that manage.
    pub manager_kinds: Vec<String>,
    /// Kinds of bodies with a territory of their own.
    pub district_kinds: Vec<String>,
}

/// All findings: by rule in the order of the model's card, within a rule in the order of the input.
pub fn check(register: &Register, measures: &Measures) -> Vec<Finding> {
    let lives = lives(&register.bodies);
    let functions = Functions::new(&register.functions, measures.as_of);
    let mut findings = orphans(register, &functions, measures.as_of);
    let (unknown, ended) = owners(&functions, &lives, measures.as_of);
    findings.extend(unknown);
    findings.extend(ended);
    findings.extend(duplicates(register, &functions, measures));
    findings.extend(indicators(register, &functions, measures.as_of));
    findings.extend(reporting::cycles(&register.bodies, measures.as_of));
    findings.extend(reporting::posts(register, &lives, measures.as_of));
    findings.extend(reporting::spans(register, measures));
    findings
}

/// Functions that are looked at, and all that are known.
struct Functions<'a> {
    /// Rows in force on the day, or all of them.
    rows: Vec<&'a Function>,
    /// Rows of each id, in time; ids in the order of the input.
    by_id: Vec<(&'a str, Vec<&'a Function>)>,
}

impl<'a> Functions<'a> {
    fn new(functions: &'a [Function], as_of: Option<i64>) -> Self {
        let rows = functions
            .iter()
            .filter(|row| as_of.is_none_or(|day| row.period.holds(day)))
            .collect();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut by_id: Vec<(&str, Vec<&Function>)> = Vec::new();
        for row in functions {
            let place = *places.entry(&row.id).or_insert(by_id.len());
            if place == by_id.len() {
                by_id.push((&row.id, Vec::new()));
            }
            by_id[place].1.push(row);
        }
        for (_, rows) in &mut by_id {
            rows.sort_by_key(|row| row.period.from.unwrap_or(i64::MIN));
        }
        Self { rows, by_id }
    }
}

/// Functions without owner, money or indicator.
fn orphans(register: &Register, functions: &Functions<'_>, as_of: Option<i64>) -> Vec<Finding> {
    let measured: Option<HashSet<&str>> = register
        .indicators
        .as_ref()
        .map(|indicators| indicators.iter().map(|each| each.function.as_str()).collect());
    // A register that holds no programme, or no indicator, of any function has not been filled in yet.
    let knows_money = functions.rows.iter().any(|row| !row.programme.is_empty());
    let measured = measured.filter(|measured| functions.by_id.iter().any(|(id, _)| measured.contains(id)));
    let mut findings = Vec::new();
    for (id, rows) in &functions.by_id {
        let in_force: Vec<&&Function> = rows
            .iter()
            .filter(|row| as_of.is_none_or(|day| row.period.holds(day)))
            .collect();
        let gap = gap(rows, as_of);
        if in_force.is_empty() && gap.is_none() {
            continue;
        }
        let mut lacks = Vec::new();
        if in_force.iter().any(|row| row.owner.is_empty()) {
            lacks.push(words::no_owner());
        }
        lacks.extend(gap.map(|(from, to)| words::gap(from, to)));
        let severity = if lacks.is_empty() {
            Severity::Warning
        } else {
            Severity::Error
        };
        // Money and indicators are asked for now, not for what has ended.
        let mut now = in_force
            .iter()
            .filter(|row| as_of.is_some() || row.period.to.is_none())
            .peekable();
        let goes_on = now.peek().is_some();
        if knows_money && now.any(|row| row.programme.is_empty()) {
            lacks.push(words::no_programme());
        }
        if goes_on && measured.as_ref().is_some_and(|measured| !measured.contains(id)) {
            lacks.push(words::no_indicator());
        }
        if !lacks.is_empty() {
            findings.push(Finding {
                rule: "orphan_function",
                severity,
                object: (*id).to_owned(),
                finding: words::join(&lacks),
                mend: words::mend_orphan(),
            });
        }
    }
    findings
}

/// The first time between two rows of a function at which nobody owns it, longer than a day; on `as_of` if it is set.
fn gap(rows: &[&Function], as_of: Option<i64>) -> Option<(i64, i64)> {
    let mut covered = rows.first()?.period.to?;
    for row in rows {
        if let Some(from) = row.period.from
            && from > covered + 1
            && as_of.is_none_or(|day| (covered..from).contains(&day))
        {
            return Some((covered, from));
        }
        covered = covered.max(row.period.to?);
    }
    None
}

/// Functions whose owner is not in the register, and functions whose owner ends before them.
fn owners(
    functions: &Functions<'_>,
    lives: &HashMap<&str, Life>,
    as_of: Option<i64>,
) -> (Vec<Finding>, Vec<Finding>) {
    let mut said: HashSet<(&str, &str)> = HashSet::new();
    let (mut unknown, mut ended) = (Vec::new(), Vec::new());
    for row in &functions.rows {
        if row.owner.is_empty() {
            continue;
        }
        let of_unknown = |finding: Text| Finding {
            rule: "unknown_owner",
            severity: Severity::Error,
            object: row.id.clone(),
            finding,
            mend: words::mend_unknown_owner(),
        };
        let period = as_of.map_or(row.period, Period::day);
        let lack = lives.get(row.owner.as_str()).map(|life| life.lack(period));
        let is_fault = match lack {
            None | Some(Some(Lack::Ends(_))) => true,
            // Registers often know the begin of a function better than that of a body.
            Some(Some(Lack::Begins(_))) => as_of.is_some(),
            Some(None) => false,
        };
        if !is_fault || !said.insert((&row.id, &row.owner)) {
            continue;
        }
        match lack.flatten() {
            None => unknown.push(of_unknown(words::unknown_owner(&row.owner))),
            Some(Lack::Begins(day)) => unknown.push(of_unknown(words::owner_begins(&row.owner, day))),
            Some(Lack::Ends(day)) => ended.push(Finding {
                rule: "ended_owner",
                severity: Severity::Error,
                object: row.id.clone(),
                finding: words::owner_ends(&row.owner, day),
                mend: words::mend_ended_owner(day),
            }),
        }
    }
    (unknown, ended)
}

/// Functions that say the same at the same time, and functions with two owners at once.
fn duplicates(register: &Register, functions: &Functions<'_>, measures: &Measures) -> Vec<Finding> {
    let rows = &functions.rows;
    let kinds: HashMap<&str, &str> = register
        .bodies
        .iter()
        .map(|body| (body.id.as_str(), body.kind.as_str()))
        .collect();
    let has_territory = |owner: &str| {
        kinds.get(owner).is_some_and(|kind| {
            measures
                .district_kinds
                .iter()
                .any(|known| known.eq_ignore_ascii_case(kind))
        })
    };
    let at_once = |a: &Function, b: &Function| measures.as_of.is_some() || a.period.meets(b.period);
    let mut pairs: Vec<(usize, usize, bool)> = Vec::new();

    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        let earlier = places.entry(&row.id).or_default();
        pairs.extend(
            earlier
                .iter()
                .filter(|other| rows[**other].owner != row.owner && at_once(rows[**other], row))
                .map(|other| (*other, place, true)),
        );
        earlier.push(place);
    }

    let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    for (a, b) in alike::pairs(&titles, measures.similarity) {
        let (first, second) = (rows[a], rows[b]);
        // Each district does the same on its own territory.
        let apart =
            first.owner != second.owner && has_territory(&first.owner) && has_territory(&second.owner);
        if first.id != second.id && !apart && at_once(first, second) {
            pairs.push((a, b, false));
        }
    }

    pairs.sort_unstable();
    let mut said: HashSet<(&str, &str)> = HashSet::new();
    let mut findings = Vec::new();
    for (a, b, is_same) in pairs {
        let (first, second) = (rows[a], rows[b]);
        if !said.insert((&first.id, &second.id)) || (!is_same && said.contains(&(&second.id, &first.id))) {
            continue;
        }
        findings.push(Finding {
            rule: "duplicate_function",
            severity: if is_same {
                Severity::Error
            } else {
                Severity::Warning
            },
            object: format!("{};{}", first.id, second.id),
            finding: if is_same {
                words::two_owners(&first.owner, &second.owner)
            } else {
                words::same_title(&first.title, &second.title)
            },
            mend: words::mend_duplicate(),
        });
    }
    findings
}

/// Indicators without a source, then indicators without a function.
fn indicators(register: &Register, functions: &Functions<'_>, as_of: Option<i64>) -> Vec<Finding> {
    let indicators = register.indicators.as_deref().unwrap_or_default();
    let known: HashSet<&str> = functions.by_id.iter().map(|(id, _)| *id).collect();
    let in_force: HashSet<&str> = functions.rows.iter().map(|row| row.id.as_str()).collect();
    let without_source = indicators
        .iter()
        .filter(|each| each.source.is_empty())
        .map(|each| Finding {
            rule: "indicator_without_source",
            severity: Severity::Warning,
            object: each.id.clone(),
            finding: words::no_source(),
            mend: words::mend_source(),
        });
    let without_function = indicators.iter().filter_map(|each| {
        let function = each.function.as_str();
        let (severity, finding) = match as_of {
            _ if function.is_empty() => (Severity::Error, words::no_function()),
            _ if !known.contains(function) => (Severity::Error, words::unknown_function(function)),
            Some(day) if !in_force.contains(function) => {
                (Severity::Warning, words::function_not_in_force(function, day))
            }
            _ => return None,
        };
        Some(Finding {
            rule: "indicator_without_function",
            severity,
            object: each.id.clone(),
            finding,
            mend: words::mend_function(),
        })
    });
    without_source.chain(without_function).collect()
}
