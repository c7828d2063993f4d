use qala_core::{FeedId, Text};

use super::{SECOND, empty, user};
use crate::{
    FeedContact, Put, RegistryError, Sandbox, SandboxMessage, SandboxRows, SandboxTaken, TokenGrant,
};

fn feed(id: &str) -> FeedId {
    FeedId::new(id).unwrap()
}

fn grant(feeds: &[&str], expires_at: Option<i64>) -> TokenGrant {
    TokenGrant {
        label: "X".into(),
        feeds: Some(feeds.iter().map(|f| feed(f)).collect()),
        scopes: Vec::new(),
        sandbox: false,
        expires_at,
    }
}

#[tokio::test]
async fn a_token_of_a_sender_is_found_listed_and_revoked() {
    let registry = empty().await;
    let first = registry
        .issue_sender_token(
            "Integrator X",
            &grant(&["a", "b"], Some(9 * SECOND)),
            [1; 32],
            "test",
            SECOND,
        )
        .await
        .unwrap();
    // The same sender again: one user, two tokens.
    let second = registry
        .issue_sender_token("Integrator X", &grant(&["c"], None), [2; 32], "test", 2 * SECOND)
        .await
        .unwrap();
    assert_eq!(registry.users().await.unwrap().len(), 1);
    let found = registry.token(first.reveal()).await.unwrap().unwrap();
    assert_eq!(found.grant, grant(&["a", "b"], Some(9 * SECOND)));
    assert_eq!((found.user.role.as_str(), found.issued_at), ("sender", SECOND));
    assert!(found.is_valid(9 * SECOND - 1) && !found.is_valid(9 * SECOND));
    assert_eq!(found.id.len(), 12);
    assert!(!first.reveal().contains(&found.id));
    for wrong in [
        "",
        "qala_",
        &first.reveal()[..20],
        &format!("{}0", first.reveal()),
        &found.id,
    ] {
        assert_eq!(registry.token(wrong).await.unwrap(), None, "{wrong}");
    }
    let ids: Vec<String> = registry
        .tokens()
        .await
        .unwrap()
        .into_iter()
        .map(|t| t.id)
        .collect();
    assert_eq!(ids[1], found.id, "the newest first");
    registry.revoke_token(&ids[0], "test", 3 * SECOND).await.unwrap();
    registry.revoke_token(&ids[0], "test", 4 * SECOND).await.unwrap();
    let revoked = registry.token(second.reveal()).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(3 * SECOND));
    assert!(!revoked.is_valid(3 * SECOND));
    assert!(matches!(
        registry.revoke_token("none", "test", SECOND).await,
        Err(RegistryError::UnknownToken(_))
    ));
    registry.add_user(&user("ada"), "test", SECOND).await.unwrap();
    assert!(matches!(
        registry
            .issue_sender_token("ada", &grant(&["a"], None), [3; 32], "test", SECOND)
            .await,
        Err(RegistryError::UserExists(_))
    ));
    registry
        .remove_user("Integrator X", "test", SECOND)
        .await
        .unwrap();
    assert_eq!(registry.token(first.reveal()).await.unwrap(), None);
    let told = registry.pending(0, 100).await.unwrap();
    assert!(
        told.iter().all(|row| row.dataset == "audit_entries"),
        "tokens are no facts of the city"
    );
}

#[tokio::test]
async fn a_new_contact_ends_the_one_before_and_is_told_to_the_lake() {
    let registry = empty().await;
    let contact = |name: &str, from: i64| FeedContact {
        feed: feed("air"),
        name: Text::new(name, name, name),
        phone: Some("+7 000".into()),
        email: None,
        simulated: false,
        valid_from: from,
        valid_to: None,
    };
    registry.put_contact(&contact("a", 1), SECOND).await.unwrap();
    registry.put_contact(&contact("b", 5), SECOND).await.unwrap();
    assert_eq!(
        registry.put_contact(&contact("b", 5), SECOND).await.unwrap(),
        Put::Unchanged
    );
    let names =
        |contacts: Vec<FeedContact>| -> Vec<String> { contacts.into_iter().map(|c| c.name.en).collect() };
    assert_eq!(names(registry.contacts_at(4).await.unwrap()), ["a"]);
    assert_eq!(names(registry.contacts_at(5).await.unwrap()), ["b"]);
    assert_eq!(names(registry.contacts().await.unwrap()), ["a", "b"]);
    let told = registry.pending(0, 10).await.unwrap();
    assert!(told.iter().all(|row| row.dataset == "feeds_contacts"));
    let ends: Vec<_> = told.iter().map(|row| row.payload["valid_to"].clone()).collect();
    assert_eq!(ends, [serde_json::Value::Null, 5.into(), serde_json::Value::Null]);
    for wrong in [
        FeedContact {
            phone: None,
            ..contact("c", 9)
        },
        FeedContact {
            name: Text::new("", "b", "c"),
            ..contact("c", 9)
        },
    ] {
        assert!(matches!(
            registry.put_contact(&wrong, SECOND).await,
            Err(RegistryError::Empty { .. })
        ));
    }
}

