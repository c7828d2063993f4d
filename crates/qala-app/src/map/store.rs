//! Indexes that are kept: read once for all who ask at the same time, renewed behind their backs, bounded in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::content::Content;
use super::info::{LayerInfo, Origin};
use super::layer::LayerSpec;
use super::load::{MOST_ROWS, Slice, quoted};
use crate::centre::Centre;
use crate::error::Result;

/// Memory of all indexes together, bytes. The one that was used last stays, whatever it takes.
const MEMORY: usize = 512 << 20;
/// Indexes at most.
const MOST: usize = 256;
/// How long nobody looks whether rows have come, at least; and the same in times of what reading took.
const FRESH: Duration = Duration::from_secs(2);
const FRESH_TIMES: u32 = 20;
/// What is read in less than this is renewed while one waits.
const QUICK: Duration = Duration::from_millis(800);
/// Without new rows it is read again after this all the same: rows may have been taken back.
const STALE: Duration = Duration::from_secs(600);

/// After so long no row is taken in with an earlier time of receipt, µs.
const SETTLED: i64 = 60_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    dataset: String,
    slice: Slice,
    as_of: Option<i64>,
}

#[derive(Debug)]
struct Kept {
    content: Arc<Content>,
    read: Instant,
    took: Duration,
    checked: Mutex<Instant>,
}

#[derive(Debug, Default)]
struct Entry {
    cell: Arc<OnceCell<Kept>>,
    used: u64,
    renewing: bool,
}

/// Indexes that are kept.
#[derive(Debug, Default)]
pub struct MapStore {
    entries: Mutex<(HashMap<Key, Entry>, u64)>,
    /// Datasets that have too many rows for one index.
    large: Mutex<HashMap<String, (bool, Instant)>>,
    /// The `_seq` that stands for an instant that is over.
    resolved: Mutex<HashMap<i64, i64>>,
    /// Where the rows of an index came from, by its version.
    origins: Mutex<HashMap<u64, Origin>>,
    /// Lists of layers, by what is shown of each.
    lists: Mutex<HashMap<Vec<bool>, List>>,
}

/// A list of layers.
#[derive(Debug)]
struct List {
    layers: Vec<LayerInfo>,
    made: Instant,
    took: Duration,
    /// Somebody makes it anew.
    renewing: bool,
}

/// A list of layers as far as it is known.
#[derive(Debug)]
pub(crate) enum Listed {
    /// It is true.
    Fresh(Vec<LayerInfo>),
    /// It was true; the caller is to make it anew.
    Stale(Vec<LayerInfo>),
    /// It is to be waited for.
    Absent,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MapStore {
    fn cell(&self, key: &Key) -> Arc<OnceCell<Kept>> {
        let mut entries = locked(&self.entries);
        entries.1 += 1;
        let now = entries.1;
        let entry = entries.0.entry(key.clone()).or_default();
        entry.used = now;
        Arc::clone(&entry.cell)
    }

    fn forget(&self, key: &Key) {
        locked(&self.entries).0.remove(key);
    }

    /// Lets go of what was used longest ago until the rest fits.
    fn make_room(&self) {
        let mut entries = locked(&self.entries);
        loop {
            let bytes: usize = entries
                .0
                .values()
                .filter_map(|e| e.cell.get())
                .map(|kept| kept.content.bytes())
                .sum();
            let done = entries.0.values().filter(|e| e.cell.initialized()).count();
            if done <= 1 || (bytes <= MEMORY && entries.0.len() <= MOST) {
                return;
            }
            let oldest = entries
                .0
                .iter()
                .filter(|(_, e)| e.cell.initialized())
                .min_by_key(|(_, e)| e.used)
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            entries.0.remove(&oldest);
        }
    }

    pub(crate) fn origin(&self, version: u64) -> Option<Origin> {
        locked(&self.origins).get(&version).cloned()
    }

    pub(crate) fn note_origin(&self, version: u64, origin: Origin) {
        let mut origins = locked(&self.origins);
        if origins.len() > 4 * MOST {
            origins.clear();
        }
        origins.insert(version, origin);
    }

    /// The list of layers of those who see so much of each.
    pub(crate) fn listed(&self, seen: &[bool]) -> Listed {
        let mut lists = locked(&self.lists);
        let Some(list) = lists.get_mut(seen) else {
            return Listed::Absent;
        };
        let age = list.made.elapsed();
        if list.renewing || age < FRESH || (list.took >= QUICK && age < list.took * FRESH_TIMES) {
            return Listed::Fresh(list.layers.clone());
        }
        if list.took < QUICK {
            return Listed::Absent;
        }
        list.renewing = true;
        Listed::Stale(list.layers.clone())
    }

    pub(crate) fn forget_list(&self, seen: &[bool]) {
        locked(&self.lists).remove(seen);
    }

    pub(crate) fn note_listed(&self, seen: &[bool], layers: &[LayerInfo], took: Duration) {
        let list = List {
            layers: layers.to_vec(),
            made: Instant::now(),
            took,
            renewing: false,
        };
        locked(&self.lists).insert(seen.to_vec(), list);
    }

    /// Bytes and indexes in memory.
    pub fn size(&self) -> (usize, usize) {
        let entries = locked(&self.entries);
        let kept = entries.0.values().filter_map(|e| e.cell.get());
        kept.fold((0, 0), |(bytes, n), kept| (bytes + kept.content.bytes(), n + 1))
    }
}

impl Centre {
    /// True when all rows of a layer do not fit into one index, so that each window of time has its own.
    async fn is_large(&self, layer: &LayerSpec<'_>) -> Result<bool> {
        if layer.moves {
            return Ok(true);
        }
        let name = layer.spec.name.to_string();
        let known = locked(&self.map.large).get(&name).copied();
        if let Some((large, at)) = known
            && (large || at.elapsed() < STALE)
        {
            return Ok(large);
        }
        let large = layer.time.is_some() && self.count_rows(layer).await? > MOST_ROWS;
        locked(&self.map.large).insert(name, (large, Instant::now()));
        Ok(large)
    }

