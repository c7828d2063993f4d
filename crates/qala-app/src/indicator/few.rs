//! Small cells: what is not told, to whom single records are not open, of values that are made of few of them.
//!
//! One fixed hierarchy of places and periods: the city and its districts, a period and the longer one around it. A count of
//! 1 to 4 is withheld; zero is told. Where a sum is told, nothing that is withheld of it follows from the rest: the smallest
//! count from 5 on is withheld with it. Weeks and months overlap, and a week is guarded within its year only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use qala_core::spec::{IndicatorSpec, Sensitivity};
use qala_core::{Grain, Zone, parse_instant};
use qala_lake::{AsOf, Principal, Rights};
use serde_json::{Map, Value as Json};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;
use crate::indicator::{CITY, Passport, Range, Verdict};

const TABLE: &str = "indicator_values";
/// Counts below this are few.
pub(crate) const FEW: i64 = 5;
/// Why there is no value.
const REASON: &str = "suppressed";
/// What would tell how few, or how much.
const TELLING: [&str; 8] = [
    "value",
    "lower",
    "upper",
    "numerator",
    "denominator",
    "row_count",
    "coverage",
    "value_digest",
];

/// What is needed to tell which values are withheld.
const NEEDED: [&str; 5] = ["indicator", "place", "period_start", "row_count", "reason"];

/// A period and a place.
type Cell = (i64, String);
/// Sums that are told, with their members by count: the districts of a period, or a place's periods within a longer one.
type Sums = BTreeMap<(i64, Option<String>), Vec<(i64, Cell)>>;

impl Centre {
    /// Says whether an indicator is made of single records that are not open to somebody.
    pub(crate) fn tells_few(&self, spec: &IndicatorSpec, reader: &Reader) -> bool {
        self.lake.specs().into_iter().any(|table| {
            let is_secret = matches!(table.sensitivity, Sensitivity::Records | Sensitivity::Personal);
            is_secret && !reader.sees_rows(table) && spec.sql.contains(table.name.as_str())
        })
    }

    /// Somebody's catalogue of the lake. Values made of single records that are not open to it are not in it: they are
    /// told one indicator at a time, where few can be withheld.
    pub fn catalogue(&self, reader: &Reader) -> Principal {
        let mut principal = reader.principal(self.lake.specs());
        if let Rights::Tables(tables) = &mut principal.rights {
            for (name, rights) in tables.iter_mut() {
                rights.rows = rights
                    .columns
                    .as_deref()
                    .and_then(|shown| self.enough(name, shown));
            }
        }
        if let Rights::Tables(tables) = &mut principal.rights
            && let Some(values) = tables.get_mut(TABLE)
        {
            let told_few = self.indicators.iter().filter(|spec| self.tells_few(spec, reader));
            let ids: Vec<String> = told_few.map(|spec| format!("'{}'", spec.id)).collect();
            values.rows = (!ids.is_empty()).then(|| format!("indicator NOT IN ({})", ids.join(", ")));
        }
        principal
    }

    /// Stored values of an indicator as somebody may see them, by place and period.
    ///
    /// # Errors
    /// The query's.
    pub async fn published(
        &self,
        spec: &IndicatorSpec,
        range: Range,
        as_of: Option<AsOf>,
        reader: &Reader,
    ) -> Result<Vec<Map<String, Json>>> {
        let mut found = self.published_of(&[spec], None, range, as_of, reader).await?;
        Ok(found.pop().unwrap_or_default())
    }

    /// The same of many indicators at once, each at its place; of named columns at least those are told.
    ///
    /// # Errors
    /// The query's.
    pub async fn published_of(
        &self,
        specs: &[&IndicatorSpec],
        columns: Option<&[&str]>,
        range: Range,
        as_of: Option<AsOf>,
        reader: &Reader,
    ) -> Result<Vec<Vec<Map<String, Json>>>> {
        // What is withheld must not depend on the range that is asked for.
        let whole = Range {
            from: around(range.grain).map_or(range.from, |grain| grain.start(range.from, &self.zone)),
            to: around(range.grain).map_or(range.to, |grain| grain.end(range.to - 1, &self.zone)),
            grain: range.grain,
        };
        let tells: Vec<bool> = specs.iter().map(|spec| self.tells_few(spec, reader)).collect();
        let columns = columns.map_or("*".to_owned(), |named| {
            let mut columns = BTreeSet::from(NEEDED);
            columns.extend(named);
            Vec::from_iter(columns).join(", ")
        });
        let ids = |few: bool| -> Vec<&str> {
            let of_kind = specs.iter().zip(&tells).filter(|(_, tells)| **tells == few);
            of_kind.map(|(spec, _)| spec.id.as_str()).collect()
        };
        let (open, secret) = (ids(false), ids(true));
        let (open, secret) = tokio::try_join!(
            self.stored_of(&open, &columns, range, as_of),
            self.stored_of(&secret, &columns, whole, as_of)
        )?;
        let mut found: HashMap<String, Vec<Map<String, Json>>> = HashMap::new();
        for row in open.into_iter().chain(secret) {
            let id = row.get("indicator").and_then(Json::as_str).unwrap_or_default();
            found.entry(id.to_owned()).or_default().push(row);
        }
        let values = self.lake.dataset(TABLE)?;
        let told = |(spec, few): (&&IndicatorSpec, &bool)| {
            let mut rows = found.remove(spec.id.as_str()).unwrap_or_default();
            if *few {
                withhold(spec, range.grain, &self.zone, &mut rows);
                rows.retain(|row| start(row).is_some_and(|start| range.from <= start && start < range.to));
            }
            reader.hide(&values.spec, &mut rows);
            rows
        };
        Ok(specs.iter().zip(&tells).map(told).collect())
    }

