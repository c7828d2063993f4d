//! The chain of the audit, and what breaks it.

use super::{SECOND, empty, user};
use crate::{AuditAction, AuditHead, AuditProof, Note, Registry, TokenGrant};

/// Five entries.
async fn five() -> Registry {
    let registry = empty().await;
    registry.add_user(&user("ada"), "root", SECOND).await.unwrap();
    let token = registry
        .issue_token("ada", &TokenGrant::default(), [1; 32], "root", 2 * SECOND)
        .await
        .unwrap();
    let id = registry.token(token.reveal()).await.unwrap().unwrap().id;
    registry.revoke_token(&id, "root", 3 * SECOND).await.unwrap();
    let note = Note::new("ada", AuditAction::Sql, "SELECT 1").with("rows", 1);
    registry.note(&note, 4 * SECOND).await.unwrap();
    registry.remove_user("ada", "root", 5 * SECOND).await.unwrap();
    registry
}

/// Changes the file as somebody would who has it and SQLite.
async fn tamper(registry: &Registry, sql: &'static str) {
    let mut link = registry.lock().await.unwrap();
    let connection = link.connection().unwrap();
    for trigger in ["audit_is_not_changed", "audit_is_not_removed"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TRIGGER IF EXISTS {trigger}")))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    sqlx::raw_sql("DROP TRIGGER audit_inserted")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

/// The first broken entry, if there is one.
async fn broken(registry: &Registry, kept: &[AuditHead]) -> Option<i64> {
    match registry.check_audit(kept).await.unwrap() {
        AuditProof::Whole(_) => None,
        AuditProof::Broken { entry, .. } => Some(entry),
    }
}

#[tokio::test]
async fn every_change_is_an_entry_of_its_own_transaction() {
    let registry = five().await;
    let entries = registry.audit(None, 100).await.unwrap();
    let actions: Vec<&str> = entries.iter().map(|e| e.action.as_str()).collect();
    assert_eq!(
        actions,
        ["user_remove", "sql", "token_revoke", "token_issue", "user_add"]
    );
    assert_eq!(entries[1].detail, r#"{"rows":1}"#);
    assert_eq!(entries[4].previous, "");
    for pair in entries.windows(2) {
        assert_eq!(pair[0].previous, pair[1].hash);
    }
    let some = registry.audit(Some(3), 2).await.unwrap();
    assert_eq!(some.iter().map(|e| e.entry).collect::<Vec<_>>(), [3, 2]);
    let head = registry.audit_head().await.unwrap();
    assert_eq!((head.entry, &head.hash), (5, &entries[0].hash));
    assert_eq!(registry.check_audit(&[]).await.unwrap(), AuditProof::Whole(head));
    // A change that fails leaves no entry.
    assert!(registry.remove_user("ada", "root", 6 * SECOND).await.is_err());
    assert_eq!(registry.audit_head().await.unwrap().entry, 5);
    // The lake is told of each.
    let told = registry.pending(0, 100).await.unwrap();
    assert_eq!(told.len(), 5);
    assert_eq!(told[4].payload["hash"], entries[0].hash.as_str());
}

#[tokio::test]
async fn an_entry_has_the_hash_that_its_documentation_says() {
    let registry = empty().await;
    let note = Note::new("ада", AuditAction::Export, "x").with("n", 1);
    registry.note(&note, 7).await.unwrap();
    // Made with Python's hashlib of: version, entry, instant, and each text after its length.
    assert_eq!(
        registry.audit_head().await.unwrap().hash,
        "e03d4a9be1498e27e1a1c3426b0e0641d01144bd38d41016720f32e1a366d161"
    );
}

#[tokio::test]
async fn sql_neither_changes_nor_removes_an_entry() {
    let registry = five().await;
    let mut link = registry.lock().await.unwrap();
    for sql in [
        "UPDATE audit SET actor = 'eve' WHERE entry = 2",
        "DELETE FROM audit WHERE entry = 5",
        "DELETE FROM audit",
    ] {
        let refused = sqlx::raw_sql(sql).execute(link.connection().unwrap()).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn the_first_entry_that_was_tampered_with_is_named() {
    for (sql, entry) in [
        ("UPDATE audit SET actor = 'eve' WHERE entry = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE entry = 1", 1),
        ("UPDATE audit SET detail = '{\"rows\":2}' WHERE entry = 4", 4),
        (
            "UPDATE audit SET object = actor, actor = object WHERE entry = 2",
            2,
        ),
        (
            "UPDATE audit SET hash = replace(hash, '0', '1') WHERE entry = 2",
            2,
        ),
        ("UPDATE audit SET previous = '' WHERE entry = 5", 5),
        ("DELETE FROM audit WHERE entry = 3", 3),
        ("DELETE FROM audit WHERE entry = 1", 1),
        (
            "DELETE FROM audit WHERE entry = 3; UPDATE audit SET entry = 3 WHERE entry = 4; UPDATE audit SET entry = 4 WHERE entry = 5",
            3,
        ),
        (
            "INSERT INTO audit SELECT 6, at, actor, action, object, detail, previous, hash FROM audit WHERE entry = 5",
            6,
        ),
    ] {
        let registry = five().await;
        assert_eq!(broken(&registry, &[]).await, None);
        tamper(&registry, sql).await;
        assert_eq!(broken(&registry, &[]).await, Some(entry), "{sql}");
    }
}

#[tokio::test]
async fn a_kept_head_shows_what_the_chain_alone_cannot() {
    let registry = five().await;
    let head = registry.audit_head().await.unwrap();
    let kept = [
        AuditHead {
            entry: 0,
            hash: String::new(),
        },
        head,
    ];
    assert_eq!(broken(&registry, &kept).await, None);
    // The newest entries were cut off.
    tamper(&registry, "DELETE FROM audit WHERE entry > 3").await;
    assert_eq!(broken(&registry, &[]).await, None);
    assert_eq!(broken(&registry, &kept).await, Some(4));
    // Then others were written in their place, by the program itself.
    for _ in 0..4 {
        let note = Note::new("eve", AuditAction::Sql, "SELECT 2");
        registry.note(&note, 9 * SECOND).await.unwrap();
    }
    assert_eq!(broken(&registry, &[]).await, None);
    assert_eq!(broken(&registry, &kept).await, Some(5));
}
