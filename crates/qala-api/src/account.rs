//! Who is signed in, users, their tokens, the audit.

use serde::{Deserialize, Serialize};

use crate::Row;

/// `GET /api/session`, and the answer to signing in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Who is signed in; absent for the public.
    pub user: Option<SessionUser>,
    /// What every writing request with this session's cookie carries in the header `X-CSRF`; empty without a session.
    pub csrf: String,
    /// True until the first administrator has signed in and chosen a password.
    pub first_run: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionUser {
    /// The name to come in with.
    pub name: String,
    /// The name to show.
    pub title: String,
    /// `staff`, `operator`, `analyst` or `administrator`.
    pub role: String,
    /// The department of a member of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// True when the password is a one-time one: until it is changed, the session opens what the public sees.
    pub must_change: bool,
    /// When the session ends if it is not used.
    pub expires_at: String,
}

/// `POST /api/session`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The name to come in with.
    pub name: String,
    /// The password.
    pub password: String,
}

/// `PUT /api/session/password`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password until now.
    pub password: String,
    /// The one from now on.
    pub new_password: String,
}

/// `GET /api/users`: somebody who may come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name to come in with.
    pub name: String,
    /// The name to show.
    pub title: String,
    /// `staff`, `operator`, `analyst`, `administrator`, or `sender` for a program that only sends.
    pub role: String,
    /// The department of a member of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// When the user was added.
    pub created_at: String,
}

/// `POST /api/users` and `PUT /api/users/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserWanted {
    /// The name to come in with; of a change, as in the address or absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The name to show.
    pub title: String,
    /// `staff`, `operator`, `analyst` or `administrator`.
    pub role: String,
    /// The department of a member of staff.
    #[serde(default)]
    pub department: Option<String>,
}

/// The answer to `POST /api/users` and `POST /api/users/<name>/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimePassword {
    /// The name to come in with.
    pub name: String,
    /// The password, shown here and never again; it has to be changed at the first sign-in.
    pub password: String,
}

/// `GET /api/tokens`: a token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The name people call it by.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// What a person's token may be used for: `read`, `sql`, `export`, `administer`.
    pub scopes: Vec<String>,
    /// The feeds that a sender's token may push to.
    pub feeds: Vec<String>,
    /// True if what comes with it reaches no dataset.
    pub sandbox: bool,
    /// When it was made.
    pub issued_at: String,
    /// The first instant at which it lets nobody in.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// `POST /api/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenWanted {
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// The last day on which it is valid, or the instant at which it ends.
    pub expires: String,
}

/// The answer to `POST /api/tokens`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// The token, shown here and never again.
    pub token: String,
}

/// `GET /api/audit`: entries, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The newest entry, counted from 1; 0 when there is none.
    pub head: i64,
    /// Its hash: keep it elsewhere.
    pub head_hash: String,
    /// Entries.
    pub entries: Vec<AuditEntry>,
}

/// An entry of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counted from 1, without holes.
    pub entry: i64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What was done, such as `sign_in` or `records_read`.
    pub action: String,
    /// To what.
    pub object: String,
    /// Particulars.
    pub detail: Row,
    /// Hash of the entry before.
    pub previous: String,
    /// Hash of this entry.
    pub hash: String,
}
