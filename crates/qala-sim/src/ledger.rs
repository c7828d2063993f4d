//! What an import in the order of the files must report: an account kept apart from the planting of faults.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

/// Counts of dataset rows (after unpivoting), and of source records beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Records of the source.
    pub records: u64,
    /// Dataset rows; always `accepted + duplicate + quarantined`.
    pub received: u64,
    /// Rows that must be accepted.
    pub accepted: u64,
    /// Rows with the key and the values of an accepted one.
    pub duplicate: u64,
    /// Rows that must be rejected.
    pub quarantined: u64,
    /// Accepted rows that supersede an earlier one.
    pub superseding: u64,
    /// Rows that a reader sees at the end: `accepted - superseding`.
    pub visible: u64,
}

/// Rows of one dataset as they come in: key → value.
#[derive(Debug, Clone)]
pub(crate) struct Ledger<K, V> {
    pub(crate) counts: Counts,
    pub(crate) rows: BTreeMap<K, V>,
}

impl<K: Ord, V: PartialEq> Ledger<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            counts: Counts::default(),
            rows: BTreeMap::new(),
        }
    }

    /// A source record.
    pub(crate) fn record(&mut self) {
        self.counts.records += 1;
    }

    /// A row that the checks let through.
    pub(crate) fn good(&mut self, key: K, value: V) {
        self.counts.received += 1;
        match self.rows.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(value);
                self.counts.accepted += 1;
                self.counts.visible += 1;
            }
            Entry::Occupied(entry) if *entry.get() == value => self.counts.duplicate += 1,
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                self.counts.accepted += 1;
                self.counts.superseding += 1;
            }
        }
    }

    /// A row that the checks stop.
    pub(crate) fn bad(&mut self) {
        self.counts.received += 1;
        self.counts.quarantined += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn every_row_is_counted_once() {
        let mut ledger = Ledger::new();
        for (key, value) in [(1, 'a'), (1, 'a'), (2, 'x'), (2, 'b'), (2, 'b')] {
            ledger.record();
            ledger.good(key, value);
        }
        ledger.bad();
        let c = ledger.counts;
        assert_eq!(
            (c.records, c.received, c.accepted, c.duplicate, c.quarantined),
            (5, 6, 3, 2, 1)
        );
        assert_eq!((c.superseding, c.visible), (1, 2));
        assert_eq!(c.received, c.accepted + c.duplicate + c.quarantined);
    }
}