    /// The `_seq` up to which everything had come at an instant.
    pub(crate) async fn known_at(&self, instant: i64) -> Result<i64> {
        if let Some(seq) = locked(&self.map.resolved).get(&instant) {
            return Ok(*seq);
        }
        let seq = self.engine.resolve(qala_lake::AsOf::Instant(instant)).await?;
        // Nothing more can come of it.
        if instant < self.clock.now() - SETTLED {
            let mut resolved = locked(&self.map.resolved);
            if resolved.len() > 4 * MOST {
                resolved.clear();
            }
            resolved.insert(instant, seq);
        }
        Ok(seq)
    }

    /// The slice in which the rows of a window lie.
    pub(crate) async fn slice_for(&self, layer: &LayerSpec<'_>, window: (i64, i64)) -> Result<Slice> {
        if layer.validity.is_some() {
            return Ok(Slice::At(window.1));
        }
        if layer.time.is_some() && self.is_large(layer).await? {
            return Ok(Slice::Window(window.0, window.1));
        }
        Ok(Slice::Whole)
    }

    /// A layer's rows, read when they are not there or no longer true.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) async fn layer_content(
        self: &Arc<Self>,
        layer: &LayerSpec<'_>,
        slice: Slice,
        as_of: Option<i64>,
    ) -> Result<Arc<Content>> {
        let key = Key {
            dataset: layer.spec.name.to_string(),
            slice,
            as_of,
        };
        let cell = self.map.cell(&key);
        let was_there = cell.initialized();
        let read = || async {
            let begin = Instant::now();
            let content = Arc::new(self.load_layer(layer, slice, as_of).await?);
            Ok::<_, crate::error::AppError>(Kept {
                content,
                read: Instant::now(),
                took: begin.elapsed(),
                checked: Mutex::new(Instant::now()),
            })
        };
        let kept = match cell.get_or_try_init(read).await {
            Ok(kept) => kept,
            Err(error) => {
                self.map.forget(&key);
                return Err(error);
            }
        };
        if !was_there {
            self.map.make_room();
        }
        let content = Arc::clone(&kept.content);
        // What is asked as of a point of the log does not change.
        if !was_there || as_of.is_some() || self.lake.view().seq() == content.seq {
            return Ok(content);
        }
        let wait = FRESH.max(kept.took * FRESH_TIMES);
        {
            let mut checked = locked(&kept.checked);
            if checked.elapsed() < wait {
                return Ok(content);
            }
            *checked = Instant::now();
        }
        let quick = kept.took < QUICK;
        let stale = kept.read.elapsed() > STALE;
        if quick {
            return match self.renewed(&key, layer, content.seq, stale).await? {
                Some(content) => Ok(content),
                None => Ok(content),
            };
        }
        let (centre, seq) = (Arc::clone(self), content.seq);
        tokio::spawn(async move {
            if let Ok(layer) = centre.layer(&key.dataset)
                && let Err(error) = centre.renewed(&key, &layer, seq, stale).await
            {
                tracing::warn!(layer = key.dataset, %error, "a layer could not be renewed");
            }
        });
        Ok(content)
    }

    /// Reads a layer again when rows came after `seq`.
    async fn renewed(
        &self,
        key: &Key,
        layer: &LayerSpec<'_>,
        seq: i64,
        stale: bool,
    ) -> Result<Option<Arc<Content>>> {
        if let Some(entry) = locked(&self.map.entries).0.get_mut(key) {
            if entry.renewing {
                return Ok(None);
            }
            entry.renewing = true;
        }
        let work = async {
            if !stale && !self.has_rows_after(layer, seq).await? {
                return Ok(None);
            }
            let begin = Instant::now();
            let content = Arc::new(self.load_layer(layer, key.slice, None).await?);
            Ok::<_, crate::error::AppError>(Some((content, begin.elapsed())))
        };
        let done = work.await;
        let mut entries = locked(&self.map.entries);
        if let Some(entry) = entries.0.get_mut(key) {
            entry.renewing = false;
        }
        let Some((content, took)) = done? else {
            return Ok(None);
        };
        let now = Instant::now();
        let kept = Kept {
            content: Arc::clone(&content),
            read: now,
            took,
            checked: Mutex::new(now),
        };
        if let Some(entry) = entries.0.get_mut(key) {
            entry.cell = Arc::new(OnceCell::from(kept));
        }
        drop(entries);
        self.map.make_room();
        Ok(Some(content))
    }

    /// True when a layer has rows at all.
    pub(crate) async fn has_rows(&self, layer: &LayerSpec<'_>) -> Result<bool> {
        self.has_rows_after(layer, -1).await
    }

    async fn has_rows_after(&self, layer: &LayerSpec<'_>, seq: i64) -> Result<bool> {
        let sql = format!(
            "SELECT 1 AS one FROM {} WHERE _seq > {seq} LIMIT 1",
            quoted(layer.spec.name.as_str())
        );
        Ok(!self.rows(&sql).await?.is_empty())
    }
}
