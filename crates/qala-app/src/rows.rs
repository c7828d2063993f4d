//! A page of a dataset's rows, with the messages they came in, as far as its reader may see them.
//!
//! What belongs here: which columns, which rows, in which order. What does not: how they are shown.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{Column, ColumnType, DatasetSpec, Kind, Role};
use qala_lake::{AsOf, Query, collect};
use serde_json::{Map, Value};

use crate::account::{OWN_COLUMNS, Reader};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::trust::instant;

/// Rows of a page at most.
pub const MOST_ROWS: u64 = 500;
/// So many times the rows of a page are looked through for the newest: some were corrected since.
const SPARE: u64 = 4;
/// Letters of a filter at most.
const MOST_LETTERS: usize = 200;

/// Which rows are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowsWanted {
    /// Rows at most.
    pub limit: u64,
    /// Rows that are passed over.
    pub offset: u64,
    /// Column, with `-` in front for the largest first; the order of arrival when absent.
    pub order: Option<String>,
    /// Letters that stand in some column, in any case.
    pub filter: Option<String>,
    /// As the lake knew it at this instant, µs of UTC; now when absent.
    pub as_of: Option<i64>,
}

/// A page of rows.
#[derive(Debug)]
pub struct RowsPage<'a> {
    /// The dataset.
    pub spec: &'a DatasetSpec,
    /// The columns that the reader may see.
    pub columns: Vec<&'a Column>,
    /// How many columns it may not see.
    pub hidden: usize,
    /// Rows that fit the filter.
    pub total: u64,
    /// The rows are those of this place in the log.
    pub seq: i64,
    /// The rows, with `_seq`, `_received_at` and `_source`.
    pub rows: Vec<Map<String, Value>>,
    /// The messages they came in: `id`, `feed`, `kind`, `name`, `received_at`.
    pub sources: Vec<Map<String, Value>>,
}

