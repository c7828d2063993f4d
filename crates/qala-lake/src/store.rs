//! The table files' way to the disk: an `ObjectStore` that fsyncs file and folder before it says yes.
//!
//! `object_store` 0.13 writes local files without fsync, so a Delta commit could vanish in a power cut after the log
//! segment was removed. Here a put is a temporary file, an fsync, a link or rename, and an fsync of the folder.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use qala_disk::{Disk, DiskFile, parent};

use crate::log::ancestors;

/// An object store over a folder of a [`Disk`].
#[derive(Debug, Clone)]
pub(crate) struct DiskStore {
    disk: Arc<dyn Disk>,
    root: String,
    temporary: Arc<AtomicU64>,
}

impl fmt::Display for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskStore({})", self.root)
    }
}

fn generic(path: &str, source: io::Error) -> object_store::Error {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => object_store::Error::NotFound {
            path,
            source: Box::new(source),
        },
        io::ErrorKind::AlreadyExists => object_store::Error::AlreadyExists {
            path,
            source: Box::new(source),
        },
        _ => object_store::Error::Generic {
            store: "disk",
            source: Box::new(source),
        },
    }
}

impl DiskStore {
    /// A store of the files below the folder `root`.
    pub(crate) fn new(disk: Arc<dyn Disk>, root: &str) -> Self {
        Self {
            disk,
            root: root.into(),
            temporary: Arc::default(),
        }
    }

    fn full(&self, path: &Path) -> String {
        match (self.root.is_empty(), path.as_ref()) {
            (true, p) => p.into(),
            (false, "") => self.root.clone(),
            (false, p) => format!("{}/{p}", self.root),
        }
    }

    /// Makes a folder, if it is not there, with its entry durable.
    fn folder(&self, dir: &str) -> io::Result<()> {
        if self.disk.stat(dir).is_err() {
            self.disk.create_dir_all(dir)?;
            for ancestor in ancestors(dir) {
                self.disk.sync_dir(ancestor)?;
            }
        }
        Ok(())
    }

