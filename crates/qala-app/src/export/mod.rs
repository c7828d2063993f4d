//! Files of rows: CSV, XLSX, Parquet, GeoParquet, written while rows come, so that a file of any size takes little memory.
//!
//! What belongs here: which rows, and the bytes of files. What does not: HTTP.

mod csv;
mod geo;
mod parquet;
mod xlsx;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use qala_core::spec::{DatasetSpec, Kind, Role};
use qala_core::{Grain, Zone};
use qala_lake::{AsOf, Query, QueryEngine};
use tokio::sync::mpsc;

use crate::account::{OWN_COLUMNS, Reader};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::map::{instant_literal, quoted};
use crate::rows::RowsWanted;

/// Rows of a file at most; a sheet holds 1,048,576.
pub const MOST_FILE_ROWS: u64 = 1_000_000;
/// Bytes that are sent on at a time.
const PIECE: usize = 64 << 10;

/// A format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180, UTF-8.
    Csv,
    /// Office Open XML spreadsheet.
    Xlsx,
    /// Apache Parquet.
    Parquet,
    /// GeoParquet 1.1: geometry as WKB.
    GeoParquet,
}

impl Format {
    /// The format of a word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "parquet" => Some(Self::Parquet),
            "geoparquet" => Some(Self::GeoParquet),
            _ => None,
        }
    }

    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet | Self::GeoParquet => "application/vnd.apache.parquet",
        }
    }

    /// The end of the file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet | Self::GeoParquet => "parquet",
        }
    }
}

/// The bytes of a file as they are made.
pub type FileBytes = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// Takes rows and writes a file.
trait FileWriter: Send {
    fn rows(&mut self, batch: &RecordBatch) -> std::io::Result<()>;
    fn finish(self: Box<Self>) -> std::io::Result<()>;
}

/// Sends on what is written; fails when nobody takes it any more.
struct Pipe {
    out: mpsc::Sender<std::io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Pipe {
    fn send(&mut self) -> std::io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.out
            .blocking_send(Ok(piece))
            .map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.send()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // A file that was given up has no end anyway.
        drop(self.send());
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::other(error)
}

fn writer(
    format: Format,
    schema: &SchemaRef,
    place: Option<&geo::Place>,
    zone: &Zone,
    pipe: Pipe,
) -> std::io::Result<Box<dyn FileWriter>> {
    Ok(match format {
        Format::Csv => Box::new(csv::Csv::new(schema, zone, pipe)?),
        Format::Xlsx => Box::new(xlsx::Xlsx::new(schema, zone, pipe)?),
        Format::Parquet => Box::new(parquet::Parquet::new(schema, None, pipe)?),
        Format::GeoParquet => Box::new(parquet::Parquet::new(schema, place, pipe)?),
    })
}

impl Centre {
    /// Rows of a dataset as a file.
    ///
    /// # Errors
    /// A dataset or column that does not exist for the reader; GeoParquet of what has no place; the query's.
    pub async fn export_rows(
        &self,
        name: &str,
        wanted: &RowsWanted,
        format: Format,
        reader: &Reader,
    ) -> Result<FileBytes> {
        let spec = self
            .lake
            .specs()
            .into_iter()
            .find(|spec| spec.name.as_str() == name && reader.sees_rows(spec))
            .ok_or_else(|| AppError::Usage(format!("there is no dataset `{name}`")))?;
        let mut shown: Vec<&str> = reader
            .columns(spec)
            .into_iter()
            .map(|c| c.name.as_str())
            .collect();
        shown.extend((spec.kind == Kind::Snapshot).then_some("feed"));
        shown.extend(OWN_COLUMNS);
        let condition = crate::rows::condition_of(spec, reader, wanted.filter.as_deref());
        let order = crate::rows::order_of(&shown, wanted.order.as_deref())?;
        let names: Vec<String> = shown.iter().map(|name| quoted(name)).collect();
        let sql = format!(
            "SELECT {} FROM {}{condition} ORDER BY {order}_seq LIMIT {} OFFSET {}",
            names.join(", "),
            quoted(name),
            wanted.limit.min(MOST_FILE_ROWS),
            wanted.offset
        );
        let place = place_of(spec, &shown);
        if format == Format::GeoParquet && place.is_none() {
            return Err(AppError::Usage(format!(
                "rows of `{name}` have no place that may be seen; ask for parquet"
            )));
        }
        self.note_file(name, format, reader).await?;
        let query = Query {
            principal: self.catalogue(reader),
            ..Query::system(sql)
        };
        self.export(query.as_of(wanted.as_of.map(AsOf::Instant)), format, place)
            .await
    }

