//! Signing in with a password, signing out, choosing another password.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use qala_lake::Clock;
use qala_registry::{AuditAction, NewUser, Note, PasswordHash, PasswordKind, Role, SessionSecret};
use tokio::sync::Semaphore;

use super::throttle::Throttle;
use super::visitor::{IDLE, Visitor};
use crate::centre::Centre;
use crate::clock::SystemClock;
use crate::error::{AppError, Result};

/// Letters of a password at least.
const SHORTEST: usize = 12;
/// Bytes of a password, and of a name, at most.
const LONGEST: usize = 1024;
/// Different letters of a password at least.
const VARIETY: usize = 5;
/// Passwords that are compared at once: each takes 19 MiB and a processor.
const AT_ONCE: usize = 2;
/// Letters of one-time passwords: none that is mistaken for another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What everybody is told who is refused, so that it does not tell whether the name exists.
const REFUSED: &str = "name or password is wrong";

/// What guards the door of people.
#[derive(Debug)]
pub struct SignInDoor {
    throttle: Throttle,
    comparing: Arc<Semaphore>,
    /// What the password of somebody who does not exist is compared with: it takes as long.
    nobody: Arc<OnceLock<PasswordHash>>,
}

impl Default for SignInDoor {
    fn default() -> Self {
        Self {
            throttle: Throttle::default(),
            comparing: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: Arc::default(),
        }
    }
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who it is.
    pub visitor: Visitor,
    /// The secret of the session.
    pub secret: SessionSecret,
}

/// The first administrator of a new centre.
#[derive(Clone)]
pub struct FirstAdministrator {
    /// The name to come in with.
    pub name: String,
    /// The password to begin with; it is shown once.
    pub password: String,
}

/// A password of a hundred random bits that somebody can type.
pub(super) fn one_time_password() -> String {
    let bytes: [u8; 20] = rand::random();
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        // 256 is a multiple of 32: every letter is as likely.
        text.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    text
}

/// Says what a password lacks.
fn check_password(name: &str, password: &str) -> Result<()> {
    let letters: std::collections::BTreeSet<char> = password.chars().collect();
    let lacks = if password.chars().count() < SHORTEST {
        format!("a password has {SHORTEST} letters at least; three or four words do")
    } else if password.len() > LONGEST {
        format!("a password has {LONGEST} bytes at most")
    } else if letters.len() < VARIETY || password.to_lowercase().contains(&name.to_lowercase()) {
        "this password is guessed at once; take three or four words that do not belong together".into()
    } else {
        return Ok(());
    };
    Err(AppError::Usage(lacks))
}

impl Centre {
    /// Lets somebody in by name and password, and begins a session.
    ///
    /// # Errors
    /// [`AppError::TooMany`] for who tried too often, [`AppError::Unauthorised`] for a wrong name or password; the
    /// registry's.
    pub async fn sign_in(&self, name: &str, password: &str, address: IpAddr) -> Result<SignedIn> {
        if name.len() > LONGEST || password.len() > LONGEST {
            return Err(AppError::Unauthorised(REFUSED.into()));
        }
        let now = SystemClock.now();
        self.sign_in_door
            .throttle
            .take(name, address, now)
            .map_err(|retry_after_s| AppError::TooMany { retry_after_s })?;
        let credentials = self.registry.credentials(name).await?;
        let hash = credentials.as_ref().map(|c| c.hash.clone());
        let is_right = self.compare(hash, password).await?;
        let address_text = address.to_canonical().to_string();
        let begun = match &credentials {
            Some(credentials) if is_right => {
                let secret = rand::random();
                let now = SystemClock.now();
                self.registry
                    .begin_session(credentials, &address_text, secret, now + IDLE, now)
                    .await?
            }
            _ => None,
        };
        let (Some(credentials), Some(secret)) = (&credentials, begun) else {
            // A name that nobody has may be a password in the wrong field: it is not written down.
            let object = credentials.as_ref().map_or("", |c| c.user.id.as_str());
            let note = Note::new("public", AuditAction::SignInFailed, object)
                .with("address", address_text)
                .with("known", credentials.is_some());
            self.registry.note(&note, SystemClock.now()).await?;
            return Err(AppError::Unauthorised(REFUSED.into()));
        };
        self.sign_in_door.throttle.give_back(name, address);
        tracing::debug!(user = %credentials.user.id, "signed in");
        Ok(SignedIn {
            visitor: self.visitor(None, Some(secret.reveal())).await?,
            secret,
        })
    }

