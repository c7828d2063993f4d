//! A dataset's new version: the current rows of the version before are carried over by the mapping that the spec states.
//!
//! They go through the door of all rows, as one message of kind `migration`, so they are in the log, get a `_seq`, and can
//! be traced. The table of the version before stays as it was. The message's idempotency key makes it happen once; rows
//! that were carried before a crash are duplicates the second time.
//!
//! What belongs here: carrying rows. What does not: what a mapping may say (`qala-core`), how rows are told apart.

mod plan;
mod rows;
mod stored;

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch};
use arrow::datatypes::Int64Type;
use qala_core::FeedId;
use qala_core::spec::{DatasetSpec, Kind};
use qala_disk::write_atomic;

pub(crate) use plan::Plan;
pub(crate) use stored::check_spec;

use crate::error::{LakeError, Result};
use crate::lake::{Begin, Lake};
use crate::log::Section;
use crate::read;
use crate::schema::{FEED, SEQ, SOURCE};
use crate::session::{Message, Op, Session};
use crate::table::Table;
use crate::view::{Dataset, TableView, View};

/// The name under which rows of an older version are held until they are carried over.
pub(crate) fn hidden(dataset: &str, version: u32) -> String {
    format!("{dataset}@v{version}")
}

/// The table of a view in which the rows of a log section belong; `None` when they were carried over long ago.
///
/// # Errors
/// [`LakeError::Spec`] for rows of a version that is newer than the spec.
pub(crate) fn target(view: &View, section: &Section) -> Result<Option<Arc<str>>> {
    let Some(table) = view.tables.get(&section.dataset) else {
        return Ok(Some(Arc::clone(&section.dataset)));
    };
    let version = table.dataset.spec.version;
    if section.version == version {
        return Ok(Some(Arc::clone(&section.dataset)));
    }
    if section.version > version {
        return Err(LakeError::Spec {
            dataset: section.dataset.to_string(),
            message: format!(
                "the log holds rows of version {}, the spec is version {version}; use the newer spec",
                section.version
            ),
        });
    }
    let old: Arc<str> = hidden(&section.dataset, section.version).into();
    Ok(view.tables.contains_key(&old).then_some(old))
}

/// An open table of an older version, and how its rows become rows of the new one.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) plan: Plan,
    pub(crate) old: Arc<Dataset>,
}

impl Migration {
    /// The name of the old table in views.
    pub(crate) fn hidden(&self) -> Arc<str> {
        hidden(self.plan.dataset.as_str(), self.plan.from).into()
    }

    /// The folder of the old table.
    pub(crate) fn dir(&self) -> String {
        format!("tables/{}/v{}", self.plan.dataset, self.plan.from)
    }

    /// The old table as a view sees it.
    pub(crate) fn view(&self, table: &Table) -> TableView {
        TableView {
            dataset: Arc::clone(&self.old),
            dir: self.dir().as_str().into(),
            files: Arc::clone(table.files()),
            committed: table.offset(),
            complete: table.offset(),
            tail: Arc::default(),
        }
    }
}

/// The migrations that a data directory needs before it can be used with these specs.
///
/// # Errors
/// A mapping that is missing or does not fit; IO.
pub(crate) fn needed<'a>(
    disk: &dyn qala_disk::Disk,
    specs: impl Iterator<Item = &'a DatasetSpec>,
    city_zone: &qala_core::Zone,
) -> Result<Vec<Migration>> {
    let mut all = Vec::new();
    for spec in specs {
        if let Some(plan) = stored::plan(disk, spec)? {
            let old = Arc::new(Dataset::new(plan.old.clone(), city_zone));
            all.push(Migration { plan, old });
        }
    }
    Ok(all)
}

impl Lake {
    /// Carries the rows of older versions over. Called before anything else is taken in.
    ///
    /// # Errors
    /// IO; what was carried is found again the next time.
    pub(crate) async fn migrate(&mut self, migrations: Vec<Migration>) -> Result<()> {
        for migration in &migrations {
            // Rows of the old version that are only in the log go to its table first.
            self.commit().await?;
            self.carry(migration).await?;
        }
        for migration in migrations {
            let name = migration.hidden();
            self.tables.remove(&name);
            self.shared.update(|view| {
                view.tables.remove(&name);
                Ok(())
            })?;
        }
        Ok(())
    }

