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
/// A target inside the data directory, or that holds a whole copy already; IO on either side.
pub async fn backup(centre: &Centre, address: &str) -> Result<BackupMark> {
    refuse_own_folder(address, &centre.data)?;
    let (target, prefix) = lake_backup::open_target(address)?;
    if lake_backup::is_whole(&target, &prefix).await? {
        // Writing over it would leave no whole copy when it is interrupted.
        return Err(AppError::Usage(format!(
            "there is a whole copy in {address} already; name a new folder"
        )));
    }
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

/// A copy inside of what it copies would grow with each copy, and overwrite it where names are the same.
fn refuse_own_folder(address: &str, data: &Path) -> Result<()> {
    if address.contains("://") {
        return Ok(());
    }
    let whole = |path: &Path| std::path::absolute(path).map_err(AppError::io("find the current folder"));
    let data = data.canonicalize().or_else(|_| whole(data))?;
    let target = whole(Path::new(address))?;
    // The part of it that exists, with its links followed.
    let found = target.ancestors().find_map(|a| {
        let rest = target.strip_prefix(a).ok()?;
        Some(a.canonicalize().ok()?.join(rest))
    });
    if found.unwrap_or(target).starts_with(&data) {
        return Err(AppError::Usage(format!(
            "{address} lies in the data directory; name a folder outside of it"
        )));
    }
    Ok(())
}

/// Brings a backup back into a new data directory.
///
/// # Errors
/// A backup that is not whole or was changed; a directory that is not empty.
pub async fn restore(address: &str, data: &Path) -> Result<BackupMark> {
    if !address.contains("://") && !Path::new(address).is_dir() {
        return Err(AppError::Usage(format!("there is no folder {address}")));
    }
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
