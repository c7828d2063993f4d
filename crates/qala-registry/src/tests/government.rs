use super::{SECOND, department, department_id, empty, function, function_id};
use crate::{Put, Registry, RegistryError};

/// Two departments from 0 on, one function, owned by `old`.
async fn administration() -> Registry {
    let registry = empty().await;
    registry
        .put_department(&department("old", 0, None), SECOND)
        .await
        .unwrap();
    registry
        .put_department(&department("new", 50, None), SECOND)
        .await
        .unwrap();
    registry
        .create_function(&function("roads", 0, None), &department_id("old"), SECOND)
        .await
        .unwrap();
    registry
}

async fn owner(registry: &Registry, at: i64) -> Option<String> {
    registry
        .owner_at(&function_id("roads"), at)
        .await
        .unwrap()
        .map(Into::into)
}

#[tokio::test]
async fn a_department_that_owns_a_function_is_not_abolished() {
    let registry = administration().await;
    let refused = registry
        .abolish_department(&department_id("old"), 100, SECOND)
        .await
        .unwrap_err();
    let RegistryError::StillOwns {
        department: ended,
        functions,
    } = &refused
    else {
        panic!("{refused}")
    };
    assert_eq!(
        (ended.as_str(), functions.as_slice()),
        ("old", &[function_id("roads")][..])
    );
    assert_eq!(
        refused.to_string(),
        "end the department `old` then: it still owns `roads`; give each a new owner first"
    );
    // The same by another door.
    let ended = department("old", 0, Some(100));
    let refused = registry.put_department(&ended, SECOND).await.unwrap_err();
    assert!(matches!(refused, RegistryError::StillOwns { .. }), "{refused}");

    registry
        .set_owner(&function_id("roads"), &department_id("new"), 100, SECOND)
        .await
        .unwrap();
    let refused = registry
        .abolish_department(&department_id("old"), 99, SECOND)
        .await
        .unwrap_err();
    assert!(matches!(refused, RegistryError::StillOwns { .. }), "{refused}");
    registry
        .abolish_department(&department_id("old"), 100, SECOND)
        .await
        .unwrap();
    assert_eq!(owner(&registry, 99).await.as_deref(), Some("old"));
    assert_eq!(owner(&registry, 100).await.as_deref(), Some("new"));
    assert_eq!(registry.departments_at(100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_function_has_an_owner_from_its_first_to_its_last_instant() {
    let registry = administration().await;
    let refused = registry
        .put_function(&function("parks", 0, None), SECOND)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, RegistryError::NoOwner { from: 0, .. }),
        "{refused}"
    );
    let refused = registry
        .create_function(&function("parks", 0, None), &department_id("new"), SECOND)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("`new`"), "{refused}");
    let refused = registry
        .set_owner(&function_id("roads"), &department_id("none"), 10, SECOND)
        .await
        .unwrap_err();
    assert!(matches!(refused, RegistryError::NotInForce { .. }), "{refused}");
    let refused = registry
        .set_owner(&function_id("none"), &department_id("old"), 10, SECOND)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, RegistryError::OwnerOutsideFunction { .. }),
        "{refused}"
    );

    registry
        .abolish_function(&function_id("roads"), 80, SECOND)
        .await
        .unwrap();
    assert_eq!(owner(&registry, 79).await.as_deref(), Some("old"));
    assert_eq!(owner(&registry, 80).await, None);
    // Now nothing holds the department.
    registry
        .abolish_department(&department_id("old"), 80, SECOND)
        .await
        .unwrap();
    // A longer life needs an owner again.
    let refused = registry
        .put_function(&function("roads", 0, None), SECOND)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, RegistryError::NoOwner { from: 80, .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn an_owner_announced_for_later_stays() {
    let registry = administration().await;
    registry
        .set_owner(&function_id("roads"), &department_id("new"), 100, SECOND)
        .await
        .unwrap();
    registry
        .put_department(&department("third", 0, None), SECOND)
        .await
        .unwrap();
    registry
        .set_owner(&function_id("roads"), &department_id("third"), 60, SECOND)
        .await
        .unwrap();
    for (at, name) in [(59, "old"), (60, "third"), (99, "third"), (100, "new")] {
        assert_eq!(owner(&registry, at).await.as_deref(), Some(name), "at {at}");
    }
    let again = registry
        .set_owner(&function_id("roads"), &department_id("third"), 60, SECOND)
        .await
        .unwrap();
    assert_eq!(again, Put::Unchanged);
}

#[tokio::test]
async fn a_renamed_department_keeps_its_functions() {
    let registry = administration().await;
    let mut renamed = department("old", 70, None);
    renamed.name.en = "Another name".into();
    registry.put_department(&renamed, SECOND).await.unwrap();
    assert_eq!(registry.departments().await.unwrap().len(), 3);
    assert_eq!(owner(&registry, 1000).await.as_deref(), Some("old"));
}
