//! A table of keys that grows by one small block at a time: no moment at which all of it is copied, and memory in
//! blocks that are used again. (A hash table that doubles touches three times as much memory; fresh memory was the
//! largest cost of taking rows in.) A key takes some 35 bytes.

/// The current row of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its `_seq`, at least 1.
    pub(crate) seq: i64,
    /// Hash of all its values; the upper 16 bits are not kept.
    pub(crate) value: u64,
    /// Its local day.
    pub(crate) day: i32,
}

impl Entry {
    /// True when a row of the same key with this hash of values is the same row again.
    pub(crate) fn has(&self, value: u64) -> bool {
        (self.value ^ value) & FORTY_EIGHT == 0
    }
}

const FORTY_EIGHT: u64 = (1 << 48) - 1;

/// 96 bits of the key's hash and its row: 48 bits of `_seq` and 48 of the hash of values, in halves, so that a place
/// has 24 bytes. One whose key is known to have no row has the `_seq` [`NONE`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
struct Place {
    high: u64,
    low: u32,
    seq: u32,
    value: u32,
    seq_top: u16,
    value_top: u16,
}

const NONE: u64 = FORTY_EIGHT;

impl Place {
    fn seq(&self) -> u64 {
        (u64::from(self.seq_top) << 32) | u64::from(self.seq)
    }

    /// False for a key that is known to have no row.
    fn has_row(&self) -> bool {
        self.seq() != NONE
    }

    fn set(&mut self, seq: u64, value: u64) {
        (self.seq, self.seq_top) = (seq as u32, (seq >> 32) as u16);
        (self.value, self.value_top) = (value as u32, (value >> 32) as u16);
    }
}

/// Places of a block, in steps: a block grows with its keys. 24 times a number is what the allocator gives anyway.
const SIZES: [usize; 6] = [16, 42, 85, 170, 341, 512];
/// Blocks of the last size are split when they have so many keys; not all at the same number, or all would be split at
/// the same time.
const SPLIT: std::ops::Range<usize> = 410..460;

#[derive(Debug)]
struct Block {
    /// Leading bits of the hash that all keys of the block share.
    depth: u32,
    used: usize,
    /// A byte of each place: 0 when it is empty, else bits of its key. The first ones stand behind the last once more, so
    /// that eight can be read from anywhere. A key that is new is told by these alone.
    marks: Box<[u8]>,
    places: Box<[Place]>,
    /// Local days of the rows at the same places; nothing in a table of one day.
    days: Box<[i32]>,
}

impl Block {
    /// An empty block with room for `used` keys and one more.
    fn new(depth: u32, used: usize, has_days: bool) -> Self {
        let last = SIZES[SIZES.len() - 1];
        let places = SIZES.iter().copied().find(|s| used < most(*s)).unwrap_or(last);
        Self {
            depth,
            used: 0,
            marks: vec![0; places + EIGHT - 1].into_boxed_slice(),
            places: vec![Place::default(); places].into_boxed_slice(),
            days: vec![0; if has_days { places } else { 0 }].into_boxed_slice(),
        }
    }

    /// Where the search for a key begins: the leading bits choose the block, the last ones the place in it.
    fn home(&self, high: u64) -> usize {
        (((high & 0xffff_ffff) * self.places.len() as u64) >> 32) as usize
    }

    /// Where the key is, or the free place where it would be.
    #[inline]
    fn find(&self, high: u64, low: u32) -> usize {
        let size = self.places.len();
        let around = |at: usize| if at < size { at } else { at - size };
        let pattern = u64::from(mark(low)) * ONES;
        let mut at = self.home(high);
        loop {
            let mut eight = [0; EIGHT];
            eight.copy_from_slice(&self.marks[at..at + EIGHT]);
            let eight = u64::from_le_bytes(eight);
            let free = zeros(eight);
            // A key lies before the first free place.
            let mut like = zeros(eight ^ pattern) & free.wrapping_sub(1) & !free;
            while like != 0 {
                let found = around(at + like.trailing_zeros() as usize / 8);
                let place = &self.places[found];
                if place.high == high && place.low == low {
                    return found;
                }
                like &= like - 1;
            }
            if free != 0 {
                return around(at + free.trailing_zeros() as usize / 8);
            }
            at = around(at + EIGHT);
        }
    }

