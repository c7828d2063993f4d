//! Observations on their way into the log: those that come while others are being written go together, as one message with
//! one fsync. Each sender is answered when its own are durable.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use qala_core::{DatasetName, FeedId, Problem};
use qala_lake::{Begin, Lake, Message, Op, Outcome};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::observations::{Row, batch};
use super::{FEED, OBSERVATIONS};
use crate::error::{AppError, Result};
use crate::value::batch_of;

/// Messages of this process.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// What one sender brings.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Observations.
    pub(super) rows: Vec<Row>,
    /// Rows of other datasets.
    pub(super) city: BTreeMap<DatasetName, Vec<Map<String, Value>>>,
    /// Rows of other datasets that are none.
    pub(super) problems: Vec<Problem>,
}

#[derive(Debug)]
struct Waiting {
    load: Load,
    done: oneshot::Sender<Result<(), String>>,
}

/// Who waits, and whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Queue {
    /// Brings rows in. The answer comes when they are durable and visible.
    ///
    /// # Errors
    /// The lake's.
    pub(super) async fn bring(&self, lake: &Arc<Lake>, load: Load) -> Result<()> {
        let (done, answer) = oneshot::channel();
        self.lock().push(Waiting { load, done });
        {
            let _turn = self.turn.lock().await;
            // Whoever had the turn before may have taken mine along.
            let all = std::mem::take(&mut *self.lock());
            if !all.is_empty() {
                // A task of its own: when this sender goes away, the others still get their answers.
                let lake = Arc::clone(lake);
                drop(tokio::spawn(write_all(lake, all)).await);
            }
        }
        match answer.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(AppError::Remote(message)),
            Err(_) => Err(AppError::Remote("the observations could not be written".into())),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_all(lake: Arc<Lake>, all: Vec<Waiting>) {
    let mut whole = Load::default();
    let mut senders = Vec::with_capacity(all.len());
    for Waiting { load, done } in all {
        whole.rows.extend(load.rows);
        whole.problems.extend(load.problems);
        for (name, rows) in load.city {
            whole.city.entry(name).or_default().extend(rows);
        }
        senders.push(done);
    }
    let outcome = write(&lake, whole, Op::Upsert).await.map(drop);
    let message = outcome.err().map(|error| error.to_string());
    for done in senders {
        drop(done.send(message.clone().map_or(Ok(()), Err)));
    }
}

/// Writes rows as one message, or takes them back. The answer comes when that is durable and visible.
///
/// # Errors
/// The lake's.
pub(super) async fn write(lake: &Lake, load: Load, op: Op) -> Result<Option<Outcome>> {
    let mut hasher = Sha256::new();
    for row in &load.rows {
        row.digest(&mut hasher);
    }
    let name = |text: &str| DatasetName::new(text).map_err(|e| AppError::Usage(e.to_string()));
    let message = Message {
        feed: FeedId::new(FEED).map_err(|e| AppError::Usage(e.to_string()))?,
        kind: "sensorthings-api".into(),
        name: "Observations".into(),
        digest: crate::spool::text(hasher),
        // A correction may bring back what was there before: each message is one of its own.
        context: format!(
            "{}.{}",
            lake.options().clock.now(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ),
        idempotency_key: None,
        op,
    };
    let Begin::New(mut session) = lake.begin(message).await? else {
        return Ok(None);
    };
    if !load.rows.is_empty() {
        session.rows(&name(OBSERVATIONS)?, &batch(&load.rows)?).await?;
    }
    for (dataset, rows) in &load.city {
        let spec = &lake.dataset(dataset.as_str())?.spec;
        session.rows(dataset, &batch_of(spec, rows)?).await?;
    }
    for problem in load.problems {
        session.problem(problem);
    }
    Ok(Some(session.finish(None).await?))
}
