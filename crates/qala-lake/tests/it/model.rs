//! A naive model of the lake: a list of what was accepted, read by going through all of it.

use std::collections::BTreeMap;

use qala_lake::{Op, Outcome};

use crate::support::{HOUR, Random, Row, START};

/// What one message did, and the `_seq` visible after it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) dataset: &'static str,
    pub(crate) feed: String,
    pub(crate) op: Op,
    pub(crate) rows: Vec<Row>,
    pub(crate) visible_at: i64,
}

/// All messages, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model(pub(crate) Vec<Event>);

pub(crate) const DATASETS: [&str; 4] = ["test_events", "test_things", "test_sets", "test_states"];

type Key = (String, i64);

fn key(dataset: &str, row: &Row) -> Key {
    match dataset {
        "test_things" | "test_sets" => (row.0.clone(), 0),
        _ => (row.0.clone(), row.1),
    }
}

impl Model {
    /// Rows of a dataset as of a `_seq`, as `Bench::read` gives them.
    pub(crate) fn read(&self, dataset: &str, as_of: i64) -> Vec<Row> {
        let mut current: BTreeMap<(String, Key), Row> = BTreeMap::new();
        for event in self
            .0
            .iter()
            .filter(|e| e.dataset == dataset && e.visible_at <= as_of)
        {
            // Only sets belong to their feed.
            let owner = if dataset == "test_sets" {
                event.feed.clone()
            } else {
                String::new()
            };
            if dataset == "test_sets" {
                current.retain(|(feed, _), _| *feed != owner);
            }
            for row in &event.rows {
                let at = (owner.clone(), key(dataset, row));
                match event.op {
                    Op::Retract => {
                        current.remove(&at);
                    }
                    // In a set the first row of a key stays; elsewhere the last.
                    Op::Upsert if dataset == "test_sets" => {
                        current.entry(at).or_insert_with(|| row.clone());
                    }
                    Op::Upsert => {
                        current.insert(at, row.clone());
                    }
                }
            }
        }
        let mut rows: Vec<Row> = current.into_values().collect();
        match dataset {
            "test_sets" => rows.iter_mut().for_each(|r| r.1 = 0),
            "test_states" => {
                // A row ends where the next of its key begins.
                rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
                let ends: Vec<i64> = (0..rows.len())
                    .map(|i| {
                        rows.get(i + 1)
                            .filter(|n| n.0 == rows[i].0)
                            .map_or(rows[i].1, |n| n.1)
                    })
                    .collect();
                for (row, end) in rows.iter_mut().zip(ends) {
                    row.1 = end;
                }
            }
            _ => {}
        }
        rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)).then(a.2.total_cmp(&b.2)));
        rows
    }

    /// What a receipt must say of a message that comes now.
    pub(crate) fn counts(&self, event: &Event) -> (u64, u64, u64) {
        let mut current: BTreeMap<Key, f64> = BTreeMap::new();
        if event.dataset != "test_sets" {
            for row in self.rows_of(event.dataset) {
                current.insert(key(event.dataset, &row), row.2);
            }
        }
        let (mut accepted, mut duplicate, mut quarantined) = (0, 0, 0);
        let mut times: BTreeMap<Key, i64> = BTreeMap::new();
        if event.dataset == "test_things" {
            times.extend(
                self.rows_of(event.dataset)
                    .into_iter()
                    .map(|r| (key(event.dataset, &r), r.1)),
            );
        }
        for row in &event.rows {
            let at = key(event.dataset, row);
            match event.op {
                Op::Retract if current.remove(&at).is_some() => {
                    times.remove(&at);
                    accepted += 1;
                }
                Op::Retract => quarantined += 1,
                Op::Upsert => {
                    let same_time = event.dataset != "test_things" || times.get(&at) == Some(&row.1);
                    match current.get(&at) {
                        Some(old) if old.to_bits() == row.2.to_bits() && same_time => duplicate += 1,
                        Some(_) if event.dataset == "test_sets" => quarantined += 1,
                        _ => {
                            current.insert(at.clone(), row.2);
                            times.insert(at, row.1);
                            accepted += 1;
                        }
                    }
                }
            }
        }
        if event.dataset == "test_sets" && accepted > 0 {
            // The very set that is published already is a duplicate as a whole.
            let mut before: Vec<(Key, u64)> = self
                .0
                .iter()
                .rev()
                .find(|e| e.dataset == "test_sets" && e.feed == event.feed)
                .map(|e| {
                    let mut first: BTreeMap<Key, u64> = BTreeMap::new();
                    for row in &e.rows {
                        first.entry(key("test_sets", row)).or_insert(row.2.to_bits());
                    }
                    first.into_iter().collect()
                })
                .unwrap_or_default();
            before.sort();
            let now: Vec<(Key, u64)> = current.iter().map(|(k, v)| (k.clone(), v.to_bits())).collect();
            if now == before {
                duplicate += accepted;
                accepted = 0;
            }
        }
        (accepted, duplicate, quarantined)
    }

    /// Current rows with their own times.
    fn rows_of(&self, dataset: &str) -> Vec<Row> {
        let mut current: BTreeMap<Key, Row> = BTreeMap::new();
        for event in self.0.iter().filter(|e| e.dataset == dataset) {
            for row in &event.rows {
                match event.op {
                    Op::Retract => current.remove(&key(dataset, row)),
                    Op::Upsert => current.insert(key(dataset, row), row.clone()),
                };
            }
        }
        current.into_values().collect()
    }
}

/// A random message: few keys, so that duplicates, corrections and retractions meet rows.
pub(crate) fn random_event(random: &mut Random) -> Event {
    let dataset = DATASETS[random.below(4) as usize];
    let retract = dataset != "test_sets" && random.below(5) == 0;
    let count = 1 + random.below(6);
    let rows = (0..count)
        .map(|_| {
            let id = format!("k{}", random.below(5));
            // Around local midnight, late rows of days before among them.
            let t = START + 17 * HOUR + random.below(6) as i64 * HOUR - random.below(2) as i64 * 24 * HOUR;
            (id, t, random.below(3) as f64)
        })
        .collect();
    Event {
        dataset,
        feed: format!(
            "feed{}",
            if dataset == "test_sets" {
                random.below(2)
            } else {
                0
            }
        ),
        op: if retract { Op::Retract } else { Op::Upsert },
        rows,
        visible_at: 0,
    }
}

/// Compares a receipt with the model.
pub(crate) fn check_receipt(model: &Model, event: &Event, outcome: &Outcome, what: &str) {
    let t = &outcome.total;
    assert_eq!(
        t.received,
        t.accepted + t.duplicate + t.quarantined,
        "{what}: the books do not balance"
    );
    assert_eq!(
        (t.accepted, t.duplicate, t.quarantined),
        model.counts(event),
        "{what}: {event:?}"
    );
}
