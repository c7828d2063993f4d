//! A copy of the lake while it runs, and back.
//!
//! Order makes it consistent: tables first at the version they have, then the log, which holds every row that is not in
//! those versions, because nothing is removed from either while a copy is being made. Opening the copy replays the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use qala_disk::Disk;
use serde::{Deserialize, Serialize};

use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::table::{log_version, store_error};

/// The list of what a copy holds; written last, so a copy without it is not whole.
pub const MANIFEST: &str = "BACKUP.json";

const FORMAT_FILE: &str = "FORMAT";

/// Files above this size are sent in parts of it.
const PART: u64 = 8 << 20;

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
        for (name, table) in self.all_tables() {
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
                // Without the pointer to the last checkpoint, which may lead beyond the version.
                if log_version(&entry.name).is_some_and(|n| n <= version) {
                    paths.push(format!("{log}/{}", entry.name));
                }
            }
        }
        paths.extend(self.older_versions()?);
        for dir in ["specs", "keys"] {
            paths.extend(walk(&*self.disk, dir)?);
        }
        paths.push(FORMAT_FILE.into());
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

    /// Files of tables whose rows were carried over to a newer version; nothing changes them any more.
    fn older_versions(&self) -> Result<Vec<String>> {
        let list = |dir: &str| match self.disk.list(dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            other => other.map_err(LakeError::io(format!("list {dir}"))),
        };
        let mut paths = Vec::new();
        for name in list("tables")? {
            let current = self
                .find(name.name.as_str())
                .map(|d| format!("v{}", d.spec.version));
            for version in list(&format!("tables/{}", name.name))? {
                if current.as_ref().is_some_and(|c| *c != version.name) {
                    paths.extend(walk(
                        &*self.disk,
                        &format!("tables/{}/{}", name.name, version.name),
                    )?);
                }
            }
        }
        Ok(paths)
    }

    /// Copies a file without holding more than a part of it.
    async fn copy_file(&self, target: &Arc<dyn ObjectStore>, prefix: &str, path: &str) -> Result<BackupFile> {
        let action = |e| LakeError::io(format!("read {path}"))(e);
        let file = self.disk.open(path).map_err(action)?;
        let size = file.size().map_err(action)?;
        let read = |from: u64| -> Result<Bytes> {
            let mut part = vec![0; PART.min(size - from) as usize];
            let mut at = 0;
            while at < part.len() {
                match file.read_at(from + at as u64, &mut part[at..]).map_err(action)? {
                    0 => {
                        return Err(LakeError::Damaged {
                            what: path.into(),
                            detail: "it became shorter while it was copied".into(),
                        });
                    }
                    n => at += n,
                }
            }
            Ok(part.into())
        };
        if size <= PART {
            return put(target, prefix, path, read(0)?).await;
        }
        let mut upload = target
            .put_multipart(&location(prefix, path)?)
            .await
            .map_err(store_error)?;
        let mut crc = 0;
        let mut from = 0;
        while from < size {
            let part = match read(from) {
                Ok(part) => part,
                Err(error) => {
                    drop(upload.abort().await);
                    return Err(error);
                }
            };
            crc = crc32c::crc32c_append(crc, &part);
            from += part.len() as u64;
            if let Err(error) = upload.put_part(part.into()).await {
                drop(upload.abort().await);
                return Err(store_error(error));
            }
        }
        upload.complete().await.map_err(store_error)?;
        Ok(BackupFile {
            path: path.into(),
            bytes: size,
            crc32c: crc,
        })
    }
}

fn location(prefix: &str, path: &str) -> Result<Path> {
    let location = if prefix.is_empty() {
        path.to_owned()
    } else {
        format!("{prefix}/{path}")
    };
    Path::parse(&location).map_err(|e| LakeError::Refused(e.to_string()))
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
    target
        .put(&location(prefix, path)?, bytes.into())
        .await
        .map_err(store_error)?;
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

/// True when a whole copy lies there already.
///
/// # Errors
/// IO.
pub async fn is_whole(target: &Arc<dyn ObjectStore>, prefix: &str) -> Result<bool> {
    match target.head(&location(prefix, MANIFEST)?).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(store_error(error)),
    }
}

/// Brings a copy back into an empty folder, checking every file.
///
/// # Errors
/// [`LakeError::Damaged`] for a copy that is not whole or a file that is not what was written; a folder that is not
/// empty; [`LakeError::NewerFormat`].
pub async fn restore(source: &Arc<dyn ObjectStore>, prefix: &str, disk: &dyn Disk) -> Result<Manifest> {
    let damaged = |what: &str, detail: &str| LakeError::Damaged {
        what: what.into(),
        detail: detail.into(),
    };
    let manifest = match source.get(&location(prefix, MANIFEST)?).await {
        Ok(found) => found.bytes().await.map_err(store_error)?,
        Err(object_store::Error::NotFound { .. }) => {
            let others = copies(source, prefix).await?;
            let detail = if others.is_empty() {
                "it has no BACKUP.json, so it is not whole".into()
            } else {
                format!(
                    "it has no BACKUP.json; below it are the copies {}",
                    others.join(", ")
                )
            };
            return Err(damaged("the copy", &detail));
        }
        Err(error) => return Err(store_error(error)),
    };
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
    // FORMAT comes last: without it nothing opens a directory that was restored in part.
    let (format, others): (Vec<_>, Vec<_>) = manifest.files.iter().partition(|f| f.path == FORMAT_FILE);
    for file in others.into_iter().chain(format) {
        let found = source
            .get(&location(prefix, &file.path)?)
            .await
            .map_err(store_error)?;
        let action = |e| LakeError::io(format!("write {}", file.path))(e);
        let dir = qala_disk::parent(&file.path);
        disk.create_dir_all(dir).map_err(action)?;
        let out = disk.create(&file.path).map_err(action)?;
        let (mut bytes, mut crc) = (0, 0);
        let mut parts = found.into_stream();
        while let Some(part) = parts.try_next().await.map_err(store_error)? {
            out.write_at(bytes, &part).map_err(action)?;
            bytes += part.len() as u64;
            crc = crc32c::crc32c_append(crc, &part);
        }
        if bytes != file.bytes || crc != file.crc32c {
            return Err(damaged(&file.path, "it is not what was written"));
        }
        out.sync().map_err(action)?;
        disk.sync_dir(dir).map_err(action)?;
        for ancestor in crate::log::ancestors(dir) {
            disk.sync_dir(ancestor).map_err(action)?;
        }
    }
    Ok(manifest)
}

/// Whole copies one level below an address, oldest name first.
async fn copies(source: &Arc<dyn ObjectStore>, prefix: &str) -> Result<Vec<String>> {
    let below = Path::parse(prefix).map_err(|e| LakeError::Refused(e.to_string()))?;
    let mut names = Vec::new();
    for folder in source
        .list_with_delimiter(Some(&below))
        .await
        .map_err(store_error)?
        .common_prefixes
    {
        let manifest = folder.clone().join(MANIFEST);
        if source.head(&manifest).await.is_ok() {
            names.extend(folder.filename().map(ToOwned::to_owned));
        }
    }
    names.sort();
    Ok(names)
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
