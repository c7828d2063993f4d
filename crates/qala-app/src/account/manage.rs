//! Users and their tokens, as an administrator or somebody at the machine manages them.

use qala_lake::Clock;
use qala_registry::{NewUser, PasswordKind, Role, Scope, Token, TokenGrant, User};

use super::sign_in::one_time_password;
use super::visitor::Visitor;
use crate::admit::expiry;
use crate::centre::Centre;
use crate::clock::SystemClock;
use crate::error::{AppError, Result};

/// Letters of a user's id at most.
const LONGEST_ID: usize = 64;

/// A person's token that is wanted.
#[derive(Debug, Clone)]
pub struct TokenWish<'a> {
    /// What it is for.
    pub label: &'a str,
    /// What it may be used for, as words.
    pub scopes: &'a [String],
    /// The last day on which it is valid, or the instant at which it ends.
    pub expires: &'a str,
}

fn role_of(word: &str) -> Result<Role> {
    match Role::parse(word) {
        Some(role) if role > Role::Public => Ok(role),
        _ => {
            let words = Role::ALL.into_iter().filter(|role| *role > Role::Public);
            let words: Vec<&str> = words.map(Role::as_str).collect();
            Err(AppError::Usage(format!(
                "`{word}` is not a role; there are {}",
                words.join(", ")
            )))
        }
    }
}

