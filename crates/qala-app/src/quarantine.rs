//! Looking at rejected rows, mending and retrying them, and reading kept messages again with a mended parser.

use std::sync::Arc;

use qala_core::FeedId;
use qala_lake::{Op, Outcome, Query, collect};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Import, Payload, Progress};
use crate::value::rows_json;

/// A problem in quarantine.
#[derive(Debug, Clone, Serialize)]
pub struct QuarantineRow {
    /// Columns of `lake_quarantine`.
    #[serde(flatten)]
    pub columns: Map<String, Value>,
}

impl Centre {
    /// Problems in quarantine, newest first.
    ///
    /// # Errors
    /// The query's.
    pub async fn quarantine(&self, feed: Option<&str>, limit: usize) -> Result<Vec<QuarantineRow>> {
        let condition = match feed {
            Some(feed) => format!("WHERE feed = '{}'", feed.replace('\'', "''")),
            None => String::new(),
        };
        let sql = format!("SELECT * FROM lake_quarantine {condition} ORDER BY _seq DESC LIMIT {limit}");
        let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
        Ok(rows_json(&batches, &self.zone)
            .into_iter()
            .map(|columns| QuarantineRow { columns })
            .collect())
    }

    /// Reads the kept messages of a feed again, from an instant on. Rows that are there already are duplicates, changed
    /// ones supersede: nothing is overwritten.
    ///
    /// # Errors
    /// A message that cannot be read; the lake's.
    pub async fn reparse(&self, feed: &FeedId, from: i64) -> Result<Vec<Outcome>> {
        let at = qala_core::Zone::utc().format(from).replace("+00:00", "Z");
        let sql = format!(
            "SELECT id, kind, name, kept, receipts FROM lake_messages WHERE feed = '{feed}' AND kept IS NOT NULL \
             AND _received_at >= arrow_cast('{at}', 'Timestamp(Microsecond, Some(\"UTC\"))') ORDER BY id"
        );
        let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
        let spec = self.feeds.iter().find(|f| f.id == *feed);
        let mut outcomes = Vec::new();
        for row in rows_json(&batches, &self.zone) {
            let text = |name: &str| {
                row.get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let bytes = self.lake.kept(&text("kept"))?;
            let name = text("name");
            let mut import = Import::new(
                text("kind"),
                Payload::Bytes(name.clone(), Arc::new(bytes)),
                feed.clone(),
            );
            import.op = Op::Upsert;
            match spec {
                Some(spec) => {
                    import.dataset.clone_from(&spec.dataset);
                    import.mapping = spec
                        .mapping
                        .clone()
                        .map(|m| (m, format!("reparse {}", row["id"])));
                }
                None => {
                    let stem = name.split('.').next().unwrap_or_default();
                    import.mapping = crate::import::mapping_for(None, stem)?
                        .map(|(m, t)| (m, format!("{t}\nreparse {}", row["id"])));
                }
            }
            if import.mapping.is_none() {
                import.mapping = Some((
                    qala_core::spec::Mapping::default(),
                    format!("reparse {}", row["id"]),
                ));
            }
            outcomes.push(self.import(import, Arc::new(Progress::default())).await?);
        }
        if outcomes.is_empty() {
            return Err(AppError::Usage(format!(
                "no message of feed `{feed}` was kept since {at}"
            )));
        }
        Ok(outcomes)
    }
}