    /// Stored values of an indicator as a file.
    ///
    /// # Errors
    /// An indicator that does not exist; the query's.
    pub async fn export_values(
        &self,
        id: &str,
        grain: Grain,
        range: (i64, i64),
        as_of: Option<i64>,
        format: Format,
        reader: &Reader,
    ) -> Result<FileBytes> {
        let indicator = self.indicator(id)?;
        if format == Format::GeoParquet {
            return Err(AppError::Usage("values have no place; ask for parquet".into()));
        }
        if self.tells_few(indicator, reader) {
            return Err(AppError::Usage(format!(
                "{id} is made of single records; its values are shown, but given as a file only to whom these are open"
            )));
        }
        let dataset = self.lake.dataset("indicator_values")?;
        let names = reader.columns(&dataset.spec).into_iter().map(|c| quoted(&c.name));
        let sql = format!(
            "SELECT {} FROM indicator_values WHERE indicator = '{}' AND grain = '{grain}' AND period_start >= {} \
             AND period_start < {} ORDER BY place, period_start LIMIT {MOST_FILE_ROWS}",
            names.collect::<Vec<_>>().join(", "),
            indicator.id,
            instant_literal(range.0),
            instant_literal(range.1),
        );
        self.note_file(id, format, reader).await?;
        let query = Query {
            principal: self.catalogue(reader),
            ..Query::system(sql)
        };
        self.export(query.as_of(as_of.map(AsOf::Instant)), format, None)
            .await
    }

    /// Writes down that a signed-in person takes a file away. What anybody may see, anybody may take unrecorded.
    async fn note_file(&self, what: &str, format: Format, reader: &Reader) -> Result<()> {
        if reader.role() == qala_registry::Role::Public {
            return Ok(());
        }
        let word = format!("{format:?}").to_lowercase();
        self.note_export(reader, what, &word).await
    }

    async fn export(&self, query: Query, format: Format, place: Option<geo::Place>) -> Result<FileBytes> {
        let (mut rows, _) = self.engine.run(&query).await?;
        let schema = rows.schema();
        let zone = self.zone.clone();
        let (send_rows, mut take_rows) = mpsc::channel::<std::io::Result<RecordBatch>>(2);
        let (out, mut bytes) = mpsc::channel(4);
        tokio::spawn(async move {
            while let Some(batch) = rows.next().await {
                if send_rows.send(batch.map_err(other)).await.is_err() {
                    return;
                }
            }
        });
        tokio::task::spawn_blocking(move || {
            let pipe = Pipe {
                out: out.clone(),
                piece: Vec::new(),
            };
            let work = || -> std::io::Result<()> {
                let mut file = writer(format, &schema, place.as_ref(), &zone, pipe)?;
                while let Some(batch) = take_rows.blocking_recv() {
                    file.rows(&batch?)?;
                }
                file.finish()
            };
            if let Err(error) = work()
                && error.kind() != std::io::ErrorKind::BrokenPipe
            {
                tracing::error!(%error, "a file could not be written");
                // The connection breaks off, so that half a file is not taken for a whole one.
                drop(out.blocking_send(Err(error)));
            }
        });
        Ok(Box::pin(futures::stream::poll_fn(move |context| {
            bytes.poll_recv(context)
        })))
    }
}

/// Where the rows of a dataset lie, as far as these columns tell.
fn place_of(spec: &DatasetSpec, shown: &[&str]) -> Option<geo::Place> {
    let name = |role: Role| {
        spec.role(role)
            .map(|c| c.name.clone())
            .filter(|name| shown.contains(&name.as_str()))
    };
    if let Some(text) = name(Role::Geometry) {
        return Some(geo::Place::Text(text));
    }
    Some(geo::Place::Degrees(name(Role::Lon)?, name(Role::Lat)?))
}
