//! Writes small maps as PBF.

use std::io::Write as _;

use bytes::Bytes;
use prost::Message;

use crate::osm::message::{
    Blob, BlobHeader, DenseNodes, HeaderBlock, Node, PrimitiveBlock, PrimitiveGroup, Relation, StringTable,
    Way,
};

type Tags = &'static [(&'static str, &'static str)];

/// Kind, id and role.
type Part = (i32, i64, &'static str);

/// A map to be written.
#[derive(Clone, Default)]
pub(super) struct Map {
    /// (id, longitude and latitude in ten-millionths of a degree, tags)
    pub(super) nodes: Vec<(i64, i64, i64, Tags)>,
    pub(super) ways: Vec<(i64, Vec<i64>, Tags)>,
    /// (id, members as (kind, id, role), tags)
    pub(super) relations: Vec<(i64, Vec<Part>, Tags)>,
}

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nodes by themselves, not compressed.
    Plain,
    /// Nodes in columns, zlib: what all programs write.
    Dense,
}

#[derive(Default)]
struct Texts(Vec<Bytes>);

impl Texts {
    fn index(&mut self, text: &str) -> u32 {
        if self.0.is_empty() {
            // By custom the first text is empty: zero ends the tags of a dense node.
            self.0.push(Bytes::new());
        }
        let known = self.0.iter().position(|known| known == text.as_bytes());
        let at = known.unwrap_or_else(|| {
            self.0.push(Bytes::copy_from_slice(text.as_bytes()));
            self.0.len() - 1
        });
        u32::try_from(at).unwrap()
    }

    fn tags(&mut self, tags: Tags) -> (Vec<u32>, Vec<u32>) {
        tags.iter()
            .map(|(key, value)| (self.index(key), self.index(value)))
            .unzip()
    }
}

fn steps(values: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut before = 0;
    values
        .into_iter()
        .map(|value| value - std::mem::replace(&mut before, value))
        .collect()
}

impl Map {
    /// The three blocks of data: nodes, ways, relations.
    pub(super) fn blocks(&self, form: Form) -> Vec<PrimitiveBlock> {
        let block = |texts: Texts, group: PrimitiveGroup| PrimitiveBlock {
            strings: Some(StringTable { texts: texts.0 }),
            groups: vec![group],
            ..PrimitiveBlock::default()
        };
        let mut texts = Texts::default();
        texts.index("");
        let mut group = PrimitiveGroup::default();
        if form == Form::Plain {
            for (id, lon, lat, tags) in &self.nodes {
                let (keys, values) = texts.tags(tags);
                group.nodes.push(Node {
                    id: *id,
                    keys,
                    values,
                    lat: *lat,
                    lon: *lon,
                });
            }
        } else {
            let mut tags = Vec::new();
            for (.., of_node) in &self.nodes {
                let (keys, values) = texts.tags(of_node);
                for (key, value) in keys.iter().zip(&values) {
                    tags.extend([i32::try_from(*key).unwrap(), i32::try_from(*value).unwrap()]);
                }
                tags.push(0);
            }
            group.dense = Some(DenseNodes {
                ids: steps(self.nodes.iter().map(|node| node.0)),
                lons: steps(self.nodes.iter().map(|node| node.1)),
                lats: steps(self.nodes.iter().map(|node| node.2)),
                tags,
            });
        }
        let nodes = block(texts, group);
        let mut texts = Texts::default();
        let mut group = PrimitiveGroup::default();
        for (id, refs, tags) in &self.ways {
            let (keys, values) = texts.tags(tags);
            group.ways.push(Way {
                id: *id,
                keys,
                values,
                refs: steps(refs.iter().copied()),
            });
        }
        let ways = block(texts, group);
        let mut texts = Texts::default();
        let mut group = PrimitiveGroup::default();
        for (id, members, tags) in &self.relations {
            let (keys, values) = texts.tags(tags);
            let roles = members
                .iter()
                .map(|(.., role)| i32::try_from(texts.index(role)).unwrap())
                .collect();
            group.relations.push(Relation {
                id: *id,
                keys,
                values,
                roles,
                members: steps(members.iter().map(|member| member.1)),
                kinds: members.iter().map(|member| member.0).collect(),
            });
        }
        vec![nodes, ways, block(texts, group)]
    }

