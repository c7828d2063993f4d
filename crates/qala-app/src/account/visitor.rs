//! Who asks, by the token or the session that came with a request.

use qala_lake::Clock;
use qala_registry::{PasswordKind, Role, Scope, User};

use crate::centre::Centre;
use crate::clock::SystemClock;
use crate::error::{AppError, Result};

/// A session ends when it was not used for this time, µs.
pub(super) const IDLE: i64 = 12 * 3_600_000_000;
/// And at the latest after this time.
const LONGEST: i64 = 7 * 24 * 3_600_000_000;
/// It is prolonged at most this often: each time is a write to the disk.
const PROLONG_EVERY: i64 = 300_000_000;

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Who it is; `None` for the public.
    pub user: Option<User>,
    /// True for a session whose password somebody else knows: it opens nothing but choosing another.
    pub must_change: bool,
    /// What the token may be used for; `None` for a session, which may be used for everything.
    scopes: Option<Vec<Scope>>,
    /// When the session ends if it is not used, µs of UTC.
    pub expires_at: Option<i64>,
}

impl Visitor {
    /// Anybody.
    pub fn public() -> Self {
        Self {
            user: None,
            must_change: false,
            scopes: None,
            expires_at: None,
        }
    }

    /// The name under which something is written down.
    pub fn id(&self) -> &str {
        self.user.as_ref().map_or("public", |user| user.id.as_str())
    }

    /// The role in which something is done: that of the public when the token is not for it.
    pub fn role(&self, scope: Scope) -> Role {
        let may = self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope));
        match &self.user {
            Some(user) if may && !self.must_change => Role::parse(&user.role).unwrap_or(Role::Public),
            _ => Role::Public,
        }
    }

    /// Lets in from a role on.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] for who has not signed in, [`AppError::Forbidden`] for who has, but may not.
    pub fn require(&self, role: Role, scope: Scope) -> Result<()> {
        if self.role(scope) >= role {
            return Ok(());
        }
        if self.user.is_none() {
            return Err(AppError::Unauthorised("sign in first".into()));
        }
        if self.must_change {
            return Err(AppError::Forbidden(
                "this is a one-time password; choose another one first".into(),
            ));
        }
        if self
            .scopes
            .as_ref()
            .is_some_and(|scopes| !scopes.contains(&scope))
        {
            return Err(AppError::Forbidden(format!(
                "this token is not for that; it would need the scope `{}`",
                scope.as_str()
            )));
        }
        Err(AppError::Forbidden(format!(
            "this needs the role `{}`",
            role.as_str()
        )))
    }
}

impl Centre {
    /// Who asks, by what came with the request. A session that is over or was never there is the public; a token that
    /// does not hold is refused, for its program has to know.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] for a token that is wrong, revoked or expired; the registry's.
    pub async fn visitor(&self, token: Option<&str>, session: Option<&str>) -> Result<Visitor> {
        if let Some(token) = token {
            let token = self.valid_token(token).await?;
            // One that sends to feeds gives no right to read.
            if token.grant.feeds.is_some() {
                return Ok(Visitor::public());
            }
            return Ok(Visitor {
                user: Some(token.user),
                scopes: Some(token.grant.scopes),
                ..Visitor::public()
            });
        }
        let Some(secret) = session else {
            return Ok(Visitor::public());
        };
        // The clock of the machine, not that of a demo: a session ends in the time of its people.
        let now = SystemClock.now();
        let Some(session) = self.registry.session(secret, now).await? else {
            return Ok(Visitor::public());
        };
        let mut expires_at = session.expires_at;
        if now - session.seen_at >= PROLONG_EVERY {
            expires_at = (now + IDLE).min(session.created_at + LONGEST);
            self.registry.prolong_session(secret, expires_at, now).await?;
        }
        Ok(Visitor {
            must_change: session.password == PasswordKind::OneTime,
            user: Some(session.user),
            scopes: None,
            expires_at: Some(expires_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(role: &str, scopes: Option<Vec<Scope>>, must_change: bool) -> Visitor {
        Visitor {
            user: Some(User {
                id: "ada".into(),
                name: "Ada".into(),
                role: role.into(),
                department: None,
                created_at: 0,
            }),
            must_change,
            scopes,
            expires_at: None,
        }
    }

    #[test]
    fn a_role_opens_only_what_the_token_is_for() {
        assert_eq!(Visitor::public().role(Scope::Read), Role::Public);
        let analyst = somebody("analyst", None, false);
        assert_eq!(analyst.role(Scope::Sql), Role::Analyst);
        assert!(analyst.require(Role::Staff, Scope::Export).is_ok());
        let narrow = somebody("administrator", Some(vec![Scope::Read]), false);
        assert_eq!(narrow.role(Scope::Read), Role::Administrator);
        assert_eq!(narrow.role(Scope::Administer), Role::Public);
        let why = narrow
            .require(Role::Administrator, Scope::Administer)
            .unwrap_err();
        assert!(why.to_string().contains("`administer`"), "{why}");
        assert_eq!(somebody("sender", None, false).role(Scope::Read), Role::Public);
        assert_eq!(somebody("root", None, false).role(Scope::Read), Role::Public);
        let new = somebody("administrator", None, true);
        assert_eq!(new.role(Scope::Administer), Role::Public);
        assert!(matches!(
            new.require(Role::Staff, Scope::Read),
            Err(AppError::Forbidden(_))
        ));
        assert!(matches!(
            Visitor::public().require(Role::Staff, Scope::Read),
            Err(AppError::Unauthorised(_))
        ));
    }
}
