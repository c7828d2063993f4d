//! Users, passwords, sessions, scopes.

use super::{SECOND, empty, user};
use crate::{
    Credentials, NewUser, PasswordHash, PasswordKind, Registry, RegistryError, Role, Scope, TokenGrant,
};

const PASSWORD: &str = "мыс сандық 1854";

async fn with_ada() -> (Registry, Credentials) {
    let registry = empty().await;
    registry.add_user(&user("ada"), "test", SECOND).await.unwrap();
    assert!(registry.credentials("ada").await.unwrap().is_none());
    let hash = PasswordHash::new(PASSWORD, [7; 16]).unwrap();
    registry
        .set_password("ada", &hash, PasswordKind::OneTime, "test", SECOND)
        .await
        .unwrap();
    let credentials = registry.credentials("ada").await.unwrap().unwrap();
    (registry, credentials)
}

#[tokio::test]
async fn a_password_is_argon2id_and_only_its_hash_is_kept() {
    let (registry, ada) = with_ada().await;
    assert!(ada.hash.is_of(PASSWORD));
    for wrong in [
        "",
        "мыс сандық 1855",
        "мыс сандық 1854 ",
        &PASSWORD.to_uppercase(),
    ] {
        assert!(!ada.hash.is_of(wrong), "{wrong}");
    }
    assert_eq!(ada.kind, PasswordKind::OneTime);
    let stored: String = {
        let mut link = registry.lock().await.unwrap();
        sqlx::query_scalar("SELECT hash FROM user_passwords")
            .fetch_one(link.connection().unwrap())
            .await
            .unwrap()
    };
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert!(!format!("{ada:?}").contains(stored.rsplit('$').next().unwrap()));
    // The same password with another salt has another hash.
    assert_ne!(ada.hash, PasswordHash::new(PASSWORD, [8; 16]).unwrap());
    assert_eq!(ada.hash, PasswordHash::new(PASSWORD, [7; 16]).unwrap());
    assert!(matches!(
        registry
            .set_password("eve", &ada.hash, PasswordKind::Own, "test", SECOND)
            .await,
        Err(RegistryError::UnknownUser(_))
    ));
    assert_eq!(registry.passwords_of_role("analyst").await.unwrap(), (1, 0));
    assert_eq!(registry.passwords_of_role("administrator").await.unwrap(), (0, 0));
}

/// The vector of RFC 9106, section 5.3. It shows that the crate is argon2id as others know it.
#[test]
fn argon2id_gives_the_bytes_of_its_rfc() {
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let version = argon2::Version::V0x13;
    let argon2 =
        argon2::Argon2::new_with_secret(&[3; 8], argon2::Algorithm::Argon2id, version, params).unwrap();
    let mut out = [0; 32];
    argon2.hash_password_into(&[1; 32], &[2; 16], &mut out).unwrap();
    assert_eq!(
        crate::user::hexadecimal(&out),
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    );
}