fn message(key: Option<&str>, digest: &str) -> SandboxMessage {
    SandboxMessage {
        token: "t".into(),
        feed: "f".into(),
        key: key.map(ToOwned::to_owned),
        digest: digest.into(),
        identity: format!("context {digest}"),
        retract: false,
    }
}

/// Takes rows in; the answer says what became of them.
async fn take(sandbox: &Sandbox, message: &SandboxMessage, rows: &[(u128, u64)], now: i64) -> SandboxTaken {
    let rows = [SandboxRows {
        dataset: "d".into(),
        rows: rows.to_vec(),
    }];
    let answer = |counts: &[crate::SandboxCounts]| {
        let c = &counts[0];
        format!("{} {} {} {}", c.accepted, c.duplicate, c.superseded, c.missing)
    };
    sandbox.take(message, &rows, answer, now).await.unwrap()
}

#[tokio::test]
async fn the_sandbox_remembers_for_seven_days_and_over_a_restart() {
    const DAY: i64 = 86_400 * SECOND;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.sqlite");
    let mut sandbox = Sandbox::new(&path);
    let new = |text: &str| SandboxTaken::New(text.into());
    let a = message(Some("a"), "1");
    assert_eq!(
        take(&sandbox, &a, &[(1, 1), (2, 1), (1, 1), (2, 2)], DAY).await,
        new("3 1 1 0")
    );
    for restart in [false, true] {
        if restart {
            drop(sandbox);
            sandbox = Sandbox::new(&path);
        }
        assert_eq!(
            take(&sandbox, &a, &[], DAY).await,
            SandboxTaken::Repeated("3 1 1 0".into())
        );
        assert_eq!(
            take(&sandbox, &message(Some("a"), "2"), &[], DAY).await,
            SandboxTaken::KeyReused
        );
        assert_eq!(
            take(&sandbox, &message(None, "1"), &[], DAY).await,
            SandboxTaken::Known("3 1 1 0".into())
        );
    }
    assert_eq!(
        take(
            &sandbox,
            &message(None, "3"),
            &[(2, 2), (u128::MAX, u64::MAX)],
            2 * DAY
        )
        .await,
        new("1 1 0 0")
    );
    let back = SandboxMessage {
        retract: true,
        ..message(None, "4")
    };
    assert_eq!(
        take(&sandbox, &back, &[(2, 0), (3, 0), (2, 0)], 2 * DAY).await,
        new("1 0 0 2")
    );
    // Another token and another feed know nothing of it.
    let other = SandboxMessage {
        token: "u".into(),
        ..message(Some("a"), "1")
    };
    assert_eq!(take(&sandbox, &other, &[(1, 1)], 2 * DAY).await, new("1 0 0 0"));
    let kept = sandbox.messages("t", 2, 2 * DAY).await.unwrap();
    let answers: Vec<&str> = kept.iter().map(|m| m.answer.as_str()).collect();
    assert_eq!(answers, ["1 0 0 2", "1 1 0 0"]);
    // After seven days the key is free and the row is new; what is younger is known still.
    assert_eq!(
        take(&sandbox, &a, &[(1, 1), (u128::MAX, u64::MAX)], 8 * DAY).await,
        new("1 1 0 0")
    );
    assert_eq!(sandbox.messages("t", 9, 8 * DAY).await.unwrap().len(), 3);
}
