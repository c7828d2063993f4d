//! One change: a transaction that carries its time.
//!
//! What belongs here: begin and end. Inside, the triggers of the schema write the outbox; they take the time
//! from the row that [`Registry::begin`] writes and [`Registry::end`] clears, so a change outside of a
//! transaction of this module fails.
//!
//! Not sqlx's `Transaction`: when a disk is full, SQLite may roll a transaction back by itself, and sqlx then counts
//! one that is no longer there, for ever. Here a transaction that may be open is rolled back before the next use.

use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::open::{Link, Registry};

/// A running change. Dropped without [`Registry::end`], it is rolled back before the connection is used again.
pub(crate) struct Change<'a> {
    connection: &'a mut SqliteConnection,
    may_be_open: &'a mut bool,
    /// SQLite's count of changed rows when the change began.
    before: i64,
}

impl Change<'_> {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        self.connection
    }

    /// Commits, unless nothing was changed.
    async fn finish(&mut self) -> Result<(), RegistryError> {
        if changed_rows(self.connection).await? == self.before {
            return Ok(());
        }
        sqlx::query("UPDATE change_clock SET now = NULL")
            .execute(&mut *self.connection)
            .await?;
        sqlx::query("COMMIT").execute(&mut *self.connection).await?;
        *self.may_be_open = false;
        Ok(())
    }
}

/// Rolls back what an earlier user of the connection may have left open.
pub(crate) async fn clear(connection: &mut SqliteConnection, may_be_open: &mut bool) {
    if *may_be_open {
        // "No transaction is active" is as good: SQLite was faster, or the commit had been done.
        sqlx::query("ROLLBACK").execute(connection).await.ok();
        *may_be_open = false;
    }
}

async fn changed_rows(connection: &mut SqliteConnection) -> Result<i64, RegistryError> {
    Ok(sqlx::query_scalar("SELECT total_changes()")
        .fetch_one(connection)
        .await?)
}

impl Registry {
    /// Begins a change at the time `now`, in µs of UTC.
    pub(crate) async fn begin<'a>(
        &self,
        link: &'a mut Link<'_>,
        now: i64,
    ) -> Result<Change<'a>, RegistryError> {
        self.watch(begin(link, now).await)
    }

    /// Commits a change that worked and rolls back one that did not or that changed nothing.
    pub(crate) async fn end<T>(
        &self,
        mut change: Change<'_>,
        outcome: Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let done = match outcome {
            Ok(value) => change.finish().await.map(|()| value),
            Err(error) => Err(error),
        };
        clear(change.connection, change.may_be_open).await;
        self.watch(done)
    }
}

async fn begin<'a>(link: &'a mut Link<'_>, now: i64) -> Result<Change<'a>, RegistryError> {
    let (connection, may_be_open) = link.parts()?;
    *may_be_open = true;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    sqlx::query("UPDATE change_clock SET now = ?1")
        .bind(now)
        .execute(&mut *connection)
        .await?;
    let before = changed_rows(connection).await?;
    Ok(Change {
        connection,
        may_be_open,
        before,
    })
}
