//! A copy of the lake while it runs, and back.
//!
//! Order makes it consistent: tables first at the version they have, then the log, which holds every row that is not in
//! those versions, because nothing is removed from either while a copy is being made. Opening the copy replays the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use qala_disk::Disk;
use serde::{Deserialize, Serialize};

use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::table::store_error;

/// The list of what a copy holds; written last, so a copy without it is not whole.
pub const MANIFEST: &str = "BACKUP.json";

/// One file of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Path below the data directory.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// CRC-32C of the content.
    pub crc32c: u32,
}

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the data directory.
    pub format: u32,
    /// The copy equals the source as of this `_seq`.
    pub seq: i64,
    /// Last change of the registry that the lake has; filled in by the caller.
    pub outbox: i64,
    /// Files.
    pub files: Vec<BackupFile>,
}

/// Keeps files and log segments from being removed while it lives.
#[derive(Debug)]
pub(crate) struct Hold<'a>(&'a AtomicUsize);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Lake {
    pub(crate) fn hold(&self) -> Hold<'_> {
        self.holds.fetch_add(1, Ordering::AcqRel);
        Hold(&self.holds)
    }

    /// True while a copy is being made.
    pub(crate) fn held(&self) -> bool {
        self.holds.load(Ordering::Acquire) > 0
    }

    /// Copies the lake to `target` below `prefix`, while it runs. The manifest is returned, not written.
    ///
    /// # Errors
    /// IO on either side.
    pub async fn copy_to(&self, target: &Arc<dyn ObjectStore>, prefix: &str) -> Result<Manifest> {
        let _hold = self.hold();
        let seq = self.view().seq;
        let mut paths = Vec::new();
        for (name, table) in &self.tables {
            let table = table.lock().await;
            let Some(version) = table.version() else { continue };
            let dir = table.dir().to_owned();
            let view = self.view();
            let Some(view) = view.tables.get(name) else {
                continue;
            };
            paths.extend(view.files.iter().map(|f| format!("{dir}/{}", f.path)));
            let log = format!("{dir}/_delta_log");
            for entry in self
                .disk
                .list(&log)
                .map_err(LakeError::io(format!("list {log}")))?
            {
                let number = entry.name.get(..20).and_then(|n| n.parse::<u64>().ok());
                // Checkpoints only shorten the way; without them no pointer can lead beyond the version.
                if number.is_some_and(|n| n <= version) && entry.name.len() == 25 {
                    paths.push(format!("{log}/{}", entry.name));
                }
            }
        }
        for dir in ["specs", "keys"] {
            paths.extend(walk(&*self.disk, dir)?);
        }
        paths.push("FORMAT".into());
        paths.extend(
            walk(&*self.disk, "messages")?
                .into_iter()
                .filter(|p| !p.ends_with(".tmp")),
        );
        let mut files = Vec::new();
        for path in paths {
            files.push(self.copy_file(target, prefix, &path).await?);
        }
        for path in walk(&*self.disk, "log")? {
            files.push(self.copy_file(target, prefix, &path).await?);
        }
        Ok(Manifest {
            format: crate::lake::FORMAT,
            seq,
            outbox: 0,
            files,
        })
    }

    async fn copy_file(&self, target: &Arc<dyn ObjectStore>, prefix: &str, path: &str) -> Result<BackupFile> {
        let bytes = Bytes::from(
            self.disk
                .read(path)
                .map_err(LakeError::io(format!("read {path}")))?,
        );
        put(target, prefix, path, bytes).await
    }
}

/// Writes one file of a copy.
///
/// # Errors
/// IO.
pub async fn put(
    target: &Arc<dyn ObjectStore>,
    prefix: &str,
    path: &str,
    bytes: Bytes,
) -> Result<BackupFile> {
    let file = BackupFile {
        path: path.into(),
        bytes: bytes.len() as u64,
        crc32c: crc32c::crc32c(&bytes),
    };
    let location = if prefix.is_empty() {
        path.to_owned()
    } else {
        format!("{prefix}/{path}")
    };
    let location = Path::parse(&location).map_err(|e| LakeError::Refused(e.to_string()))?;
    target.put(&location, bytes.into()).await.map_err(store_error)?;
    Ok(file)
}

