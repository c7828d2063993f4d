//! Import kind `ocds`: release packages, record packages, single releases and lines of them, OCDS 1.0 and 1.1.
//!
//! What belongs here: which releases a file holds, and what of a release becomes rows of the four datasets. What does not:
//! merging of releases into records, red flags (`contracts.red_flags` reads the releases themselves).

use std::sync::LazyLock;

use qala_core::spec::Mapping;
use serde_json::{Map, Value as Json};

use crate::archive::{Member, each_file, read_fault};
use crate::fault::{Fault, cut, whole};
use crate::table::jsonl::{self, JsonRecord, Place, Receiver, asked};
use crate::table::plan::Columns;
use crate::table::row::Rows;
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, FeedKind, Input, Sink, Stopped};

#[cfg(test)]
mod tests;

/// Packages lie in records, records in packages; nothing of the standard is deeper.
const MAX_DEPTH: usize = 4;
/// Between the members of a list that becomes one cell.
const BETWEEN: &str = "; ";

/// Import kind `ocds`.
pub(crate) struct Ocds;

impl FeedKind for Ocds {
    fn name(&self) -> &'static str {
        "ocds"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        each_file(input, context, sink, &mut |member, sink| {
            file(member, context, sink)
        })
    }
}

fn file(member: Member<'_>, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), Stopped> {
    let Member { name, inside, bytes } = member;
    let is_lines = match bytes.fill_buf() {
        Ok([]) => return sink.problem(whole(Fault::new("empty", "the file is empty"), inside, 0)),
        Ok(head) if mark(head) == Mark::Utf16 => return sink.problem(whole(is_utf16(), inside, 0)),
        Ok(head) => {
            let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
            jsonl::is_lines_name(name) || jsonl::is_lines(text)
        }
        Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
    };
    let tables = MAPPINGS.iter().filter_map(|(part, mapping)| {
        let spec = context.spec(mapping.dataset.as_ref()?.as_str())?;
        let paths = asked(spec, mapping);
        let rows = Rows::new(spec, mapping, context, &paths, Columns::Open, inside);
        Some(Table { part, paths, rows })
    });
    let mut releases = Releases {
        file: inside,
        tables: tables.collect(),
    };
    let selection = context.selection.as_deref();
    jsonl::parse(bytes, is_lines, (inside, selection), &mut releases, sink)?;
    for table in releases.tables {
        table.rows.finish(sink)?;
    }
    Ok(())
}

/// Which part of a release becomes rows of which dataset, and its fields by their paths.
static MAPPINGS: LazyLock<Vec<(Part, Mapping)>> = LazyLock::new(|| {
    let texts = [
        (Part::Release, include_str!("release.toml")),
        (Part::Each("bids.details", "bid"), include_str!("bid.toml")),
        (Part::Each("awards", "award"), include_str!("award.toml")),
        (Part::Each("contracts", "contract"), include_str!("contract.toml")),
    ];
    let read = |(part, text)| Some((part, Mapping::from_toml("ocds", text).ok()?));
    texts.into_iter().filter_map(read).collect()
});

/// What makes one row.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// The release.
    Release,
    /// Each member of the list at the path; the mapping calls it by the name.
    Each(&'static str, &'static str),
}

struct Table {
    part: &'static Part,
    paths: Vec<String>,
    rows: Rows,
}

struct Releases<'a> {
    file: Option<&'a str>,
    tables: Vec<Table>,
}

