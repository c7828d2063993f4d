use std::sync::Arc;

use qala_disk::SimDisk;
use sqlx::{ConnectOptions, Connection};

use super::{SECOND, function_id, place};
use crate::migrate::MIGRATIONS;
use crate::{Registry, RegistryError};

const BROKEN: &str = "CREATE TABLE third (a TEXT); SELECT no_such_function();";
const VERSION_1: &str = include_str!("../../migrations/fixtures/version-1.sql");

/// A database of the machine made of plain SQL.
async fn database(path: &std::path::Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_registry_of_version_1_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    database(&path, VERSION_1).await;
    for _ in 0..2 {
        let registry = Registry::open(&path).await.unwrap();
        assert_eq!(registry.places().await.unwrap().len(), 3);
        assert_eq!(registry.pending(0, 100).await.unwrap().len(), 7);
        assert_eq!(registry.position().await.unwrap().acknowledged, 2);
        assert_eq!(
            registry
                .owner_at(&function_id("road-traffic"), 1_650_000_000_000_000)
                .await
                .unwrap()
                .unwrap()
                .as_str(),
            "roads"
        );
        assert!(!registry.is_working("cal", 20_000).await.unwrap());
        assert_eq!(
            registry.setting("city.zone").await.unwrap().as_deref(),
            Some("UTC")
        );
        assert_eq!(registry.users().await.unwrap().len(), 1);
        registry.end_session("none", SECOND).await.unwrap();
        registry.close().await.unwrap();
    }
    let registry = Registry::open(&path).await.unwrap();
    assert_eq!(registry.audit_head().await.unwrap().entry, 0);
    registry
        .put_place(&place("south", 1, None), SECOND)
        .await
        .unwrap();
    assert_eq!(registry.position().await.unwrap().last, 8);
}

#[test]
fn the_first_migration_is_what_it_was() {
    assert!(
        VERSION_1.contains(MIGRATIONS[0]),
        "a released migration was edited: add a new one instead"
    );
}

#[tokio::test]
async fn a_newer_registry_is_refused_with_both_versions() {
    let disk = Arc::new(SimDisk::new(1));
    let registry = Registry::open_on(disk.clone(), "r.db").await.unwrap();
    let mut link = registry.lock().await.unwrap();
    sqlx::raw_sql("UPDATE registry_version SET version = 99")
        .execute(link.connection().unwrap())
        .await
        .unwrap();
    drop(link);
    registry.close().await.unwrap();
    let refused = Registry::open_on(disk, "r.db").await.unwrap_err();
    assert!(matches!(refused, RegistryError::Newer { found: 99, .. }));
    let known = MIGRATIONS.len();
    assert_eq!(
        refused.to_string(),
        format!(
            "open the registry: it has schema version 99, this program knows up to {known}; start the newer program, or restore a backup of version {known}"
        )
    );
}

#[tokio::test]
async fn a_database_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    database(&path, "CREATE TABLE songs (title TEXT)").await;
    let refused = Registry::open(&path).await.unwrap_err();
    assert!(matches!(refused, RegistryError::NotARegistry(_)), "{refused}");
    std::fs::write(
        &path,
        b"this is not a database at all, but it is long enough to look like one",
    )
    .unwrap();
    assert!(Registry::open(&path).await.is_err());
    assert!(std::fs::read(&path).unwrap().starts_with(b"this is not"));
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_version_before_it() {
    let disk = Arc::new(SimDisk::new(1));
    let registry = Registry::open_on(disk.clone(), "r.db").await.unwrap();
    let mut link = registry.lock().await.unwrap();
    // What is there is passed over; the next one fails.
    let mut broken = vec![""; MIGRATIONS.len()];
    broken.push(BROKEN);
    let failed = crate::migrate::run_up_to(link.connection().unwrap(), broken.leak(), "r.db").await;
    assert!(failed.is_err());
    drop(link);
    registry.close().await.unwrap();
    let registry = Registry::open_on(disk, "r.db").await.unwrap();
    let mut link = registry.lock().await.unwrap();
    let third: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'third'")
        .fetch_one(link.connection().unwrap())
        .await
        .unwrap();
    assert_eq!(third, 0);
}