/// A name in a question.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Centre {
    /// How many rows each dataset has that somebody may see.
    ///
    /// # Errors
    /// The query's.
    pub async fn row_counts(&self, reader: &Reader) -> Result<BTreeMap<String, u64>> {
        let mut counts = self.lake.visible_rows();
        let count = |spec: &DatasetSpec| {
            let name = &spec.name;
            format!(
                "SELECT '{name}' AS name, count(*) AS n FROM {}",
                quoted(name.as_str())
            )
        };
        let specs: Vec<&DatasetSpec> = self
            .lake
            .specs()
            .into_iter()
            .filter(|spec| reader.sees_rows(spec))
            .collect();
        counts.retain(|name, _| specs.iter().any(|spec| spec.name.as_str() == name));
        let unknown = specs
            .into_iter()
            .filter(|spec| !counts.contains_key(spec.name.as_str()));
        let parts: Vec<String> = unknown.map(count).collect();
        if !parts.is_empty() {
            let rows = self.rows(&parts.join(" UNION ALL ")).await?;
            let pair = |row: &Map<String, Value>| {
                Some((row.get("name")?.as_str()?.to_owned(), row.get("n")?.as_u64()?))
            };
            counts.extend(rows.iter().filter_map(pair));
        }
        Ok(counts)
    }

    /// A page of a dataset's rows. That records were read which are not for everybody is written down before.
    ///
    /// # Errors
    /// A dataset or column that does not exist for the reader; the query's; the registry's.
    pub async fn rows_page(&self, name: &str, wanted: &RowsWanted, reader: &Reader) -> Result<RowsPage<'_>> {
        let spec = self
            .lake
            .specs()
            .into_iter()
            .find(|spec| spec.name.as_str() == name && reader.sees_rows(spec))
            .ok_or_else(|| AppError::Usage(format!("there is no dataset `{name}`")))?;
        let principal = self.catalogue(reader);
        let columns = reader.columns(spec);
        let mut shown: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        shown.extend((spec.kind == Kind::Snapshot).then_some("feed"));
        shown.extend(OWN_COLUMNS);
        let condition = condition(&columns, wanted.filter.as_deref());
        let table = quoted(name);
        let ask = |sql: String, seq: Option<i64>| {
            let query = Query {
                principal: principal.clone(),
                ..Query::system(sql)
            };
            query.as_of(seq.map(AsOf::Seq).or(wanted.as_of.map(AsOf::Instant)))
        };
        let known = (condition.is_empty() && wanted.as_of.is_none())
            .then(|| Some((*self.lake.visible_rows().get(name)?, self.lake.view().seq())))
            .flatten();
        let (total, seq) = match known {
            Some(known) => known,
            None => {
                let counted = ask(format!("SELECT count(*) AS n FROM {table}{condition}"), None);
                let (batches, seq) = collect(&*self.engine, &counted).await?;
                let total = crate::value::rows_json(&batches, &self.zone);
                let total = total.first().and_then(|row| row.get("n")?.as_u64());
                (total.unwrap_or_default(), seq)
            }
        };
        let names: Vec<String> = shown.iter().map(|name| quoted(name)).collect();
        let order = order_of(&shown, wanted.order.as_deref())?;
        let limit = wanted.limit.min(MOST_ROWS);
        let page = |condition: &str| {
            format!(
                "SELECT {} FROM {table}{condition} ORDER BY {order}_seq LIMIT {limit} OFFSET {}",
                names.join(", "),
                wanted.offset
            )
        };
        // The newest rows are in the newest files; all are looked through only when too few of those can be seen.
        let newest = spec.time().filter(|time| {
            let order = wanted.order.as_deref().and_then(|order| order.strip_prefix('-'));
            condition.is_empty() && time.kind == ColumnType::Time && order == Some(time.name.as_str())
        });
        let recent = newest.and_then(|time| {
            let from = self.lake.newest_from(name, SPARE * (limit + wanted.offset))?;
            Some(format!(
                " WHERE {} >= {}",
                quoted(time.name.as_str()),
                instant(from)
            ))
        });
        let mut rows = Vec::new();
        if let Some(recent) = &recent {
            let (batches, _) = collect(&*self.engine, &ask(page(recent), Some(seq))).await?;
            rows = crate::value::rows_json(&batches, &self.zone);
        }
        if (rows.len() as u64) < limit {
            let (batches, _) = collect(&*self.engine, &ask(page(&condition), Some(seq))).await?;
            rows = crate::value::rows_json(&batches, &self.zone);
        }
        let is_public =
            spec.sensitivity.is_public() && columns.iter().all(|column| column.sensitivity.is_public());
        if !is_public {
            let filter = wanted.filter.as_deref().unwrap_or_default();
            self.note_records(reader, name, rows.len(), filter).await?;
        }
        let messages: BTreeSet<i64> = rows
            .iter()
            .filter_map(|row| row.get("_source")?.as_i64())
            .collect();
        let sources = if messages.is_empty() {
            Vec::new()
        } else {
            let ids: Vec<String> = messages.iter().map(ToString::to_string).collect();
            let sql = format!(
                "SELECT id, feed, kind, name, _received_at AS received_at FROM lake_messages WHERE id IN ({}) ORDER BY id",
                ids.join(", ")
            );
            let (batches, _) = collect(&*self.engine, &ask(sql, None)).await?;
            crate::value::rows_json(&batches, &self.zone)
        };
        Ok(RowsPage {
            spec,
            hidden: spec.columns.len() - columns.len(),
            columns,
            total,
            seq,
            rows,
            sources,
        })
    }
}

/// The order of rows: empty, or a column with a comma behind it.
pub(crate) fn order_of(shown: &[&str], order: Option<&str>) -> Result<String> {
    let Some(order) = order else {
        return Ok(String::new());
    };
    let (name, direction) = order
        .strip_prefix('-')
        .map_or((order, "ASC"), |name| (name, "DESC"));
    if !shown.contains(&name) {
        return Err(AppError::Usage(format!(
            "there is no column `{name}` to order by"
        )));
    }
    Ok(format!("{} {direction} NULLS LAST, ", quoted(name)))
}

/// The rows of a dataset in which the letters stand in some column that the reader sees.
pub(crate) fn condition_of(spec: &DatasetSpec, reader: &Reader, filter: Option<&str>) -> String {
    condition(&reader.columns(spec), filter)
}

/// The rows in which the letters stand in some column.
fn condition(columns: &[&Column], filter: Option<&str>) -> String {
    let letters: String = filter
        .unwrap_or_default()
        .trim()
        .chars()
        .take(MOST_LETTERS)
        .collect();
    if letters.is_empty() {
        return String::new();
    }
    let letters = letters.to_lowercase().replace('\'', "''");
    let parts: Vec<String> = columns
        .iter()
        .filter(|column| column.role != Some(Role::Geometry))
        .map(|column| {
            format!(
                "strpos(lower(CAST({} AS VARCHAR)), '{letters}') > 0",
                quoted(&column.name)
            )
        })
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!(" WHERE {}", parts.join(" OR "))
}
