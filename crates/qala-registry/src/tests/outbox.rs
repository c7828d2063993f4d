use super::{SECOND, empty, place, place_id, user};
use crate::{OutboxOp, OutboxPosition, Put, RegistryError, Scope, TokenGrant};

async fn raw(registry: &crate::Registry, sql: &'static str) -> Result<u64, sqlx::Error> {
    let mut link = registry.lock().await.unwrap();
    let done = sqlx::raw_sql(sql).execute(link.connection().unwrap()).await?;
    Ok(done.rows_affected())
}

#[tokio::test]
async fn a_change_without_its_outbox_row_is_impossible() {
    let registry = empty().await;
    registry
        .put_place(&place("north", 10, None), SECOND)
        .await
        .unwrap();
    // Whoever writes past the functions of this crate has no clock, and the whole statement fails.
    for sql in [
        "UPDATE places SET name_en = 'Other'",
        "DELETE FROM places",
        "INSERT INTO departments VALUES ('d', 'k', 'r', 'e', NULL, NULL, NULL, 0, NULL)",
        "INSERT INTO functions VALUES ('f', 'k', 'r', 'e', 0, NULL)",
        "INSERT INTO function_owners VALUES ('f', 'd', 0, NULL)",
        "INSERT INTO sensor_entities VALUES ('thing', 1, '{}', '{}', 0)",
        "INSERT INTO programmes VALUES ('p', 'plan', 'k', 'r', 'e', NULL, NULL, NULL, NULL, 'f', 'done', NULL, 0, NULL)",
        "INSERT INTO programme_money VALUES ('p', 2030, 1, 0, NULL, 0, NULL)",
        "INSERT INTO programme_targets VALUES ('p', 'a.b', 2030, 'share', '0.5', NULL, NULL, 1, NULL, 0, NULL)",
        "INSERT INTO programme_measures VALUES ('p', 'm', 'k', 'r', 'e', 'f', 'done', NULL, 0, NULL, 0, NULL)",
        "INSERT INTO calendar_days VALUES ('c', 1, 'working', NULL, NULL, NULL, 'a', 1, 0, NULL)",
    ] {
        let refused = raw(&registry, sql).await.unwrap_err().to_string();
        assert!(refused.contains("outbox.recorded_at"), "{sql}: {refused}");
    }
    // With a clock, the row is written by the schema.
    raw(&registry, "UPDATE change_clock SET now = 7; UPDATE places SET name_en = 'Other'; UPDATE change_clock SET now = NULL").await.unwrap();
    let told = registry.pending(1, 10).await.unwrap();
    assert_eq!((told.len(), told[0].recorded_at), (1, 7));
    assert_eq!(told[0].payload["name_en"], "Other");
    let refused = raw(
        &registry,
        "UPDATE change_clock SET now = 8; UPDATE places SET valid_from = 11",
    )
    .await
    .unwrap_err();
    assert!(
        refused.to_string().contains("the key of a record never changes"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_payload_has_the_columns_of_the_dataset_in_their_order() {
    let registry = empty().await;
    registry
        .put_place(&place("north", 10, None), SECOND)
        .await
        .unwrap();
    let told = registry.pending(0, 10).await.unwrap();
    assert_eq!(
        (told.len(), told[0].id, told[0].op, told[0].recorded_at),
        (1, 1, OutboxOp::Upsert, SECOND)
    );
    assert_eq!(told[0].dataset, "organisation_places");
    assert_eq!(
        serde_json::to_string(&told[0].payload).unwrap(),
        r#"{"place_id":"north","kind":"district","name_kk":"north kk","name_ru":"north ru","name_en":"north en","parent_id":null,"kato":"123456789","geometry":"POLYGON((0 0, 1 0, 1 1, 0 0))","simulated":true,"valid_from":10,"valid_to":null}"#
    );
}

#[tokio::test]
async fn the_relay_is_remembered_and_old_rows_go() {
    let registry = empty().await;
    for from in 1..=5 {
        registry
            .put_place(&place(&format!("p{from}"), from, None), from * SECOND)
            .await
            .unwrap();
    }
    assert_eq!(
        registry
            .pending(2, 2)
            .await
            .unwrap()
            .iter()
            .map(|row| row.id)
            .collect::<Vec<_>>(),
        [3, 4]
    );
    registry.acknowledge(3, SECOND).await.unwrap();
    registry.acknowledge(2, SECOND).await.unwrap();
    assert_eq!(
        registry.position().await.unwrap(),
        OutboxPosition {
            acknowledged: 3,
            last: 5
        }
    );
    let refused = registry.acknowledge(6, SECOND).await.unwrap_err();
    assert!(
        matches!(refused, RegistryError::AcknowledgedTooMuch { asked: 6, last: 5 }),
        "{refused}"
    );
    // Rows 1 and 2 are old and acknowledged, 3 is acknowledged, 4 and 5 are not.
    assert_eq!(registry.prune(3 * SECOND, SECOND).await.unwrap(), 2);
    assert_eq!(registry.prune(100 * SECOND, SECOND).await.unwrap(), 1);
    assert_eq!(registry.pending(0, 10).await.unwrap()[0].id, 4);
    registry.acknowledge(5, SECOND).await.unwrap();
    registry.prune(100 * SECOND, SECOND).await.unwrap();
    // Ids never come back.
    assert_eq!(
        registry.position().await.unwrap(),
        OutboxPosition {
            acknowledged: 5,
            last: 5
        }
    );
    registry
        .put_place(&place("again", 1, None), SECOND)
        .await
        .unwrap();
    assert_eq!(registry.pending(0, 10).await.unwrap()[0].id, 6);
}

#[tokio::test]
async fn a_restored_registry_can_go_on_after_the_lake() {
    let registry = empty().await;
    registry.continue_after(40, SECOND).await.unwrap();
    registry
        .put_place(&place("north", 1, None), SECOND)
        .await
        .unwrap();
    assert_eq!(registry.pending(0, 10).await.unwrap()[0].id, 41);
    registry.continue_after(10, SECOND).await.unwrap();
    registry.continue_after(50, SECOND).await.unwrap();
    registry.end_place(&place_id("north"), 5, SECOND).await.unwrap();
    assert_eq!(registry.position().await.unwrap().last, 51);
}

#[tokio::test]
async fn settings_and_users_are_no_facts_of_the_city() {
    let registry = empty().await;
    assert_eq!(
        registry.set_setting("a", "1", SECOND).await.unwrap(),
        Put::Changed
    );
    assert_eq!(
        registry.set_setting("a", "1", SECOND).await.unwrap(),
        Put::Unchanged
    );
    assert_eq!(registry.setting("a").await.unwrap().as_deref(), Some("1"));
    assert_eq!(registry.setting("b").await.unwrap(), None);
    registry.add_user(&user("ada"), "test", SECOND).await.unwrap();
    assert!(matches!(
        registry.add_user(&user("ada"), "test", SECOND).await,
        Err(RegistryError::UserExists(_))
    ));
    let token = registry
        .issue_token(
            "ada",
            &TokenGrant::person("laptop", [Scope::Read]),
            [7; 32],
            "test",
            SECOND,
        )
        .await
        .unwrap();
    assert!(!format!("{token:?}").contains("0707"), "a token is not logged");
    assert_eq!(
        registry.token(token.reveal()).await.unwrap().unwrap().user.id,
        "ada"
    );
    assert_eq!(registry.token("qala_00").await.unwrap(), None);
    assert!(matches!(
        registry
            .issue_token("eve", &TokenGrant::default(), [8; 32], "test", SECOND)
            .await,
        Err(RegistryError::UnknownUser(_))
    ));
    let stored: Vec<String> = {
        let mut link = registry.lock().await.unwrap();
        sqlx::query_scalar("SELECT token_hash FROM user_tokens")
            .fetch_all(link.connection().unwrap())
            .await
            .unwrap()
    };
    assert!(stored.iter().all(|hash| !token.reveal().contains(hash)));
    registry.remove_user("ada", "test", SECOND).await.unwrap();
    assert_eq!(registry.token(token.reveal()).await.unwrap(), None);
    assert!(matches!(
        registry.remove_user("ada", "test", SECOND).await,
        Err(RegistryError::UnknownUser(_))
    ));
    assert!(registry.users().await.unwrap().is_empty());
    // Users and tokens are no facts of the city; that somebody changed them is one.
    let told = registry.pending(0, 100).await.unwrap();
    assert!(told.iter().all(|row| row.dataset == "audit_entries"), "{told:?}");
    let actions: Vec<_> = told.iter().map(|row| row.payload["action"].clone()).collect();
    assert_eq!(actions, ["user_add", "token_issue", "user_remove"]);
}