    /// A passport as somebody may see it. Whoever may not see single records sees no numerator, no count of rows, no digest
    /// from which either could be guessed, and of values made of such records no earlier ones.
    ///
    /// # Errors
    /// The query's.
    pub async fn passport_for(&self, mut passport: Passport, reader: &Reader) -> Result<Passport> {
        let text = |name: &str| {
            passport
                .value
                .get(name)
                .and_then(Json::as_str)
                .unwrap_or_default()
        };
        let spec = self.indicator(text("indicator"))?;
        if self.tells_few(spec, reader) {
            let grain = Grain::parse(text("grain")).unwrap_or(Grain::Day);
            let from = start(&passport.value).unwrap_or(0);
            let range = Range {
                from,
                to: grain.end(from, &self.zone),
                grain,
            };
            let place = text("place").to_owned();
            let rows = self.published(spec, range, None, reader).await?;
            let told = rows
                .into_iter()
                .find(|row| row.get("place").and_then(Json::as_str) == Some(place.as_str()));
            match told {
                Some(told) if told.get("reason").and_then(Json::as_str) != Some(REASON) => {}
                _ => {
                    blank(&mut passport.value);
                    if let Some(Verdict::Different { recomputed }) = &mut passport.verdict {
                        *recomputed = None;
                    }
                }
            }
            passport.history.clear();
        }
        let values = self.lake.dataset(TABLE)?;
        Ok(passport.seen_by(reader, &values.spec))
    }
}

fn start(row: &Map<String, Json>) -> Option<i64> {
    parse_instant(row.get("period_start")?.as_str()?, None).ok()
}

fn blank(row: &mut Map<String, Json>) {
    for name in TELLING {
        if let Some(value) = row.get_mut(name) {
            *value = Json::Null;
        }
    }
    row.insert("reason".to_owned(), REASON.into());
    row.insert("status".to_owned(), "unknown".into());
}

/// The period around one of that grain, whose value is the sum of such periods.
fn around(grain: Grain) -> Option<Grain> {
    match grain {
        Grain::Minute15 => Some(Grain::Hour),
        Grain::Hour => Some(Grain::Day),
        Grain::Day => Some(Grain::Month),
        Grain::Month => Some(Grain::Quarter),
        Grain::Week | Grain::Quarter => Some(Grain::Year),
        Grain::Year => None,
    }
}

/// Takes the values out of rows that would tell of few: rows of one grain, of whole periods around.
fn withhold(spec: &IndicatorSpec, grain: Grain, zone: &Zone, rows: &mut [Map<String, Json>]) {
    let is_longest = spec.grains.iter().max() == Some(&grain);
    let mut hidden: BTreeSet<Cell> = BTreeSet::new();
    let mut sums = Sums::new();
    for row in rows.iter() {
        let is_withheld = row.get("reason").and_then(Json::as_str) == Some(REASON);
        let count = row.get("row_count").and_then(Json::as_i64).unwrap_or(0);
        let Some(cell) = cell(row).filter(|_| count > 0) else {
            continue;
        };
        if count < FEW || is_withheld {
            hidden.insert(cell.clone());
        }
        if cell.1 != CITY {
            sums.entry((cell.0, None))
                .or_default()
                .push((count, cell.clone()));
        }
        if let Some(around) = around(grain).filter(|_| !is_longest) {
            let key = (around.start(cell.0, zone), Some(cell.1.clone()));
            sums.entry(key).or_default().push((count, cell));
        }
    }
    for members in sums.values_mut() {
        members.sort();
    }
    // What guards a cell in one sum may stand alone in another.
    while guard(&sums, &mut hidden) {}
    for row in rows {
        if cell(row).is_none_or(|cell| hidden.contains(&cell)) {
            blank(row);
        }
    }
}

fn cell(row: &Map<String, Json>) -> Option<Cell> {
    Some((start(row)?, row.get("place")?.as_str()?.to_owned()))
}

/// Withholds one more cell of each sum of which only few are withheld. Where nothing else can guard the districts, the city
/// is withheld too. True when something was.
fn guard(sums: &Sums, hidden: &mut BTreeSet<Cell>) -> bool {
    let before = hidden.len();
    for ((period, place), members) in sums {
        let mut withheld = members
            .iter()
            .filter(|(_, cell)| hidden.contains(cell))
            .peekable();
        if withheld.peek().is_none()
            || withheld.clone().count() > 1 && withheld.any(|(count, _)| *count >= FEW)
        {
            continue;
        }
        match members.iter().find(|(_, cell)| !hidden.contains(cell)) {
            Some((_, other)) => {
                hidden.insert(other.clone());
            }
            None if place.is_none() => {
                hidden.insert((*period, CITY.to_owned()));
            }
            None => {}
        }
    }
    hidden.len() > before
}

