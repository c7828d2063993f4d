//! The page of now: what is off target, what changed, what stopped reporting.

use std::collections::BTreeSet;

use qala_core::spec::Better;
use qala_core::{Grain, Lang, Standing, Zone};
use qala_lake::{Query, collect};
use qala_paper::{
    Align, Block, Cell, Column, Mark, Pages, Row, Sheet, Table, count, date_time, in_shown_unit, period,
    quantity, rounded,
};

use super::indicator::instant;
use super::view::{Known, View, grain_of, is_loud};
use super::words::{self, capital, fill, say};
use super::{Places, word};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;
use crate::indicator::{CITY, Range};
use crate::obligation::Obligation;

const DAY: i64 = 86_400_000_000;
/// What must have changed at least to be news.
const NEWS: f64 = 0.1;
/// Changes that are told at most.
const MOST_CHANGES: usize = 8;

/// Which page of now is asked for.
#[derive(Debug, Clone)]
pub struct NowPaperWanted {
    /// Language.
    pub lang: Lang,
    /// Length of a period where an indicator has it; a day when absent.
    pub grain: Option<Grain>,
    /// The name under which the program was reached, for the address of the page.
    pub host: String,
}

/// How far back a grain is looked at, for the period before and for since when.
fn look_back(grain: Grain) -> i64 {
    DAY * match grain {
        Grain::Minute15 => 1,
        Grain::Hour => 2,
        Grain::Day => 35,
        Grain::Week => 98,
        Grain::Month => 400,
        Grain::Quarter => 1_200,
        Grain::Year => 3_700,
    }
}

impl Centre {
    /// The page of now as PDF, of values as somebody may see them.
    ///
    /// # Errors
    /// The query's.
    pub async fn now_paper(&self, wanted: &NowPaperWanted, reader: &Reader) -> Result<Vec<u8>> {
        let sheet = self.now_sheet(wanted, reader).await?;
        self.print(sheet, "now", reader).await
    }

    async fn now_sheet(&self, wanted: &NowPaperWanted, reader: &Reader) -> Result<Sheet> {
        let (lang, zone) = (wanted.lang, &self.zone);
        let made = self.clock.now();
        let seq = self.lake.health()?.seq;
        let places = self.places_in(lang).await?;
        let now = self.moment(reader).await?;
        let views = self.views(wanted.grain, now, reader).await?;
        let standings = self.obligations().await?;
        let number = |mark: Mark| views.iter().filter(|v| v.mark() == mark).count();
        let off: BTreeSet<&str> = views
            .iter()
            .flat_map(|v| v.off().map(|d| d.place.as_str()))
            .collect();
        let has_values = views
            .iter()
            .any(|v| v.line.iter().any(|known| known.value.is_some()));
        let title = if has_values {
            words::headline(
                lang,
                views.len(),
                number(Mark::Off),
                off.len(),
                number(Mark::Watch),
                number(Mark::On),
            )
        } else {
            say(lang, words::NOW_EMPTY).to_owned()
        };
        let counts = words::REST.iter().filter_map(|(mark, phrase)| {
            let n = number(*mark);
            (n > 0).then(|| fill(lang, *phrase, &[("n", &count(lang, n as i64))]))
        });
        let mut body = vec![Block::Quiet(capital(&counts.collect::<Vec<_>>().join(" · ")))];
        body.extend(loud(lang, &views, &places, zone));
        body.extend(changed(lang, &views, zone));
        body.extend(self.stopped(lang, &standings));
        let newest = views
            .iter()
            .filter_map(View::shown)
            .filter(|v| v.value.is_some() && v.end <= now);
        let as_of = newest.map(|v| v.end).max().unwrap_or(now);
        let read = fill(
            lang,
            words::NOW_READ,
            &[
                ("time", &date_time(lang, as_of, zone)),
                ("seq", &count(lang, seq)),
                ("made", &date_time(lang, made, zone)),
            ],
        );
        let is_simulated = views.iter().any(View::is_simulated);
        let mut foot = vec![Block::Facts(vec![(say(lang, words::AS_OF).to_owned(), read)])];
        if is_simulated {
            foot.push(Block::Quiet(say(lang, words::SIMULATED_NOTE).to_owned()));
        }
        Ok(Sheet {
            pages: Pages::One,
            lang,
            over: format!("{} · {}", places.name(CITY), date_time(lang, made, zone)),
            title,
            mark: is_simulated.then(|| say(lang, words::SIMULATED).to_owned()),
            body,
            foot,
            maker: format!("Qala {}", env!("CARGO_PKG_VERSION")),
            address: format!("{}/?lang={}", wanted.host, lang.code()),
        })
    }

