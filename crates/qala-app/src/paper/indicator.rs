//! The page of an indicator: its value, how it stands, its trend, its districts, how it was made.

use qala_core::{Grain, Lang};
use qala_lake::AsOf;
use qala_paper::{
    Align, Area, Block, Cell, Chart, Column, Figure, Map, Mark, Pages, Point, Sheet, Table, count, date,
    date_time, in_shown_unit, period, quantity, rounded, share, unit_word,
};
use qala_tiles::{Form, parse};
use serde_json::Value as Json;

use super::view::{Known, View, grain_of, is_loud, limits, usual_start};
use super::words::{self, capital, fill, say};
use super::{Places, word};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::{CITY, Range};

/// Sources that are named.
const MOST_SOURCES: usize = 4;
/// 1900.
const BEGINNING: i64 = -2_208_988_800_000_000;

/// Which page of an indicator is asked for.
#[derive(Debug, Clone)]
pub struct PaperWanted {
    /// Indicator.
    pub id: String,
    /// Language.
    pub lang: Lang,
    /// Place; the city when absent.
    pub place: Option<String>,
    /// Length of a period; a day where there is one, when absent.
    pub grain: Option<Grain>,
    /// Values from here on, µs of UTC; what is usual for the grain when absent.
    pub from: Option<i64>,
    /// Values before this; all that have begun when absent.
    pub to: Option<i64>,
    /// As the lake knew it at this instant.
    pub as_of: Option<i64>,
    /// The name under which the program was reached, for the address of the page.
    pub host: String,
}

impl Centre {
    /// The page of an indicator as PDF, of values as somebody may see them.
    ///
    /// # Errors
    /// An indicator or a place that does not exist; the query's.
    pub async fn indicator_paper(&self, wanted: &PaperWanted, reader: &Reader) -> Result<Vec<u8>> {
        let sheet = self.indicator_sheet(wanted, reader).await?;
        self.print(sheet, &wanted.id, reader).await
    }

    async fn indicator_sheet(&self, wanted: &PaperWanted, reader: &Reader) -> Result<Sheet> {
        let (lang, zone) = (wanted.lang, &self.zone);
        let spec = self.indicator(&wanted.id)?;
        let made = self.clock.now();
        let moment = match (wanted.to, wanted.as_of) {
            (None, None) => self.moment(reader).await?,
            (to, as_of) => to.unwrap_or(made).min(as_of.unwrap_or(made)),
        };
        let now = moment.min(made);
        let grain = grain_of(spec, wanted.grain);
        let places = self.places_in(lang).await?;
        let place = wanted.place.as_deref().unwrap_or(CITY);
        if !places.names.contains_key(place) {
            return Err(AppError::Usage(format!("there is no place `{place}`")));
        }
        let range = Range {
            from: wanted.from.or(usual_start(grain, now, zone)).unwrap_or(BEGINNING),
            to: now,
            grain,
        };
        let mut rows = self
            .published(spec, range, wanted.as_of.map(AsOf::Instant), reader)
            .await?;
        if rows.is_empty() && wanted.from.is_none() {
            // The newest values may be old.
            let all = Range {
                from: BEGINNING,
                ..range
            };
            rows = self
                .published(spec, all, wanted.as_of.map(AsOf::Instant), reader)
                .await?;
            if let Some(end) = rows.iter().filter_map(Known::of).map(|v| v.start).max() {
                let from = usual_start(grain, end, zone).unwrap_or(BEGINNING);
                rows.retain(|row| Known::of(row).is_some_and(|v| v.start >= from));
            }
        }
        let values: Vec<Known> = rows.iter().filter_map(Known::of).collect();
        let view = View::new(spec, grain, values, place, now);
        let subject = words::subject(spec.id.as_str().split('.').next().unwrap_or_default())
            .map(|phrase| say(lang, phrase));
        let over = [Some(places.name(CITY)), subject.map(ToOwned::to_owned)];
        let title = spec.title.get(lang);
        let title = if place == CITY {
            title.to_owned()
        } else {
            format!("{title}: {}", places.name(place))
        };
        let is_simulated = view.is_simulated();
        let mut body = vec![Block::Quiet(spec.question.get(lang).to_owned())];
        body.push(Block::Beside(vec![
            (1.0, vec![Block::Figure(self.figure(lang, &view))]),
            (1.9, self.trend(lang, &view)),
        ]));
        body.extend(districts(lang, &view, &places));
        let mut address = format!("{}/indicators/{}?lang={}", wanted.host, spec.id, lang.code());
        if place != CITY {
            address.push_str("&place=");
            address.push_str(place);
        }
        Ok(Sheet {
            pages: Pages::One,
            lang,
            over: over.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            title,
            mark: is_simulated.then(|| say(lang, words::SIMULATED).to_owned()),
            body,
            foot: self.foot(wanted, &view, made, reader).await?,
            maker: format!("Qala {}", env!("CARGO_PKG_VERSION")),
            address,
        })
    }

