//! The parts of `fileformat.proto` and `osmformat.proto` that are read. Who edited an element and when is skipped by the
//! decoder: it is of no use to a city, and names of mappers are personal.

use bytes::Bytes;
use prost::Message;

/// What stands before a blob.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BlobHeader {
    /// `OSMHeader` or `OSMData`; others are passed over.
    #[prost(string, optional, tag = "1")]
    pub(super) kind: Option<String>,
    /// Bytes of the blob that follows.
    #[prost(int32, optional, tag = "3")]
    pub(super) size: Option<i32>,
}

/// A block, usually compressed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Blob {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub(super) raw: Option<Bytes>,
    /// Bytes after decompression.
    #[prost(int32, optional, tag = "2")]
    pub(super) raw_size: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(super) zlib: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(super) lzma: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub(super) lz4: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "7")]
    pub(super) zstd: Option<Bytes>,
}

/// The block of kind `OSMHeader`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct HeaderBlock {
    /// What a reader must understand.
    #[prost(string, repeated, tag = "4")]
    pub(super) required_features: Vec<String>,
}

/// The block of kind `OSMData`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PrimitiveBlock {
    #[prost(message, optional, tag = "1")]
    pub(super) strings: Option<StringTable>,
    #[prost(message, repeated, tag = "2")]
    pub(super) groups: Vec<PrimitiveGroup>,
    /// Nanodegrees of one unit; 100 when absent.
    #[prost(int32, optional, tag = "17")]
    pub(super) granularity: Option<i32>,
    /// Nanodegrees that are added to every latitude.
    #[prost(int64, optional, tag = "19")]
    pub(super) lat_offset: Option<i64>,
    /// Nanodegrees that are added to every longitude.
    #[prost(int64, optional, tag = "20")]
    pub(super) lon_offset: Option<i64>,
}

/// The texts of a block; tags point into it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StringTable {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) texts: Vec<Bytes>,
}

/// Elements of one type.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PrimitiveGroup {
    #[prost(message, repeated, tag = "1")]
    pub(super) nodes: Vec<Node>,
    #[prost(message, optional, tag = "2")]
    pub(super) dense: Option<DenseNodes>,
    #[prost(message, repeated, tag = "3")]
    pub(super) ways: Vec<Way>,
    #[prost(message, repeated, tag = "4")]
    pub(super) relations: Vec<Relation>,
}

/// A node by itself.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(sint64, tag = "1")]
    pub(super) id: i64,
    #[prost(uint32, repeated, tag = "2")]
    pub(super) keys: Vec<u32>,
    #[prost(uint32, repeated, tag = "3")]
    pub(super) values: Vec<u32>,
    #[prost(sint64, tag = "8")]
    pub(super) lat: i64,
    #[prost(sint64, tag = "9")]
    pub(super) lon: i64,
}

/// Nodes as columns of differences.
#[derive(Clone, PartialEq, Message)]
pub(super) struct DenseNodes {
    #[prost(sint64, repeated, tag = "1")]
    pub(super) ids: Vec<i64>,
    #[prost(sint64, repeated, tag = "8")]
    pub(super) lats: Vec<i64>,
    #[prost(sint64, repeated, tag = "9")]
    pub(super) lons: Vec<i64>,
    /// Key and value of each tag, a zero after each node; empty when no node has a tag.
    #[prost(int32, repeated, tag = "10")]
    pub(super) tags: Vec<i32>,
}

/// A line of nodes.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Way {
    #[prost(int64, tag = "1")]
    pub(super) id: i64,
    #[prost(uint32, repeated, tag = "2")]
    pub(super) keys: Vec<u32>,
    #[prost(uint32, repeated, tag = "3")]
    pub(super) values: Vec<u32>,
    /// Ids of nodes, as differences.
    #[prost(sint64, repeated, tag = "8")]
    pub(super) refs: Vec<i64>,
}

/// A group of elements.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Relation {
    #[prost(int64, tag = "1")]
    pub(super) id: i64,
    #[prost(uint32, repeated, tag = "2")]
    pub(super) keys: Vec<u32>,
    #[prost(uint32, repeated, tag = "3")]
    pub(super) values: Vec<u32>,
    #[prost(int32, repeated, tag = "8")]
    pub(super) roles: Vec<i32>,
    /// Ids of members, as differences.
    #[prost(sint64, repeated, tag = "9")]
    pub(super) members: Vec<i64>,
    /// 0 node, 1 way, 2 relation.
    #[prost(int32, repeated, tag = "10")]
    pub(super) kinds: Vec<i32>,
}
