//! Which rows were superseded or retracted, and by which `_seq`; which snapshot sets are published.
//!
//! An entry never changes once it is there, and every reader compares it with the `_seq` it reads up to. So one
//! shared structure serves all views, old and new.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{BooleanArray, Int64Array};
use arrow::buffer::BooleanBuffer;
use parking_lot::RwLock;

/// `_seq`s whose bits lie together: 2 to the power of this.
const PAGE_BITS: u32 = 16;
const PAGE_WORDS: usize = 1 << (PAGE_BITS - 6);

/// Superseded rows of one dataset.
#[derive(Debug, Default)]
pub(crate) struct Superseded {
    rows: RwLock<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    /// A bit for each superseded row, by `_seq`; a page only where there are some. Most rows are told visible by it.
    pages: HashMap<i64, Box<[u64; PAGE_WORDS]>>,
    /// Old `_seq` to the one that superseded it.
    by: HashMap<i64, i64>,
    /// The superseding `_seq`s of each local day, ascending.
    days: HashMap<i32, Vec<i64>>,
}

fn bit(seq: i64) -> (i64, usize, u64) {
    let place = seq as u64 & ((1 << PAGE_BITS) - 1);
    (seq >> PAGE_BITS, (place >> 6) as usize, 1 << (place & 63))
}

impl Superseded {
    /// Notes that row `old` of `day` is hidden from readers of `new` and later.
    pub(crate) fn insert(&self, day: i32, old: i64, new: i64) {
        let mut rows = self.rows.write();
        let (page, word, mask) = bit(old);
        let page = rows
            .pages
            .entry(page)
            .or_insert_with(|| Box::new([0; PAGE_WORDS]));
        page[word] |= mask;
        if rows.by.insert(old, new).is_some() {
            // The log says again what the table said.
            return;
        }
        let news = rows.days.entry(day).or_default();
        let at = news.partition_point(|n| *n <= new);
        news.insert(at, new);
    }

    /// True when a row of that day was ever superseded. Days without entries are read without looking.
    pub(crate) fn touches(&self, day: i32) -> bool {
        self.rows.read().days.contains_key(&day)
    }

    /// How many rows of that day were superseded.
    pub(crate) fn count(&self, day: i32) -> usize {
        self.rows.read().days.get(&day).map_or(0, Vec::len)
    }

    /// True when the last row of that day was superseded so many `_seq`s before `as_of`, and none after it.
    pub(crate) fn is_quiet(&self, day: i32, as_of: i64, rows: i64) -> bool {
        let read = self.rows.read();
        let last = read.days.get(&day).and_then(|news| news.last());
        last.is_none_or(|last| last.saturating_add(rows) <= as_of)
    }

    /// How many rows of days that `is_there` knows are hidden from readers up to `as_of`.
    pub(crate) fn hidden(&self, is_there: impl Fn(i32) -> bool, as_of: i64) -> u64 {
        let rows = self.rows.read();
        let there = rows.days.iter().filter(|(day, _)| is_there(**day));
        there
            .map(|(_, news)| news.partition_point(|new| *new <= as_of) as u64)
            .sum()
    }

    /// Calls `found` with the place of each superseded row among `seqs` and the `_seq` that superseded it.
    pub(crate) fn each(&self, seqs: &Int64Array, mut found: impl FnMut(usize, i64)) {
        let rows = self.rows.read();
        for (place, seq) in seqs.values().iter().enumerate() {
            let (number, word, mask) = bit(*seq);
            let maybe = rows.pages.get(&number).is_some_and(|p| p[word] & mask != 0);
            if maybe && let Some(by) = rows.by.get(seq) {
                found(place, *by);
            }
        }
    }

    /// The `_seq` that superseded a row, if any.
    pub(crate) fn by(&self, old: i64) -> Option<i64> {
        self.rows.read().by.get(&old).copied()
    }