    /// The map as a file.
    pub(super) fn bytes(&self, form: Form) -> Vec<u8> {
        let mut out = header(&["OsmSchema-V0.6", "DenseNodes"]);
        for block in self.blocks(form) {
            out.extend(data(&block, form));
        }
        out
    }
}

/// The blob that begins a file.
pub(super) fn header(features: &[&str]) -> Vec<u8> {
    let block = HeaderBlock {
        required_features: features.iter().map(ToString::to_string).collect(),
    };
    frame("OSMHeader", &raw(block.encode_to_vec()))
}

/// A blob of data.
pub(super) fn data(block: &PrimitiveBlock, form: Form) -> Vec<u8> {
    let bytes = block.encode_to_vec();
    frame(
        "OSMData",
        &if form == Form::Dense {
            zlib(&bytes)
        } else {
            raw(bytes)
        },
    )
}

pub(super) fn raw(bytes: Vec<u8>) -> Blob {
    Blob {
        raw: Some(bytes.into()),
        ..Blob::default()
    }
}

pub(super) fn zlib(bytes: &[u8]) -> Blob {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    Blob {
        raw_size: Some(i32::try_from(bytes.len()).unwrap()),
        zlib: Some(encoder.finish().unwrap().into()),
        ..Blob::default()
    }
}

/// A blob with what stands before it.
pub(super) fn frame(kind: &str, blob: &Blob) -> Vec<u8> {
    let blob = blob.encode_to_vec();
    let header = BlobHeader {
        kind: Some(kind.to_owned()),
        size: Some(i32::try_from(blob.len()).unwrap()),
    };
    let header = header.encode_to_vec();
    let mut out = u32::try_from(header.len()).unwrap().to_be_bytes().to_vec();
    out.extend(header);
    out.extend(blob);
    out
}

/// Ids of a copy are so far from those of the copy before.
const COPY_IDS: i64 = 100_000_000_000;
/// Copies lie so many nanodegrees apart: one degree.
const COPY_NANO: i64 = 1_000_000_000;

/// A file that holds a map `copies` times, each a degree east of the one before.
pub(super) fn repeat(bytes: &[u8], copies: i64) -> Vec<u8> {
    use crate::osm::blob::{Found, Walk, unpack};
    let mut input = std::io::Cursor::new(bytes);
    let budget = crate::archive::Budget::new(u64::MAX, bytes.len() as u64);
    let mut out = header(&["OsmSchema-V0.6", "DenseNodes"]);
    for copy in 0..copies {
        let mut walk = Walk::new();
        let shift = copy * COPY_IDS;
        let first = |steps: &mut Vec<i64>| {
            if let Some(first) = steps.first_mut() {
                *first += shift;
            }
        };
        loop {
            let place = match walk.next(&mut input, bytes.len() as u64).unwrap() {
                Found::Data(place) => place,
                Found::End => break,
                _ => continue,
            };
            let mut block = PrimitiveBlock::decode(unpack(&mut input, place, &budget).unwrap()).unwrap();
            block.lon_offset = Some(block.lon_offset.unwrap_or(0) + copy * COPY_NANO);
            for group in &mut block.groups {
                group.nodes.iter_mut().for_each(|node| node.id += shift);
                if let Some(dense) = &mut group.dense {
                    first(&mut dense.ids);
                }
                for way in &mut group.ways {
                    way.id += shift;
                    first(&mut way.refs);
                }
                for relation in &mut group.relations {
                    relation.id += shift;
                    first(&mut relation.members);
                }
            }
            out.extend(data(&block, Form::Dense));
        }
    }
    out
}
