//! Which rows were superseded or retracted, and by which `_seq`; which snapshot sets are published.
//!
//! An entry never changes once it is there, and every reader compares it with the `_seq` it reads up to. So one
//! shared structure serves all views, old and new.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array};
use parking_lot::RwLock;

/// Old `_seq` to the one that superseded it.
type Day = RwLock<HashMap<i64, i64>>;

/// Superseded rows of one dataset, by local day.
#[derive(Debug, Default)]
pub(crate) struct Superseded {
    days: RwLock<HashMap<i32, Arc<Day>>>,
}

impl Superseded {
    /// Notes that row `old` of `day` is hidden from readers of `new` and later.
    pub(crate) fn insert(&self, day: i32, old: i64, new: i64) {
        let entries = Arc::clone(self.days.write().entry(day).or_default());
        entries.write().insert(old, new);
    }

    /// True when a row of that day was ever superseded. Days without entries are read without looking.
    pub(crate) fn touches(&self, day: i32) -> bool {
        self.days.read().contains_key(&day)
    }

    /// The `_seq` that superseded a row, if any.
    pub(crate) fn by(&self, day: i32, old: i64) -> Option<i64> {
        self.days.read().get(&day)?.read().get(&old).copied()
    }

    /// The largest superseding `_seq` of a day, up to `as_of`.
    pub(crate) fn newest(&self, day: i32, as_of: i64) -> Option<i64> {
        self.days
            .read()
            .get(&day)?
            .read()
            .values()
            .copied()
            .filter(|n| *n <= as_of)
            .max()
    }

    /// Days with entries.
    pub(crate) fn days(&self) -> Vec<i32> {
        self.days.read().keys().copied().collect()
    }

    /// Which of the rows `seqs` (of any of `days`) a reader up to `as_of` sees.
    pub(crate) fn visible(&self, days: &[i32], seqs: &Int64Array, as_of: i64) -> BooleanArray {
        let maps: Vec<_> = {
            let all = self.days.read();
            days.iter().filter_map(|d| all.get(d).map(Arc::clone)).collect()
        };
        let guards: Vec<_> = maps.iter().map(|m| m.read()).collect();
        seqs.values()
            .iter()
            .map(|seq| {
                let hidden = guards.iter().any(|m| m.get(seq).is_some_and(|new| *new <= as_of));
                Some(*seq <= as_of && !hidden)
            })
            .collect()
    }
}

/// A complete set of a snapshot dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    /// `_seq` at which it became visible.
    pub(crate) published: i64,
    /// Its rows: all `_seq`s of this feed in the range.
    pub(crate) from: i64,
    /// Last `_seq`.
    pub(crate) to: i64,
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
    pub(crate) fn publish(&self, feed: &str, set: Set) {
        let mut feeds = self.feeds.write();
        let sets = feeds.entry(feed.into()).or_default();
        sets.push(set);
        sets.sort_by_key(|s| s.published);
    }

    /// Puts all sets aside: they are of an older version of the dataset.
    pub(crate) fn put_aside(&self) {
        let feeds = std::mem::take(&mut *self.feeds.write());
        self.before.write().extend(feeds);
    }

    /// The last set of each feed among those put aside: feed, first and last `_seq`.
    pub(crate) fn aside(&self) -> Vec<(String, i64, i64)> {
        let before = self.before.read();
        let last = |(feed, sets): (&String, &Vec<Set>)| {
            let set = sets.last()?;
            Some((feed.clone(), set.from, set.to))
        };
        before.iter().filter_map(last).collect()
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

    /// The `_seq` ranges that a reader up to `as_of` sees, with their feeds.
    pub(crate) fn ranges(&self, as_of: i64) -> Vec<(String, i64, i64)> {
        let feeds = self.feeds.read();
        feeds
            .iter()
            .filter_map(|(feed, sets)| {
                let set = sets.iter().rev().find(|s| s.published <= as_of)?;
                Some((feed.clone(), set.from, set.to))
            })
            .collect()
    }
}
