//! The rule for paths, the same on every disk.
//!
//! What belongs here: what a path may look like. What does not: whether it exists.

use std::io;

/// The longest name of one file or folder, in bytes, that Linux file systems take.
const LONGEST_NAME: usize = 255;

#[derive(Debug, thiserror::Error)]
enum PathError {
    #[error("use the root as a file")]
    Root,
    #[error("use path {0:?}: a component is empty, `.` or `..`, or holds a NUL")]
    Component(String),
    #[error("use path {0:?}: a name is longer than {LONGEST_NAME} bytes")]
    Length(String),
}

/// Refuses a path that is neither the root (the empty string) nor a relative path.
pub(crate) fn check_folder(path: &str) -> io::Result<()> {
    if path.is_empty() { Ok(()) } else { check(path) }
}

/// Refuses a path that is not relative, or is the root.
pub(crate) fn check(path: &str) -> io::Result<()> {
    if path.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, PathError::Root));
    }
    for name in path.split('/') {
        if matches!(name, "" | "." | "..") || name.contains('\0') {
            let problem = PathError::Component(path.to_owned());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        if name.len() > LONGEST_NAME {
            let problem = PathError::Length(path.to_owned());
            return Err(io::Error::new(io::ErrorKind::InvalidFilename, problem));
        }
    }
    Ok(())
}

/// The last component of a path; the root has an empty name.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
