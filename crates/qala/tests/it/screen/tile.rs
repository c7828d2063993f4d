//! A reader of vector tiles, written from the standard and from nothing else: protocol buffers by hand.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Feature {
    pub(crate) kind: u64,
    pub(crate) properties: BTreeMap<String, String>,
    /// Places of all parts, in units of the tile.
    pub(crate) places: Vec<(i64, i64)>,
}

impl Feature {
    pub(crate) fn count(&self) -> u64 {
        self.properties.get("count").map_or(1, |n| n.parse().unwrap())
    }
}

struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn varint(&mut self) -> u64 {
        let mut value = 0;
        for (at, byte) in self.0.iter().enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.0 = &self.0[at + 1..];
                return value;
            }
        }
        panic!("a number has no end")
    }

    /// The next field: its number, and a number or bytes.
    fn field(&mut self) -> Option<(u64, u64, &'a [u8])> {
        if self.0.is_empty() {
            return None;
        }
        let key = self.varint();
        Some(match key & 7 {
            0 => (key >> 3, self.varint(), &[]),
            1 => {
                let (bytes, rest) = self.0.split_at(8);
                self.0 = rest;
                (key >> 3, 0, bytes)
            }
            2 => {
                let length = self.varint() as usize;
                let (bytes, rest) = self.0.split_at(length);
                self.0 = rest;
                (key >> 3, 0, bytes)
            }
            other => panic!("wire type {other}"),
        })
    }
}

fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn value(bytes: &[u8]) -> String {
    let mut wire = Wire(bytes);
    let (field, number, bytes) = wire.field().unwrap();
    match field {
        1 => String::from_utf8(bytes.to_vec()).unwrap(),
        3 => f64::from_le_bytes(bytes.try_into().unwrap()).to_string(),
        4 | 5 => number.to_string(),
        6 => zigzag(number).to_string(),
        7 => (number == 1).to_string(),
        other => panic!("value {other}"),
    }
}

fn places(bytes: &[u8]) -> Vec<(i64, i64)> {
    let (mut wire, mut at, mut out) = (Wire(bytes), (0, 0), Vec::new());
    while !wire.0.is_empty() {
        let command = wire.varint();
        let (id, count) = (command & 7, command >> 3);
        assert!(matches!(id, 1 | 2 | 7) && count > 0, "{command}");
        if id == 7 {
            assert_eq!(count, 1);
            continue;
        }
        for _ in 0..count {
            at.0 += zigzag(wire.varint());
            at.1 += zigzag(wire.varint());
            out.push(at);
        }
    }
    out
}

/// The layers of a tile with their features.
pub(crate) fn read(bytes: &[u8]) -> BTreeMap<String, Vec<Feature>> {
    let mut tile = Wire(bytes);
    let mut layers = BTreeMap::new();
    while let Some((field, _, layer)) = tile.field() {
        assert_eq!(field, 3);
        let mut wire = Wire(layer);
        let (mut name, mut keys, mut values, mut raw) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        let mut version = 0;
        while let Some((field, number, bytes)) = wire.field() {
            match field {
                15 => version = number,
                1 => name = String::from_utf8(bytes.to_vec()).unwrap(),
                2 => raw.push(bytes),
                3 => keys.push(String::from_utf8(bytes.to_vec()).unwrap()),
                4 => values.push(value(bytes)),
                5 => assert_eq!(number, 4096),
                other => panic!("layer field {other}"),
            }
        }
        assert_eq!(version, 2);
        assert!(!raw.is_empty(), "a layer without features");
        let feature = |bytes: &[u8]| {
            let (mut wire, mut feature) = (Wire(bytes), Feature::default());
            while let Some((field, number, bytes)) = wire.field() {
                match field {
                    2 => {
                        let mut tags = Wire(bytes);
                        while !tags.0.is_empty() {
                            let (key, value) = (tags.varint() as usize, tags.varint() as usize);
                            feature
                                .properties
                                .insert(keys[key].clone(), values[value].clone());
                        }
                    }
                    3 => feature.kind = number,
                    4 => feature.places = places(bytes),
                    other => panic!("feature field {other}"),
                }
            }
            feature
        };
        layers.insert(name, raw.into_iter().map(feature).collect());
    }
    layers
}
