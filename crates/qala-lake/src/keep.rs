//! Messages as they came, kept so that a mended parser can read them again.
//!
//! A message of a feed with personal columns is kept encrypted under the key of the month in which it came; when that
//! key is destroyed the message cannot be read again.

use std::io::{self, Read, Write};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use qala_disk::{Disk, DiskFile, parent};

use crate::error::{LakeError, Result};
use crate::files::day_text;
use crate::lake::Lake;
use crate::log::ancestors;

const CHUNK: usize = 1 << 20;
const FOLDER: &str = "messages";
const TEMPORARY: &str = ".tmp";

/// Removes copies that were not finished when the process ended.
///
/// # Errors
/// IO.
pub(crate) fn sweep(disk: &dyn Disk) -> Result<()> {
    let entries = match disk.list(FOLDER) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(LakeError::io(format!("list {FOLDER}")))?,
    };
    for entry in entries.iter().filter(|e| e.name.ends_with(TEMPORARY)) {
        let path = format!("{FOLDER}/{}", entry.name);
        disk.remove(&path)
            .map_err(LakeError::io(format!("remove {path}")))?;
    }
    Ok(())
}

/// Writes at the end of a disk file.
struct Tail {
    file: Box<dyn DiskFile>,
    at: u64,
}

impl Write for Tail {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.at, data)?;
        self.at += data.len() as u64;
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Encrypts chunks: 12 bytes nonce, 4 bytes length, cipher text.
struct Sealed<W: Write> {
    inner: W,
    cipher: ChaCha20Poly1305,
    buffer: Vec<u8>,
}

impl<W: Write> Sealed<W> {
    fn seal(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let nonce: [u8; 12] = rand::random();
        let text = self
            .cipher
            .encrypt(&Nonce::from(nonce), self.buffer.as_slice())
            .map_err(|_| io::Error::other("encryption failed"))?;
        self.inner.write_all(&nonce)?;
        self.inner.write_all(&(text.len() as u32).to_le_bytes())?;
        self.inner.write_all(&text)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(data);
        if self.buffer.len() >= CHUNK {
            self.seal()?;
        }
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.seal()
    }
}

impl Lake {
    /// Keeps the bytes of a message, durable on return. Gives the path below the data directory. `personal` messages are
    /// encrypted.
    ///
    /// # Errors
    /// IO; [`LakeError::KeyDestroyed`].
    pub fn keep(&self, digest: &str, personal: bool, bytes: &mut dyn Read) -> Result<String> {
        let month = day_text(self.options.city_zone.local_day(self.options.clock.now()))[..7].to_owned();
        let name = digest.rsplit(':').next().unwrap_or(digest);
        let suffix = if personal { "zst.sealed" } else { "zst" };
        let path = format!("messages/{month}/{name}.{suffix}");
        let action = |e| LakeError::io(format!("keep the message in {path}"))(e);
        let dir = parent(&path);
        {
            // Whoever comes second must not go on before the folder is durable.
            let mut made = self.kept_in.lock();
            if *made != dir {
                self.disk.create_dir_all(dir).map_err(action)?;
                for ancestor in ancestors(dir) {
                    self.disk.sync_dir(ancestor).map_err(action)?;
                }
                dir.clone_into(&mut made);
            }
        }
        if self.disk.stat(&path).is_ok() {
            // Somebody else may have given it this name right now.
            self.disk.sync_dir(dir).map_err(action)?;
            return Ok(path);
        }
        // A name of its own: the same bytes may come for two feeds at once.
        let temporary = format!("{FOLDER}/{}{TEMPORARY}", self.unique_name());
        let written = self.write_kept(&temporary, personal, &month, bytes);
        let placed = written.and_then(|()| self.disk.rename(&temporary, &path).map_err(action));
        if placed.is_err() {
            drop(self.disk.remove(&temporary));
        }
        placed?;
        self.disk.sync_dir(dir).map_err(action)?;
        Ok(path)
    }

    /// Writes the bytes of a message under a temporary name, durable on return.
    fn write_kept(&self, path: &str, personal: bool, month: &str, bytes: &mut dyn Read) -> Result<()> {
        let action = |e| LakeError::io(format!("keep a message in {path}"))(e);
        let mut tail = Tail {
            file: self.disk.create(path).map_err(action)?,
            at: 0,
        };
        if personal {
            let cipher = ChaCha20Poly1305::new(&self.key(month)?.into());
            let sealed = Sealed {
                inner: tail,
                cipher,
                buffer: Vec::new(),
            };
            let mut encoder = zstd::Encoder::new(sealed, 1).map_err(action)?;
            io::copy(bytes, &mut encoder).map_err(action)?;
            let mut sealed = encoder.finish().map_err(action)?;
            sealed.flush().map_err(action)?;
            tail = sealed.inner;
        } else {
            let mut encoder = zstd::Encoder::new(&mut tail, 1).map_err(action)?;
            io::copy(bytes, &mut encoder).map_err(action)?;
            encoder.finish().map_err(action)?;
        }
        tail.file.sync().map_err(action)
    }

    /// Reads a kept message.
    ///
    /// # Errors
    /// IO; [`LakeError::KeyDestroyed`]; [`LakeError::Damaged`].
    pub fn kept(&self, path: &str) -> Result<Vec<u8>> {
        let damaged = |detail: &str| LakeError::Damaged {
            what: path.into(),
            detail: detail.into(),
        };
        let mut bytes = self
            .disk
            .read(path)
            .map_err(LakeError::io(format!("read {path}")))?;
        if path.ends_with(".sealed") {
            let month = path.split('/').nth(1).unwrap_or_default();
            let cipher = ChaCha20Poly1305::new(&self.key(month)?.into());
            let mut plain = Vec::with_capacity(bytes.len());
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at_checked(16).ok_or_else(|| damaged("cut off"))?;
                let nonce: [u8; 12] = head[..12].try_into().map_err(|_| damaged("cut off"))?;
                let length = u32::from_le_bytes([head[12], head[13], head[14], head[15]]) as usize;
                let (text, tail) = tail.split_at_checked(length).ok_or_else(|| damaged("cut off"))?;
                plain.extend(
                    cipher
                        .decrypt(&Nonce::from(nonce), text)
                        .map_err(|_| damaged("wrong key or changed"))?,
                );
                rest = tail;
            }
            bytes = plain;
        }
        zstd::decode_all(bytes.as_slice()).map_err(LakeError::io(format!("unpack {path}")))
    }
}