impl Centre {
    /// Adds a user; returns the one-time password, which is shown once.
    ///
    /// # Errors
    /// A role or department that does not exist, an id that is taken or cannot be typed; the registry's.
    pub async fn add_user(&self, user: &NewUser<'_>, by: &str) -> Result<String> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        if user.id.is_empty() || user.id.chars().count() > LONGEST_ID || !user.id.chars().all(fits) {
            return Err(AppError::Usage(format!(
                "a user's name has up to {LONGEST_ID} letters and digits, and `.`, `_`, `-`, `@`"
            )));
        }
        self.check_user(user).await?;
        self.registry.add_user(user, by, SystemClock.now()).await?;
        self.give_password(user.id, by).await
    }

    /// Changes name, role and department of a user.
    ///
    /// # Errors
    /// As for [`Centre::add_user`]; the last administrator stays one.
    pub async fn change_user(&self, user: &NewUser<'_>, by: &str) -> Result<()> {
        let before = self.person(user.id).await?;
        self.check_user(user).await?;
        if role_of(user.role)? != Role::Administrator {
            self.check_not_last(&before).await?;
        }
        Ok(self.registry.change_user(user, by, SystemClock.now()).await?)
    }

    /// Removes a user, or a sender with all its tokens.
    ///
    /// # Errors
    /// The last administrator stays; the registry's.
    pub async fn remove_user(&self, id: &str, by: &str) -> Result<()> {
        if let Some(user) = self.registry.user(id).await? {
            self.check_not_last(&user).await?;
        }
        Ok(self.registry.remove_user(id, by, SystemClock.now()).await?)
    }

    /// Gives a user a new one-time password, which is shown once; all sessions of the user end.
    ///
    /// # Errors
    /// Nobody of that name, or a program that only sends; the registry's.
    pub async fn reset_password(&self, id: &str, by: &str) -> Result<String> {
        self.person(id).await?;
        self.give_password(id, by).await
    }

    async fn give_password(&self, id: &str, by: &str) -> Result<String> {
        let password = one_time_password();
        self.set_password(id, password.clone(), PasswordKind::OneTime, by)
            .await?;
        Ok(password)
    }

    /// A user who is no sender.
    async fn person(&self, id: &str) -> Result<User> {
        let user = self.registry.user(id).await?;
        let user = user.ok_or_else(|| AppError::Usage(format!("there is no user `{id}`")))?;
        if Role::parse(&user.role).is_none() {
            return Err(AppError::Usage(format!(
                "`{id}` has the role `{}`, which does not sign in",
                user.role
            )));
        }
        Ok(user)
    }

    async fn check_user(&self, user: &NewUser<'_>) -> Result<()> {
        let role = role_of(user.role)?;
        let Some(department) = user.department else {
            if role == Role::Staff {
                return Err(AppError::Usage(
                    "a member of staff has a department; name it by its id".into(),
                ));
            }
            return Ok(());
        };
        let departments = self.registry.departments_at(self.clock.now()).await?;
        if departments.iter().any(|d| d.id.as_str() == department) {
            return Ok(());
        }
        let ids: Vec<&str> = departments.iter().map(|d| d.id.as_str()).collect();
        let hint = qala_core::spec::nearest(department, ids.iter().copied());
        let hint = hint.map_or_else(
            || format!("; there are {}", ids.join(", ")),
            |h| format!("; did you mean `{h}`?"),
        );
        Err(AppError::Usage(format!(
            "`{department}` is no department today{hint}"
        )))
    }

    async fn check_not_last(&self, user: &User) -> Result<()> {
        let role = Role::Administrator.as_str();
        if user.role != role {
            return Ok(());
        }
        let users = self.registry.users().await?;
        if users.iter().filter(|user| user.role == role).count() > 1 {
            return Ok(());
        }
        Err(AppError::Usage(format!(
            "`{}` is the last administrator; make somebody else one first",
            user.id
        )))
    }

    /// Makes a token for a person; it is shown once.
    ///
    /// # Errors
    /// Nobody of that name, a scope that does not exist or that the role does not open, an expiry that cannot be read or
    /// lies behind; the registry's.
    pub async fn issue_person_token(&self, user: &str, wish: &TokenWish<'_>, by: &str) -> Result<String> {
        let user = self.person(user).await?;
        let scopes = wish
            .scopes
            .iter()
            .map(|word| {
                Scope::parse(word).ok_or_else(|| {
                    let words: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
                    AppError::Usage(format!("`{word}` is not a scope; there are {}", words.join(", ")))
                })
            })
            .collect::<Result<Vec<Scope>>>()?;
        if scopes.is_empty() {
            return Err(AppError::Usage("name the scopes of the token".into()));
        }
        if scopes.contains(&Scope::Administer) && user.role != Role::Administrator.as_str() {
            return Err(AppError::Usage(format!(
                "`{}` is no administrator, so no token of theirs is for that",
                user.id
            )));
        }
        let now = self.clock.now();
        let expires_at = expiry(wish.expires, &self.zone)?;
        if expires_at <= now {
            return Err(AppError::Usage("the token would have expired already".into()));
        }
        let grant = TokenGrant {
            expires_at: Some(expires_at),
            ..TokenGrant::person(wish.label, scopes)
        };
        let token = self
            .registry
            .issue_token(&user.id, &grant, rand::random(), by, now)
            .await?;
        Ok(token.reveal().to_owned())
    }

    /// The tokens that somebody may see: their own, and for an administrator all.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] for the public; the registry's.
    pub async fn tokens_of(&self, visitor: &Visitor) -> Result<Vec<Token>> {
        visitor.require(Role::Staff, Scope::Administer)?;
        let is_all = visitor.role(Scope::Administer) == Role::Administrator;
        let mut tokens = self.registry.tokens().await?;
        tokens.retain(|token| is_all || token.user.id == visitor.id());
        Ok(tokens)
    }

    /// Revokes a token that somebody may see.
    ///
    /// # Errors
    /// [`AppError::Usage`] for a token that is not there for the visitor; the registry's.
    pub async fn revoke_token_of(&self, visitor: &Visitor, id: &str) -> Result<()> {
        if !self.tokens_of(visitor).await?.iter().any(|token| token.id == id) {
            return Err(AppError::Usage(format!("there is no token `{id}`")));
        }
        Ok(self
            .registry
            .revoke_token(id, visitor.id(), SystemClock.now())
            .await?)
    }
}