    #[inline]
    fn is_empty(&self, at: usize) -> bool {
        self.marks[at] == 0
    }

    /// Puts a key at a free place.
    #[inline]
    fn fill(&mut self, at: usize, place: Place) {
        let mark = mark(place.low);
        self.marks[at] = mark;
        if at < EIGHT - 1 {
            self.marks[self.places.len() + at] = mark;
        }
        self.places[at] = place;
        self.used += 1;
    }

    /// Puts a place of another block here.
    fn take(&mut self, from: &Self, at: usize) {
        let place = from.places[at];
        let to = self.find(place.high, place.low);
        self.fill(to, place);
        if let Some(day) = from.days.get(at) {
            self.days[to] = *day;
        }
    }

    fn full_places(&self) -> impl Iterator<Item = usize> {
        (0..self.places.len()).filter(|at| !self.is_empty(*at))
    }
}

/// Marks that are looked at together.
const EIGHT: usize = 8;
/// One in each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The mark of a key; never 0.
#[inline]
fn mark(low: u32) -> u8 {
    (low >> 24) as u8 | 1
}

/// The highest bit of each byte that is 0, up to the first of them for sure; of bytes behind it, perhaps of others too.
#[inline]
fn zeros(eight: u64) -> u64 {
    eight.wrapping_sub(ONES) & !eight & (ONES << 7)
}

/// Keys of a block of so many places: more would make searches long.
fn most(places: usize) -> usize {
    places * 27 / 32
}

