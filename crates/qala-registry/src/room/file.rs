//! Small files that belong to incidents: a photograph, a sketch, an order.

use sha2::{Digest, Sha256};
use sqlx::Row;

use super::incident::{Hand, Incident, TimelineKind, tell};
use super::{Versioned, one, refused, said};
use crate::error::RegistryError;
use crate::open::Registry;
use crate::user::hexadecimal;

/// Bytes of a file at most. It lies in the registry, so that a backup has it.
pub const LARGEST_FILE: usize = 2 << 20;
/// Files of an incident at most.
pub const MOST_FILES: usize = 40;

/// A file, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// SHA-256 of the bytes, hexadecimal.
    pub digest: String,
    /// Its name.
    pub name: String,
    /// Its media type, as it was given.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// When it was attached, µs of UTC.
    pub added_at: i64,
    /// By whom.
    pub added_by: String,
}

impl Registry {
    /// Attaches a file to an incident; its digest. The same bytes again change nothing.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] for a file or a number of files that is too large, and for a closed incident;
    /// [`RegistryError::NotThere`]; the disk fails.
    pub async fn attach(
        &self,
        incident: i64,
        (name, media_type): (&str, &str),
        bytes: &[u8],
        by: &str,
        now: i64,
    ) -> Result<String, RegistryError> {
        said(name, "the file", "the name")?;
        if bytes.is_empty() || bytes.len() > LARGEST_FILE {
            return Err(refused(
                "file_size",
                &(LARGEST_FILE >> 20),
                format!("a file has 1 to {LARGEST_FILE} bytes"),
            ));
        }
        let name: String = name.chars().take(200).collect();
        let digest = hexadecimal(&Sha256::digest(bytes));
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let found: Versioned<Incident> = one(connection, incident).await?;
            found.record.must_run(incident)?;
            let known: Vec<String> =
                sqlx::query_scalar("SELECT digest FROM room_files WHERE incident_id = ?1")
                    .bind(incident)
                    .fetch_all(&mut *connection)
                    .await?;
            if known.contains(&digest) {
                return Ok(());
            }
            if known.len() >= MOST_FILES {
                return Err(refused(
                    "files",
                    &MOST_FILES,
                    format!("an incident has at most {MOST_FILES} files"),
                ));
            }
            sqlx::query(
                "INSERT INTO room_files (incident_id, digest, name, media_type, bytes, added_at, added_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .bind(incident)
            .bind(&digest)
            .bind(&name)
            .bind(media_type)
            .bind(bytes)
            .bind(now)
            .bind(by)
            .execute(&mut *connection)
            .await?;
            let text = format!("{name} {digest}");
            let hand = Hand { by, now };
            tell(
                connection,
                incident,
                found.record.drill,
                TimelineKind::File,
                &text,
                hand,
            )
            .await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await.map(|()| digest)
    }

    /// The files of an incident, the oldest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn files(&self, incident: i64) -> Result<Vec<AttachedFile>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT digest, name, media_type, length(bytes) AS size, added_at, added_by
             FROM room_files WHERE incident_id = ?1 ORDER BY added_at, digest",
        )
        .bind(incident)
        .fetch_all(link.connection()?)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(AttachedFile {
                digest: row.try_get("digest")?,
                name: row.try_get("name")?,
                media_type: row.try_get("media_type")?,
                size: row.try_get("size")?,
                added_at: row.try_get("added_at")?,
                added_by: row.try_get("added_by")?,
            });
        }
        Ok(found)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`RegistryError::NotThere`], or the disk fails.
    pub async fn file(&self, incident: i64, digest: &str) -> Result<Vec<u8>, RegistryError> {
        let mut link = self.lock().await?;
        let found: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT bytes FROM room_files WHERE incident_id = ?1 AND digest = ?2")
                .bind(incident)
                .bind(digest)
                .fetch_optional(link.connection()?)
                .await?;
        found.ok_or_else(|| RegistryError::NotThere {
            what: "file",
            id: digest.to_owned(),
        })
    }
}
