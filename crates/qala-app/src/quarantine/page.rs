//! Quarantine as it is shown: a page of rows, and what there is by feed, dataset and reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{CUT, Mended, Retried, Wanted, is_mendable};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::reread::{mended_file, number, quoted, text};

/// Rows of a page at most.
const MOST: usize = 200;
/// Rows that are mended at a time at most.
const MOST_MENDED: usize = 10_000;

/// A page of rows in quarantine.
#[derive(Debug)]
pub struct QuarantinePage {
    /// Rows that are meant.
    pub total: u64,
    /// The rows, the newest first.
    pub rows: Vec<QuarantineRow>,
    /// All open rows by `feed`, `dataset` and `code`, with `rows`; those of most rows first.
    pub groups: Vec<Map<String, Value>>,
}

/// A row in quarantine.
#[derive(Debug)]
pub struct QuarantineRow {
    /// The columns of `lake_quarantine`, and `resolved_by`.
    pub row: Map<String, Value>,
    /// Whether its text can be mended in its place.
    pub is_mendable: bool,
}

impl Centre {
    /// A page of rows in quarantine. That they were read is written down before.
    ///
    /// # Errors
    /// A reader who may not see it; the query's; the registry's.
    pub async fn quarantine_page(
        &self,
        wanted: &Wanted,
        offset: usize,
        reader: &Reader,
    ) -> Result<QuarantinePage> {
        let dataset = self.lake.dataset("lake_quarantine")?;
        let spec = &dataset.spec;
        if !reader.sees_rows(spec) {
            return Err(AppError::Forbidden("this needs the role `analyst`".into()));
        }
        let counted = self
            .rows(&format!("SELECT count(*) AS n {}", wanted.part()))
            .await?;
        let total = counted.first().and_then(|r| number(r, "n")).unwrap_or_default();
        let limit = wanted.limit.unwrap_or(MOST).min(MOST);
        let sql = format!(
            "SELECT q.*, r.message AS resolved_by {} ORDER BY q._seq DESC LIMIT {limit} OFFSET {}",
            wanted.part(),
            offset.min(1_000_000_000)
        );
        let rows = self.rows(&sql).await?;
        let open = Wanted::default();
        let sql = format!(
            "SELECT q.feed, q.dataset, q.code, count(*) AS rows {} GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 500",
            open.part()
        );
        let groups = self.rows(&sql).await?;
        self.note_records(reader, spec.name.as_str(), rows.len(), &wanted.words())
            .await?;
        let kinds = self.kinds_of(&rows).await?;
        let rows = rows.into_iter().map(|row| {
            let kind = number(&row, "_source").and_then(|source| kinds.get(&source));
            let has_place = number(&row, "line").or(number(&row, "record")).is_some();
            let raw = text(&row, "raw");
            let is_open = number(&row, "resolved_by").is_none() && text(&row, "severity") == "rejected";
            QuarantineRow {
                is_mendable: is_open
                    && has_place
                    && !raw.is_empty()
                    && raw.len() < CUT
                    && kind.is_some_and(|kind| is_mendable(kind)),
                row,
            }
        });
        Ok(QuarantinePage {
            total: u64::try_from(total).unwrap_or_default(),
            rows: rows.collect(),
            groups,
        })
    }

    /// Takes rows in that were mended one by one, as pairs of id and text.
    ///
    /// # Errors
    /// As for [`Self::retry_mended`]; none, or too many at a time.
    pub async fn retry_mended_rows(&self, rows: &[(String, String)]) -> Result<Vec<Retried>> {
        if rows.is_empty() || rows.len() > MOST_MENDED {
            return Err(AppError::Usage(format!(
                "send from 1 to {MOST_MENDED} mended rows at a time, each with its id"
            )));
        }
        let ids: BTreeSet<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
        if ids.len() < rows.len() {
            return Err(AppError::Usage("a row is in it twice".into()));
        }
        let pairs = rows.iter().map(|(id, raw)| (id.as_str(), raw.as_str()));
        self.retry_texts(Mended::new(mended_file(pairs)).await?, None)
            .await
    }

    /// Import kinds of the messages of some rows.
    async fn kinds_of(&self, rows: &[Map<String, Value>]) -> Result<BTreeMap<i64, String>> {
        let sources: BTreeSet<i64> = rows.iter().filter_map(|row| number(row, "_source")).collect();
        if sources.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sources: Vec<String> = sources.iter().map(i64::to_string).collect();
        let sql = format!(
            "SELECT id, kind FROM lake_messages WHERE id IN ({})",
            sources.join(", ")
        );
        let rows = self.rows(&sql).await?;
        let pair = |row: &Map<String, Value>| Some((number(row, "id")?, text(row, "kind").to_owned()));
        Ok(rows.iter().filter_map(pair).collect())
    }
}

impl Wanted {
    /// `FROM` and `WHERE` of the question for these rows: `q` is the quarantine, `r` what was read again.
    pub(super) fn part(&self) -> String {
        let mut conditions = vec!["true".to_owned()];
        for (name, value) in [
            ("feed", &self.feed),
            ("dataset", &self.dataset),
            ("code", &self.code),
        ] {
            conditions.extend(value.as_ref().map(|v| format!("q.{name} = {}", quoted(v))));
        }
        if !self.all {
            conditions.push("q.severity = 'rejected' AND r.id IS NULL".into());
        }
        format!(
            "FROM lake_quarantine q LEFT JOIN lake_resolved r ON q.id = r.id WHERE {}",
            conditions.join(" AND ")
        )
    }

    /// The filter in a few words, for the audit.
    pub fn words(&self) -> String {
        let parts = [
            ("feed", &self.feed),
            ("dataset", &self.dataset),
            ("code", &self.code),
        ];
        let words = parts
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        words.collect::<Vec<_>>().join(" ")
    }
}