/// Current rows by key hash.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The local day of all rows; without one, each row has its own.
    day: Option<i32>,
    /// Block of each value of the leading `depth` bits.
    directory: Vec<u32>,
    depth: u32,
    blocks: Vec<Block>,
    places: usize,
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
    /// A table of rows of one local day, or of any.
    pub(crate) fn new(day: Option<i32>) -> Self {
        let first = Block::new(0, 0, day.is_none());
        Self {
            day,
            directory: vec![0],
            depth: 0,
            places: first.places.len(),
            blocks: vec![first],
        }
    }

    /// Memory that it takes, without what the allocator adds.
    pub(crate) fn bytes(&self) -> usize {
        let place = size_of::<Place>() + 1 + if self.day.is_none() { size_of::<i32>() } else { 0 };
        self.places * place + self.directory.capacity() * 4 + self.blocks.capacity() * size_of::<Block>()
    }

    fn block(&self, high: u64) -> usize {
        self.directory[leading(high, self.depth)] as usize
    }

    /// True when the key was put in, or told to have no row.
    pub(crate) fn knows(&self, key: u128) -> bool {
        let (high, low) = split_key(key);
        let block = &self.blocks[self.block(high)];
        !block.is_empty(block.find(high, low))
    }

    /// Fetches the memory in which these keys lie. The processor waits for all of it at once, not for one after the other.
    pub(crate) fn fetch(&self, keys: &[u128]) {
        let here = |key: &u128| {
            let (high, _) = split_key(*key);
            let block = &self.blocks[self.block(high)];
            let home = block.home(high);
            block.places[home].low ^ u32::from(block.marks[home])
        };
        std::hint::black_box(keys.iter().map(here).fold(0, |a, b| a ^ b));
    }

    /// The row of a key, to read or replace; `Err` with a place for it when there is none.
    pub(crate) fn entry(&mut self, key: u128) -> Result<Occupied<'_>, Vacant<'_>> {
        let (high, low) = split_key(key);
        let mut block = self.block(high);
        let mut at = self.blocks[block].find(high, low);
        if self.blocks[block].is_empty(at) {
            while self.is_full(block) {
                self.make_room(block);
                block = self.block(high);
                at = self.blocks[block].find(high, low);
            }
        }
        let found = &self.blocks[block];
        let is_row = !found.is_empty(at) && found.places[at].has_row();
        let spot = Spot {
            keys: self,
            block,
            at,
        };
        if is_row {
            Ok(Occupied(spot))
        } else {
            Err(Vacant { spot, high, low })
        }
    }

    /// Notes a row, whatever was there.
    pub(crate) fn insert(&mut self, key: u128, row: Entry) {
        match &mut self.entry(key) {
            Ok(place) => {
                place.replace(row);
            }
            Err(place) => place.insert(row),
        }
    }

    /// Notes that a key has no row, if nothing is known of it.
    pub(crate) fn insert_none(&mut self, key: u128) {
        if let Err(place) = &mut self.entry(key) {
            place.put(NONE, 0, 0);
        }
    }

    /// Takes the row of a key away; that it has none is still known.
    pub(crate) fn remove(&mut self, key: u128) -> Option<Entry> {
        let mut place = self.entry(key).ok()?;
        let row = place.get();
        place.0.place().set(NONE, 0);
        Some(row)
    }

    fn is_full(&self, block: usize) -> bool {
        let used = self.blocks[block].used;
        if self.blocks[block].places.len() == SIZES[SIZES.len() - 1] {
            used >= SPLIT.start + block * 89 % SPLIT.len()
        } else {
            used >= most(self.blocks[block].places.len())
        }
    }

    /// Gives a full block more places or, at the last size, splits it by the bit after those that its keys share.
    fn make_room(&mut self, number: usize) {
        let has_days = self.day.is_none();
        let block = &self.blocks[number];
        if block.places.len() < SIZES[SIZES.len() - 1] {
            let mut larger = Block::new(block.depth, block.used, has_days);
            block.full_places().for_each(|at| larger.take(block, at));
            self.places = self.places + larger.places.len() - block.places.len();
            self.blocks[number] = larger;
            return;
        }
        let depth = block.depth;
        if depth == self.depth {
            self.directory = self.directory.iter().flat_map(|b| [*b, *b]).collect();
            self.depth += 1;
        }
        let block = &self.blocks[number];
        let is_upper = |at: &usize| leading(block.places[*at].high, depth + 1) & 1 == 1;
        let (above, below): (Vec<usize>, Vec<usize>) = block.full_places().partition(is_upper);
        let shared = below
            .first()
            .or(above.first())
            .map_or(0, |at| leading(block.places[*at].high, depth));
        let half = |places: &[usize]| {
            let mut half = Block::new(depth + 1, places.len(), has_days);
            for at in places {
                half.take(block, *at);
            }
            half
        };
        let (lower, upper) = (half(&below), half(&above));
        self.places = self.places + lower.places.len() + upper.places.len() - block.places.len();
        let other = self.blocks.len();
        self.blocks[number] = lower;
        self.blocks.push(upper);
        // The block's entries lie side by side; the upper half of them goes to the new one.
        let each = 1 << (self.depth - depth - 1);
        let first = (2 * shared + 1) * each;
        self.directory[first..first + each].fill(other as u32);
    }
}

/// A place in a table.
struct Spot<'a> {
    keys: &'a mut Keys,
    block: usize,
    at: usize,
}

impl Spot<'_> {
    fn place(&mut self) -> &mut Place {
        &mut self.keys.blocks[self.block].places[self.at]
    }

    fn set_day(&mut self, day: i32) {
        if let Some(here) = self.keys.blocks[self.block].days.get_mut(self.at) {
            *here = day;
        }
    }
}

/// A key that has a row.
pub(crate) struct Occupied<'a>(Spot<'a>);

impl Occupied<'_> {
    /// Its row.
    pub(crate) fn get(&self) -> Entry {
        let block = &self.0.keys.blocks[self.0.block];
        let place = &block.places[self.0.at];
        Entry {
            seq: place.seq() as i64,
            value: (u64::from(place.value_top) << 32) | u64::from(place.value),
            day: self
                .0
                .keys
                .day
                .or(block.days.get(self.0.at).copied())
                .unwrap_or(0),
        }
    }

    /// Puts another row there; returns the one before.
    pub(crate) fn replace(&mut self, row: Entry) -> Entry {
        let before = self.get();
        self.0.place().set(row.seq as u64, row.value);
        self.0.set_day(row.day);
        before
    }
}