#[tokio::test]
async fn a_session_is_found_prolonged_and_over() {
    let (registry, ada) = with_ada().await;
    let begin = async |byte: u8, end: i64, now: i64| {
        registry
            .begin_session(&ada, "192.0.2.1", [byte; 32], end, now)
            .await
            .unwrap()
            .unwrap()
    };
    let one = begin(1, 9 * SECOND, SECOND).await;
    let two = begin(2, 5 * SECOND, SECOND).await;
    assert_eq!(one.reveal().len(), 64);
    assert!(!format!("{one:?}").contains("0101"));
    let found = registry.session(one.reveal(), 2 * SECOND).await.unwrap().unwrap();
    assert_eq!(found.user.id, "ada");
    assert_eq!(
        (found.created_at, found.expires_at, found.password),
        (SECOND, 9 * SECOND, PasswordKind::OneTime)
    );
    for wrong in [
        "",
        "01",
        &one.reveal()[..63],
        &format!("{}0", one.reveal()),
        &"f".repeat(64),
    ] {
        assert_eq!(
            registry.session(wrong, 2 * SECOND).await.unwrap(),
            None,
            "{wrong}"
        );
    }
    // The stored hash is no key.
    let stored: Vec<String> = {
        let mut link = registry.lock().await.unwrap();
        sqlx::query_scalar("SELECT session_hash FROM sessions")
            .fetch_all(link.connection().unwrap())
            .await
            .unwrap()
    };
    for hash in &stored {
        assert_eq!(registry.session(hash, 2 * SECOND).await.unwrap(), None);
    }
    let live = async |secret: &crate::SessionSecret, now: i64| {
        registry.session(secret.reveal(), now).await.unwrap().is_some()
    };
    assert!(live(&two, 5 * SECOND - 1).await && !live(&two, 5 * SECOND).await);
    registry
        .prolong_session(two.reveal(), 8 * SECOND, 4 * SECOND)
        .await
        .unwrap();
    assert!(live(&two, 8 * SECOND - 1).await);
    // What is over does not come back.
    registry
        .prolong_session(two.reveal(), 99 * SECOND, 8 * SECOND)
        .await
        .unwrap();
    assert!(!live(&two, 8 * SECOND).await);
    registry.end_session(one.reveal(), 3 * SECOND).await.unwrap();
    registry.end_session(one.reveal(), 3 * SECOND).await.unwrap();
    assert!(!live(&one, 3 * SECOND).await);
    let ended = registry.audit(None, 10).await.unwrap();
    assert_eq!(ended.iter().filter(|e| e.action == "sign_out").count(), 1);
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_a_changed_role_holds_at_once() {
    let (registry, ada) = with_ada().await;
    let secret = registry
        .begin_session(&ada, "192.0.2.1", [1; 32], 9 * SECOND, SECOND)
        .await
        .unwrap()
        .unwrap();
    let changed = NewUser {
        role: "staff",
        department: Some("roads"),
        ..user("ada")
    };
    registry.change_user(&changed, "root", 2 * SECOND).await.unwrap();
    let session = registry
        .session(secret.reveal(), 2 * SECOND)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.user.role.as_str(), session.user.department.as_deref()),
        ("staff", Some("roads"))
    );
    let hash = PasswordHash::new("another of them", [1; 16]).unwrap();
    registry
        .set_password("ada", &hash, PasswordKind::Own, "ada", 3 * SECOND)
        .await
        .unwrap();
    assert_eq!(registry.session(secret.reveal(), 3 * SECOND).await.unwrap(), None);
    // What was compared before the change begins no session after it.
    let late = registry
        .begin_session(&ada, "192.0.2.1", [2; 32], 9 * SECOND, 3 * SECOND)
        .await
        .unwrap();
    assert_eq!(late, None);
    // Whoever is removed is gone with sessions, password and tokens.
    let ada = registry.credentials("ada").await.unwrap().unwrap();
    let secret = registry
        .begin_session(&ada, "192.0.2.1", [3; 32], 9 * SECOND, 4 * SECOND)
        .await
        .unwrap()
        .unwrap();
    registry.remove_user("ada", "root", 5 * SECOND).await.unwrap();
    assert_eq!(registry.session(secret.reveal(), 5 * SECOND).await.unwrap(), None);
    assert!(registry.credentials("ada").await.unwrap().is_none());
    assert!(matches!(
        registry.change_user(&changed, "root", 5 * SECOND).await,
        Err(RegistryError::UnknownUser(_))
    ));
}

#[tokio::test]
async fn a_token_keeps_its_scopes_and_an_old_one_reads() {
    let (registry, _) = with_ada().await;
    let grant = TokenGrant::person("notebook", [Scope::Sql, Scope::Export]);
    let token = registry
        .issue_token("ada", &grant, [1; 32], "ada", SECOND)
        .await
        .unwrap();
    assert_eq!(
        registry.token(token.reveal()).await.unwrap().unwrap().grant,
        grant
    );
    {
        let mut link = registry.lock().await.unwrap();
        sqlx::raw_sql("UPDATE user_tokens SET scopes = NULL")
            .execute(link.connection().unwrap())
            .await
            .unwrap();
    }
    let old = registry.token(token.reveal()).await.unwrap().unwrap().grant;
    assert_eq!(old.scopes, [Scope::Read]);
}

#[test]
fn words_of_roles_and_scopes_are_read_as_they_are_written() {
    for role in Role::ALL {
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
    for scope in Scope::ALL {
        assert_eq!(Scope::parse(scope.as_str()), Some(scope));
    }
    assert_eq!(Role::parse("sender"), None);
    assert_eq!(Scope::parse("Read"), None);
}