/// Writes the manifest, which makes the copy whole.
///
/// # Errors
/// IO.
pub async fn seal(target: &Arc<dyn ObjectStore>, prefix: &str, manifest: &Manifest) -> Result<()> {
    let text = serde_json::to_vec_pretty(manifest).map_err(|e| LakeError::Refused(e.to_string()))?;
    put(target, prefix, MANIFEST, text.into()).await?;
    Ok(())
}

/// Brings a copy back into an empty folder, checking every file.
///
/// # Errors
/// [`LakeError::Damaged`] for a copy that is not whole or a file that is not what was written; a folder that is not
/// empty; [`LakeError::NewerFormat`].
pub async fn restore(source: &Arc<dyn ObjectStore>, prefix: &str, disk: &dyn Disk) -> Result<Manifest> {
    let read = |path: &str| {
        let location = if prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{prefix}/{path}")
        };
        let source = Arc::clone(source);
        async move {
            let location = Path::parse(&location).map_err(|e| LakeError::Refused(e.to_string()))?;
            source
                .get(&location)
                .await
                .map_err(store_error)?
                .bytes()
                .await
                .map_err(store_error)
        }
    };
    let damaged = |what: &str, detail: &str| LakeError::Damaged {
        what: what.into(),
        detail: detail.into(),
    };
    let manifest = read(MANIFEST)
        .await
        .map_err(|_| damaged("the copy", "it has no BACKUP.json, so it is not whole"))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).map_err(|e| damaged(MANIFEST, &e.to_string()))?;
    if manifest.format > crate::lake::FORMAT {
        return Err(LakeError::NewerFormat {
            found: manifest.format,
            known: crate::lake::FORMAT,
        });
    }
    if disk
        .list("")
        .is_ok_and(|entries| entries.iter().any(|e| e.name != "LOCK"))
    {
        return Err(LakeError::Refused(
            "the folder to restore into is not empty; name a new one".into(),
        ));
    }
    for file in &manifest.files {
        let bytes = read(&file.path).await?;
        if bytes.len() as u64 != file.bytes || crc32c::crc32c(&bytes) != file.crc32c {
            return Err(damaged(&file.path, "it is not what was written"));
        }
        let action = |e| LakeError::io(format!("write {}", file.path))(e);
        let dir = qala_disk::parent(&file.path);
        disk.create_dir_all(dir).map_err(action)?;
        let out = disk.create(&file.path).map_err(action)?;
        out.write_at(0, &bytes).map_err(action)?;
        out.sync().map_err(action)?;
        disk.sync_dir(dir).map_err(action)?;
        for ancestor in crate::log::ancestors(dir) {
            disk.sync_dir(ancestor).map_err(action)?;
        }
    }
    Ok(manifest)
}

/// All files below a folder.
fn walk(disk: &dyn Disk, dir: &str) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let mut work = vec![dir.to_owned()];
    while let Some(dir) = work.pop() {
        let entries = match disk.list(&dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.map_err(LakeError::io(format!("list {dir}")))?,
        };
        for entry in entries {
            let path = format!("{dir}/{}", entry.name);
            if entry.is_dir {
                work.push(path);
            } else {
                out.push(path);
            }
        }
    }
    out.sort();
    Ok(out)
}

/// The object store and prefix that an address names: `s3://bucket/prefix` (credentials from the environment) or a folder.
///
/// # Errors
/// An address that cannot be understood; a folder that cannot be made.
pub fn open_target(address: &str) -> Result<(Arc<dyn ObjectStore>, String)> {
    let refused = |e: object_store::Error| LakeError::Refused(format!("{address}: {e}"));
    if let Some(rest) = address.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = object_store::aws::AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(refused)?;
        return Ok((Arc::new(store), prefix.trim_end_matches('/').to_owned()));
    }
    let disk = qala_disk::RealDisk::new(address).map_err(LakeError::io(format!("open {address}")))?;
    Ok((
        Arc::new(crate::store::DiskStore::new(Arc::new(disk), "")),
        String::new(),
    ))
}
