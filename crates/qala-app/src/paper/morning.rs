//! The morning page of the mayor or of a department: off target, since when, overdue, what changed, what stopped reporting.

use std::collections::BTreeSet;

use qala_core::{Lang, Standing};
use qala_paper::{Align, Block, Cell, Column, Mark, Pages, Row, Sheet, Table, count, date, date_time};
use qala_registry::{Decision, Incident, IncidentState, Versioned};

use super::Places;
use super::now::{changed, is_judged, loud};
use super::room_words as room;
use super::view::View;
use super::words::{self, fill, say};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::CITY;
use crate::room::FunctionToday;

const DAY: i64 = 86_400_000_000;
/// Incidents and decisions that are read at most.
const MOST: u32 = 2_000;

/// Which morning page is asked for.
#[derive(Debug, Clone)]
pub struct MorningWanted {
    /// Language.
    pub lang: Lang,
    /// The department; the whole city when absent.
    pub department: Option<String>,
    /// The name under which the program was reached, for the address of the page.
    pub host: String,
}

/// A part of a page as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPart {
    /// Heading; empty for none.
    pub heading: String,
    /// Lines; the cells of a row of a table with ` · ` between them.
    pub lines: Vec<String>,
}

/// A page as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPage {
    /// Whose page it is.
    pub over: String,
    /// The first sentence.
    pub title: String,
    /// Parts.
    pub parts: Vec<TextPart>,
}

