//! What can go wrong in the lake, in words that say what to do.

use std::io;

/// An error of the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Reading or writing failed.
    #[error("{action}")]
    Io {
        /// What was being done.
        action: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The disk has no room; nothing of the message was kept.
    #[error(
        "the disk is full: {free} bytes are free, {reserve} are kept in reserve; free some space and send the message again"
    )]
    DiskFull {
        /// Bytes free.
        free: u64,
        /// Bytes that are never used for new data.
        reserve: u64,
    },
    /// The tables cannot follow; nothing of the message was kept.
    #[error(
        "the lake is slow: {tail_bytes} bytes wait to be committed; send the message again in {retry_after_s} s"
    )]
    Slow {
        /// Bytes in memory that are in the log but not yet in a table.
        tail_bytes: usize,
        /// When to try again.
        retry_after_s: u64,
    },
    /// A segment, table file or folder is not what its checksum or name says.
    #[error("{what} is damaged: {detail}; restore it from a backup")]
    Damaged {
        /// What is damaged.
        what: String,
        /// What was found.
        detail: String,
    },
    /// The data directory was written by a newer program.
    #[error("the data directory has format {found}, this program knows up to {known}; use a newer program")]
    NewerFormat {
        /// Format on disk.
        found: u32,
        /// Newest format known.
        known: u32,
    },
    /// A dataset that is not declared.
    #[error("there is no dataset `{name}`{hint}")]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// A suggestion, or empty.
        hint: String,
    },
    /// A spec that contradicts what is stored.
    #[error("dataset `{dataset}`: {message}")]
    Spec {
        /// The dataset.
        dataset: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The same idempotency key came with another message.
    #[error("idempotency key `{key}` of feed `{feed}` was used before for another message; use a new key")]
    KeyReused {
        /// The feed.
        feed: String,
        /// The key.
        key: String,
    },
    /// Another program changed a table between two of our commits.
    #[error("table `{table}` was changed by another program; nothing was committed twice: {detail}")]
    Conflict {
        /// The table.
        table: String,
        /// What was seen.
        detail: String,
    },
    /// The key of a period was destroyed, so its data cannot be read or imported again.
    #[error("the personal-data key of {period} was destroyed; data of that period cannot be imported again")]
    KeyDestroyed {
        /// The period, such as `2026-03`.
        period: String,
    },
    /// Arrow said no.
    #[error("columns: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet said no.
    #[error("Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The table format said no.
    #[error("table format: {0}")]
    Delta(Box<deltalake_core::DeltaTableError>),
    /// The query engine said no.
    #[error("{0}")]
    Query(Box<datafusion::error::DataFusionError>),
    /// A query that is not allowed or not understood.
    #[error("{0}")]
    Refused(String),
    /// The lake is shutting down or a former failure stopped it.
    #[error("the lake is closed: {0}")]
    Closed(String),
}

impl LakeError {
    /// Wraps an IO error with what was being done; a full disk becomes [`LakeError::DiskFull`].
    pub fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| {
            if source.kind() == io::ErrorKind::StorageFull {
                Self::DiskFull { free: 0, reserve: 0 }
            } else {
                Self::Io { action, source }
            }
        }
    }
}

impl LakeError {
    /// True when a question found the memory for all questions taken: it may well be answered a little later.
    pub fn is_short_of_memory(&self) -> bool {
        matches!(self, Self::Query(e) if matches!(e.find_root(), datafusion::error::DataFusionError::ResourcesExhausted(_)))
    }

    /// The same error for one more receiver: the kind and the words stay, the source becomes text.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::DiskFull { free, reserve } => Self::DiskFull {
                free: *free,
                reserve: *reserve,
            },
            Self::Io { action, source } => Self::Io {
                action: action.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            other => Self::Closed(other.to_string()),
        }
    }
}

impl From<deltalake_core::DeltaTableError> for LakeError {
    fn from(e: deltalake_core::DeltaTableError) -> Self {
        Self::Delta(Box::new(e))
    }
}

impl From<datafusion::error::DataFusionError> for LakeError {
    fn from(e: datafusion::error::DataFusionError) -> Self {
        let damaged = |detail: String| Self::Damaged {
            what: "a data file".into(),
            detail,
        };
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&e);
        while let Some(inner) = cause {
            // What cannot be read is no fault of who asks.
            if let Some(found) = inner.downcast_ref::<object_store::Error>() {
                return damaged(found.to_string());
            }
            if let Some(found) = inner.downcast_ref::<parquet::errors::ParquetError>() {
                return damaged(found.to_string());
            }
            if let Some(arrow::error::ArrowError::ParquetError(found)) = inner.downcast_ref() {
                return damaged(found.clone());
            }
            if let Some(found) = inner.downcast_ref::<io::Error>() {
                let source = io::Error::new(found.kind(), found.to_string());
                return Self::io("run the query")(source);
            }
            cause = inner.source();
        }
        Self::Query(Box::new(e))
    }
}

/// Result of the lake.
pub type Result<T, E = LakeError> = std::result::Result<T, E>;
