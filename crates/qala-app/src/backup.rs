//! Backup and restore of lake and registry together.

use std::path::Path;

use qala_disk::RealDisk;
use qala_lake::backup::{self as lake_backup};
use serde::Serialize;

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::shelf::Shelf;

const REGISTRY: &str = "registry.sqlite";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupMark {
    /// The copy of the lake equals the source as of this `_seq`.
    pub seq: i64,
    /// Last change in the copy of the registry.
    pub outbox: i64,
    /// Files.
    pub files: usize,
    /// Bytes.
    pub bytes: u64,
}

/// Copies lake and registry to a folder or `s3://bucket/prefix`, while the centre runs.
///
/// The lake is copied first: the registry's copy is then never behind it, and on opening the copy the relay sends what
/// the lake's copy does not have.
///
/// # Errors
/// IO on either side.
pub async fn backup(centre: &Centre, address: &str) -> Result<BackupMark> {
    let (target, prefix) = lake_backup::open_target(address)?;
    let mut manifest = centre.lake.copy_to(&target, &prefix).await?;
    let temporary = centre.data.join(".registry-backup.sqlite");
    drop(std::fs::remove_file(&temporary));
    let copied = centre.registry.backup_to(&temporary.to_string_lossy()).await?;
    let bytes = std::fs::read(&temporary).map_err(AppError::io("read the registry's copy"))?;
    std::fs::remove_file(&temporary).map_err(AppError::io("remove the registry's copy"))?;
    manifest
        .files
        .push(lake_backup::put(&target, &prefix, REGISTRY, bytes.into()).await?);
    manifest.outbox = copied.position.last;
    for (name, bytes) in Shelf::files(&centre.data)? {
        manifest
            .files
            .push(lake_backup::put(&target, &prefix, &name, bytes.into()).await?);
    }
    lake_backup::seal(&target, &prefix, &manifest).await?;
    let bytes = manifest.files.iter().map(|f| f.bytes).sum();
    Ok(BackupMark {
        seq: manifest.seq,
        outbox: manifest.outbox,
        files: manifest.files.len(),
        bytes,
    })
}

/// Brings a backup back into a new data directory.
///
/// # Errors
/// A backup that is not whole or was changed; a directory that is not empty.
pub async fn restore(address: &str, data: &Path) -> Result<BackupMark> {
    let (source, prefix) = lake_backup::open_target(address)?;
    let disk = RealDisk::new(data).map_err(AppError::io(format!("create {}", data.display())))?;
    let manifest = lake_backup::restore(&source, &prefix, &disk).await?;
    let bytes = manifest.files.iter().map(|f| f.bytes).sum();
    Ok(BackupMark {
        seq: manifest.seq,
        outbox: manifest.outbox,
        files: manifest.files.len(),
        bytes,
    })
}
