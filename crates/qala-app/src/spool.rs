//! A message on its way in: small ones wait in memory, large ones in a file, so that memory does not grow with them.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::{AppError, Result};
use crate::import::Payload;

/// Messages up to this size stay in memory.
const IN_MEMORY: usize = 8 << 20;
/// Folder below the data directory.
const FOLDER: &str = "spool";

/// A file that is removed with its last owner.
#[derive(Debug)]
pub struct SpoolFile(PathBuf);

impl SpoolFile {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a spooled message could not be removed");
        }
    }
}

/// Takes the bytes of one message as they come, and makes their digest on the way.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<(File, SpoolFile)>,
    digest: Sha256,
}

impl Spool {
    /// `expected`: how many bytes the sender says there are.
    pub(crate) fn new(data: &Path, expected: usize) -> Self {
        let in_memory = if expected <= IN_MEMORY { expected } else { 0 };
        Self {
            folder: data.join(FOLDER),
            memory: Vec::with_capacity(in_memory),
            file: None,
            digest: Sha256::new(),
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The disk is full or does not answer.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.digest.update(bytes);
        if self.file.is_none() && self.memory.len() + bytes.len() <= IN_MEMORY {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let io = || AppError::io(format!("keep a large message in {}", self.folder.display()));
        if self.file.is_none() {
            std::fs::create_dir_all(&self.folder).map_err(io())?;
            let path = self.folder.join(format!("{:016x}", rand::random::<u64>()));
            let file = File::create_new(&path).map_err(io())?;
            self.file = Some((file, SpoolFile(path)));
        }
        if let Some((file, _)) = &mut self.file {
            file.write_all(&std::mem::take(&mut self.memory)).map_err(io())?;
            file.write_all(bytes).map_err(io())?;
        }
        Ok(())
    }

    /// The whole message under a name, and its digest.
    pub fn finish(self, name: String) -> (Payload, String) {
        let payload = match self.file {
            Some((_, file)) => Payload::Spooled(name, Arc::new(file)),
            None => Payload::Bytes(name, Arc::new(self.memory)),
        };
        (payload, text(self.digest))
    }
}

/// Removes what an earlier process left behind.
pub(crate) fn clean(data: &Path) {
    let Ok(entries) = std::fs::read_dir(data.join(FOLDER)) else {
        return;
    };
    for entry in entries.flatten() {
        drop(std::fs::remove_file(entry.path()));
    }
}

/// A digest as it is written: `sha256:` and hexadecimal digits.
pub(crate) fn text(hasher: Sha256) -> String {
    use std::fmt::Write;
    let mut text = String::from("sha256:");
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").ok();
    }
    text
}