impl TextPage {
    /// The page as the text of a letter; the first line says whose it is and what it says first.
    pub fn letter(&self) -> String {
        let mut text = format!("{}: {}\n", self.over, self.title);
        for part in &self.parts {
            text.push('\n');
            for line in std::iter::once(&part.heading).chain(&part.lines) {
                if !line.is_empty() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// The same page without its looks.
pub(crate) fn plain(sheet: &Sheet) -> TextPage {
    let mut parts: Vec<TextPart> = Vec::new();
    let add = |parts: &mut Vec<TextPart>, line: String| {
        if parts.is_empty() {
            parts.push(TextPart {
                heading: String::new(),
                lines: Vec::new(),
            });
        }
        if let Some(last) = parts.last_mut().filter(|_| !line.is_empty()) {
            last.lines.push(line);
        }
    };
    for block in sheet.body.iter().chain(&sheet.foot) {
        match block {
            Block::Heading(heading) => parts.push(TextPart {
                heading: heading.clone(),
                lines: Vec::new(),
            }),
            Block::Text(text) | Block::Quiet(text) => add(&mut parts, text.clone()),
            Block::Facts(facts) => {
                for (name, fact) in facts {
                    add(&mut parts, format!("{name}: {fact}"));
                }
            }
            Block::Table(table) => {
                for row in &table.rows {
                    let cells = row.iter().map(|cell| cell.text.as_str());
                    let cells: Vec<&str> = cells.filter(|text| !text.is_empty()).collect();
                    add(&mut parts, cells.join(" · "));
                }
            }
            Block::Figure(_) | Block::Chart(_) | Block::Map(_) | Block::Beside(_) => {}
        }
    }
    TextPage {
        over: sheet.over.clone(),
        title: sheet.title.clone(),
        parts,
    }
}

pub(super) fn columns(lang: Lang, titles: &[words::Phrase]) -> Vec<Column> {
    let column = |title: &words::Phrase| Column {
        title: say(lang, *title).to_owned(),
        align: Align::Start,
    };
    titles.iter().map(column).collect()
}

impl Centre {
    /// The morning page as PDF.
    ///
    /// # Errors
    /// A department that does not exist; the public; the query's.
    pub async fn morning_paper(&self, wanted: &MorningWanted, reader: &Reader) -> Result<Vec<u8>> {
        let sheet = self.morning_sheet(wanted, reader).await?;
        self.print(sheet, "morning", reader).await
    }

    /// The morning page as plain text, for an e-mail.
    ///
    /// # Errors
    /// As for [`Self::morning_paper`].
    pub async fn morning_text(&self, wanted: &MorningWanted, reader: &Reader) -> Result<TextPage> {
        Ok(plain(&self.morning_sheet(wanted, reader).await?))
    }

    pub(crate) async fn morning_sheet(&self, wanted: &MorningWanted, reader: &Reader) -> Result<Sheet> {
        if reader.role() == qala_registry::Role::Public {
            return Err(AppError::Unauthorised("sign in first".into()));
        }
        let (lang, zone, made) = (wanted.lang, &self.zone, self.clock.now());
        let functions = self.functions_today().await?;
        let department = wanted.department.as_deref().filter(|id| !id.is_empty());
        let own: Option<BTreeSet<&str>> = department.map(|id| {
            let own = functions
                .iter()
                .filter(|(_, today)| today.department.as_deref() == Some(id));
            own.map(|(function, _)| function.as_str()).collect()
        });
        let over = match department {
            None => say(lang, room::WHOLE_CITY).to_owned(),
            Some(id) => {
                let departments = self.registry.departments_at(made).await?;
                let known = departments.iter().find(|known| known.id.as_str() == id);
                let known =
                    known.ok_or_else(|| AppError::Usage(format!("there is no department `{id}` today")))?;
                known.name.get(lang).to_owned()
            }
        };
        let is_own = |function: &str| own.as_ref().is_none_or(|own| own.contains(function));
        let name = |function: &str| {
            let name = functions.get(function).map(FunctionToday::owner_name);
            name.map_or_else(|| function.to_owned(), |name| name.get(lang).to_owned())
        };
        let places = self.places_in(lang).await?;
        let now = self.moment(reader).await?;
        let mut views = self.views(None, now, reader).await?;
        views.retain(|view| is_own(view.spec.owner_function.as_str()));
        let mut decisions = self.registry.open_decisions(MOST).await?;
        decisions.retain(|d| !d.record.drill && is_own(&d.record.function));
        decisions.retain(|d| d.record.deadline < made + 7 * DAY);
        decisions.sort_by_key(|d| (d.record.deadline, d.id));
        let mut incidents = self.registry.incidents(MOST).await?;
        incidents.retain(|i| {
            let record = &i.record;
            let mine = is_own(&record.function) || record.participants.iter().any(|f| is_own(f));
            let is_news = record.closed_at.is_none_or(|end| end > made - DAY);
            mine && is_news && !record.drill && record.merged_into.is_none()
        });
        let mut standings = self.obligations().await?;
        standings.retain(|o| {
            let feed = self.feeds.iter().find(|feed| feed.id.as_str() == o.feed);
            feed.is_none_or(|feed| is_own(feed.owner_function.as_str()))
        });
        let late = |o: &crate::obligation::Obligation| {
            matches!(o.standing, Some(Standing::Stopped | Standing::Late))
        };
        let silent = standings.iter().filter(|o| late(o)).count();
        let off = views
            .iter()
            .filter(|v| v.mark() == Mark::Off || v.off().next().is_some());
        let off = off.count();
        let overdue = decisions.iter().filter(|d| d.record.is_overdue(made)).count();
        let running = incidents.iter().filter(|i| i.record.is_running()).count();
        let title = if off + overdue + running + silent == 0 {
            let phrase = if is_judged(&views) {
                room::MORNING_CALM
            } else {
                words::NOW_UNKNOWN
            };
            say(lang, phrase).to_owned()
        } else {
            let number = |n: usize| count(lang, n as i64);
            fill(
                lang,
                room::MORNING_HEAD,
                &[
                    ("off", &number(off)),
                    ("overdue", &number(overdue)),
                    ("incidents", &number(running)),
                ],
            )
        };
        let mut body = loud(lang, &views, &places, zone);
        body.extend(self.assignments(lang, &decisions, made, name));
        body.extend(self.incidents_of_the_day(lang, &incidents, &places));
        body.extend(changed(lang, &views, zone));
        body.extend(self.stopped(lang, &standings));
        let is_simulated = views.iter().any(View::is_simulated);
        let mut foot = Vec::new();
        if is_simulated {
            foot.push(Block::Quiet(say(lang, words::SIMULATED_NOTE).to_owned()));
        }
        let address = department.map_or_else(String::new, |id| format!("&department={id}"));
        Ok(Sheet {
            pages: Pages::One,
            lang,
            over: format!(
                "{} · {over} · {} · {}",
                places.name(CITY),
                say(lang, room::MORNING),
                date_time(lang, made, zone)
            ),
            title,
            mark: is_simulated.then(|| say(lang, words::SIMULATED).to_owned()),
            body,
            foot,
            maker: format!("Qala {}", env!("CARGO_PKG_VERSION")),
            address: format!("{}/decisions?lang={}{address}", wanted.host, lang.code()),
        })
    }

    fn assignments(
        &self,
        lang: Lang,
        decisions: &[Versioned<Decision>],
        now: i64,
        name: impl Fn(&str) -> String,
    ) -> Vec<Block> {
        let heading = Block::Heading(say(lang, room::ASSIGNMENTS).to_owned());
        if decisions.is_empty() {
            return vec![heading, Block::Text(say(lang, room::ASSIGNMENTS_NONE).to_owned())];
        }
        let row = |decision: &Versioned<Decision>| -> Row {
            let record = &decision.record;
            let is_late = record.is_overdue(now);
            let (mark, phrase) = if is_late {
                (Mark::Off, room::OVERDUE)
            } else {
                (Mark::Watch, room::DUE)
            };
            let until = date(lang, record.deadline, &self.zone);
            vec![
                Cell::new(record.text.clone()),
                Cell::new(name(&record.function)),
                Cell::marked(mark, format!("{}, {until}", say(lang, phrase))),
                Cell::new(format!("{}\u{202f}%", record.progress)),
                Cell::new(record.explanation.clone().unwrap_or_default()),
            ]
        };
        let titles = [
            room::ASSIGNMENT,
            room::RESPONSIBLE,
            room::DEADLINE,
            room::PROGRESS,
            room::EXPLANATION,
        ];
        let table = Table {
            columns: columns(lang, &titles),
            rows: decisions.iter().map(row).collect(),
        };
        vec![heading, Block::Table(table)]
    }

    fn incidents_of_the_day(
        &self,
        lang: Lang,
        incidents: &[Versioned<Incident>],
        places: &Places,
    ) -> Vec<Block> {
        let heading = Block::Heading(say(lang, room::INCIDENTS).to_owned());
        if incidents.is_empty() {
            return vec![heading, Block::Text(say(lang, room::INCIDENTS_NONE).to_owned())];
        }
        let row = |incident: &Versioned<Incident>| -> Row {
            let record = &incident.record;
            let (mark, phrase) = match record.state {
                IncidentState::Open => (Mark::Off, room::OPEN),
                IncidentState::Contained => (Mark::Watch, room::CONTAINED),
                IncidentState::Closed => (Mark::On, room::CLOSED),
            };
            let place = record.place.as_deref().map(|place| places.short(place));
            let outcome = record.outcome.clone().or_else(|| record.cause.clone());
            vec![
                Cell::new(record.title.clone()),
                Cell::marked(mark, say(lang, phrase)),
                Cell::new(date_time(lang, record.opened_at, &self.zone)),
                Cell::new(place.unwrap_or_default()),
                Cell::new(outcome.unwrap_or_default()),
            ]
        };
        let titles = [
            room::INCIDENT,
            words::STATE,
            room::SINCE,
            room::PLACE,
            room::OUTCOME,
        ];
        let table = Table {
            columns: columns(lang, &titles),
            rows: incidents.iter().map(row).collect(),
        };
        vec![heading, Block::Table(table)]
    }

    /// Departments that own a function today, by id.
    pub(crate) async fn departments_with_functions(&self) -> Result<BTreeSet<String>> {
        let functions = self.functions_today().await?;
        let mut own: BTreeSet<String> = functions.into_values().filter_map(|f| f.department).collect();
        // Not a department: it says that the owner is not known.
        let known = self.registry.departments_at(self.clock.now()).await?;
        own.retain(|id| known.iter().any(|d| d.id.as_str() == id && !is_stand_in(d)));
        Ok(own)
    }
}

/// The pack's word for functions whose department nobody found.
fn is_stand_in(department: &qala_registry::Department) -> bool {
    department.id.as_str() == crate::room::NOT_KNOWN
}
