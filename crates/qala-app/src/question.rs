//! Questions in SQL from outside: read only, in the catalogue of who asks, limited in time, rows and number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::DataType;
use qala_core::Text;
use qala_core::spec::DatasetSpec;
use qala_lake::{AsOf, Query, each};
use serde_json::Value;

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Rows of an answer at most, and when nobody says how many.
pub const MOST_ANSWER_ROWS: usize = 10_000;
const FEW: usize = 1_000;
/// Bytes of an answer in memory.
const MOST_BYTES: usize = 64 << 20;
/// Seconds of a question.
const LONGEST: Duration = Duration::from_secs(30);
/// Questions from outside at the same time.
pub(crate) const AT_ONCE: usize = 4;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlAnswer {
    /// Names and types of the columns.
    pub columns: Vec<(String, String)>,
    /// Rows.
    pub rows: Vec<Vec<Value>>,
    /// True when there would be more.
    pub truncated: bool,
    /// Place in the log up to which was read.
    pub seq: i64,
    /// How long it took.
    pub took: Duration,
}

/// A table that a reader may see.
#[derive(Debug, Clone, PartialEq)]
pub struct VisibleTable {
    /// SQL name.
    pub name: String,
    /// Title.
    pub title: Text,
    /// Columns: name, type, unit symbol, title.
    pub columns: Vec<(String, String, Option<&'static str>, Text)>,
}

/// The type of a column in plain words.
fn kind_of(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Boolean => "bool".into(),
        DataType::Float64 | DataType::Float32 => "float".into(),
        DataType::Timestamp(..) => "time".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::Decimal128(..) | DataType::Decimal256(..) => "decimal".into(),
        kind if kind.is_integer() => "int".into(),
        other => other.to_string(),
    }
}

impl Centre {
    /// Answers a question of a reader.
    ///
    /// # Errors
    /// What is wrong with the question; [`AppError::Busy`], [`AppError::TimedOut`].
    pub async fn question(
        &self,
        sql: &str,
        as_of: Option<i64>,
        limit: Option<usize>,
        reader: &Reader,
    ) -> Result<SqlAnswer> {
        let _turn = self.questions.try_acquire().map_err(|_| AppError::Busy {
            what: "questions are answered",
            retry_after_s: 2,
        })?;
        let begin = Instant::now();
        let limit = limit.unwrap_or(FEW).min(MOST_ANSWER_ROWS);
        let query = Query {
            principal: self.catalogue(reader),
            timeout: Some(LONGEST),
            ..Query::system(sql)
        };
        let query = query.as_of(as_of.map(AsOf::Instant));
        let mut batches = Vec::new();
        let (mut rows, mut bytes, mut truncated) = (0, 0, false);
        let work = each(&*self.engine, &query, |batch| {
            let left = limit - rows;
            let taken = batch.slice(0, batch.num_rows().min(left));
            truncated |= batch.num_rows() > left;
            rows += taken.num_rows();
            bytes += taken.get_array_memory_size();
            batches.push(taken);
            if bytes > MOST_BYTES {
                truncated = true;
            }
            !truncated
        });
        let seq = tokio::time::timeout(LONGEST, work).await.map_err(|_| {
            AppError::TimedOut(format!(
                "the question took longer than {} s and was stopped",
                LONGEST.as_secs()
            ))
        })??;
        let columns: Vec<(String, String)> = batches
            .first()
            .map(|batch| {
                let field = |f: &Arc<arrow::datatypes::Field>| (f.name().clone(), kind_of(f.data_type()));
                batch.schema_ref().fields().iter().map(field).collect()
            })
            .unwrap_or_default();
        let rows = crate::value::rows_of_values(&batches, &self.zone);
        Ok(SqlAnswer {
            columns,
            rows,
            truncated,
            seq,
            took: begin.elapsed(),
        })
    }

    /// Tables and columns that a reader may see.
    pub fn visible_tables(&self, reader: &Reader) -> Vec<VisibleTable> {
        let table = |spec: &DatasetSpec| VisibleTable {
            name: spec.name.to_string(),
            title: spec.title.clone(),
            columns: reader
                .columns(spec)
                .into_iter()
                .map(|c| {
                    let kind = format!("{:?}", c.kind).to_lowercase();
                    (c.name.clone(), kind, c.unit.map(|u| u.symbol()), c.title.clone())
                })
                .collect(),
        };
        let specs = self.lake.specs();
        specs
            .into_iter()
            .filter(|s| !s.name.as_str().starts_with("lake_") && reader.sees_rows(s))
            .map(table)
            .collect()
    }
}
