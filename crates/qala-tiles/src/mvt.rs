//! The bytes of a tile, [Mapbox Vector Tile 2.1](https://github.com/mapbox/vector-tile-spec/tree/master/2.1).

use std::collections::HashMap;

use prost::Message;

use crate::mercator::EXTENT;

/// A geometry in units of the tile, `y` downwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Geometry {
    /// Points.
    Points(Vec<(i32, i32)>),
    /// Lines of at least two places.
    Lines(Vec<Vec<(i32, i32)>>),
    /// Rings without a repeated last place; an outer ring comes before its holes. Which way round they are drawn is put
    /// right here: `true` marks a hole.
    Rings(Vec<(bool, Vec<(i32, i32)>)>),
}

/// A value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

/// A layer that is being filled.
#[derive(Debug)]
pub struct TileLayer {
    layer: wire::Layer,
    keys: HashMap<String, u32>,
    values: HashMap<Key, u32>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Int(i64),
    Float(u64),
    Bool(bool),
}

impl TileLayer {
    /// An empty layer.
    pub fn new(name: &str) -> Self {
        Self {
            layer: wire::Layer {
                version: 2,
                name: name.to_owned(),
                extent: Some(EXTENT),
                ..wire::Layer::default()
            },
            keys: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Features.
    pub fn len(&self) -> usize {
        self.layer.features.len()
    }

    /// True without features.
    pub fn is_empty(&self) -> bool {
        self.layer.features.is_empty()
    }

    /// Adds a feature; one that has no geometry left is passed over.
    pub fn add<'a>(&mut self, geometry: &Geometry, properties: impl IntoIterator<Item = (&'a str, Value)>) {
        let (kind, geometry) = commands(geometry);
        if geometry.is_empty() {
            return;
        }
        let mut tags = Vec::new();
        for (key, value) in properties {
            tags.push(self.key(key));
            tags.push(self.value(value));
        }
        self.layer.features.push(wire::Feature {
            id: None,
            tags,
            kind: Some(kind),
            geometry,
        });
    }

    fn key(&mut self, key: &str) -> u32 {
        if let Some(at) = self.keys.get(key) {
            return *at;
        }
        let at = self.layer.keys.len() as u32;
        self.layer.keys.push(key.to_owned());
        self.keys.insert(key.to_owned(), at);
        at
    }

    fn value(&mut self, value: Value) -> u32 {
        let mut wire = wire::Value::default();
        let key = match value {
            Value::Text(text) => {
                wire.text = Some(text.clone());
                Key::Text(text)
            }
            Value::Int(number) => {
                wire.zigzag = Some(number);
                Key::Int(number)
            }
            Value::Float(number) => {
                wire.float = Some(number);
                Key::Float(number.to_bits())
            }
            Value::Bool(yes) => {
                wire.yes = Some(yes);
                Key::Bool(yes)
            }
        };
        let values = &mut self.layer.values;
        *self.values.entry(key).or_insert_with(|| {
            values.push(wire);
            values.len() as u32 - 1
        })
    }
}

/// The bytes of a tile; none when no layer has a feature, for a layer without features is not allowed.
pub fn encode(layers: Vec<TileLayer>) -> Vec<u8> {
    let layers = layers.into_iter().filter(|l| !l.is_empty()).map(|l| l.layer);
    wire::Tile {
        layers: layers.collect(),
    }
    .encode_to_vec()
}

const MOVE: u32 = 1;
const LINE: u32 = 2;
const CLOSE: u32 = 7;

struct Pen {
    out: Vec<u32>,
    at: (i32, i32),
}

impl Pen {
    fn command(&mut self, id: u32, count: usize) {
        self.out.push(id | ((count as u32) << 3));
    }

    fn step(&mut self, to: (i32, i32)) {
        let zigzag = |n: i32| ((n << 1) ^ (n >> 31)) as u32;
        self.out.push(zigzag(to.0 - self.at.0));
        self.out.push(zigzag(to.1 - self.at.1));
        self.at = to;
    }

    fn path(&mut self, path: &[(i32, i32)]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        self.command(MOVE, 1);
        self.step(*first);
        self.command(LINE, rest.len());
        for to in rest {
            self.step(*to);
        }
    }
}

/// Twice the area by the surveyor's formula, as the standard tells outer rings (positive) from holes.
pub(crate) fn area2(ring: &[(i32, i32)]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let part = |(a, b): (&(i32, i32), &(i32, i32))| {
        i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1)
    };
    ring.iter().zip(next).map(part).sum()
}

fn commands(geometry: &Geometry) -> (i32, Vec<u32>) {
    let mut pen = Pen {
        out: Vec::new(),
        at: (0, 0),
    };
    let kind = match geometry {
        Geometry::Points(points) => {
            if !points.is_empty() {
                pen.command(MOVE, points.len());
            }
            for point in points {
                pen.step(*point);
            }
            1
        }
        Geometry::Lines(lines) => {
            for line in lines.iter().filter(|l| l.len() > 1) {
                pen.path(line);
            }
            2
        }
        Geometry::Rings(rings) => {
            let mut outer_is_drawn = false;
            for (hole, ring) in rings {
                let area = if ring.len() > 2 { area2(ring) } else { 0 };
                if !*hole {
                    outer_is_drawn = area != 0;
                }
                // A hole without its outer ring would be taken for one of the ring before.
                if area == 0 || !outer_is_drawn {
                    continue;
                }
                if (area < 0) == *hole {
                    pen.path(ring);
                } else {
                    let turned: Vec<(i32, i32)> = ring.iter().rev().copied().collect();
                    pen.path(&turned);
                }
                pen.command(CLOSE, 1);
            }
            3
        }
    };
    (kind, pen.out)
}

/// `vector_tile.proto` of the standard.
mod wire {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Tile {
        #[prost(message, repeated, tag = "3")]
        pub(super) layers: Vec<Layer>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Layer {
        #[prost(uint32, required, tag = "15")]
        pub(super) version: u32,
        #[prost(string, required, tag = "1")]
        pub(super) name: String,
        #[prost(message, repeated, tag = "2")]
        pub(super) features: Vec<Feature>,
        #[prost(string, repeated, tag = "3")]
        pub(super) keys: Vec<String>,
        #[prost(message, repeated, tag = "4")]
        pub(super) values: Vec<Value>,
        #[prost(uint32, optional, tag = "5")]
        pub(super) extent: Option<u32>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Feature {
        #[prost(uint64, optional, tag = "1")]
        pub(super) id: Option<u64>,
        #[prost(uint32, repeated, packed = "true", tag = "2")]
        pub(super) tags: Vec<u32>,
        #[prost(int32, optional, tag = "3")]
        pub(super) kind: Option<i32>,
        #[prost(uint32, repeated, packed = "true", tag = "4")]
        pub(super) geometry: Vec<u32>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Value {
        #[prost(string, optional, tag = "1")]
        pub(super) text: Option<String>,
        #[prost(float, optional, tag = "2")]
        pub(super) short: Option<f32>,
        #[prost(double, optional, tag = "3")]
        pub(super) float: Option<f64>,
        #[prost(int64, optional, tag = "4")]
        pub(super) int: Option<i64>,
        #[prost(uint64, optional, tag = "5")]
        pub(super) natural: Option<u64>,
        #[prost(sint64, optional, tag = "6")]
        pub(super) zigzag: Option<i64>,
        #[prost(bool, optional, tag = "7")]
        pub(super) yes: Option<bool>,
    }
}
