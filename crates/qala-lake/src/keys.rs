//! A table of keys that grows by one small block at a time: no moment at which all of it is copied, and memory in
//! blocks of one size that are used again. (A hash table that doubles touches three times as much memory; fresh
//! memory was the largest cost of taking rows in.)

/// The current row of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its `_seq`, at least 1.
    pub(crate) seq: i64,
    /// Hash of all its values.
    pub(crate) value: u64,
    /// Its local day.
    pub(crate) day: i32,
}

/// 96 bits of the key's hash and its row. An empty place has `seq` 0.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Place {
    high: u64,
    low: u32,
    day: i32,
    seq: i64,
    value: u64,
}

const PLACES: usize = 512;
/// A block is split when it is so full; not all at the same number, or all blocks would be split at the same time.
const FULL: std::ops::Range<usize> = 320..460;

#[derive(Debug)]
struct Block {
    /// Leading bits of the hash that all keys of the block share.
    depth: u32,
    used: usize,
    full: usize,
    places: Box<[Place]>,
}

impl Block {
    fn new(depth: u32, number: usize) -> Self {
        Self {
            depth,
            used: 0,
            full: FULL.start + number * 89 % FULL.len(),
            places: vec![Place::default(); PLACES].into_boxed_slice(),
        }
    }

    /// Where the key is, or the free place where it would be.
    fn find(&self, high: u64, low: u32) -> usize {
        let mut at = high as usize % PLACES;
        loop {
            let place = &self.places[at];
            if place.seq == 0 || (place.high == high && place.low == low) {
                return at;
            }
            at = (at + 1) % PLACES;
        }
    }

    fn remove(&mut self, mut hole: usize) {
        // Rows behind the hole move up, unless they lie where their search begins or between it and the hole.
        let mut at = hole;
        loop {
            at = (at + 1) % PLACES;
            let place = self.places[at];
            if place.seq == 0 {
                break;
            }
            let from_home = |to: usize| (to + PLACES - place.high as usize % PLACES) % PLACES;
            if from_home(hole) < from_home(at) {
                self.places[hole] = place;
                hole = at;
            }
        }
        self.places[hole] = Place::default();
        self.used -= 1;
    }
}

/// Current rows by key hash.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Block of each value of the leading `depth` bits.
    directory: Vec<u32>,
    depth: u32,
    blocks: Vec<Block>,
    len: usize,
}

fn split_key(key: u128) -> (u64, u32) {
    ((key >> 64) as u64, key as u32)
}

/// The leading `depth` bits.
fn leading(high: u64, depth: u32) -> usize {
    if depth == 0 {
        0
    } else {
        (high >> (64 - depth)) as usize
    }
}

impl Keys {
    /// Number of keys.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn block(&self, high: u64) -> Option<usize> {
        self.directory.get(leading(high, self.depth)).map(|b| *b as usize)
    }

    /// The row of a key, to read or replace; `Err` with a place for it when the key is not there.
    pub(crate) fn entry(&mut self, key: u128) -> Result<Occupied<'_>, Vacant<'_>> {
        let (high, low) = split_key(key);
        if self.blocks.is_empty() {
            self.blocks.push(Block::new(0, 0));
            self.directory.push(0);
        }
        let mut block = self.block(high).unwrap_or(0);
        let mut at = self.blocks[block].find(high, low);
        if self.blocks[block].places[at].seq != 0 {
            return Ok(Occupied(&mut self.blocks[block].places[at]));
        }
        while self.blocks[block].used >= self.blocks[block].full {
            self.split(block);
            block = self.block(high).unwrap_or(0);
            at = self.blocks[block].find(high, low);
        }
        Err(Vacant {
            keys: self,
            block,
            at,
            high,
            low,
        })
    }

    /// Notes a row, whatever was there.
    pub(crate) fn insert(&mut self, key: u128, row: Entry) {
        match self.entry(key) {
            Ok(mut place) => {
                place.replace(row);
            }
            Err(place) => place.insert(row),
        }
    }

    /// Forgets a key. Returns its row.
    pub(crate) fn remove(&mut self, key: u128) -> Option<Entry> {
        let (high, low) = split_key(key);
        let block = self.block(high)?;
        let block = self.blocks.get_mut(block)?;
        let at = block.find(high, low);
        let found = block.places[at];
        if found.seq == 0 {
            return None;
        }
        block.remove(at);
        self.len -= 1;
        Some(found.into())
    }

    /// Splits a block by the bit after those that its keys share.
    fn split(&mut self, block: usize) {
        let depth = self.blocks[block].depth;
        if depth == self.depth {
            self.directory = self.directory.iter().flat_map(|b| [*b, *b]).collect();
            self.depth += 1;
        }
        let other = self.blocks.len();
        let (mut lower, mut upper) = (Block::new(depth + 1, block), Block::new(depth + 1, other));
        let mut shared = 0;
        for place in self.blocks[block].places.iter().filter(|p| p.seq != 0) {
            shared = leading(place.high, depth);
            let is_upper = leading(place.high, depth + 1) & 1 == 1;
            let half = if is_upper { &mut upper } else { &mut lower };
            let at = half.find(place.high, place.low);
            half.places[at] = *place;
            half.used += 1;
        }
        self.blocks[block] = lower;
        self.blocks.push(upper);
        // The block's entries lie side by side; the upper half of them goes to the new one.
        let each = 1 << (self.depth - depth - 1);
        let first = (2 * shared + 1) * each;
        self.directory[first..first + each].fill(other as u32);
    }
}

