//! One Delta table: its files, the log offset it has reached, and commits that can neither be lost nor doubled.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, SchemaRef};
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, DataType, Remove, StructField, Transaction};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTableBuilder, DeltaTableError};
use object_store::path::Path;
use qala_disk::Disk;

use crate::error::{LakeError, Result};
use crate::files::{DataFile, Files, day_text};
use crate::store::DiskStore;

/// The partition column: the local day of a row.
const DAY: &str = "_day";
/// The folder of its commits.
const LOG: &str = "_delta_log";
/// How the name of a checkpoint ends.
const CHECKPOINT: &str = ".checkpoint.parquet";
/// A checkpoint is written every so many commits.
const CHECKPOINT_EVERY: u64 = 50;

/// A Delta table below `dir`.
#[derive(Debug)]
pub(crate) struct Table {
    dir: String,
    app_id: String,
    store: DiskStore,
    log_store: LogStoreRef,
    state: Option<DeltaTableState>,
    files: Files,
    offset: i64,
}

fn kernel_type(arrow: &ArrowType) -> DataType {
    match arrow {
        ArrowType::Int64 => DataType::LONG,
        ArrowType::Float64 => DataType::DOUBLE,
        ArrowType::Boolean => DataType::BOOLEAN,
        ArrowType::Date32 => DataType::DATE,
        ArrowType::Timestamp(..) => DataType::TIMESTAMP,
        ArrowType::Binary => DataType::BINARY,
        ArrowType::Decimal128(precision, scale) => {
            DataType::decimal(*precision, (*scale).max(0) as u8).unwrap_or(DataType::DOUBLE)
        }
        _ => DataType::STRING,
    }
}

impl Table {
    /// Opens the table, if it was ever committed to. `app_id` names the log partition whose offset it keeps.
    ///
    /// # Errors
    /// The table format's, or [`LakeError::Damaged`] for a file that is not ours.
    pub(crate) async fn open(store: DiskStore, dir: &str, app_id: &str) -> Result<Self> {
        let url =
            url::Url::parse(&format!("memory:///{dir}/")).map_err(|e| LakeError::Refused(e.to_string()))?;
        let log_store = DeltaTableBuilder::from_url(url.clone())?
            .with_storage_backend(Arc::new(store.clone()), url)
            .build_storage()?;
        let mut table = Self {
            dir: dir.into(),
            app_id: app_id.into(),
            store,
            log_store,
            state: None,
            files: Files::default(),
            offset: 0,
        };
        table.reload().await?;
        Ok(table)
    }

    /// Reads the state from the disk again; the offset tells whether a commit whose answer was lost had happened.
    ///
    /// # Errors
    /// The table format's.
    pub(crate) async fn reload(&mut self) -> Result<()> {
        self.state = if self.is_new().await? {
            None
        } else {
            Some(DeltaTableState::try_new(self.log_store.as_ref(), None).await?)
        };
        self.read_state().await
    }

    /// True when no commit file is there at all.
    async fn is_new(&self) -> Result<bool> {
        use futures::TryStreamExt;
        use object_store::ObjectStore;
        let prefix = Path::from(format!("{}/{LOG}", self.dir));
        let found = self.store.list(Some(&prefix)).try_next().await;
        Ok(found.map_err(|e| LakeError::Refused(e.to_string()))?.is_none())
    }

    async fn read_state(&mut self) -> Result<()> {
        let Some(state) = &self.state else {
            self.files = Files::default();
            self.offset = 0;
            return Ok(());
        };
        let mut files = Vec::new();
        for view in state.log_data().iter() {
            let path = view.path();
            let file = DataFile::from_path(&path, view.size() as u64).ok_or_else(|| LakeError::Damaged {
                what: format!("table {}", self.dir),
                detail: format!("the file {path} was not written by this program"),
            })?;
            files.push(Arc::new(file));
        }
        files.sort_by(|a, b| (a.day, a.min_seq, &a.path).cmp(&(b.day, b.min_seq, &b.path)));
        self.files = Arc::new(files);
        self.offset = state
            .transaction_version(self.log_store.as_ref(), &self.app_id)
            .await?
            .unwrap_or(0);
        Ok(())
    }

    /// The files of the newest version.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// `_seq` up to which the rows of the log are in the table.
    pub(crate) fn offset(&self) -> i64 {
        self.offset
    }

    /// The table's folder.
    pub(crate) fn dir(&self) -> &str {
        &self.dir
    }

    /// The version number of the newest commit.
    pub(crate) fn version(&self) -> Option<u64> {
        self.state.as_ref().map(DeltaTableState::version)
    }

    /// Where its files lie.
    pub(crate) fn store(&self) -> &DiskStore {
        &self.store
    }