    /// Compares a password with a hash, or with one that no password has, on a thread that may take its time.
    async fn compare(&self, hash: Option<PasswordHash>, password: &str) -> Result<bool> {
        let password = password.to_owned();
        let nobody = Arc::clone(&self.sign_in_door.nobody);
        self.hashing(move || {
            // Made at the first try of all, whoever it is: later it would tell that this name is unknown.
            if nobody.get().is_none() {
                let made = PasswordHash::new(&one_time_password(), rand::random())?;
                nobody.get_or_init(|| made);
            }
            let Some(hash) = hash else {
                if let Some(nobody) = nobody.get() {
                    std::hint::black_box(nobody.is_of(&password));
                }
                return Ok(false);
            };
            Ok(hash.is_of(&password))
        })
        .await
    }

    /// Does work that takes memory and a processor, at most a few at once.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.sign_in_door.comparing).acquire_owned().await;
        let task = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        task.await
            .unwrap_or_else(|error| Err(AppError::Remote(format!("a worker failed: {error}"))))
    }

    /// The word that a page sends beside the cookie of its session. Whoever cannot read the cookie cannot make it, and it
    /// does not tell the cookie.
    pub fn csrf_word(&self, secret: &str) -> String {
        use sha2::{Digest, Sha256};
        let mut text = String::new();
        for byte in Sha256::digest(format!("qala csrf\0{secret}").as_bytes()) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The registry's.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        Ok(self.registry.end_session(secret, SystemClock.now()).await?)
    }

    /// Chooses another password. Every session of the user ends, and a new one begins.
    ///
    /// # Errors
    /// [`AppError::Usage`] for a password that is too short or easy; as for [`Centre::sign_in`].
    pub async fn change_password(
        &self,
        user: &str,
        password: &str,
        new_password: &str,
        address: IpAddr,
    ) -> Result<SignedIn> {
        check_password(user, new_password)?;
        if password == new_password {
            return Err(AppError::Usage("this is the password that you have".into()));
        }
        // The old password is asked for as at the door, so that nobody guesses it here instead.
        let signed_in = self.sign_in(user, password, address).await?;
        self.set_password(
            signed_in.visitor.id(),
            new_password.to_owned(),
            PasswordKind::Own,
            user,
        )
        .await?;
        self.sign_in(user, new_password, address).await
    }

    /// Stores a password.
    pub(super) async fn set_password(
        &self,
        user: &str,
        password: String,
        kind: PasswordKind,
        by: &str,
    ) -> Result<()> {
        let hash = self
            .hashing(move || Ok(PasswordHash::new(&password, rand::random())?))
            .await?;
        let now = SystemClock.now();
        Ok(self.registry.set_password(user, &hash, kind, by, now).await?)
    }

    /// Makes the first administrator of a centre that has none, with a one-time password to be shown once.
    ///
    /// # Errors
    /// The registry's.
    pub async fn first_administrator(&self) -> Result<Option<FirstAdministrator>> {
        let role = Role::Administrator.as_str();
        let users = self.registry.users().await?;
        if users.iter().any(|user| user.role == role) {
            return Ok(None);
        }
        let name = ["admin", "administrator", "first-administrator"]
            .into_iter()
            .find(|name| users.iter().all(|user| user.id != *name));
        let Some(name) = name else { return Ok(None) };
        let user = NewUser {
            id: name,
            name: "Administrator",
            role,
            department: None,
        };
        self.registry.add_user(&user, "system", SystemClock.now()).await?;
        let password = one_time_password();
        self.set_password(name, password.clone(), PasswordKind::OneTime, "system")
            .await?;
        Ok(Some(FirstAdministrator {
            name: name.into(),
            password,
        }))
    }

    /// True until an administrator has chosen a password.
    ///
    /// # Errors
    /// The registry's.
    pub async fn is_first_run(&self) -> Result<bool> {
        let (_, own) = self
            .registry
            .passwords_of_role(Role::Administrator.as_str())
            .await?;
        Ok(own == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_passwords_are_long_typed_and_not_the_same() {
        let (one, two) = (one_time_password(), one_time_password());
        assert_ne!(one, two);
        assert_eq!(one.len(), 23);
        assert!(one.split('-').all(|part| part.len() == 5));
        check_password("admin", &one).unwrap();
    }

    #[test]
    fn passwords_that_are_guessed_at_once_are_refused() {
        for wrong in [
            "",
            "short",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "ADMINistrator of all",
            &"long ".repeat(300),
        ] {
            assert!(check_password("admin", wrong).is_err(), "{wrong}");
        }
        for right in ["жеті рет өлшеп бір кес", "correct horse battery"] {
            check_password("admin", right).unwrap();
        }
    }
}