impl From<Place> for Entry {
    fn from(place: Place) -> Self {
        Self {
            seq: place.seq,
            value: place.value,
            day: place.day,
        }
    }
}

/// A key that is there.
pub(crate) struct Occupied<'a>(&'a mut Place);

impl Occupied<'_> {
    /// Its row.
    pub(crate) fn get(&self) -> Entry {
        (*self.0).into()
    }

    /// Puts another row there; returns the one before.
    pub(crate) fn replace(&mut self, row: Entry) -> Entry {
        let before = self.get();
        (self.0.seq, self.0.value, self.0.day) = (row.seq, row.value, row.day);
        before
    }
}

/// A place for a key that is not there.
pub(crate) struct Vacant<'a> {
    keys: &'a mut Keys,
    block: usize,
    at: usize,
    high: u64,
    low: u32,
}

impl Vacant<'_> {
    /// Puts a row there.
    pub(crate) fn insert(self, row: Entry) {
        let block = &mut self.keys.blocks[self.block];
        block.places[self.at] = Place {
            high: self.high,
            low: self.low,
            day: row.day,
            seq: row.seq,
            value: row.value,
        };
        block.used += 1;
        self.keys.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn row(seq: i64) -> Entry {
        Entry {
            seq,
            value: seq as u64 * 7,
            day: seq as i32 % 90,
        }
    }

    #[test]
    fn many_keys_are_found_again() {
        let key = |i: u64| xxhash_rust::xxh3::xxh3_128(&i.to_le_bytes());
        let mut keys = Keys::default();
        for i in 0..200_000 {
            keys.insert(key(i), row(i as i64 + 1));
        }
        assert_eq!(keys.len(), 200_000);
        let per_key = keys.blocks.len() * PLACES * size_of::<Place>() / keys.len();
        assert!(per_key < 80, "{per_key} bytes per key");
        for i in (0..200_000).step_by(3) {
            assert_eq!(keys.remove(key(i)), Some(row(i as i64 + 1)));
        }
        for i in 0..200_000 {
            let found = keys.entry(key(i)).ok().map(|p| p.get());
            assert_eq!(found, (i % 3 != 0).then(|| row(i as i64 + 1)), "{i}");
        }
    }

    proptest! {
        /// Against a map of the standard library, with keys that crowd the same places and the same blocks.
        #[test]
        fn behaves_like_a_map(work in prop::collection::vec((0u8..3, 0u64..40, 0u64..60), 0..3000)) {
            let mut keys = Keys::default();
            let mut model: HashMap<u128, Entry> = HashMap::new();
            for (seq, (what, high, low)) in work.into_iter().enumerate() {
                // Few leading bits, places near the end of a block.
                let high = (high % 5) << 61 | (505 + high / 5);
                let key = u128::from(high) << 64 | u128::from(low);
                let row = row(seq as i64 + 1);
                if what == 0 {
                    prop_assert_eq!(keys.remove(key), model.remove(&key));
                } else {
                    keys.insert(key, row);
                    model.insert(key, row);
                }
                prop_assert_eq!(keys.len(), model.len());
            }
            for (key, row) in model {
                prop_assert_eq!(keys.entry(key).ok().map(|p| p.get()), Some(row));
            }
        }
    }
}