    /// The largest superseding `_seq` of a day, up to `as_of`.
    pub(crate) fn newest(&self, day: i32, as_of: i64) -> Option<i64> {
        let rows = self.rows.read();
        let news = rows.days.get(&day)?;
        news[..news.partition_point(|n| *n <= as_of)].last().copied()
    }

    /// Days with entries.
    pub(crate) fn days(&self) -> Vec<i32> {
        self.rows.read().days.keys().copied().collect()
    }

    /// Which of the rows `seqs` a reader up to `as_of` sees.
    pub(crate) fn visible(&self, seqs: &Int64Array, as_of: i64) -> BooleanArray {
        let rows = self.rows.read();
        let seqs = seqs.values();
        // Neighbours mostly lie on the same page.
        let (mut last, mut page) = (i64::MIN, None);
        let visible = BooleanBuffer::collect_bool(seqs.len(), |i| {
            let seq = seqs[i];
            let (number, word, mask) = bit(seq);
            if number != last {
                (last, page) = (number, rows.pages.get(&number));
            }
            let maybe_hidden = page.is_some_and(|p| p[word] & mask != 0);
            seq <= as_of && !(maybe_hidden && rows.by.get(&seq).is_some_and(|new| *new <= as_of))
        });
        BooleanArray::new(visible, None)
    }
}

/// The rows of a published set: those of one feed and one message in a closed range of `_seq`s. The range alone does
/// not tell: two large messages of a feed may come at the same time, and their rows lie among each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRange {
    /// Feed.
    pub feed: String,
    /// `_source`: the message.
    pub source: i64,
    /// First `_seq`.
    pub from: i64,
    /// Last `_seq`; below `from` for an empty set.
    pub to: i64,
}

impl SetRange {
    /// Says whether a row belongs to the set.
    pub fn has(&self, feed: &str, source: i64, seq: i64) -> bool {
        (self.from..=self.to).contains(&seq) && self.source == source && self.feed == feed
    }
}

/// A complete set of a snapshot dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    /// `_seq` at which it became visible.
    pub(crate) published: i64,
    /// Its rows.
    pub(crate) rows: SetRange,
    /// Order-independent digest of the rows.
    pub(crate) digest: u128,
}

/// Published sets of one snapshot dataset, by feed.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    feeds: RwLock<BTreeMap<String, Vec<Set>>>,
    /// The last sets of an older version of the dataset, while they are carried over.
    before: RwLock<BTreeMap<String, Vec<Set>>>,
}

impl Sets {
    /// Publishes a set; it replaces the older set of its feed for readers of `set.published` and later.
    pub(crate) fn publish(&self, set: Set) {
        let mut feeds = self.feeds.write();
        let sets = feeds.entry(set.rows.feed.clone()).or_default();
        sets.push(set);
        sets.sort_by_key(|s| s.published);
    }

    /// Puts all sets aside: they are of an older version of the dataset.
    pub(crate) fn put_aside(&self) {
        let feeds = std::mem::take(&mut *self.feeds.write());
        self.before.write().extend(feeds);
    }

    /// The last set of each feed among those put aside.
    pub(crate) fn aside(&self) -> Vec<SetRange> {
        let before = self.before.read();
        let last = |sets: &Vec<Set>| Some(sets.last()?.rows.clone());
        before.values().filter_map(last).collect()
    }

    /// The set of a feed that a reader up to `as_of` sees.
    pub(crate) fn current(&self, feed: &str, as_of: i64) -> Option<Set> {
        self.feeds
            .read()
            .get(feed)?
            .iter()
            .rev()
            .find(|s| s.published <= as_of)
            .cloned()
    }

    /// The sets that a reader up to `as_of` sees.
    pub(crate) fn ranges(&self, as_of: i64) -> Vec<SetRange> {
        let feeds = self.feeds.read();
        let current = |sets: &Vec<Set>| sets.iter().rev().find(|s| s.published <= as_of).cloned();
        feeds.values().filter_map(current).map(|set| set.rows).collect()
    }
}
