//! What is written down of reading, and heads of the chain that an administrator keeps elsewhere.

use std::path::Path;

use qala_core::Zone;
use qala_disk::{Disk, RealDisk, write_atomic};
use qala_lake::Clock;
use qala_registry::{AuditAction, AuditHead, AuditProof, Note, Registry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rights::Reader;
use crate::centre::Centre;
use crate::clock::SystemClock;
use crate::error::{AppError, Result};

/// Folder of the heads, in the data directory.
const FOLDER: &str = "audit-head";
/// Letters of a question that are written down; the rest is told by its length.
const SHOWN: usize = 4000;

/// A head in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptHead {
    /// The entry.
    entry: i64,
    /// Its hash.
    hash: String,
    /// When the head was taken.
    taken_at: String,
}

/// What the proof found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFault(pub String);

/// Proves the audit of a data directory: the chain, the heads that were kept in the directory, and those in files from
/// elsewhere. Returns the number of entries.
///
/// # Errors
/// The outer one: the registry cannot be read. The inner one: the first entry that is broken, or a head that cannot be read.
pub async fn check_audit(
    registry: &Registry,
    data: &Path,
    more: &[&Path],
) -> Result<std::result::Result<i64, AuditFault>> {
    let mut kept = Vec::new();
    let folder = data.join(FOLDER);
    let mut paths: Vec<_> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(AppError::io(format!("read {}", folder.display()))(error)),
    };
    paths.sort();
    paths.extend(more.iter().map(|path| path.to_path_buf()));
    for path in paths {
        let text =
            std::fs::read_to_string(&path).map_err(AppError::io(format!("read {}", path.display())))?;
        match serde_json::from_str::<KeptHead>(&text) {
            Ok(head) => kept.push(AuditHead {
                entry: head.entry,
                hash: head.hash,
            }),
            Err(error) => {
                return Ok(Err(AuditFault(format!("{}: {error}", path.display()))));
            }
        }
    }
    Ok(match registry.check_audit(&kept).await? {
        AuditProof::Whole(head) => Ok(head.entry),
        AuditProof::Broken { entry, why } => Err(AuditFault(format!("entry {entry}: {why}"))),
    })
}

impl Centre {
    /// Keeps the head of this day, unless it is there already. The file is for an administrator to copy elsewhere.
    ///
    /// # Errors
    /// The registry's; IO.
    pub async fn keep_audit_head(&self) -> Result<()> {
        let now = SystemClock.now();
        let day = &self.zone.format(now)[..10];
        let path = format!("{FOLDER}/{day}.json");
        if self.data.join(&path).exists() {
            return Ok(());
        }
        let head = self.registry.audit_head().await?;
        if head.entry == 0 {
            return Ok(());
        }
        let kept = KeptHead {
            entry: head.entry,
            hash: head.hash,
            taken_at: Zone::utc().format(now),
        };
        let text = serde_json::to_string(&kept).map_err(|e| AppError::Remote(e.to_string()))?;
        let disk = RealDisk::new(&self.data).map_err(AppError::io("open the data directory"))?;
        disk.create_dir_all(FOLDER)
            .and_then(|()| disk.sync_dir(""))
            .and_then(|()| write_atomic(&disk, &path, format!("{text}\n").as_bytes()))
            .map_err(AppError::io(format!("write {path}")))
    }

    /// Writes down that somebody read single records that are not for everybody. Call it before they are given.
    ///
    /// # Errors
    /// The registry's; then nothing is to be given.
    pub async fn note_records(
        &self,
        reader: &Reader,
        dataset: &str,
        rows: usize,
        filter: &str,
    ) -> Result<()> {
        let note = Note::new(reader.id(), AuditAction::RecordsRead, dataset)
            .with("rows", rows)
            .with("filter", filter);
        Ok(self.registry.note(&note, SystemClock.now()).await?)
    }

    /// Writes down that rows or values leave as a file.
    ///
    /// # Errors
    /// The registry's; then nothing is to be given.
    pub async fn note_export(&self, reader: &Reader, what: &str, format: &str) -> Result<()> {
        let note = Note::new(reader.id(), AuditAction::Export, what).with("format", format);
        Ok(self.registry.note(&note, SystemClock.now()).await?)
    }

    /// Writes down that somebody changes what is in the lake: `action` on `object`, with particulars. Call it before it is
    /// done. Never a row itself, which may hold anything.
    ///
    /// # Errors
    /// The registry's; then it is not to be done.
    pub async fn note_change(
        &self,
        by: &str,
        action: AuditAction,
        object: &str,
        particulars: &[(&str, Value)],
    ) -> Result<()> {
        let note = particulars
            .iter()
            .fold(Note::new(by, action, object), |note, (name, value)| {
                note.with(name, value.clone())
            });
        Ok(self.registry.note(&note, SystemClock.now()).await?)
    }

    /// Writes down a free question, before it is asked.
    ///
    /// # Errors
    /// The registry's; then it is not to be asked.
    pub async fn note_sql(&self, reader: &Reader, sql: &str) -> Result<()> {
        let shown: String = sql.chars().take(SHOWN).collect();
        let note = Note::new(reader.id(), AuditAction::Sql, "lake")
            .with("sql", shown)
            .with("bytes", sql.len());
        Ok(self.registry.note(&note, SystemClock.now()).await?)
    }
}