impl Releases<'_> {
    /// Gives the releases of a package, a record or a release.
    fn walk(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let list = |key: &str| object.get(key).and_then(Json::as_array);
        let is_link = |release: &Json| release.get("url").is_some() && release.get("ocid").is_none();
        let inner: Vec<&Json> = match (list("records"), list("releases")) {
            (Some(records), _) => records.iter().collect(),
            // A record that only links its releases has them compiled.
            (None, Some(releases)) if !releases.iter().all(is_link) => releases.iter().collect(),
            _ => object.get("compiledRelease").into_iter().collect(),
        };
        if inner.is_empty() && object.contains_key("ocid") {
            return self.release(object, place, sink);
        }
        let is_package = ["records", "releases"].iter().any(|key| list(key).is_some());
        if inner.is_empty() && !is_package || depth == MAX_DEPTH {
            return self.broken(no_release(), &raw(object), place, sink);
        }
        for value in inner {
            match value.as_object() {
                Some(inner) => self.walk(inner, place, depth + 1, sink)?,
                None => self.broken(no_release(), &value.to_string(), place, sink)?,
            }
        }
        Ok(())
    }

    fn release(
        &mut self,
        release: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut release = release.clone();
        if release.values().any(is_versioned) {
            let message = "this is a versioned release, which tells the history of each field; import the releases it was made of";
            return self.broken(
                Fault::new("versioned_release", message),
                &raw(&release),
                place,
                sink,
            );
        }
        let tags = texts(release.get("tag"));
        release.insert("tags".to_owned(), tags);
        if let Some(Json::Object(tender)) = release.get_mut("tender") {
            let listed = tender.get("tenderers").and_then(Json::as_array).map(Vec::len);
            if let (None, Some(count)) = (tender.get("numberOfTenderers"), listed) {
                tender.insert("numberOfTenderers".to_owned(), count.into());
            }
        }
        for index in 0..self.tables.len() {
            match *self.tables[index].part {
                Part::Release => self.row(index, &release, place, sink)?,
                Part::Each(path, name) => {
                    let members = jsonl::at(&release, path).and_then(Json::as_array);
                    for member in members.cloned().unwrap_or_default() {
                        release.insert(name.to_owned(), told(member));
                        self.row(index, &release, place, sink)?;
                    }
                    release.remove(name);
                }
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        index: usize,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let Table { paths, rows, .. } = &mut self.tables[index];
        rows.record(&JsonRecord { object, paths, place }, sink)
    }
}

impl Receiver for Releases<'_> {
    fn object(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        self.walk(object, place, 0, sink)
    }

    fn broken(&mut self, fault: Fault, raw: &str, place: Place, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let problem = fault.reject(None, 1, place.position(self.file));
        sink.problem(if raw.is_empty() {
            problem
        } else {
            problem.with_raw(cut(raw.to_owned()))
        })
    }
}

fn no_release() -> Fault {
    let message = "this is neither a release nor a package of releases or records: it has no `ocid`, `releases` or `records`";
    Fault::new("no_release", message)
}

fn raw(object: &Map<String, Json>) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

/// A field with its history: a list of objects that say since when they held.
fn is_versioned(value: &Json) -> bool {
    let first = value.as_array().and_then(|list| list.first());
    first.is_some_and(|first| first.get("releaseID").is_some() && first.get("releaseDate").is_some())
}

/// The texts of a list, or names of a list of organisations, as one text.
fn texts(value: Option<&Json>) -> Json {
    let items = value
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let texts: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
    if texts.is_empty() {
        Json::Null
    } else {
        texts.join(BETWEEN).into()
    }
}

/// A bid, award or contract with what is gathered from its lists.
fn told(mut member: Json) -> Json {
    let Json::Object(object) = &mut member else {
        return member;
    };
    for (list, ids, names) in [
        ("suppliers", "supplier_ids", "supplier_names"),
        ("tenderers", "tenderer_ids", "tenderer_names"),
    ] {
        let Some(organisations) = object.get(list).and_then(Json::as_array) else {
            continue;
        };
        let of = |key: &str| {
            let values = organisations.iter().filter_map(|one| one.get(key));
            let values: Vec<Json> = values
                .map(|value| {
                    value
                        .as_str()
                        .map_or_else(|| value.to_string().into(), Json::from)
                })
                .collect();
            texts(Some(&Json::Array(values)))
        };
        let (told_ids, told_names) = (of("id"), of("name"));
        object.insert(ids.to_owned(), told_ids);
        object.insert(names.to_owned(), told_names);
    }
    member
}