    async fn carry(&self, migration: &Migration) -> Result<()> {
        let plan = &migration.plan;
        let (name, to) = (&plan.dataset, plan.to);
        let what = format!("{name} v{} → v{to}", plan.from);
        let feed = FeedId::new("migration").map_err(|e| LakeError::Refused(e.to_string()))?;
        let message = Message {
            feed,
            kind: "migration".into(),
            name: what.clone(),
            digest: format!("migration:{name}:v{}:v{to}", plan.from),
            context: String::new(),
            idempotency_key: Some(what.clone()),
            op: Op::Upsert,
        };
        let outcome = match self.begin(message).await? {
            Begin::Repeated(outcome) => *outcome,
            Begin::New(mut session) => {
                tracing::info!(migration = what, "carrying rows over to the new version");
                let dataset = self.dataset(name.as_str())?;
                // Sets of the old version are no sets of the new one.
                dataset.sets.put_aside();
                let view = self.view();
                let Some(table) = view.tables.get(&migration.hidden()) else {
                    return Err(LakeError::Closed(format!("the table of {what} is not open")));
                };
                if dataset.spec.kind == Kind::Snapshot {
                    self.carry_sets(migration, &dataset, table, &mut session).await?;
                } else if plan.keeps_key {
                    for file in table.files.iter() {
                        let schema = &table.dataset.table;
                        for batch in read::file(&*self.disk, &table.dir, file, schema, read::BATCH)? {
                            let batch = current(&dataset, &batch?)?;
                            session.carried(name, &plan.map(&batch)?, &plan.guarded).await?;
                            self.make_room().await?;
                        }
                    }
                } else {
                    // Rows whose new key is the same follow each other in their old order; the last one stands.
                    let mut batches = Vec::new();
                    for batch in read::rows(&*self.disk, table, &plan.stored(), |_| true) {
                        batches.push(current(&dataset, &batch?)?);
                    }
                    let all = concat_batches(&table.dataset.table, &batches)?;
                    let all = by_seq(&all)?;
                    for at in (0..all.num_rows()).step_by(65_536) {
                        let part = all.slice(at, (all.num_rows() - at).min(65_536));
                        session.carried(name, &plan.map(&part)?, &plan.guarded).await?;
                        self.make_room().await?;
                    }
                }
                session.finish(None).await?
            }
        };
        let t = &outcome.total;
        tracing::info!(
            migration = what,
            rows = t.received,
            accepted = t.accepted,
            duplicate = t.duplicate,
            quarantined = t.quarantined,
            "rows were carried over; the old table stays as it was"
        );
        let marker = stored::marker(name.as_str(), to);
        write_atomic(&*self.disk, &marker, format!("{what}\n").as_bytes())
            .map_err(LakeError::io(format!("write {marker}")))
    }

    /// The set in force of each feed, whole.
    async fn carry_sets(
        &self,
        migration: &Migration,
        dataset: &Arc<Dataset>,
        table: &TableView,
        session: &mut Session<'_>,
    ) -> Result<()> {
        let plan = &migration.plan;
        for set in dataset.sets.aside() {
            let id = FeedId::new(set.feed.clone()).map_err(|e| LakeError::Refused(e.to_string()))?;
            session.feed(&id);
            for file in table
                .files
                .iter()
                .filter(|f| f.min_seq <= set.to && f.max_seq >= set.from)
            {
                let schema = &table.dataset.table;
                for batch in read::file(&*self.disk, &table.dir, file, schema, read::BATCH)? {
                    let batch = batch?;
                    let (seqs, sources) = (numbers(&batch, SEQ)?, numbers(&batch, SOURCE)?);
                    let names = batch.column_by_name(FEED).map(|c| c.as_string::<i32>().clone());
                    let inside: BooleanArray = (0..batch.num_rows())
                        .map(|i| {
                            let feed = names.as_ref().map_or("", |n| n.value(i));
                            Some(set.has(feed, sources.value(i), seqs.value(i)))
                        })
                        .collect();
                    let batch = filter_record_batch(&batch, &inside)?;
                    session
                        .carried(&plan.dataset, &plan.map(&batch)?, &plan.guarded)
                        .await?;
                    self.make_room().await?;
                }
            }
            session.publish(std::slice::from_ref(&plan.dataset))?;
        }
        Ok(())
    }

    /// Nobody else commits while a lake is being opened.
    async fn make_room(&self) -> Result<()> {
        if self.view().tail_bytes() > self.options.tail_soft {
            self.commit().await?;
        }
        Ok(())
    }
}

fn numbers(batch: &RecordBatch, name: &str) -> Result<arrow::array::Int64Array> {
    let column = batch.column_by_name(name).ok_or_else(|| LakeError::Damaged {
        what: "a table of an older version".into(),
        detail: format!("it has no column {name}"),
    })?;
    Ok(column.as_primitive::<Int64Type>().clone())
}

/// Rows that nothing superseded.
fn current(dataset: &Dataset, batch: &RecordBatch) -> Result<RecordBatch> {
    let seqs = numbers(batch, SEQ)?;
    let keep: BooleanArray = (0..batch.num_rows())
        .map(|i| Some(dataset.superseded.by(seqs.value(i)).is_none()))
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}

fn by_seq(batch: &RecordBatch) -> Result<RecordBatch> {
    let column = arrow::compute::SortColumn {
        values: Arc::new(numbers(batch, SEQ)?),
        options: None,
    };
    Ok(take_record_batch(batch, &lexsort_to_indices(&[column], None)?)?)
}
