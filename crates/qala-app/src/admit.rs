//! Who may send to which feed: one rule for every door.
//!
//! A token must be valid for the feed. Without a token a message is let in only where nobody but this machine can knock.

use qala_core::{FeedId, Zone};
use qala_registry::{Token, TokenGrant};

use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Doors that are no feed of a pack; a token names them like feeds.
const OTHER_DOORS: [&str; 2] = ["sensorthings", "alertmanager"];

/// Whether a message without a token is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Yes: only this machine can knock. For demonstrations and trials.
    Open,
    /// No.
    Closed,
}

/// A sender that was let in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admission {
    /// The token's id; absent when there was none.
    pub token: Option<String>,
    /// Whose token it is.
    pub sender: Option<String>,
    /// True if nothing it sends may reach a dataset.
    pub sandbox: bool,
}

fn refused<T>(why: impl Into<String>) -> Result<T> {
    Err(AppError::Unauthorised(why.into()))
}

impl Centre {
    /// Decides whether a sender may push to a feed, by the token it showed.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] without a token at a closed door, and for one that is wrong, revoked or expired;
    /// [`AppError::Forbidden`] for one of other feeds; the registry's.
    pub async fn admit(&self, token: Option<&str>, feed: &str, door: Door) -> Result<Admission> {
        let Some(text) = token else {
            return match door {
                Door::Open => Ok(Admission::default()),
                Door::Closed => refused(
                    "a token is needed: send `Authorization: Bearer <token>`; the operator of the centre issues one with `qala token issue`",
                ),
            };
        };
        let token = self.valid_token(text).await?;
        let Some(feeds) = &token.grant.feeds else {
            return Err(AppError::Forbidden(
                "this token belongs to a person and sends nothing; ask for a token of the feed".into(),
            ));
        };
        if !feeds.iter().any(|f| f.as_str() == feed) {
            let own: Vec<&str> = feeds.iter().map(FeedId::as_str).collect();
            return Err(AppError::Forbidden(format!(
                "this token is not for the feed `{feed}`; it is for {}",
                own.join(", ")
            )));
        }
        Ok(Admission {
            token: Some(token.id),
            sender: Some(token.user.id),
            sandbox: token.grant.sandbox,
        })
    }

    /// The token of that text.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] for one that is wrong, revoked or expired; the registry's.
    pub async fn valid_token(&self, text: &str) -> Result<Token> {
        let Some(token) = self.registry.token(text).await? else {
            return refused("this token is not known here");
        };
        if token.revoked_at.is_some() {
            return refused("this token was revoked; ask the operator of the centre for a new one");
        }
        if !token.is_valid(self.clock.now()) {
            return refused("this token has expired; ask the operator of the centre for a new one");
        }
        Ok(token)
    }

    /// Issues a token that may push to some feeds; it is shown once. `expires` is a day, through which it is still valid,
    /// or an instant.
    ///
    /// # Errors
    /// A feed that does not exist, an expiry that cannot be read or lies behind; the registry's.
    pub async fn issue_sender_token(
        &self,
        sender: &str,
        feeds: &[String],
        expires: Option<&str>,
        sandbox: bool,
        by: &str,
    ) -> Result<String> {
        let feeds = feeds
            .iter()
            .map(|id| {
                if OTHER_DOORS.contains(&id.as_str()) {
                    return FeedId::new(id.as_str()).map_err(|e| AppError::Usage(e.to_string()));
                }
                Ok(self.feed(id)?.id.clone())
            })
            .collect::<Result<Vec<FeedId>>>()?;
        if feeds.is_empty() {
            return Err(AppError::Usage("name the feeds of the token: --feed F,G".into()));
        }
        let now = self.clock.now();
        let expires_at = expires.map(|text| expiry(text, &self.zone)).transpose()?;
        if expires_at.is_some_and(|end| end <= now) {
            return Err(AppError::Usage("the token would have expired already".into()));
        }
        let grant = TokenGrant {
            label: sender.to_owned(),
            feeds: Some(feeds),
            scopes: Vec::new(),
            sandbox,
            expires_at,
        };
        let token = self
            .registry
            .issue_sender_token(sender, &grant, rand::random(), by, now)
            .await?;
        Ok(token.reveal().to_owned())
    }
}

/// The instant at which a token ends: that of the text, or the end of its day.
pub(crate) fn expiry(text: &str, zone: &Zone) -> Result<i64> {
    match qala_core::parse_date(text) {
        Some(day) => Ok(zone.day_start(day + 1)),
        None => qala_core::parse_instant(text, Some(zone)).map_err(|e| AppError::Usage(e.to_string())),
    }
}
