//! Personal data stop here: before the log, text in personal columns becomes a keyed pseudonym.
//!
//! The key belongs to a month and is destroyed at the end of its keeping; then equal values can no longer be linked
//! to the person, and rows of that month can no longer be imported.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use qala_core::spec::Sensitivity;
use qala_disk::{Disk, write_atomic};
use sha2::Sha256;

use crate::error::{LakeError, Result};
use crate::files::day_text;
use crate::view::Dataset;

const DESTROYED: &[u8] = b"destroyed\n";

/// Keys of pseudonyms, by month.
#[derive(Debug)]
pub(crate) struct Guard {
    disk: Arc<dyn Disk>,
    keys: Mutex<HashMap<String, Option<[u8; 32]>>>,
}

impl Guard {
    /// Opens the folder of keys.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn open(disk: Arc<dyn Disk>) -> Result<Self> {
        disk.create_dir_all("keys")
            .and_then(|()| disk.sync_dir(""))
            .map_err(LakeError::io("create folder keys"))?;
        Ok(Self {
            disk,
            keys: Mutex::default(),
        })
    }

    /// The key of a month (`2026-03`), made at its first use.
    ///
    /// # Errors
    /// [`LakeError::KeyDestroyed`]; IO.
    pub(crate) fn key(&self, period: &str) -> Result<[u8; 32]> {
        let mut keys = self.keys.lock();
        let destroyed = || LakeError::KeyDestroyed {
            period: period.into(),
        };
        if let Some(known) = keys.get(period) {
            return known.ok_or_else(destroyed);
        }
        let path = format!("keys/{period}");
        let key = match self.disk.read(&path) {
            Ok(bytes) if bytes == DESTROYED => None,
            Ok(bytes) => Some(
                <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| LakeError::Damaged {
                    what: path.clone(),
                    detail: "a key has 32 bytes".into(),
                })?,
            ),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let key: [u8; 32] = rand::random();
                write_atomic(&*self.disk, &path, &key).map_err(LakeError::io(format!("write {path}")))?;
                Some(key)
            }
            Err(e) => return Err(LakeError::io(format!("read {path}"))(e)),
        };
        keys.insert(period.into(), key);
        key.ok_or_else(destroyed)
    }

    /// Destroys the key of a month.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn destroy(&self, period: &str) -> Result<()> {
        let path = format!("keys/{period}");
        write_atomic(&*self.disk, &path, DESTROYED).map_err(LakeError::io(format!("destroy {path}")))?;
        self.keys.lock().insert(period.into(), None);
        Ok(())
    }

    /// Replaces personal text by pseudonyms under the key of each row's month; columns in `done` hold them already.
    ///
    /// # Errors
    /// [`LakeError::KeyDestroyed`]; IO.
    pub(crate) fn apply(
        &self,
        dataset: &Dataset,
        batch: RecordBatch,
        done: &BTreeSet<String>,
        now: i64,
    ) -> Result<RecordBatch> {
        if !dataset.spec.is_personal() {
            return Ok(batch);
        }
        let days = dataset.days(&batch, now);
        let mut columns = batch.columns().to_vec();
        for (at, field) in batch.schema().fields().iter().enumerate() {
            let personal = dataset
                .spec
                .column(field.name())
                .is_some_and(|c| c.sensitivity == Sensitivity::Personal);
            if !personal || done.contains(field.name()) {
                continue;
            }
            let texts = batch.column(at).as_string::<i32>();
            let replaced = texts
                .iter()
                .zip(&days)
                .map(|(text, day)| {
                    text.map(|t| Ok(pseudonym(&self.key(&day_text(*day)[..7])?, t)))
                        .transpose()
                })
                .collect::<Result<StringArray>>()?;
            columns[at] = Arc::new(replaced) as ArrayRef;
        }
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    }
}

/// `~` and 96 bits of HMAC-SHA-256, in hex. The text is first brought to capitals without spaces and hyphens, so that
/// two spellings of a number plate are one.
fn pseudonym(key: &[u8; 32], text: &str) -> String {
    use std::fmt::Write;
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_uppercase)
        .collect();
    let mut out = String::from("~");
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(plain.as_bytes());
        for byte in &mac.finalize().into_bytes()[..12] {
            write!(out, "{byte:02x}").ok();
        }
    }
    out
}
