//! What can go wrong in a use case, with the exit code and HTTP status decided once.

use qala_core::spec::SpecError;
use qala_lake::LakeError;
use qala_registry::RegistryError;

/// An error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The lake said no.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The registry said no.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A spec is wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The caller asked for something that does not exist or makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be read as what it is given for.
    #[error("{file}: {message}")]
    Unread {
        /// Name of the file.
        file: String,
        /// Word of the problem, such as `empty`.
        code: String,
        /// One sentence: what is wrong and what to do.
        message: String,
    },
    /// Nobody is let in with this token, or without one.
    #[error("{0}")]
    Unauthorised(String),
    /// The token is good, but not for this.
    #[error("{0}")]
    Forbidden(String),
    /// Somebody tried too often.
    #[error("too many tries; wait {retry_after_s} s")]
    TooMany {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// A message is larger than is taken in at once.
    #[error("{0}")]
    TooLarge(String),
    /// It took too long and was stopped.
    #[error("{0}")]
    TimedOut(String),
    /// As much of this is under way as is done at once.
    #[error("as many {what} as at once; come again in {retry_after_s} s")]
    Busy {
        /// What is under way.
        what: &'static str,
        /// When to come again.
        retry_after_s: u64,
    },
    /// Reading or writing failed.
    #[error("{action}: {source}")]
    Io {
        /// What was being done.
        action: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A remote address did not answer as hoped.
    #[error("{0}")]
    Remote(String),
}

impl AppError {
    /// Wraps an IO error with what was being done.
    pub fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// True when the tables cannot follow what comes in now: nothing is wrong with what was asked.
    pub fn is_slow_lake(&self) -> bool {
        matches!(self, Self::Lake(LakeError::Slow { .. }))
    }

    /// True when it may succeed a little later, for other questions have the memory now.
    pub fn is_short_of_memory(&self) -> bool {
        matches!(self, Self::Lake(error) if error.is_short_of_memory())
    }

    /// True when the caller, not the program or its data, is at fault.
    pub fn is_usage(&self) -> bool {
        !self.is_short_of_memory()
            && matches!(
                self,
                Self::Usage(_)
                    | Self::Unread { .. }
                    | Self::Spec(_)
                    | Self::Registry(
                        RegistryError::UnknownToken(_)
                            | RegistryError::UnknownUser(_)
                            | RegistryError::UserExists(_)
                            | RegistryError::UnknownAlarm(_)
                            | RegistryError::Empty { .. }
                            | RegistryError::EmptyInterval { .. }
                            | RegistryError::NotThere { .. }
                            | RegistryError::Refused { .. }
                    )
                    | Self::Lake(
                        LakeError::UnknownDataset { .. }
                            | LakeError::Query(_)
                            | LakeError::Refused(_)
                            | LakeError::KeyReused { .. }
                    )
            )
    }
}

/// An error with its causes, in one line. A cause that the words before it already hold is not said twice.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// Result of a use case.
pub type Result<T, E = AppError> = std::result::Result<T, E>;
