//! From the log's tail into tables, and what keeps tables tidy: compaction, clean-up, retention.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::error::{LakeError, Result};
use crate::files::{self, DataFile};
use crate::lake::Lake;
use crate::table::Table;
use crate::view::{Dataset, TableView};

/// Days with more files than this are compacted.
const MANY_FILES: usize = 8;
/// A file is not merged once it has this many rows.
const FULL_ROWS: u64 = 4_000_000;
/// So many files are merged at a time, for a piece of each is in memory;
const AT_ONCE: usize = 8;
/// or any number that have no more rows together.
const FEW_ROWS: u64 = 500_000;
/// Rows of one file written from the tail.
const FILE_ROWS: usize = 250_000;

impl Lake {
    /// Commits all rows of the log to their tables, and removes log segments that are no longer needed.
    ///
    /// # Errors
    /// The first table that could not be committed; the others were. Its rows stay in the log.
    pub async fn commit(&self) -> Result<()> {
        let mut names: Vec<Arc<str>> = self.all_tables().map(|(name, _)| Arc::clone(name)).collect();
        // The one with the most rows first: somebody may wait for it.
        let view = self.view();
        let waiting = |name: &Arc<str>| view.tables.get(name).map_or(0, |t| t.tail_bytes());
        names.sort_by_cached_key(|name| (std::cmp::Reverse(waiting(name)), Arc::clone(name)));
        drop(view);
        let mut failed = None;
        let mut done = stream::iter(names)
            .map(|name| async move { (self.commit_table(&name).await, name) })
            .buffer_unordered(self.options.writers.max(1));
        while let Some((committed, name)) = done.next().await {
            if let Err(error) = committed {
                tracing::error!(table = &*name, %error, "could not commit");
                failed.get_or_insert(error);
            }
        }
        drop(done);
        self.drained.notify_waiters();
        match failed {
            Some(error) => Err(self.explain(error)),
            None => self.trim_log().await,
        }
    }

    async fn commit_table(&self, name: &Arc<str>) -> Result<()> {
        let Some(table) = self.table(name) else {
            return Ok(());
        };
        let mut table = table.lock().await;
        let view = self.view();
        let seen = view.seq;
        let Some(view) = view.tables.get(name) else {
            return Ok(());
        };
        let Some(last) = view.tail.last() else {
            return Ok(());
        };
        let offset = last.max_seq;
        if table.offset() >= offset {
            // A commit whose answer was lost had happened after all.
            return self.adopt(name, &table, seen);
        }
        let committed = self.commit_tail(&mut table, view, offset).await;
        if let Err(error) = committed {
            table.reload().await?;
            if table.offset() < offset {
                return Err(error);
            }
        }
        self.adopt(name, &table, seen)
    }

    /// Shows a table's newest files to queries; they hold every row of the table that a view up to `seen` shows.
    fn adopt(&self, name: &Arc<str>, table: &Table, seen: i64) -> Result<()> {
        self.shared.update(|view| match view.tables.get_mut(name) {
            Some(view) => {
                let files = Arc::clone(table.files());
                TableView::commit(Arc::make_mut(view), files, table.offset(), seen);
                Ok(())
            }
            None => Ok(()),
        })?;
        self.begun.note(&*self.disk, table)
    }

    async fn commit_tail(&self, table: &mut Table, view: &TableView, offset: i64) -> Result<()> {
        let dataset = &view.dataset;
        let mut groups: Vec<(usize, Vec<RecordBatch>)> = Vec::new();
        for part in view.tail.iter() {
            let rows = part.batch.num_rows();
            match groups.last_mut() {
                Some((sum, group)) if *sum + rows <= FILE_ROWS => {
                    *sum += rows;
                    group.push(part.batch.clone());
                }
                _ => groups.push((rows, vec![part.batch.clone()])),
            }
        }
        let written: Vec<Vec<DataFile>> = stream::iter(groups)
            .map(|(_, group)| self.write_group(table, dataset, group))
            .buffered(self.options.writers.max(1))
            .try_collect()
            .await?;
        let added: Vec<DataFile> = written.into_iter().flatten().collect();
        table
            .commit(
                &dataset.table,
                &added,
                &[],
                Some(offset),
                self.options.clock.now(),
            )
            .await
    }

