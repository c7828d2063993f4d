//! Opening and closing a registry.
//!
//! **Journal mode: WAL with `synchronous=FULL` and `locking_mode=EXCLUSIVE`**, because
//! - a commit is one append and one fsync; `TRUNCATE` and `DELETE` need three or four, and `DELETE` is not
//!   durable at all under FULL, as it does not sync the folder after the journal is removed;
//! - each frame carries a salt and a running checksum, so torn, missing and stale writes end the log instead of
//!   being replayed; a page of the database is overwritten only after the log that holds it is synced;
//! - with an exclusive lock the index of the log lives on the heap, so no shared memory is needed, which our VFS
//!   does not have. It also keeps a second program out.
//!
//! One connection serves everybody, behind a lock: changes are few, and queries go to the lake.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use qala_disk::{Disk, parent};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

use crate::change;
use crate::error::RegistryError;
use crate::migrate;
use crate::vfs::Vfs;

/// How long to wait for another program that is closing the file.
const PATIENCE: Duration = Duration::from_secs(2);

/// The managed records of one city.
///
/// Call [`Registry::close`] when done. A registry that is dropped closes itself too, on another thread if it was
/// opened with [`Registry::open`]; one opened with [`Registry::open_on`] blocks until its files are closed.
#[derive(Debug)]
pub struct Registry {
    // The connection is dropped before the VFS it uses: the order of the fields matters.
    connection: Mutex<Option<Open>>,
    vfs: Option<Vfs>,
    is_broken: AtomicBool,
}

/// A connection, and whether whoever used it last may have gone away inside a transaction.
#[derive(Debug)]
struct Open {
    sqlite: SqliteConnection,
    may_be_in_transaction: bool,
}

/// The connection, while nobody else has it.
pub(crate) struct Link<'a>(MutexGuard<'a, Option<Open>>);

impl Link<'_> {
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, RegistryError> {
        self.parts().map(|(connection, _)| connection)
    }

    /// The connection, and the note that a transaction may be open.
    pub(crate) fn parts(&mut self) -> Result<(&mut SqliteConnection, &mut bool), RegistryError> {
        let open = self.0.as_mut().ok_or(RegistryError::Closed)?;
        Ok((&mut open.sqlite, &mut open.may_be_in_transaction))
    }
}

impl Registry {
    /// Opens the registry in a file of the machine with SQLite's own file layer, and migrates it. Missing folders
    /// and a missing file are created.
    ///
    /// # Errors
    /// The file cannot be reached, is in use, is not a registry, or is newer than this program.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, RegistryError> {
        let path = path.as_ref();
        let shown = path.display().to_string();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // `RealDisk::new` also makes the entries of new folders durable.
            qala_disk::RealDisk::new(folder).map_err(|source| RegistryError::Io {
                path: shown.clone(),
                source,
            })?;
        }
        Self::connect(options().filename(path), None, &shown).await
    }

    /// Opens the registry in a file of `disk`, and migrates it. Missing folders and a missing file are created.
    ///
    /// Nothing but this process may use the file meanwhile: the lock is in memory.
    ///
    /// # Errors
    /// As for [`Registry::open`].
    pub async fn open_on(disk: Arc<dyn Disk>, path: &str) -> Result<Self, RegistryError> {
        let failed = |source| RegistryError::Io {
            path: path.to_owned(),
            source,
        };
        create_folder(disk.as_ref(), parent(path)).map_err(failed)?;
        let vfs = Vfs::new(disk).map_err(failed)?;
        let options = options().filename(path).vfs(vfs.name().to_owned());
        Self::connect(options, Some(vfs), path).await
    }

    async fn connect(
        options: SqliteConnectOptions,
        mut vfs: Option<Vfs>,
        shown: &str,
    ) -> Result<Self, RegistryError> {
        // A task of its own: if the caller goes away, the VFS still outlives the connection that is being made.
        let task = tokio::spawn(async move {
            let outcome = options.connect().await;
            if let Some(vfs) = &mut vfs {
                vfs.connected();
            }
            outcome.map(|connection| Self {
                connection: Mutex::new(Some(Open {
                    sqlite: connection,
                    may_be_in_transaction: false,
                })),
                vfs,
                is_broken: AtomicBool::new(false),
            })
        });
        let outcome = task.await.map_err(|error| RegistryError::Io {
            path: shown.to_owned(),
            source: io::Error::other(error),
        })?;
        let registry = match outcome {
            Err(error) if RegistryError::is_busy(&error) => {
                return Err(RegistryError::InUse(shown.to_owned()));
            }
            outcome => outcome?,
        };
        let mut link = registry.lock().await?;
        let migrated = migrate::run(link.connection()?, shown).await;
        drop(link);
        match migrated {
            Ok(()) => Ok(registry),
            Err(error) => {
                registry.close().await.ok();
                Err(error)
            }
        }
    }

    /// Writes what is pending to the database file and closes it.
    ///
    /// # Errors
    /// The disk failed. What was acknowledged is durable all the same.
    pub async fn close(self) -> Result<(), RegistryError> {
        let connection = self.connection.lock().await.take();
        if let Some(open) = connection {
            open.sqlite.close().await?;
        }
        drop(self.vfs);
        Ok(())
    }

    /// True if the files are reached through a [`Disk`].
    pub(crate) fn is_on_a_disk(&self) -> bool {
        self.vfs.is_some()
    }

    /// Waits for the connection.
    pub(crate) async fn lock(&self) -> Result<Link<'_>, RegistryError> {
        let link = self.connection.lock().await;
        if self.is_broken.load(Ordering::Acquire) {
            return Err(RegistryError::Broken);
        }
        let mut link = Link(link);
        let (connection, may_be_open) = link.parts()?;
        change::clear(connection, may_be_open).await;
        Ok(link)
    }

    /// Passes an outcome on, and closes the registry to everybody if the disk failed.
    pub(crate) fn watch<T>(&self, outcome: Result<T, RegistryError>) -> Result<T, RegistryError> {
        if let Err(error) = &outcome
            && error.breaks()
        {
            self.is_broken.store(true, Ordering::Release);
            tracing::error!(
                ?error,
                "the disk failed under the registry; it takes no more calls until it is reopened"
            );
        }
        outcome
    }
}

/// How every connection is opened; sqlx sends the locking mode before the journal mode, as it must be.
pub(crate) fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(true)
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        .busy_timeout(PATIENCE)
}

/// Creates a folder and its parents, and makes their entries durable.
fn create_folder(disk: &dyn Disk, folder: &str) -> io::Result<()> {
    if folder.is_empty() {
        return Ok(());
    }
    disk.create_dir_all(folder)?;
    let mut below = folder;
    while !below.is_empty() {
        below = parent(below);
        disk.sync_dir(below)?;
    }
    Ok(())
}