    fn figure(&self, lang: Lang, view: &View<'_>) -> Figure {
        let (spec, zone) = (view.spec, &self.zone);
        let Some(shown) = view.shown() else {
            return Figure {
                value: "–".to_owned(),
                unit: String::new(),
                mark: Mark::Unknown,
                standing: say(lang, words::state(Mark::Unknown)).to_owned(),
                lines: vec![say(lang, words::NEVER).to_owned()],
            };
        };
        let mut lines = vec![capital(&period(lang, view.grain, shown.start, zone))];
        if view.is_running() {
            lines.push(capital(say(lang, words::SO_FAR)));
        }
        if shown.value.is_none() {
            lines.push(say(lang, words::reason(shown.reason.as_deref())).to_owned());
        }
        if let Some((start, at_least)) = view.since().filter(|_| is_loud(view.mark())) {
            let phrase = if at_least {
                words::SINCE_AT_LEAST
            } else {
                words::SINCE
            };
            lines.push(capital(&fill(
                lang,
                phrase,
                &[("time", &instant(lang, view.grain, start, zone))],
            )));
        }
        if let Some((from, _, part)) = view.change() {
            let before = say(lang, words::BEFORE);
            let part = words::signed(lang, part).map_or_else(String::new, |part| format!(" ({part})"));
            lines.push(format!("{before}: {}{part}", quantity(lang, from, spec.unit)));
        }
        if let Some(targets) = spec.targets {
            let sign = words::sign(spec.better);
            lines.push(format!(
                "{}: {sign}{}; {}: {}",
                say(lang, words::TARGET),
                quantity(lang, targets.target, spec.unit),
                say(lang, words::LIMIT).to_lowercase(),
                quantity(lang, targets.limit, spec.unit),
            ));
        }
        lines.push(capital(say(lang, words::better(spec.better))));
        let number = shown
            .value
            .map(|v| rounded(lang, in_shown_unit(v, spec.unit), None));
        Figure {
            unit: if number.is_some() {
                unit_word(lang, spec.unit).to_owned()
            } else {
                String::new()
            },
            value: number.unwrap_or_else(|| "–".to_owned()),
            mark: view.mark(),
            standing: shown.standing(spec, lang).to_owned(),
            lines,
        }
    }

