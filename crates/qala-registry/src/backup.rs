//! A consistent copy of the registry while it runs. To restore, open the copy.

use std::io;
use std::path::Path;

use qala_disk::{Disk, RealDisk};

use crate::error::RegistryError;
use crate::open::Registry;
use crate::outbox::{self, OutboxPosition};

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// The outbox of the copy, to be kept with the `_seq` of the lake's backup.
    pub position: OutboxPosition,
}

impl Registry {
    /// Writes a copy to a new file: a path of the machine for [`Registry::open`], of the disk for
    /// [`Registry::open_on`]. The copy is durable when this returns. Changes wait meanwhile.
    ///
    /// The copy is compact: pages that held deleted rows are left out.
    ///
    /// # Errors
    /// The file exists and is not empty, or the disk fails. What was written of the copy is then to be removed.
    pub async fn backup_to(&self, path: &str) -> Result<Backup, RegistryError> {
        let mut link = self.lock().await?;
        let connection = link.connection()?;
        // Nothing can change between the two statements: there is one connection, and it is ours.
        let position = outbox::position(connection).await?;
        let outcome = sqlx::query("VACUUM INTO ?1").bind(path).execute(connection).await;
        match outcome {
            // A copy that failed says nothing about the registry itself.
            Err(error) => Err(error.into()),
            Ok(_) if self.is_on_a_disk() => Ok(Backup { position }),
            Ok(_) => {
                sync_file(Path::new(path)).map_err(|source| RegistryError::Io {
                    path: path.to_owned(),
                    source,
                })?;
                Ok(Backup { position })
            }
        }
    }
}

/// Makes a file of the machine durable together with its name: SQLite's own file layer does not sync the folder
/// of a new database. Ours does.
fn sync_file(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or(io::ErrorKind::InvalidFilename)?;
    let disk = RealDisk::new(folder)?;
    disk.open(name)?.sync()?;
    disk.sync_dir("")
}
