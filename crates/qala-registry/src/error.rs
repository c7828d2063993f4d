//! What the registry refuses, and what can go wrong below it.

use std::io;

use qala_core::{FunctionId, PlaceId};

use crate::DepartmentId;

/// Why a registry did not do what it was asked. Every message says what to do where something can be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The database reports an error.
    #[error("read or change the registry")]
    Database(#[source] sqlx::Error),
    /// The file or its folder cannot be used.
    #[error("reach the registry at `{path}`")]
    Io {
        /// The path as it was given.
        path: String,
        /// The error of the disk.
        #[source]
        source: io::Error,
    },
    /// Another program or another part of this one has the file open.
    #[error("open the registry `{0}`: it is in use; stop the other program first")]
    InUse(String),
    /// The file was written by a newer program.
    #[error(
        "open the registry: it has schema version {found}, this program knows up to {known}; start the newer program, or restore a backup of version {known}"
    )]
    Newer {
        /// Version of the file.
        found: i64,
        /// Newest version of this program.
        known: i64,
    },
    /// The file is a database, but not a registry.
    #[error("open the registry: `{0}` is a database of something else; give another path")]
    NotARegistry(String),
    /// The disk failed under an earlier change, so nobody knows whether that change is durable.
    #[error(
        "use the registry: the disk failed under an earlier change; close it, mend the disk, and open it again"
    )]
    Broken,
    /// The registry was closed.
    #[error("use the registry: it is closed")]
    Closed,
    /// A stored row does not have the form that this program writes.
    #[error("read a row of `{table}`: {problem}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// An interval that ends before it starts.
    #[error("accept {record}: it would end at or before its start")]
    EmptyInterval {
        /// Which record.
        record: String,
    },
    /// An interval whose stated end lies behind the start of the next one.
    #[error(
        "accept {record}: its end lies behind the start of the next interval; leave the end open, or end it there"
    )]
    Overlap {
        /// Which record.
        record: String,
    },
    /// There is no record in force at that instant.
    #[error("find {record} in force at that time")]
    NotInForce {
        /// Which record.
        record: String,
    },
    /// A text that must not be empty.
    #[error("accept {record}: {what} is empty")]
    Empty {
        /// Which record.
        record: String,
        /// Which text.
        what: &'static str,
    },
    /// There is no such record.
    #[error("there is no {what} {id}")]
    NotThere {
        /// What was looked for.
        what: &'static str,
        /// Its number or id.
        id: String,
    },
    /// A change that the rules of the situation room forbid; the sentence says what to do.
    #[error("{why}")]
    Refused {
        /// A word for the rule, by which a page says it in its reader's language.
        rule: &'static str,
        /// What the sentence is about: a number, a name, a bound.
        about: String,
        /// The sentence, in English.
        why: String,
    },
    /// A place names a parent that does not exist.
    #[error("accept the place `{place}`: its parent `{parent}` is not in the registry; add the parent first")]
    UnknownParent {
        /// The place.
        place: PlaceId,
        /// The parent it names.
        parent: PlaceId,
    },
    /// A department would end, or begin later, while functions are still its own.
    #[error("end the department `{department}` then: it still owns {}; give each a new owner first", list(.functions))]
    StillOwns {
        /// The department.
        department: DepartmentId,
        /// The functions that would have no department.
        functions: Vec<FunctionId>,
    },
    /// A function would be without an owner at some time of its life.
    #[error(
        "leave the function `{function}` without an owner from {from} (µs UTC); name one with `set_owner`"
    )]
    NoOwner {
        /// The function.
        function: FunctionId,
        /// The first instant without an owner.
        from: i64,
    },
    /// A function would have an owner while it does not exist.
    #[error("give the function `{function}` an owner while it is not in force")]
    OwnerOutsideFunction {
        /// The function.
        function: FunctionId,
    },
    /// The calendar says nothing of a day, so no deadline across it can be computed.
    #[error("count working days: the calendar `{calendar}` has no year {year}; add the year to the pack")]
    CalendarUnknown {
        /// The calendar.
        calendar: String,
        /// The year that is missing.
        year: i64,
    },
    /// There is no such user.
    #[error("find the user `{0}`")]
    UnknownUser(String),
    /// There is such a user already.
    #[error("add the user `{0}`: the id is taken")]
    UserExists(String),
    /// A password cannot be hashed.
    #[error("hash the password: {0}")]
    Password(String),
    /// There is no such token.
    #[error("find the token `{0}`; `qala token list` shows their ids")]
    UnknownToken(String),
    /// There is no such alarm, or it is closed.
    #[error("find the open alarm `{0}`")]
    UnknownAlarm(String),
    /// The relay acknowledges a row that was never written.
    #[error("acknowledge outbox row {asked}: the last one is {last}")]
    AcknowledgedTooMuch {
        /// What was acknowledged.
        asked: i64,
        /// The last row there is.
        last: i64,
    },
}

impl RegistryError {
    /// True if the error leaves open whether the last change is durable, or says that the file is damaged.
    pub(crate) fn breaks(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match error {
            sqlx::Error::Database(error) => {
                // The lower byte is the primary code: 10 IOERR, 11 CORRUPT, 14 CANTOPEN, 26 NOTADB.
                let code = error
                    .code()
                    .and_then(|code| code.parse::<i32>().ok())
                    .unwrap_or(0);
                matches!(code & 0xff, 10 | 11 | 14 | 26)
            }
            sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => true,
            _ => false,
        }
    }

    /// True if the error is "somebody else has the file".
    pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
        let sqlx::Error::Database(error) = error else {
            return false;
        };
        let code = error
            .code()
            .and_then(|code| code.parse::<i32>().ok())
            .unwrap_or(0);
        matches!(code & 0xff, 5 | 6)
    }
}

impl From<sqlx::Error> for RegistryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

fn list(functions: &[FunctionId]) -> String {
    let quoted: Vec<String> = functions.iter().map(|function| format!("`{function}`")).collect();
    quoted.join(", ")
}
