//! What happens, as it happens: values, standings of feeds, moving things, the lake. Events are numbered and the newest are
//! kept, so that a listener that was cut off goes on where it was.
//!
//! What belongs here: what is told. What does not: how it goes over the wire.

mod tell;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Events that are kept for those who were cut off.
const KEPT: usize = 4_096;
/// Bytes of them at most.
const KEPT_BYTES: usize = 16 << 20;
/// Listeners at the same time.
const MOST_LISTENERS: usize = 1_000;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A value of the present period changed.
    Values,
    /// A feed stands otherwise to its promise.
    Feeds,
    /// Things moved.
    Vehicles,
    /// How the lake is.
    Status,
    /// Datasets got rows. It is no news of its own: who missed some reads once.
    Rows,
    /// Alarms changed; which ones is not for everybody.
    Alarms,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 6] = [
        Self::Values,
        Self::Feeds,
        Self::Vehicles,
        Self::Status,
        Self::Rows,
        Self::Alarms,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Feeds => "feeds",
            Self::Vehicles => "vehicles",
            Self::Status => "status",
            Self::Rows => "rows",
            Self::Alarms => "alarms",
        }
    }
}

/// An event.
#[derive(Debug)]
pub struct LiveEvent {
    /// Number, from 1, without gaps; of what is not kept, that of the event before.
    pub number: u64,
    /// Topic.
    pub topic: Topic,
    /// JSON in one line.
    pub data: String,
}

/// What a listener gets first, and where it gets the rest.
#[derive(Debug)]
pub struct Listening {
    /// True when events were missed that are no longer kept.
    pub reset: bool,
    /// Where the numbers stand.
    pub number: u64,
    /// What was missed.
    pub missed: Vec<Arc<LiveEvent>>,
    /// Where moving things are, for one who begins: the same form as an event.
    pub vehicles: Option<String>,
    /// What comes.
    pub coming: broadcast::Receiver<Arc<LiveEvent>>,
    /// True when the program stops.
    pub stopping: watch::Receiver<bool>,
    _place: Place,
}

/// A listener's place; given back when dropped.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[derive(Debug, Default)]
struct Kept {
    number: u64,
    events: VecDeque<Arc<LiveEvent>>,
    bytes: usize,
    /// Where moving things are: by id, as told.
    moving: BTreeMap<String, Value>,
}

/// The events of a centre.
#[derive(Debug)]
pub struct Live {
    kept: Mutex<Kept>,
    sender: broadcast::Sender<Arc<LiveEvent>>,
    stop: watch::Sender<bool>,
    listeners: Arc<AtomicUsize>,
    telling: AtomicBool,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            sender: broadcast::channel(1_024).0,
            stop: watch::channel(false).0,
            listeners: Arc::default(),
            telling: AtomicBool::new(false),
        }
    }
}

impl Live {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all listening: the program stops.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Listeners now.
    pub fn listeners(&self) -> usize {
        self.listeners.load(Ordering::Acquire)
    }

    pub(crate) fn tell(&self, topic: Topic, data: &Value) {
        let mut kept = self.kept();
        kept.number += 1;
        let event = Arc::new(LiveEvent {
            number: kept.number,
            topic,
            data: data.to_string(),
        });
        kept.bytes += event.data.len();
        kept.events.push_back(Arc::clone(&event));
        while kept.events.len() > KEPT || kept.bytes > KEPT_BYTES {
            let Some(old) = kept.events.pop_front() else { break };
            kept.bytes -= old.data.len();
        }
        // Sent under the lock, so that a listener that joins misses nothing and gets nothing twice.
        drop(self.sender.send(event));
    }

    /// Tells who listens now. It has the number of the event before it, and is not kept.
    fn mention(&self, topic: Topic, data: &Value) {
        let kept = self.kept();
        let event = Arc::new(LiveEvent {
            number: kept.number,
            topic,
            data: data.to_string(),
        });
        drop(self.sender.send(event));
    }

    /// Joins: `last` is the number of the last event that was seen.
    fn join(&self, last: Option<u64>) -> Result<Listening> {
        let before = self.listeners.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(&self.listeners));
        if before >= MOST_LISTENERS {
            return Err(AppError::Busy {
                what: "listeners are told",
                retry_after_s: 30,
            });
        }
        let kept = self.kept();
        let first = kept.events.front().map_or(kept.number + 1, |e| e.number);
        let reset = last.is_some_and(|last| last + 1 < first || last > kept.number);
        let missed = match last {
            Some(last) if !reset => kept.events.iter().filter(|e| e.number > last).cloned().collect(),
            _ => Vec::new(),
        };
        let begins = last.is_none() || reset;
        let items: Vec<&Value> = kept.moving.values().collect();
        let vehicles =
            (begins && !items.is_empty()).then(|| json!({"t": null, "seq": 0, "items": items}).to_string());
        Ok(Listening {
            reset,
            number: kept.number,
            missed,
            vehicles,
            coming: self.sender.subscribe(),
            stopping: self.stop.subscribe(),
            _place: place,
        })
    }
}

impl Centre {
    /// Begins to listen. `last` is what a former listening saw last, as this centre gave it.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many listen.
    pub async fn listen(self: &Arc<Self>, last: Option<u64>) -> Result<Listening> {
        if !self.live.telling.swap(true, Ordering::AcqRel) {
            let begun = tell::Teller::begin(self).await;
            if begun.is_err() {
                self.live.telling.store(false, Ordering::Release);
            }
            let mut teller = begun?;
            let centre = Arc::clone(self);
            tokio::spawn(async move {
                teller.go_on(&centre).await;
                centre.live.telling.store(false, Ordering::Release);
            });
        }
        self.live.join(last)
    }
}
