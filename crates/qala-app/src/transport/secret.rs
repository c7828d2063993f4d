//! Secrets of transports, read where the spec says they are, each time anew: a changed one is used at once.

use qala_core::spec::{Secret, Words};

use crate::error::{AppError, Result};

/// The secret.
///
/// # Errors
/// A variable that is not set, a file that cannot be read. The message names the place, never the secret.
pub(crate) fn secret(secret: &Secret) -> Result<String> {
    match secret {
        Secret::Env(name) => std::env::var(name).map_err(|_| {
            AppError::Usage(format!(
                "the environment variable {name} is not set; it holds a secret"
            ))
        }),
        Secret::File(path) => {
            let text =
                std::fs::read_to_string(path).map_err(AppError::io(format!("read the secret in {path}")))?;
            Ok(text.trim_end().to_owned())
        }
    }
}

/// The text, or the secret it stands for.
///
/// # Errors
/// Those of [`secret`].
pub(crate) fn words(words: &Words) -> Result<String> {
    match words {
        Words::Plain(text) => Ok(text.clone()),
        Words::Secret(place) => secret(place),
    }
}
