//! What an engine on other machines needs of a lake: the committed files of one view, and what hides rows in them.
//!
//! What belongs here: facts, as plain values. What does not: plans; how an engine hides rows is its own affair. The
//! tail is not here either: another machine cannot read it, so [`Committed::complete`] says how far the files reach.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::Expr;
use qala_core::spec::{Kind, Role};

use crate::error::{LakeError, Result};
use crate::files::DataFile;
use crate::lake::Lake;
use crate::query::rollup;
use crate::query::table::{ANY, Asked, bounds_of, split};
pub use crate::superseded::SetRange;
use crate::system;
use crate::view::{TableView, View};

/// The committed rows of one view.
#[derive(Debug, Clone)]
pub struct Committed {
    view: Arc<View>,
    root: PathBuf,
}

/// A Parquet file. Immutable; it may lack columns that were added later, which are then null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Local day of its rows, days since 1970-01-01. The file does not hold it as a column.
    pub day: i32,
    /// Size in bytes.
    pub bytes: u64,
}

/// How the rows of a state dataset close one another: a row ends at the smaller of its own end and the start of the
/// next row with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Key columns.
    pub key: Vec<String>,
    /// Column of the start.
    pub from: String,
    /// Column of the end.
    pub to: String,
}

/// Where superseded rows are named: rows (`dataset`, `day`, `old_seq`, `new_seq`); row `old_seq` is hidden from who
/// reads up to `new_seq` or later.
#[derive(Debug, Clone)]
pub struct SupersededRows {
    /// Columns.
    pub schema: SchemaRef,
    /// Files.
    pub files: Vec<CommittedFile>,
}

/// One dataset, seen up to a `_seq`.
#[derive(Debug, Clone)]
pub struct CommittedTable {
    /// Name of the dataset.
    pub name: String,
    /// Columns as they are stored and queried.
    pub schema: SchemaRef,
    /// The `_seq` up to which rows are seen.
    pub as_of: i64,
    /// Files of which every row is visible.
    pub whole: Vec<CommittedFile>,
    /// Files of which a row is visible when its `_seq` is not above `as_of`, is in one of `sets` and not superseded.
    pub mixed: Vec<CommittedFile>,
    /// The current sets, for a snapshot; rows outside them are hidden.
    pub sets: Option<Vec<SetRange>>,
    /// Where to find which rows of `mixed` are superseded; `None` when none is.
    pub superseded: Option<SupersededRows>,
    /// For a state: how its intervals close, after all else was hidden.
    pub interval: Option<Interval>,
}

/// One rollup, seen up to a `_seq`.
#[derive(Debug, Clone)]
pub struct CommittedRollup {
    /// The dataset that is rolled up.
    pub dataset: String,
    /// Columns.
    pub schema: SchemaRef,
    /// Files of the days that need no look at rows.
    pub fresh: Vec<CommittedFile>,
    /// Queries over the dataset, by its SQL name, that give the rows of all other days.
    pub stale: Vec<String>,
}

impl Lake {
    /// The committed rows of the newest view.
    ///
    /// # Errors
    /// [`LakeError::Refused`] when the lake is not on a disk that other programs can read.
    pub fn committed(&self) -> Result<Committed> {
        let Some(root) = self.root() else {
            let message = "the lake's folder is not known, so no other program can read its files";
            return Err(LakeError::Refused(message.into()));
        };
        let root = std::path::absolute(root).map_err(LakeError::io("find the lake's folder"))?;
        Ok(Committed {
            view: self.view(),
            root,
        })
    }
}

impl Committed {
    /// Largest `_seq` that is durable and visible in this process, the tail included.
    pub fn seq(&self) -> i64 {
        self.view.seq
    }

    /// SQL names of all tables and rollups.
    pub fn names(&self) -> BTreeSet<&str> {
        let names = self.view.tables.keys().chain(self.view.rollups.keys());
        names.map(|name| &**name).collect()
    }

    /// Columns of a table or rollup.
    pub fn schema(&self, name: &str) -> Option<SchemaRef> {
        if let Some(table) = self.view.tables.get(name) {
            return Some(Arc::clone(&table.dataset.table));
        }
        let (files, rollup) = self.rolled(name)?;
        Some(rollup::schema(&files.dataset, rollup))
    }