/// A place for the row of a key that has none.
pub(crate) struct Vacant<'a> {
    spot: Spot<'a>,
    high: u64,
    low: u32,
}

impl Vacant<'_> {
    /// Puts a row there.
    #[inline]
    pub(crate) fn insert(&mut self, row: Entry) {
        self.put(row.seq as u64, row.value, row.day);
    }

    fn put(&mut self, seq: u64, value: u64, day: i32) {
        let (high, low) = (self.high, self.low);
        let at = self.spot.at;
        let block = &mut self.spot.keys.blocks[self.spot.block];
        if block.is_empty(at) {
            let mut place = Place {
                high,
                low,
                ..Place::default()
            };
            place.set(seq, value);
            block.fill(at, place);
        } else {
            // The key was known to have no row.
            block.places[at].set(seq, value);
        }
        self.spot.set_day(day);
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

    fn found(keys: &mut Keys, key: u128) -> Option<Entry> {
        keys.entry(key).ok().map(|p| p.get())
    }

    #[test]
    fn many_keys_are_found_again_and_take_little_memory() {
        let key = |i: u64| xxhash_rust::xxh3::xxh3_128(&i.to_le_bytes());
        let mut keys = Keys::new(None);
        let mut of_a_day = Keys::new(Some(7));
        for i in 0..200_000 {
            keys.insert(key(i), row(i as i64 + 1));
            of_a_day.insert(key(i), row(i as i64 + 1));
            let each = of_a_day.bytes() as u64 / (i + 1);
            assert!(i < 1000 || each < 48, "{each} bytes for each of {i} keys");
        }
        assert_eq!(
            found(&mut of_a_day, key(99_999)),
            Some(Entry {
                day: 7,
                ..row(100_000)
            })
        );
        for i in (0..200_000).step_by(3) {
            assert_eq!(keys.remove(key(i)), Some(row(i as i64 + 1)));
        }
        for i in 0..200_000 {
            assert_eq!(
                found(&mut keys, key(i)),
                (i % 3 != 0).then(|| row(i as i64 + 1)),
                "{i}"
            );
            assert!(keys.knows(key(i)) && !keys.knows(key(i + 200_000)));
        }
    }

    #[test]
    fn a_place_keeps_what_it_says() {
        let mut keys = Keys::new(Some(0));
        let row = Entry {
            seq: (1 << 48) - 2,
            value: u64::MAX,
            day: 0,
        };
        keys.insert(5, row);
        let read = found(&mut keys, 5).unwrap();
        assert_eq!((read.seq, read.has(row.value)), (row.seq, true));
        assert!(!read.has(row.value ^ 1) && !read.has(row.value ^ (1 << 47)));
    }

    proptest! {
        /// Against a map of the standard library, with keys that crowd the same places and the same blocks.
        #[test]
        fn behaves_like_a_map(work in prop::collection::vec((0u8..5, 0u64..40, 0u64..60), 0..3000), day in any::<bool>()) {
            let mut keys = Keys::new(day.then_some(3));
            let mut model: HashMap<u128, Option<Entry>> = HashMap::new();
            for (seq, (what, high, low)) in work.into_iter().enumerate() {
                // Few leading bits, places near the end of a block.
                let high = (high % 5) << 61 | (0xffff_ffff - high / 5);
                let key = u128::from(high) << 64 | u128::from(low);
                let mut row = row(seq as i64 + 1);
                if day {
                    row.day = 3;
                }
                match what {
                    0 => {
                        let before = model.get_mut(&key).and_then(Option::take);
                        prop_assert_eq!(keys.remove(key), before);
                    }
                    1 => {
                        keys.insert_none(key);
                        model.entry(key).or_default();
                    }
                    _ => {
                        keys.insert(key, row);
                        model.insert(key, Some(row));
                    }
                }
            }
            for (key, row) in model {
                prop_assert!(keys.knows(key));
                prop_assert_eq!(found(&mut keys, key), row);
            }
        }
    }
}
