//! From bytes to an election.

use std::collections::HashMap;

use csv::StringRecord;

use super::{Ballots, Election, Project};
use crate::run::Refusal;

/// Above this sum of all amounts, in small units, exact sums of them could overflow.
const MOST: i64 = 1 << 55;

/// A section: its columns and its rows, each with its line in the file.
#[derive(Default)]
struct Section {
    columns: Vec<String>,
    rows: Vec<(u64, StringRecord)>,
}

impl Section {
    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn needs(&self, section: &str, name: &str) -> Result<usize, Refusal> {
        self.column(name)
            .ok_or_else(|| Refusal(format!("input `election`: {section} has no column `{name}`")))
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Election, Refusal> {
    let [meta, projects, votes] = sections(bytes)?;
    let meta = Meta::read(&meta)?;
    let ballots_are = meta.ballots()?;
    let (mut list, index, unit) = read_projects(&projects, &meta.budget)?;
    let budget = meta.budget.scaled(unit, meta.budget_line)?;
    meta.agrees("num_projects", list.len())?;
    let ballots = match ballots_are {
        Ballots::Approval => approvals(&votes, &index)?,
        Ballots::Points => points(&votes, &index)?,
    };
    meta.agrees("num_votes", ballots.len())?;
    for &(project, weight) in ballots.iter().flatten() {
        list[project as usize].votes += u64::from(weight);
    }
    Ok(Election {
        rule: meta.text("rule").to_owned(),
        ballots_are,
        unit,
        budget,
        projects: list,
        ballots,
    })
}

fn wrong(line: u64, what: &str) -> Refusal {
    Refusal(format!("input `election`, line {line}: {what}"))
}

/// META, PROJECTS and VOTES.
fn sections(bytes: &[u8]) -> Result<[Section; 3], Refusal> {
    const NAMES: [&str; 3] = ["meta", "projects", "votes"];
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut found: [Section; 3] = Default::default();
    let mut seen = [false; 3];
    let mut current: Option<usize> = None;
    let mut heads = false;
    for record in reader.records() {
        let record = record.map_err(|error| Refusal(format!("input `election`: {error}")))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        let first = record.get(0).unwrap_or("").to_ascii_lowercase();
        let alone = record.iter().skip(1).all(str::is_empty);
        match NAMES.iter().position(|name| alone && *name == first) {
            Some(section) if seen[section] => {
                return Err(wrong(
                    line,
                    &format!("the section {} is there twice", NAMES[section].to_uppercase()),
                ));
            }
            Some(section) => {
                seen[section] = true;
                current = Some(section);
                heads = true;
            }
            None => {
                let Some(section) = current.map(|index| &mut found[index]) else {
                    return Err(wrong(line, "a Pabulib file begins with a line `META`"));
                };
                if heads {
                    section.columns = record.iter().map(str::to_lowercase).collect();
                    heads = false;
                } else {
                    section.rows.push((line, record));
                }
            }
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(missing) => Err(Refusal(format!(
            "input `election`: the section {} is missing; this is no whole Pabulib file",
            NAMES[missing].to_uppercase()
        ))),
        None => Ok(found),
    }
}

struct Meta {
    values: HashMap<String, String>,
    budget: Decimal,
    budget_line: u64,
}

impl Meta {
    fn read(section: &Section) -> Result<Self, Refusal> {
        let mut values = HashMap::new();
        let mut budget = None;
        for (line, row) in &section.rows {
            let key = row.get(0).unwrap_or("").to_lowercase();
            let value = row.get(1).unwrap_or("");
            if key == "budget" {
                let amount = Decimal::parse(value)
                    .ok_or_else(|| wrong(*line, &format!("the budget `{value}` is no amount")))?;
                budget = Some((amount, *line));
            }
            if values.insert(key.clone(), value.to_owned()).is_some() {
                return Err(wrong(*line, &format!("`{key}` is there twice")));
            }
        }
        let (budget, budget_line) =
            budget.ok_or_else(|| Refusal("input `election`: META has no `budget`".to_owned()))?;
        Ok(Self {
            values,
            budget,
            budget_line,
        })
    }

    fn text(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn ballots(&self) -> Result<Ballots, Refusal> {
        match self.text("vote_type").to_lowercase().as_str() {
            "approval" | "choose-1" => Ok(Ballots::Approval),
            "cumulative" => Ok(Ballots::Points),
            "" => Err(Refusal("input `election`: META has no `vote_type`".to_owned())),
            other => Err(Refusal(format!(
                "input `election`: votes of the type `{other}` cannot be counted by this rule; it takes approval, choose-1 and cumulative"
            ))),
        }
    }

    /// A file that was cut off is found by its own counts.
    fn agrees(&self, key: &str, found: usize) -> Result<(), Refusal> {
        let said = self.text(key);
        match said.parse::<usize>() {
            Ok(count) if count != found => Err(Refusal(format!(
                "input `election`: META says {key} {count}, the file holds {found}; it may be cut off"
            ))),
            Err(_) if !said.is_empty() => Err(Refusal(format!(
                "input `election`: META, {key}: `{said}` is no number"
            ))),
            _ => Ok(()),
        }
    }
}

type Index = HashMap<String, u32>;

fn read_projects(section: &Section, budget: &Decimal) -> Result<(Vec<Project>, Index, i64), Refusal> {
    let id_at = section.needs("PROJECTS", "project_id")?;
    let cost_at = section.needs("PROJECTS", "cost")?;
    let selected_at = section.column("selected");
    let mut index = Index::new();
    let mut costs = Vec::new();
    let mut decimals = budget.decimals;
    for (line, row) in &section.rows {
        let id = row.get(id_at).unwrap_or("");
        if id.is_empty() {
            return Err(wrong(*line, "the project has no id"));
        }
        if index.insert(id.to_owned(), costs.len() as u32).is_some() {
            return Err(wrong(*line, &format!("the project `{id}` is there twice")));
        }
        let text = row.get(cost_at).unwrap_or("");
        let cost = Decimal::parse(text).ok_or_else(|| {
            wrong(
                *line,
                &format!("the cost `{text}` of the project `{id}` is no amount"),
            )
        })?;
        decimals = decimals.max(cost.decimals);
        costs.push(cost);
    }
    let unit = 10_i64.pow(decimals);
    let mut total = 0_i64;
    let mut list = Vec::with_capacity(costs.len());
    for ((line, row), cost) in section.rows.iter().zip(&costs) {
        let cost = cost.scaled(unit, *line)?;
        total += cost;
        if total > MOST {
            return Err(wrong(*line, "the costs are too large to be added exactly"));
        }
        list.push(Project {
            id: row.get(id_at).unwrap_or("").to_owned(),
            cost,
            votes: 0,
            selected: selected_at
                .and_then(|at| row.get(at))
                .and_then(|cell| cell.parse::<u8>().ok())
                .map(|mark| mark == 1),
        });
    }
    Ok((list, index, unit))
}

/// The projects that a vote names, in its order.
fn named<'a>(
    section: &Section,
    row: &'a StringRecord,
    line: u64,
    index: &Index,
) -> Result<Vec<(&'a str, u32)>, Refusal> {
    let at = section.needs("VOTES", "vote")?;
    row.get(at)
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(|id| match index.get(id) {
            Some(&project) => Ok((id, project)),
            None => Err(wrong(
                line,
                &format!("the vote names the project `{id}`, which PROJECTS does not hold"),
            )),
        })
        .collect()
}

/// A project that a vote approves twice is approved.
fn approvals(section: &Section, index: &Index) -> Result<Vec<Vec<(u32, u32)>>, Refusal> {
    section.needs("VOTES", "vote")?;
    let mut ballots = Vec::with_capacity(section.rows.len());
    for (line, row) in &section.rows {
        let mut ballot: Vec<(u32, u32)> = named(section, row, *line, index)?
            .into_iter()
            .map(|(_, project)| (project, 1))
            .collect();
        ballot.sort_unstable();
        ballot.dedup();
        ballots.push(ballot);
    }
    Ok(ballots)
}

fn points(section: &Section, index: &Index) -> Result<Vec<Vec<(u32, u32)>>, Refusal> {
    let at = section.needs("VOTES", "points")?;
    let mut read = Vec::with_capacity(section.rows.len());
    let mut decimals = 0;
    for (line, row) in &section.rows {
        let projects = named(section, row, *line, index)?;
        let cells: Vec<&str> = row
            .get(at)
            .unwrap_or("")
            .split(',')
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        if cells.len() != projects.len() {
            return Err(wrong(
                *line,
                &format!(
                    "the vote names {} projects and {} numbers of points",
                    projects.len(),
                    cells.len()
                ),
            ));
        }
        let mut ballot = Vec::with_capacity(cells.len());
        for ((id, project), cell) in projects.into_iter().zip(cells) {
            let number = Decimal::parse(cell).ok_or_else(|| {
                wrong(
                    *line,
                    &format!("the points `{cell}` of the project `{id}` are no number from 0"),
                )
            })?;
            if ballot.iter().any(|(known, _)| *known == project) {
                return Err(wrong(
                    *line,
                    &format!("the vote gives points to the project `{id}` twice"),
                ));
            }
            decimals = decimals.max(number.decimals);
            ballot.push((project, number));
        }
        read.push((*line, ballot));
    }
    let unit = 10_i64.pow(decimals);
    let mut ballots = Vec::with_capacity(read.len());
    for (line, ballot) in read {
        let mut weights = Vec::with_capacity(ballot.len());
        for (project, number) in ballot {
            let weight = u32::try_from(number.scaled(unit, line)?)
                .map_err(|_| wrong(line, "the points are too many to be added exactly"))?;
            if weight > 0 {
                weights.push((project, weight));
            }
        }
        ballots.push(weights);
    }
    Ok(ballots)
}

/// A number from 0 as it is written: `digits / 10^decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: i64,
    decimals: u32,
}

impl Decimal {
    /// Reads `1234`, `1234.5` or `1234,5`: at most 9 decimals and 17 digits.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        if whole.is_empty() || fraction.len() > 9 || whole.len() + fraction.len() > 17 {
            return None;
        }
        let mut digits = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            digits = digits * 10 + i64::from(byte - b'0');
        }
        Some(Self {
            digits,
            decimals: fraction.len() as u32,
        })
    }

    /// In parts of `unit`, a power of ten with at least as many decimals.
    fn scaled(self, unit: i64, line: u64) -> Result<i64, Refusal> {
        self.digits
            .checked_mul(unit / 10_i64.pow(self.decimals))
            .filter(|amount| *amount <= MOST)
            .ok_or_else(|| wrong(line, "the amount is too large to be added exactly"))
    }
}