    /// Commits files and, with `offset`, that the rows of the log up to it are now in the table. The commit is made on
    /// the very version that was read; if the offset on disk is not the expected one, nothing is written.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] when another writer was there; IO. After an error call [`Table::reload`].
    pub(crate) async fn commit(
        &mut self,
        schema: &SchemaRef,
        add: &[DataFile],
        remove: &[Arc<DataFile>],
        offset: Option<i64>,
        now: i64,
    ) -> Result<()> {
        if self.state.is_none() {
            self.create(schema).await?;
        }
        let Some(state) = &self.state else {
            return Err(LakeError::Closed("table has no state".into()));
        };
        let on_disk = state
            .transaction_version(self.log_store.as_ref(), &self.app_id)
            .await?
            .unwrap_or(0);
        if on_disk != self.offset {
            let detail = format!("its offset is {on_disk}, expected {}", self.offset);
            return Err(LakeError::Conflict {
                table: self.dir.clone(),
                detail,
            });
        }
        let data_change = offset.is_some();
        let millis = now / 1000;
        let mut actions: Vec<Action> = Vec::with_capacity(add.len() + remove.len());
        for file in remove {
            actions.push(Action::Remove(Remove {
                path: file.path.clone(),
                data_change,
                deletion_timestamp: Some(millis),
                extended_file_metadata: Some(true),
                partition_values: Some(partition(file.day)),
                size: Some(file.bytes as i64),
                ..Default::default()
            }));
        }
        for file in add {
            actions.push(Action::Add(Add {
                path: file.path.clone(),
                partition_values: partition(file.day),
                size: file.bytes as i64,
                modification_time: millis,
                data_change,
                stats: Some(file.stats()),
                ..Default::default()
            }));
        }
        let version = state.version() + 1;
        let mut properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(false)
            .with_cleanup_expired_logs(Some(false));
        if let Some(offset) = offset {
            properties = properties.with_application_transaction(Transaction::new(&self.app_id, offset));
        }
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![DAY.into()]),
            predicate: None,
        };
        let done = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state), self.log_store.clone(), operation)
            .await
            .map_err(|e| match e {
                DeltaTableError::Transaction { source } => LakeError::Conflict {
                    table: self.dir.clone(),
                    detail: source.to_string(),
                },
                other => other.into(),
            })?;
        if done.version != version {
            let detail = format!("version {} was written, expected {version}", done.version);
            return Err(LakeError::Conflict {
                table: self.dir.clone(),
                detail,
            });
        }
        self.state = Some(done.snapshot());
        if let Some(offset) = offset {
            self.offset = offset;
        }
        let gone: std::collections::HashSet<&str> = remove.iter().map(|f| f.path.as_str()).collect();
        let mut files: Vec<Arc<DataFile>> = self
            .files
            .iter()
            .filter(|f| !gone.contains(f.path.as_str()))
            .cloned()
            .collect();
        files.extend(add.iter().cloned().map(Arc::new));
        files.sort_by(|a, b| (a.day, a.min_seq, &a.path).cmp(&(b.day, b.min_seq, &b.path)));
        self.files = Arc::new(files);
        if version % CHECKPOINT_EVERY == 0 {
            // A checkpoint only shortens the next start; a failure is no reason to fail the commit.
            if let Err(error) = self.checkpoint(version).await {
                tracing::warn!(table = self.dir, %error, "could not write a checkpoint");
            }
        }
        Ok(())
    }

    async fn create(&mut self, schema: &SchemaRef) -> Result<()> {
        let columns = schema
            .fields()
            .iter()
            .map(|f| StructField::nullable(f.name(), kernel_type(f.data_type())))
            .chain([StructField::nullable(DAY, DataType::DATE)]);
        let table = CreateBuilder::new()
            .with_log_store(self.log_store.clone())
            .with_table_name(self.dir.replace('/', "_"))
            .with_columns(columns)
            .with_partition_columns([DAY])
            .with_save_mode(SaveMode::ErrorIfExists)
            .await?;
        self.state = Some(table.snapshot()?.clone());
        Ok(())
    }

    /// Writes the whole state of the newest version into one file. What is read for it also takes the place of the state
    /// in memory, which otherwise would name each commit since the start of the program.
    async fn checkpoint(&mut self, version: u64) -> Result<()> {
        let mut table = deltalake_core::DeltaTable::new(self.log_store.clone());
        table.load().await?;
        let state = table.snapshot()?;
        if state.version() == version {
            self.state = Some(state.clone());
        }
        deltalake_core::protocol::checkpoints::create_checkpoint(&table, None).await?;
        Ok(())
    }

    /// Removes commits and checkpoints before the last checkpoint but one: neither a start nor this process reads them.
    ///
    /// # Errors
    /// IO; what is left is removed the next time.
    pub(crate) fn tidy_log(&self, disk: &dyn Disk) -> Result<()> {
        let Some(version) = self.version().filter(|v| *v >= 2 * CHECKPOINT_EVERY) else {
            return Ok(());
        };
        let dir = format!("{}/{LOG}", self.dir);
        let entries = disk.list(&dir).map_err(LakeError::io(format!("list {dir}")))?;
        let checkpoints: Vec<u64> = entries
            .iter()
            .filter(|e| e.name.ends_with(CHECKPOINT))
            .filter_map(|e| log_version(&e.name))
            .filter(|v| *v <= version)
            .collect();
        // The entries of a folder come sorted.
        let [.., kept, _] = checkpoints.as_slice() else {
            return Ok(());
        };
        let old = |e: &&qala_disk::Entry| log_version(&e.name).is_some_and(|v| v < *kept);
        let old: Vec<_> = entries.iter().filter(old).collect();
        for entry in &old {
            let path = format!("{dir}/{}", entry.name);
            disk.remove(&path)
                .map_err(LakeError::io(format!("remove {path}")))?;
        }
        if !old.is_empty() {
            disk.sync_dir(&dir)
                .map_err(LakeError::io(format!("fsync {dir}")))?;
        }
        Ok(())
    }
}

/// The version of a commit or checkpoint, by the name of its file; `None` for other files.
pub(crate) fn log_version(name: &str) -> Option<u64> {
    let (version, rest) = name.split_at_checked(20)?;
    let known = rest == ".json" || rest == CHECKPOINT;
    version.parse().ok().filter(|_| known)
}

fn partition(day: i32) -> HashMap<String, Option<String>> {
    HashMap::from([(DAY.to_owned(), Some(day_text(day)))])
}

/// Finds the IO error in an object store's error, so that a full disk keeps its name.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(crate) fn store_error(error: object_store::Error) -> LakeError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::StorageFull
        {
            return LakeError::DiskFull { free: 0, reserve: 0 };
        }
        source = inner.source();
    }
    LakeError::Refused(error.to_string())
}
