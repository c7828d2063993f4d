//! Bytes of a standard → rows and problems. One folder per standard.
//!
//! What belongs here: formats. What does not: how bytes are fetched, where rows go, network, tokio, DataFusion.
//!
//! A parser never fails as a whole: what cannot be read becomes a [`Problem`] with its place. Always:
//! rows received = rows given to [`Sink::rows`] + `rows` of the rejected problems.

use std::io::{Read, Seek};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{DatasetName, FeedId, Problem, Zone};

mod archive;
mod batch;
mod column;
pub mod envelope;
mod fault;
mod number;
mod publish;
mod selection;
mod text;

mod cap;
mod features;
mod gtfs;
mod gtfs_rt;
mod json;
mod ocds;
mod open311;
pub mod osm;
pub mod sensorthings;
mod table;

pub use column::{column_type, schema};
pub use number::Convert;
pub use selection::{Selection, is_cut_short};
pub use table::propose::{
    Guess, OWN, Proposal, Reason, Trial, columns, latin, propose, propose_new, spec_toml, try_out,
};

#[cfg(test)]
mod tests;

/// Every import kind: a standard is added with its `mod` line above and its entry here.
pub const KINDS: &[&dyn FeedKind] = &[
    &table::Table,
    &json::Json,
    &gtfs::Gtfs,
    &gtfs_rt::GtfsRealtime,
    &features::GeoJson,
    &features::Shapefile,
    &features::GeoParquet,
    &osm::Osm,
    &sensorthings::SensorThings,
    &open311::Open311,
    &ocds::Ocds,
    &cap::Cap,
];

/// The kind of that name, such as `gtfs-rt`.
pub fn kind(name: &str) -> Option<&'static dyn FeedKind> {
    KINDS.iter().find(|kind| kind.name() == name).copied()
}

/// A standard: it turns bytes into rows and problems.
pub trait FeedKind: Sync {
    /// The short name used on the command line and in packs.
    fn name(&self) -> &'static str;

    /// Reads a payload to its end. Archives (`.zip`, `.gz`) are opened whatever the kind.
    ///
    /// # Errors
    /// Only [`Stopped`], when the sink gave up; bad input becomes problems.
    fn parse(&self, input: &mut dyn Input, context: &Context<'_>, sink: &mut dyn Sink)
    -> Result<(), Stopped>;
}

/// Bytes that can be read and rewound: a file, or a cursor over memory.
pub trait Input: Read + Seek + Send {}
impl<T: Read + Seek + Send> Input for T {}

/// The receiver of rows gave up (the lake refused, the disk is full, the caller cancelled). Parsers pass it on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Stopped(pub Box<dyn std::error::Error + Send + Sync>);

/// Where a parser puts what it finds, in the order in which it finds it.
pub trait Sink {
    /// Rows of a dataset: columns by the dataset's names and types (see [`column_type`](crate::column_type)), any subset
    /// of the optional ones, any order. At most about 65,536 rows a batch.
    fn rows(&mut self, dataset: &DatasetName, batch: RecordBatch) -> Result<(), Stopped>;
    /// A problem; one that rejects rows says how many.
    fn problem(&mut self, problem: Problem) -> Result<(), Stopped>;
    /// Rows that follow belong to this feed (an archive may hold several). Before the first call they belong to
    /// [`Context::feed`].
    fn feed(&mut self, feed: &FeedId) -> Result<(), Stopped>;
    /// The snapshot sets of the current feed for these datasets are complete; they become visible together.
    fn publish(&mut self, datasets: &[DatasetName]) -> Result<(), Stopped>;
}

/// What a parser may know besides the bytes.
pub struct Context<'a> {
    /// File name, for messages and for guessing the format.
    pub name: &'a str,
    /// The feed that the payload belongs to.
    pub feed: &'a FeedId,
    /// Target of `table`, `json` and map data, when the caller named one.
    pub dataset: Option<&'a DatasetSpec>,
    /// Mapping of `table`, `json` and map data.
    pub mapping: &'a Mapping,
    /// All datasets.
    pub datasets: &'a [DatasetSpec],
    /// The zone that `zone = "city"` stands for.
    pub city_zone: &'a Zone,
    /// Largest number of bytes that one payload may unpack to.
    pub max_unpacked: u64,
    /// The records that are read; absent: all. A GTFS archive is read as a whole all the same, for its sets replace others
    /// as a whole.
    pub selection: Option<Arc<Selection>>,
}

impl<'a> Context<'a> {
    /// The spec of that name.
    fn spec(&self, name: &str) -> Option<&'a DatasetSpec> {
        self.datasets.iter().find(|spec| spec.name.as_str() == name)
    }
}
