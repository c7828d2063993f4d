//! The minutes of a review on paper: its agenda as it was, and what was agreed, on as many pages as they need.

use std::collections::BTreeMap;

use qala_core::{Lang, Unit};
use qala_paper::{Block, Cell, Mark, Pages, Row, Sheet, Table, count, date, date_time, quantity};
use qala_registry::{AgendaItem, AgendaKind, Agreed, Decision, Review, ReviewState, Versioned};

use super::morning::columns;
use super::room_words as room;
use super::words::{self, fill, say};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;
use crate::room::FunctionToday;

/// Which minutes are asked for.
#[derive(Debug, Clone)]
pub struct MinutesWanted {
    /// Number of the review.
    pub review: i64,
    /// Language.
    pub lang: Lang,
    /// The name under which the program was reached, for the address of the page.
    pub host: String,
}

/// How a point of the agenda stands, with its shape.
fn standing(kind: AgendaKind) -> (Mark, words::Phrase) {
    match kind {
        AgendaKind::Overdue => (Mark::Off, room::OVERDUE),
        AgendaKind::Promised => (Mark::Watch, room::DUE),
        AgendaKind::Done => (Mark::On, room::DONE),
        AgendaKind::OffTarget => (Mark::Off, room::OFF_TARGET),
        AgendaKind::Watch => (Mark::Watch, room::WATCH),
        AgendaKind::Incident => (Mark::Watch, room::INCIDENT),
    }
}

/// The numbers of a point in a few words.
fn figures(lang: Lang, item: &AgendaItem, zone: &qala_core::Zone) -> String {
    let number = |value: f64| match Unit::parse(&item.unit) {
        Ok(unit) => quantity(lang, value, unit),
        Err(_) => qala_paper::rounded(lang, value, None),
    };
    let mut parts = Vec::new();
    match (item.before, item.value) {
        (Some(before), Some(value)) => parts.push(format!("{} → {}", number(before), number(value))),
        (None, Some(value)) => parts.push(number(value)),
        _ => {}
    }
    if let Some(target) = item.target {
        parts.push(fill(lang, room::TARGET_IS, &[("target", &number(target))]));
    }
    if let Some(deadline) = item.deadline {
        parts.push(date(lang, deadline, zone));
    }
    if let Some(progress) = item.progress {
        parts.push(format!("{progress}\u{202f}%"));
    }
    if let Some(since) = item.since.filter(|_| item.deadline.is_none()) {
        parts.push(fill(
            lang,
            words::SINCE,
            &[("time", &date_time(lang, since, zone))],
        ));
    }
    parts.join("; ")
}

fn owner(lang: Lang, functions: &BTreeMap<String, FunctionToday>, function: &str) -> String {
    let name = functions.get(function).map(FunctionToday::owner_name);
    name.map_or_else(|| function.to_owned(), |name| name.get(lang).to_owned())
}

impl Centre {
    /// The minutes of a review as PDF: all points and all lines, on as many pages as they need.
    ///
    /// # Errors
    /// A review that does not exist; the registry's.
    pub async fn minutes_paper(&self, wanted: &MinutesWanted, reader: &Reader) -> Result<Vec<u8>> {
        let sheet = self.minutes_sheet(wanted).await?;
        self.print(sheet, "minutes", reader).await
    }

    /// The minutes of a review as a document of a word processor: all of them.
    ///
    /// # Errors
    /// As for [`Self::minutes_paper`].
    pub async fn minutes_document(&self, wanted: &MinutesWanted, reader: &Reader) -> Result<Vec<u8>> {
        let sheet = self.minutes_sheet(wanted).await?;
        self.note_export(reader, "minutes", "docx").await?;
        crate::room::docx(&sheet)
    }

    async fn minutes_sheet(&self, wanted: &MinutesWanted) -> Result<Sheet> {
        let (lang, zone) = (wanted.lang, &self.zone);
        let review = self.registry.review(wanted.review).await?;
        let functions = self.functions_today().await?;
        let mut decisions = BTreeMap::new();
        for id in review.record.minutes.iter().filter_map(|agreed| agreed.decision) {
            decisions.insert(id, self.registry.decision(id).await?);
        }
        let Review {
            title,
            held_at,
            state,
            present,
            agenda,
            minutes,
        } = &review.record;
        let mut facts = vec![(say(lang, room::HELD).to_owned(), date_time(lang, *held_at, zone))];
        if !present.is_empty() {
            facts.push((say(lang, room::PRESENT).to_owned(), present.clone()));
        }
        let mut body = vec![
            Block::Facts(facts),
            Block::Heading(say(lang, room::AGENDA).to_owned()),
        ];
        let point = |(at, item): (usize, &AgendaItem)| -> Row {
            let (mark, phrase) = standing(item.kind);
            vec![
                Cell::new(format!(
                    "{}. {}",
                    count(lang, at as i64 + 1),
                    item.title.get(lang)
                )),
                Cell::marked(mark, say(lang, phrase)),
                Cell::new(owner(lang, &functions, &item.function)),
                Cell::new(figures(lang, item, zone)),
                Cell::new(item.explanation.clone().unwrap_or_default()),
            ]
        };
        let titles = [
            room::POINT,
            words::STATE,
            room::RESPONSIBLE,
            room::FIGURES,
            room::EXPLANATION,
        ];
        body.push(if agenda.is_empty() {
            Block::Text(say(lang, room::AGENDA_NONE).to_owned())
        } else {
            Block::Table(Table {
                columns: columns(lang, &titles),
                rows: agenda.iter().enumerate().map(point).collect(),
            })
        });
        body.push(Block::Heading(say(lang, room::AGREED).to_owned()));
        let line = |agreed: &Agreed| -> Row {
            let given: Option<&Versioned<Decision>> = agreed.decision.and_then(|id| decisions.get(&id));
            let point = agreed.item.map(|item| count(lang, i64::from(item) + 1));
            vec![
                Cell::new(agreed.text.clone()),
                Cell::new(point.unwrap_or_default()),
                Cell::new(given.map_or_else(String::new, |d| owner(lang, &functions, &d.record.function))),
                Cell::new(given.map_or_else(String::new, |d| date(lang, d.record.deadline, zone))),
            ]
        };
        let titles = [room::AGREED, room::POINT, room::RESPONSIBLE, room::DEADLINE];
        body.push(if minutes.is_empty() {
            Block::Text(say(lang, room::AGREED_NONE).to_owned())
        } else {
            Block::Table(Table {
                columns: columns(lang, &titles),
                rows: minutes.iter().map(line).collect(),
            })
        });
        Ok(Sheet {
            pages: Pages::Many,
            lang,
            over: format!("{} · {}", self.city.get(lang), say(lang, room::MINUTES)),
            title: title.clone(),
            mark: (*state == ReviewState::Open).then(|| say(lang, room::DRAFT).to_owned()),
            body,
            foot: Vec::new(),
            maker: format!("Qala {}", env!("CARGO_PKG_VERSION")),
            address: format!("{}/review?id={}&lang={}", wanted.host, wanted.review, lang.code()),
        })
    }
}