    /// Begins a file that nobody looks for before a later file names it. A leftover of an earlier run is replaced.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn begin(&self, path: &str) -> io::Result<NewFile> {
        self.folder(parent(path))?;
        let file = match self.disk.create(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                self.disk.remove(path)?;
                self.disk.create(path)?
            }
            other => other?,
        };
        Ok(NewFile {
            disk: Arc::clone(&self.disk),
            path: path.into(),
            file,
            size: 0,
        })
    }

    fn put_sync(&self, path: &str, payload: &PutPayload, mode: &PutMode) -> io::Result<()> {
        let dir = parent(path);
        self.folder(dir)?;
        if matches!(mode, PutMode::Create) && self.disk.stat(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // A leftover of an earlier run may hold the name; it was never linked, so it goes.
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        let slash = if dir.is_empty() { "" } else { "/" };
        let temporary = format!("{dir}{slash}.tmp-{number}");
        match self.disk.remove(&temporary) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let file = self.disk.create(&temporary)?;
        let mut at = 0;
        for part in payload {
            file.write_at(at, part)?;
            at += part.len() as u64;
        }
        file.sync()?;
        drop(file);
        if matches!(mode, PutMode::Create) {
            let linked = self.disk.link(&temporary, path);
            self.disk.remove(&temporary)?;
            linked?;
        } else {
            self.disk.rename(&temporary, path)?;
        }
        self.disk.sync_dir(dir)
    }

    fn meta(&self, location: &Path, full: &str) -> io::Result<ObjectMeta> {
        let entry = self.disk.stat(full)?;
        if entry.is_dir {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(ObjectMeta {
            location: location.clone(),
            last_modified: std::time::UNIX_EPOCH.into(),
            size: entry.len,
            e_tag: None,
            version: None,
        })
    }

    fn walk(&self, dir: &str, prefix: &str, out: &mut Vec<ObjectMeta>) -> io::Result<()> {
        let entries = match self.disk.list(dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let name = if prefix.is_empty() {
                entry.name.clone()
            } else {
                format!("{prefix}/{}", entry.name)
            };
            let full = if dir.is_empty() {
                entry.name.clone()
            } else {
                format!("{dir}/{}", entry.name)
            };
            if entry.is_dir {
                self.walk(&full, &name, out)?;
            } else if !entry.name.starts_with(".tmp-") {
                let location = Path::parse(&name).map_err(io::Error::other)?;
                out.push(ObjectMeta {
                    location,
                    last_modified: std::time::UNIX_EPOCH.into(),
                    size: entry.len,
                    e_tag: None,
                    version: None,
                });
            }
        }
        Ok(())
    }

    fn listing(&self, prefix: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let prefix = prefix.map(Path::as_ref).unwrap_or_default();
        let dir = self.full(&Path::from(prefix));
        let mut out = Vec::new();
        self.walk(&dir, prefix, &mut out).map_err(|e| generic(&dir, e))?;
        out.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(out)
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct NewFile {
    disk: Arc<dyn Disk>,
    path: String,
    file: Box<dyn DiskFile>,
    size: u64,
}

impl NewFile {
    /// Makes the file and its entry durable. Gives its size in bytes.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn finish(&self) -> io::Result<u64> {
        self.file.sync()?;
        self.disk.sync_dir(parent(&self.path))?;
        Ok(self.size)
    }
}

impl io::Write for NewFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.size, data)?;
        self.size += data.len() as u64;
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_range(file: &dyn DiskFile, range: Range<u64>) -> io::Result<Bytes> {
    let mut buffer = vec![0; (range.end - range.start) as usize];
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(range.start + done as u64, &mut buffer[done..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => done += n,
        }
    }
    Ok(buffer.into())
}

#[async_trait]
impl ObjectStore for DiskStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let path = self.full(location);
        let (store, to) = (self.clone(), path.clone());
        tokio::task::spawn_blocking(move || store.put_sync(&to, &payload, &options.mode))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(|e| generic(&path, e))?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload {
            store: self.clone(),
            location: location.clone(),
            parts: Vec::new(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let path = self.full(location);
        let meta = self.meta(location, &path).map_err(|e| generic(&path, e))?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range
                .as_range(meta.size)
                .map_err(|e| object_store::Error::Generic {
                    store: "disk",
                    source: Box::new(e),
                })?,
            None => 0..meta.size,
        };
        let bytes = if options.head {
            Bytes::new()
        } else {
            let file = self.disk.open(&path).map_err(|e| generic(&path, e))?;
            read_range(&*file, range.clone()).map_err(|e| generic(&path, e))?
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed()),
            meta,
            range,
            attributes: object_store::Attributes::default(),
        })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.full(location);
        let file = self.disk.open(&path).map_err(|e| generic(&path, e))?;
        ranges
            .iter()
            .map(|r| read_range(&*file, r.clone()).map_err(|e| generic(&path, e)))
            .collect()
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .map(move |location| {
                let location = location?;
                let path = store.full(&location);
                store
                    .disk
                    .remove(&path)
                    .and_then(|()| store.disk.sync_dir(parent(&path)))
                    .map_err(|e| generic(&path, e))?;
                Ok(location)
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.listing(prefix) {
            Ok(found) => stream::iter(found.into_iter().map(Ok)).boxed(),
            Err(error) => stream::once(async move { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let base = prefix.map(Path::as_ref).unwrap_or_default().to_owned();
        let dir = self.full(&Path::from(base.as_str()));
        let mut result = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
        };
        let entries = match self.disk.list(&dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(result),
            other => other.map_err(|e| generic(&dir, e))?,
        };
        for entry in entries {
            let name = if base.is_empty() {
                entry.name.clone()
            } else {
                format!("{base}/{}", entry.name)
            };
            let location = Path::parse(&name)?;
            if entry.is_dir {
                result.common_prefixes.push(location);
            } else if !entry.name.starts_with(".tmp-") {
                let full = self.full(&location);
                result
                    .objects
                    .push(self.meta(&location, &full).map_err(|e| generic(&full, e))?);
            }
        }
        Ok(result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let source = self.full(from);
        let bytes = self.disk.read(&source).map_err(|e| generic(&source, e))?;
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let target = self.full(to);
        self.put_sync(&target, &PutPayload::from(bytes), &mode)
            .map_err(|e| generic(&target, e))
    }
}

/// A multipart upload gathers its parts and puts them whole: nothing is visible before it is complete.
#[derive(Debug)]
struct Upload {
    store: DiskStore,
    location: Path,
    parts: Vec<PutPayload>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> object_store::UploadPart {
        self.parts.push(data);
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let payload: PutPayload = self.parts.drain(..).flat_map(IntoIterator::into_iter).collect();
        self.store
            .put_opts(&self.location, payload, PutOptions::default())
            .await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}