#[cfg(test)]
mod tests {
    use qala_core::spec::QueryParts;

    use super::*;

    fn spec(grains: &str) -> IndicatorSpec {
        let words =
            |name: &str| format!("-- {name}.kk = \"a\"\n-- {name}.ru = \"a\"\n-- {name}.en = \"a\"\n");
        let text = format!(
            "-- id = \"crime.count\"\n-- version = 1\n{}{}{}-- unit = \"count\"\n-- better = \"lower\"\n-- grains = [{grains}]\n\
             -- owner_function = \"public-safety\"\nSELECT :from, :to, :grain, :zone\n",
            words("title"),
            words("question"),
            words("decision")
        );
        IndicatorSpec::from_sql("a", &text, &QueryParts::new()).unwrap()
    }

    /// Which rows keep their value; a row is a place, a local day, a count.
    fn told(grains: &str, grain: Grain, rows: &[(&str, &str, i64)]) -> Vec<bool> {
        let zone = Zone::new("Asia/Almaty").unwrap();
        let row = |(place, day, count): &(&str, &str, i64)| {
            let json = serde_json::json!({
                "place": place, "period_start": format!("{day}T00:00:00+05:00"), "value": count, "row_count": count,
            });
            json.as_object().unwrap().clone()
        };
        let mut rows: Vec<_> = rows.iter().map(row).collect();
        withhold(&spec(grains), grain, &zone, &mut rows);
        rows.iter().map(|row| !row["value"].is_null()).collect()
    }

    #[test]
    fn few_are_withheld_with_the_smallest_other_and_zero_is_told() {
        let year = "2026-01-01";
        let rows = [
            ("city", year, 48),
            ("a", year, 3),
            ("b", year, 20),
            ("c", year, 5),
            ("d", year, 0),
            ("e", year, 20),
        ];
        assert_eq!(
            told("\"year\"", Grain::Year, &rows),
            [true, false, true, false, true, true]
        );
        // Nothing is few.
        let rows = [("city", year, 12), ("a", year, 5), ("b", year, 7)];
        assert_eq!(told("\"year\"", Grain::Year, &rows), [true, true, true]);
        // Everything is few: the whole would tell too much.
        let rows = [("city", year, 7), ("a", year, 3), ("b", year, 4), ("c", year, 0)];
        assert_eq!(told("\"year\"", Grain::Year, &rows), [false, false, false, true]);
    }

    #[test]
    fn a_month_does_not_follow_from_its_quarter() {
        let rows = [
            ("city", "2026-01-01", 9),
            ("city", "2026-02-01", 2),
            ("city", "2026-03-01", 30),
            ("city", "2026-04-01", 30),
        ];
        let months = "\"year\", \"month\"";
        assert_eq!(told(months, Grain::Month, &rows), [false, false, true, true]);
        // A district that guards another is guarded in its own quarter.
        let rows = [
            ("city", "2026-01-01", 22),
            ("a", "2026-01-01", 2),
            ("b", "2026-01-01", 20),
            ("city", "2026-02-01", 40),
            ("a", "2026-02-01", 10),
            ("b", "2026-02-01", 30),
        ];
        assert_eq!(
            told(months, Grain::Month, &rows),
            [true, false, false, true, false, false]
        );
    }

    /// Whatever the counts, no withheld cell is the only one of its sum.
    #[test]
    fn nothing_that_is_withheld_follows_from_the_whole() {
        for seed in 0..2_000_u64 {
            let mut state = seed;
            let mut next = |below: u64| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % below
            };
            let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
            let most = [2, 6, 12, 40][next(4) as usize];
            let mut rows: Vec<(&str, &str, i64)> = names
                .iter()
                .map(|name| (*name, "2026-01-01", next(most) as i64))
                .collect();
            let sum = rows.iter().map(|row| row.2).sum();
            rows.push(("city", "2026-01-01", sum));
            let told = told("\"year\"", Grain::Year, &rows);
            let hidden: Vec<i64> = rows
                .iter()
                .zip(&told)
                .filter(|(_, told)| !**told)
                .map(|(row, _)| row.2)
                .collect();
            assert!(
                rows.iter()
                    .zip(&told)
                    .all(|(row, told)| !(1..FEW).contains(&row.2) || !told),
                "{rows:?}"
            );
            assert_ne!(hidden.len(), 1, "{rows:?}");
            if told[8] && !hidden.is_empty() {
                assert!(hidden.iter().any(|count| *count >= FEW), "{rows:?} {hidden:?}");
            }
            assert!(
                rows.iter().zip(&told).all(|(row, told)| row.2 > 0 || *told),
                "{rows:?}"
            );
        }
    }
}
