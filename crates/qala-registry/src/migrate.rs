//! The schema of the registry, version by version.
//!
//! What belongs here: the list of migrations and the rule that a version is applied whole or not at all. What
//! does not: the statements; each version is a file under `migrations/` that is never edited after release.

use sqlx::{Connection, Row, SqliteConnection};

use crate::error::RegistryError;

/// All versions in order; the first is version 1.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_records.sql"),
    include_str!("../migrations/0002_tokens_and_packs.sql"),
    include_str!("../migrations/0003_sensors.sql"),
    include_str!("../migrations/0004_senders.sql"),
    include_str!("../migrations/0005_sign_in.sql"),
    include_str!("../migrations/0006_programmes.sql"),
    include_str!("../migrations/0007_alarms.sql"),
    include_str!("../migrations/0008_room.sql"),
];

/// The table that holds the version; its one row is written in the transaction of each migration.
const VERSION_TABLE: &str = "CREATE TABLE registry_version (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;
INSERT INTO registry_version (one, version) VALUES (1, 0);";

/// Brings an older registry to the newest version; refuses a newer one and a database of something else.
pub(crate) async fn run(connection: &mut SqliteConnection, shown: &str) -> Result<(), RegistryError> {
    run_up_to(connection, MIGRATIONS, shown).await
}

/// As [`run`], for a program that knows only `migrations`.
pub(crate) async fn run_up_to(
    connection: &mut SqliteConnection,
    migrations: &'static [&'static str],
    shown: &str,
) -> Result<(), RegistryError> {
    let known = migrations.len() as i64;
    let found = version(connection, shown).await?;
    if found.is_some_and(|found| found > known) {
        let found = found.unwrap_or_default();
        return Err(RegistryError::Newer { found, known });
    }
    let done = found.unwrap_or(0);
    for (index, sql) in migrations
        .iter()
        .enumerate()
        .skip(usize::try_from(done).unwrap_or(0))
    {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        if found.is_none() && index == 0 {
            sqlx::raw_sql(VERSION_TABLE).execute(&mut *transaction).await?;
        }
        sqlx::raw_sql(*sql).execute(&mut *transaction).await?;
        let version = index as i64 + 1;
        sqlx::query("UPDATE registry_version SET version = ?1")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        tracing::info!(version, "registry migrated");
    }
    Ok(())
}

/// The version of a registry; `None` if the database is empty.
async fn version(connection: &mut SqliteConnection, shown: &str) -> Result<Option<i64>, RegistryError> {
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut *connection)
        .await?;
    if tables.is_empty() {
        return Ok(None);
    }
    if !tables.iter().any(|name| name == "registry_version") {
        return Err(RegistryError::NotARegistry(shown.to_owned()));
    }
    let row = sqlx::query("SELECT version FROM registry_version")
        .fetch_one(&mut *connection)
        .await?;
    Ok(Some(row.try_get(0)?))
}