    /// Every indicator with its newest values: those that tell few one by one, all others by one question.
    pub(super) async fn views(
        &self,
        wished: Option<Grain>,
        now: i64,
        reader: &Reader,
    ) -> Result<Vec<View<'_>>> {
        let mut questions: Vec<(Grain, Vec<&str>)> = Vec::new();
        for spec in self
            .indicators
            .iter()
            .filter(|spec| !self.tells_few(spec, reader))
        {
            let grain = grain_of(spec, wished);
            match questions.iter_mut().find(|(known, _)| *known == grain) {
                Some((_, ids)) => ids.push(spec.id.as_str()),
                None => questions.push((grain, vec![spec.id.as_str()])),
            }
        }
        let either: Vec<String> = questions
            .iter()
            .map(|(grain, ids)| {
                let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
                let from = Zone::utc().format(now - look_back(*grain)).replace("+00:00", "Z");
                format!(
                    "(grain = '{grain}' AND indicator IN ({}) AND period_start >= \
                     arrow_cast('{from}', 'Timestamp(Microsecond, Some(\"UTC\"))'))",
                    ids.join(", ")
                )
            })
            .collect();
        let mut rows = Vec::new();
        if !either.is_empty() {
            let sql = format!(
                "SELECT indicator, place, grain, period_start, period_end, value, status, reason, simulated \
                 FROM indicator_values WHERE {}",
                either.join(" OR ")
            );
            let query = Query {
                principal: self.catalogue(reader),
                ..Query::system(sql)
            };
            let (batches, _) = collect(&*self.engine, &query).await?;
            rows = crate::value::rows_json(&batches, &self.zone);
        }
        let mut views = Vec::new();
        for spec in &self.indicators {
            let grain = grain_of(spec, wished);
            let values: Vec<Known> = if self.tells_few(spec, reader) {
                let range = Range {
                    from: now - look_back(grain),
                    to: now,
                    grain,
                };
                let rows = self.published(spec, range, None, reader).await?;
                rows.iter().filter_map(Known::of).collect()
            } else {
                let own = rows
                    .iter()
                    .filter(|row| word(row, "indicator") == spec.id.as_str());
                own.filter_map(Known::of).collect()
            };
            views.push(View::new(spec, grain, values, CITY, now));
        }
        Ok(views)
    }

    pub(super) fn stopped(&self, lang: Lang, standings: &[Obligation]) -> Vec<Block> {
        let is_overdue = |o: &&Obligation| matches!(o.standing, Some(Standing::Stopped | Standing::Late));
        let mut silent: Vec<&Obligation> = standings.iter().filter(is_overdue).collect();
        silent.sort_by_key(|o| (o.standing != Some(Standing::Stopped), o.last_arrival));
        let partly = standings
            .iter()
            .filter(|o| !is_overdue(o) && !o.silent.is_empty());
        silent.extend(partly);
        let heading = Block::Heading(say(lang, words::NOW_STOPPED).to_owned());
        if silent.is_empty() {
            let n = standings
                .iter()
                .filter(|o| o.standing == Some(Standing::Kept))
                .count();
            let said = fill(lang, words::NOW_STOPPED_NONE, &[("n", &count(lang, n as i64))]);
            return vec![heading, Block::Text(said)];
        }
        let row = |o: &&Obligation| -> Row {
            let feed = self.feeds.iter().find(|f| f.id.as_str() == o.feed);
            let title = feed.map_or(o.feed.as_str(), |f| f.title.get(lang));
            let standing = match o.standing.filter(|_| is_overdue(o)) {
                Some(standing) => say(lang, words::standing(standing)).to_owned(),
                None => {
                    let (n, all) = (o.silent.len() as i64, o.devices.unwrap_or_default() as i64);
                    let parts = [("n", count(lang, n)), ("all", count(lang, all))];
                    let parts: Vec<(&str, &str)> =
                        parts.iter().map(|(name, n)| (*name, n.as_str())).collect();
                    fill(lang, words::SILENT_DEVICES, &parts)
                }
            };
            let owner = o
                .department
                .as_ref()
                .map(|(_, name)| name)
                .or(o.function.as_ref());
            vec![
                Cell::new(title),
                Cell::marked(Mark::Watch, standing),
                Cell::new(
                    o.last_arrival
                        .map_or_else(|| "–".to_owned(), |t| date_time(lang, t, &self.zone)),
                ),
                Cell::new(owner.map_or("", |name| name.get(lang))),
            ]
        };
        let columns = [words::FEED, words::STATE, words::LAST, words::OWNER];
        let table = Table {
            columns: columns.map(|title| head(lang, title, Align::Start)).to_vec(),
            rows: silent.iter().map(row).collect(),
        };
        vec![heading, Block::Table(table)]
    }
}

fn head(lang: Lang, title: words::Phrase, align: Align) -> Column {
    Column {
        title: say(lang, title).to_owned(),
        align,
    }
}