    /// One file for each local day of some batches.
    async fn write_group(
        &self,
        table: &Table,
        dataset: &Arc<Dataset>,
        group: Vec<RecordBatch>,
    ) -> Result<Vec<DataFile>> {
        let of = Arc::clone(dataset);
        let days = blocking(move || split_days(&of, &concat_batches(&of.table, &group)?)).await?;
        let mut files = Vec::with_capacity(days.len());
        for (day, batch) in days {
            files.push(self.write_file(table, dataset, batch, day).await?);
        }
        Ok(files)
    }

    async fn write_file(
        &self,
        table: &Table,
        dataset: &Arc<Dataset>,
        batch: RecordBatch,
        day: i32,
    ) -> Result<DataFile> {
        let (unique, of) = (self.unique_name(), Arc::clone(dataset));
        let (store, dir) = (table.store().clone(), table.dir().to_owned());
        blocking(move || files::write(&store, &dir, &batch, (day, of.time()), &unique, None)).await
    }

    /// What tells a new data file from all others.
    pub(crate) fn unique_name(&self) -> String {
        let number = self.unique.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}{number:x}", self.boot)
    }

    /// Merges small files of each day, at most one day per table and call. Returns the number of files merged.
    ///
    /// # Errors
    /// IO; the table is unchanged then.
    pub async fn compact(&self) -> Result<usize> {
        let mut merged = 0;
        let mut names: Vec<Arc<str>> = self.all_tables().map(|(name, _)| Arc::clone(name)).collect();
        names.sort();
        for name in names {
            merged += self.compact_table(&name, MANY_FILES).await?;
        }
        Ok(merged)
    }

    /// Merges the small files of a table's most scattered day when it has more than `many` of them.
    ///
    /// # Errors
    /// IO; the table is unchanged then.
    pub async fn compact_table(&self, name: &str, many: usize) -> Result<usize> {
        let dataset = self.dataset(name)?;
        let Some(table) = self.table(name) else {
            return Ok(0);
        };
        let mut table = table.lock().await;
        let mut days: BTreeMap<i32, Vec<Arc<DataFile>>> = BTreeMap::new();
        for file in table.files().iter().filter(|f| f.rows < FULL_ROWS) {
            days.entry(file.day).or_default().push(Arc::clone(file));
        }
        let Some(mut small) = days
            .into_values()
            .max_by_key(Vec::len)
            .filter(|files| files.len() > many)
        else {
            return Ok(0);
        };
        small.sort_by_key(|f| f.rows);
        let (mut rows, mut files) = (0, 0);
        small.retain(|f| {
            (rows, files) = (rows + f.rows, files + 1);
            rows <= FULL_ROWS * 2 && (files <= AT_ONCE || rows <= FEW_ROWS)
        });
        if small.len() < 2 {
            return Ok(0);
        }
        let (disk, store) = (Arc::clone(&self.disk), table.store().clone());
        let (dir, parts) = (table.dir().to_owned(), small.clone());
        let (unique, of) = (self.unique_name(), Arc::clone(&dataset));
        let file =
            blocking(move || files::merge(&*disk, &store, &dir, &parts, &of.table, of.time(), &unique))
                .await?;
        let done = table
            .commit(&dataset.table, &[file], &small, None, self.options.clock.now())
            .await;
        if let Err(error) = done {
            table.reload().await?;
            self.adopt(&dataset.name, &table, 0)?;
            return Err(error);
        }
        self.adopt(&dataset.name, &table, 0)?;
        Ok(small.len())
    }

    /// Deletes data files that no newest table version names: merged ones, and leftovers of a crash. A file goes when it
    /// was first found unnamed at least `age` ago, so that a query which began before still reads it. Commits that a
    /// checkpoint stands for go too.
    ///
    /// # Errors
    /// IO.
    pub async fn clean_up(&self, age: Duration) -> Result<usize> {
        let mut removed = 0;
        if self.held() {
            return Ok(0);
        }
        let now = self.options.clock.now();
        for table in self
            .all_tables()
            .map(|(_, table)| table)
            .chain(self.rollups.values())
        {
            // Holding the table keeps new files of a running commit away.
            let table = table.lock().await;
            // A copy that began meanwhile has noted what it will read.
            if self.held() {
                return Ok(removed);
            }
            table.tidy_log(&*self.disk)?;
            let named: HashSet<&str> = table.files().iter().map(|f| f.path.as_str()).collect();
            let Ok(days) = self.disk.list(table.dir()) else {
                continue;
            };
            for day in days.iter().filter(|d| d.is_dir && d.name.starts_with("_day=")) {
                let dir = format!("{}/{}", table.dir(), day.name);
                let mut touched = false;
                for entry in self
                    .disk
                    .list(&dir)
                    .map_err(LakeError::io(format!("list {dir}")))?
                {
                    if entry.is_dir || named.contains(format!("{}/{}", day.name, entry.name).as_str()) {
                        continue;
                    }
                    let path = format!("{dir}/{}", entry.name);
                    let since = *self.unnamed.lock().entry(path.clone()).or_insert(now);
                    if now - since >= age.as_micros() as i64 {
                        self.disk
                            .remove(&path)
                            .map_err(LakeError::io(format!("remove {path}")))?;
                        self.unnamed.lock().remove(&path);
                        (removed, touched) = (removed + 1, true);
                    }
                }
                if touched {
                    self.disk
                        .sync_dir(&dir)
                        .map_err(LakeError::io(format!("fsync {dir}")))?;
                }
            }
        }
        Ok(removed)
    }

    /// Removes whole days that are older than their dataset's retention. Rollups stay.
    ///
    /// # Errors
    /// IO.
    pub async fn retain(&self) -> Result<usize> {
        let mut removed = 0;
        for (name, table) in self.all_tables() {
            let dataset = self.dataset(name)?;
            let Some(keep) = dataset.spec.retention_days else {
                continue;
            };
            let today = dataset.zone.local_day(self.options.clock.now());
            let mut table = table.lock().await;
            let old: Vec<Arc<DataFile>> = table
                .files()
                .iter()
                .filter(|f| f.day < today - keep as i32)
                .cloned()
                .collect();
            if old.is_empty() {
                continue;
            }
            removed += old.len();
            table
                .commit(&dataset.table, &[], &old, None, self.options.clock.now())
                .await?;
            self.adopt(name, &table, 0)?;
        }
        Ok(removed)
    }
}

/// Runs heavy work beside the threads that answer senders.
///
/// # Errors
/// The work's.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| LakeError::Closed(format!("a worker failed: {e}")))?
}

/// Splits rows by local day.
///
/// # Errors
/// Arrow's.
fn split_days(dataset: &Dataset, batch: &RecordBatch) -> Result<Vec<(i32, RecordBatch)>> {
    let mut days = dataset.stored_days(batch);
    let mut batch = batch.clone();
    if !days.is_sorted() {
        let mut order: Vec<u32> = (0..days.len() as u32).collect();
        order.sort_by_key(|i| days[*i as usize]);
        days = order.iter().map(|i| days[*i as usize]).collect();
        batch = take_record_batch(&batch, &UInt32Array::from(order))?;
    }
    let runs = days.chunk_by(|a, b| a == b).scan(0, |at, run| {
        let start = *at;
        *at += run.len();
        Some((run[0], batch.slice(start, run.len())))
    });
    Ok(runs.collect())
}