    fn trend(&self, lang: Lang, view: &View<'_>) -> Vec<Block> {
        let spec = view.spec;
        let shown = |v: f64| in_shown_unit(v, spec.unit);
        let label = |v: &Known| period(lang, view.grain, v.start, &self.zone);
        let known: Vec<f64> = view.line.iter().filter_map(|v| v.value).collect();
        let (Some(first), Some(last), Some(newest)) = (view.line.first(), view.line.last(), known.last())
        else {
            return vec![Block::Quiet(say(lang, words::NO_LINE).to_owned())];
        };
        let ended: Vec<f64> = view.ended().map(shown).collect();
        let usual = limits(&ended);
        let end = |v: f64| quantity(lang, v, spec.unit);
        let (low, high) = known
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(*v), high.max(*v))
            });
        let alt = fill(
            lang,
            words::TREND_ALT,
            &[
                ("title", spec.title.get(lang)),
                ("n", &count(lang, known.len() as i64)),
                ("from", &label(first)),
                ("to", &label(last)),
                ("low", &end(low)),
                ("high", &end(high)),
                ("last", &end(*newest)),
            ],
        );
        let named = |phrase, value: f64| {
            (
                shown(value),
                format!("{} {}", say(lang, phrase), rounded(lang, shown(value), None)),
            )
        };
        let note = usual.map(|usual| {
            let out = ended
                .iter()
                .filter(|v| **v < usual.lower || **v > usual.upper)
                .count();
            let parts = [
                ("n", count(lang, ended.len() as i64)),
                ("out", count(lang, out as i64)),
            ];
            let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
            fill(lang, words::LIMITS_NOTE, &parts)
        });
        let points = view.line.iter().map(|v| Point {
            at: v.start,
            label: label(v),
            value: v.value.map(shown),
        });
        vec![Block::Chart(Chart {
            alt,
            unit: unit_word(lang, spec.unit).to_owned(),
            points: points.collect(),
            target: spec.targets.map(|t| named(words::TARGET, t.target)),
            limit: spec.targets.map(|t| named(words::LIMIT, t.limit)),
            usual,
            note,
        })]
    }

    /// How the shown value was made.
    async fn foot(
        &self,
        wanted: &PaperWanted,
        view: &View<'_>,
        made: i64,
        reader: &Reader,
    ) -> Result<Vec<Block>> {
        let (lang, spec, zone) = (wanted.lang, view.spec, &self.zone);
        let owners = self.registry.functions().await?;
        let owner = owners.iter().find(|f| f.id == spec.owner_function);
        let mut facts = vec![
            (words::DECISION, spec.decision.get(lang).to_owned()),
            (words::FORMULA, self.formula(lang, view)),
        ];
        if let Some(shown) = view.shown() {
            let id = [
                spec.id.as_str(),
                &shown.place,
                view.grain.as_str(),
                word(&shown.row, "period_start"),
            ]
            .join("/");
            // An older page may show what is no longer stored; then its sources are those of the present value.
            if let Ok(passport) = self.passport(&id, false).await {
                let passport = self.passport_for(passport, reader).await?;
                let until = wanted.as_of.unwrap_or(i64::MAX);
                let sources = self.sources(lang, &passport.messages, until);
                if !sources.is_empty() {
                    facts.push((words::SOURCES, sources));
                }
            }
            if let Some(coverage) = shown.row.get("coverage").and_then(Json::as_f64) {
                facts.push((words::COVERAGE, share(lang, coverage)));
            }
            let computed = qala_core::parse_instant(word(&shown.row, "computed_at"), None).unwrap_or(made);
            let seq = shown.row.get("_seq").and_then(Json::as_i64).unwrap_or_default();
            let mut said = fill(
                lang,
                words::AS_OF_VALUE,
                &[
                    ("time", &date_time(lang, computed, zone)),
                    ("seq", &count(lang, seq)),
                    ("made", &date_time(lang, made, zone)),
                ],
            );
            if let Some(known) = wanted.as_of {
                let known = fill(lang, words::KNOWN, &[("time", &date_time(lang, known, zone))]);
                said = format!("{known}; {said}");
            }
            facts.push((words::AS_OF, said));
        }
        if let Some(owner) = owner {
            facts.push((words::OWNER, owner.name.get(lang).to_owned()));
        }
        let facts = facts
            .into_iter()
            .map(|(name, text)| (say(lang, name).to_owned(), text));
        let mut foot = vec![Block::Facts(facts.collect())];
        if view.is_simulated() {
            foot.push(Block::Quiet(say(lang, words::SIMULATED_NOTE).to_owned()));
        }
        Ok(foot)
    }

    /// How the value comes about: its fraction where one may be seen, else of which tables it is made.
    fn formula(&self, lang: Lang, view: &View<'_>) -> String {
        let spec = view.spec;
        let row = view.shown().map(|v| &v.row);
        let number = |name: &str| row.and_then(|row| row.get(name)?.as_f64());
        let all = |value: f64| rounded(lang, value, None);
        let value = view.shown().and_then(|v| v.value);
        if let (Some(numerator), Some(denominator), Some(rows), Some(value)) = (
            number("numerator"),
            number("denominator"),
            number("row_count"),
            value,
        ) {
            return fill(
                lang,
                words::FORMULA_RATIO,
                &[
                    ("numerator", &all(numerator)),
                    ("denominator", &all(denominator)),
                    ("value", &quantity(lang, value, spec.unit)),
                    ("n", &count(lang, rows as i64)),
                ],
            );
        }
        let titles: Vec<String> = (self.lake.specs().into_iter())
            .filter(|table| self.tables_of(spec).contains(table.name.as_str()))
            .map(|table| table.title.get(lang).to_owned())
            .collect();
        fill(
            lang,
            words::FORMULA_PLAIN,
            &[
                ("id", spec.id.as_str()),
                ("version", &spec.version.to_string()),
                ("tables", &titles.join(", ")),
            ],
        )
    }

    /// The feeds whose rows were read, each with its newest message.
    fn sources(&self, lang: Lang, messages: &[serde_json::Map<String, Json>], until: i64) -> String {
        let mut newest: Vec<(String, i64)> = Vec::new();
        for message in messages {
            let feed = word(message, "feed");
            let at = qala_core::parse_instant(word(message, "_received_at"), None).unwrap_or(0);
            if at > until {
                continue;
            }
            match newest.iter_mut().find(|(known, _)| known == feed) {
                Some((_, last)) => *last = (*last).max(at),
                None => newest.push((feed.to_owned(), at)),
            }
        }
        let said = newest.iter().take(MOST_SOURCES).map(|(feed, at)| {
            let spec = self.feeds.iter().find(|f| f.id.as_str() == feed);
            let title = spec.map_or(feed.as_str(), |f| f.title.get(lang));
            fill(
                lang,
                words::SOURCE,
                &[("feed", title), ("time", &date_time(lang, *at, &self.zone))],
            )
        });
        let mut said: Vec<String> = said.collect();
        if newest.len() > MOST_SOURCES {
            let n = count(lang, (newest.len() - MOST_SOURCES) as i64);
            said.push(fill(lang, words::SOURCES_MORE, &[("n", &n)]));
        }
        said.join("; ")
    }
}