    /// The `_seq` up to which the files of all these tables and rollups hold every row, and the table of superseded rows
    /// every entry that hides one of them. It is the end of a record of the log, so that no payload is seen by halves. A
    /// table without a tail holds every row that is visible at all.
    pub fn complete<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> i64 {
        let mut seq = self.view.seq;
        let mut narrow = |table: &TableView| {
            if !table.tail.is_empty() {
                seq = seq.min(table.complete);
            }
        };
        for name in names {
            let rolled = self.view.rollups.get(name).map(|files| &*files.dataset.name);
            let Some(table) = self.view.tables.get(rolled.unwrap_or(name)) else {
                continue;
            };
            narrow(table);
            if !table.dataset.superseded.days().is_empty()
                && let Some(superseded) = self.view.tables.get(system::SUPERSEDED)
            {
                narrow(superseded);
            }
        }
        seq
    }

    /// The closed range of the time column that conditions on a table or rollup leave open.
    pub fn bounds(&self, name: &str, filters: &[Expr]) -> (i64, i64) {
        if self.view.rollups.contains_key(name) {
            return bounds_of(filters, rollup::BUCKET);
        }
        let time = self.view.tables.get(name).and_then(|table| table.dataset.time());
        time.map_or(ANY, |time| bounds_of(filters, time))
    }

    /// A dataset as who reads up to `as_of` sees it; files that are surely outside `bounds` are left out.
    pub fn table(&self, name: &str, as_of: i64, bounds: (i64, i64)) -> Option<CommittedTable> {
        let table = self.view.tables.get(name)?;
        let dataset = &table.dataset;
        let state = dataset.spec.kind == Kind::State;
        // Rows outside the bounds close intervals inside them.
        let bounds = if state { ANY } else { bounds };
        let sets = (dataset.spec.kind == Kind::Snapshot).then(|| dataset.sets.ranges(as_of));
        let (whole, mixed) = split(table, as_of, &Asked::within(bounds), sets.as_deref());
        let superseded = mixed
            .iter()
            .any(|file| dataset.superseded.touches(file.day))
            .then(|| self.superseded())
            .flatten();
        let interval = match (
            dataset.spec.role(Role::ValidFrom),
            dataset.spec.role(Role::ValidTo),
        ) {
            (Some(from), Some(to)) if state => Some(Interval {
                key: dataset.spec.key.clone(),
                from: from.name.clone(),
                to: to.name.clone(),
            }),
            _ => None,
        };
        Some(CommittedTable {
            name: dataset.name.to_string(),
            schema: Arc::clone(&dataset.table),
            as_of,
            whole: self.files(&table.dir, &whole),
            mixed: self.files(&table.dir, &mixed),
            sets,
            superseded,
            interval,
        })
    }

    /// A rollup as who reads up to `as_of` sees it; days that are surely outside `bounds` are left out.
    pub fn rollup(&self, name: &str, as_of: i64, bounds: (i64, i64)) -> Option<CommittedRollup> {
        let (files, rollup) = self.rolled(name)?;
        let rows = self.view.tables.get(&files.dataset.name)?;
        let dataset = &files.dataset;
        let (fresh, stale) = rollup::fresh_and_stale(rows, files, as_of, bounds);
        Some(CommittedRollup {
            dataset: dataset.name.to_string(),
            schema: rollup::schema(dataset, rollup),
            fresh: self.files(&files.dir, &fresh),
            stale: rollup::queries(dataset, rollup, &dataset.name, &stale),
        })
    }

    fn rolled(&self, name: &str) -> Option<(&Arc<TableView>, &qala_core::spec::Rollup)> {
        let files = self.view.rollups.get(name)?;
        let rollups = &files.dataset.spec.rollups;
        let rollup = rollups
            .iter()
            .find(|r| name == format!("{}_{}", files.dataset.name, r.name))?;
        Some((files, rollup))
    }

    fn superseded(&self) -> Option<SupersededRows> {
        let table = self.view.tables.get(system::SUPERSEDED)?;
        Some(SupersededRows {
            schema: Arc::clone(&table.dataset.table),
            files: self.files(&table.dir, &table.files),
        })
    }

    fn files(&self, dir: &str, files: &[Arc<DataFile>]) -> Vec<CommittedFile> {
        let folder: PathBuf = self.root.join(Path::new(dir));
        files
            .iter()
            .map(|file| CommittedFile {
                path: folder.join(&file.path),
                day: file.day,
                bytes: file.bytes,
            })
            .collect()
    }
}