/// False when no indicator has a value that is held against a target: then calm is not known either.
pub(super) fn is_judged(views: &[View<'_>]) -> bool {
    views
        .iter()
        .any(|v| !matches!(v.mark(), Mark::Unknown | Mark::Aimless))
}

/// What is off target or to be watched, in the city or in a district, the worst first.
pub(super) fn loud(lang: Lang, views: &[View<'_>], places: &Places, zone: &Zone) -> Vec<Block> {
    let heading = Block::Heading(say(lang, words::NOW_OFF).to_owned());
    let mut list: Vec<&View<'_>> = views
        .iter()
        .filter(|v| is_loud(v.mark()) || v.off().next().is_some())
        .collect();
    if list.is_empty() {
        let phrase = if is_judged(views) {
            words::NOW_CALM
        } else {
            words::NOW_UNKNOWN
        };
        return vec![heading, Block::Text(say(lang, phrase).to_owned())];
    }
    list.sort_by_key(|view| view.trouble());
    let row = |view: &&View<'_>| -> Row {
        let spec = view.spec;
        let shown = view.shown();
        let value = shown
            .and_then(|v| v.value)
            .map_or_else(|| "–".to_owned(), |v| quantity(lang, v, spec.unit));
        let target = spec.targets.map_or_else(String::new, |t| {
            let sign = words::sign(spec.better);
            format!(
                "{sign}{}",
                rounded(lang, in_shown_unit(t.target, spec.unit), None)
            )
        });
        let standing = shown.map_or_else(
            || say(lang, words::state(Mark::Unknown)),
            |v| v.standing(spec, lang),
        );
        let since = view
            .since()
            .filter(|_| is_loud(view.mark()))
            .map(|(start, at_least)| {
                let time = instant(lang, view.grain, start, zone);
                if at_least {
                    fill(lang, words::SINCE_AT_LEAST, &[("time", &time)])
                } else {
                    time
                }
            });
        let off: Vec<String> = view.off().map(|d| places.short(&d.place)).collect();
        vec![
            Cell::new(spec.title.get(lang)),
            Cell::new(value),
            Cell::new(target),
            Cell::marked(view.mark(), standing),
            Cell::new(since.unwrap_or_default()),
            Cell::new(off.join(", ")),
        ]
    };
    let columns = [
        (words::INDICATOR, Align::Start),
        (words::VALUE, Align::End),
        (words::TARGET, Align::End),
        (words::STATE, Align::Start),
        (words::SINCE_HEAD, Align::Start),
        (words::DISTRICTS_OFF, Align::Start),
    ];
    let table = Table {
        columns: columns.map(|(title, align)| head(lang, title, align)).to_vec(),
        rows: list.iter().map(row).collect(),
    };
    vec![heading, Block::Table(table)]
}

/// What changed since the period before, the largest share first.
pub(super) fn changed(lang: Lang, views: &[View<'_>], zone: &Zone) -> Vec<Block> {
    let heading = Block::Heading(say(lang, words::NOW_CHANGED).to_owned());
    let mut list: Vec<(&View<'_>, f64, f64, f64)> = views
        .iter()
        .filter_map(|view| {
            let (from, to, share) = view.change()?;
            (share.abs() >= NEWS).then_some((view, from, to, share))
        })
        .collect();
    if list.is_empty() {
        return vec![
            heading,
            Block::Text(say(lang, words::NOW_CHANGED_NONE).to_owned()),
        ];
    }
    list.sort_by(|a, b| b.3.abs().total_cmp(&a.3.abs()));
    let row = |(view, from, to, share): &(&View<'_>, f64, f64, f64)| -> Row {
        let spec = view.spec;
        let verdict = match spec.better {
            Better::Neither => "",
            Better::Lower => say(lang, if to > from { words::WORSE } else { words::BETTER }),
            Better::Higher => say(lang, if to < from { words::WORSE } else { words::BETTER }),
        };
        let at = view
            .shown()
            .map_or_else(String::new, |v| period(lang, view.grain, v.start, zone));
        vec![
            Cell::new(spec.title.get(lang)),
            Cell::new(at),
            Cell::new(format!(
                "{} → {}",
                rounded(lang, in_shown_unit(*from, spec.unit), None),
                quantity(lang, *to, spec.unit)
            )),
            Cell::new(words::signed(lang, *share).unwrap_or_default()),
            Cell::new(verdict),
        ]
    };
    let columns = [
        (words::INDICATOR, Align::Start),
        (words::PERIOD, Align::Start),
        (words::FROM_TO, Align::End),
        (words::CHANGE, Align::End),
        (words::STATE, Align::Start),
    ];
    let left = list.len().saturating_sub(MOST_CHANGES);
    let mut blocks = vec![
        heading,
        Block::Table(Table {
            columns: columns.map(|(title, align)| head(lang, title, align)).to_vec(),
            rows: list.iter().take(MOST_CHANGES).map(row).collect(),
        }),
    ];
    if left > 0 {
        let n = count(lang, left as i64);
        blocks.push(Block::Quiet(fill(lang, words::SOURCES_MORE, &[("n", &n)])));
    }
    blocks
}