/// The districts as a table and on a map, when there are several.
fn districts(lang: Lang, view: &View<'_>, places: &Places) -> Vec<Block> {
    if view.districts.len() < 2 {
        return Vec::new();
    }
    let spec = view.spec;
    let numbers: Vec<f64> = view
        .districts
        .iter()
        .filter_map(|v| Some(in_shown_unit(v.value?, spec.unit)))
        .collect();
    let decimals = column_decimals(&numbers);
    let column = |title: String, align| Column { title, align };
    let value = match unit_word(lang, spec.unit) {
        "" => say(lang, words::VALUE).to_owned(),
        unit => unit.to_owned(),
    };
    let row = |v: &Known| {
        let number = v
            .value
            .map(|n| rounded(lang, in_shown_unit(n, spec.unit), Some(decimals)));
        vec![
            Cell::new(places.short(&v.place)),
            Cell::new(number.unwrap_or_else(|| "–".to_owned())),
            Cell::marked(v.mark(spec), v.standing(spec, lang)),
        ]
    };
    let table = Table {
        columns: vec![
            column(say(lang, words::DISTRICT).to_owned(), Align::Start),
            column(value, Align::End),
            column(say(lang, words::STATE).to_owned(), Align::Start),
        ],
        rows: view.districts.iter().map(row).collect(),
    };
    let areas: Vec<Area> = places
        .districts
        .iter()
        .filter_map(|(id, text)| {
            let Form::Areas(areas) = parse(text)? else {
                return None;
            };
            let known = view.districts.iter().find(|v| v.place == *id);
            Some(Area {
                name: places.short(id),
                mark: known.map_or(Mark::Unknown, |v| v.mark(spec)),
                rings: areas.into_iter().flatten().collect(),
            })
        })
        .collect();
    let mut blocks = vec![Block::Heading(say(lang, words::BY_DISTRICT).to_owned())];
    if areas.is_empty() {
        blocks.push(Block::Table(table));
        return blocks;
    }
    let mut marks: Vec<Mark> = areas.iter().map(|a| a.mark).collect();
    marks.sort_unstable();
    marks.dedup();
    let legend = marks
        .into_iter()
        .map(|mark| (mark, say(lang, words::state(mark)).to_owned()));
    let map = Map {
        alt: say(lang, words::MAP_ALT).to_owned(),
        legend: legend.collect(),
        areas,
    };
    blocks.push(Block::Beside(vec![
        (1.15, vec![Block::Table(table)]),
        (1.0, vec![Block::Map(map)]),
    ]));
    blocks
}

/// The start of a period: a day, or the minute where periods are shorter.
pub(super) fn instant(lang: Lang, grain: Grain, at: i64, zone: &qala_core::Zone) -> String {
    match grain {
        Grain::Minute15 | Grain::Hour => date_time(lang, at, zone),
        _ => date(lang, at, zone),
    }
}

/// Decimals with which a column of values lines up at the decimal sign.
fn column_decimals(values: &[f64]) -> usize {
    let mut sizes: Vec<f64> = values.iter().map(|v| v.abs()).filter(|v| *v > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    if values.iter().all(|v| v.fract() == 0.0) {
        return 0;
    }
    let decimals = |v: Option<&f64>| v.map_or(0, |v| qala_paper::decimals_of(v * (1.0 + 1e-12)));
    decimals(sizes.first()).min(decimals(sizes.last()) + 1)
}
