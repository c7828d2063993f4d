//! From the registry's outbox to the lake's `state` tables.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use qala_core::{DatasetName, FeedId};
use qala_lake::{Begin, Message, Op, Query, collect};
use qala_registry::{OutboxOp, OutboxRow};
use serde_json::{Map, Value};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::value::batch_of;

const FEED: &str = "registry";
const ROWS: u32 = 2000;

impl Centre {
    /// Sends every change of the registry that the lake does not have yet. Returns the number of changes sent.
    ///
    /// The idempotency key of a message is the outbox id of its last change, so a crash between the lake's answer and
    /// the registry's note sends nothing twice: the lake is asked first what it has.
    ///
    /// # Errors
    /// The registry's or the lake's; the next call goes on where this one stopped.
    pub async fn relay(&self) -> Result<usize> {
        let mut relayed = self.relayed.lock().await;
        // Asked once: what comes after is sent from here. A failure leaves it unknown, and it is asked again.
        let last = match relayed.take() {
            Some(last) => Some(last),
            None => self.relayed_so_far().await?,
        };
        let position = self.registry.position().await?;
        // What the lake has is the truth: a restored lake may be behind what the registry remembers, or ahead of it.
        let mut after = last.unwrap_or(0);
        if after > position.last {
            self.registry.continue_after(after, self.clock.now()).await?;
        }
        let mut sent = 0;
        loop {
            let pending = self.registry.pending(after, ROWS).await?;
            let Some(first) = pending.first() else {
                *relayed = Some(after);
                return Ok(sent);
            };
            let op = first.op;
            let run: Vec<&OutboxRow> = pending.iter().take_while(|r| r.op == op).collect();
            let last = run.last().map_or(after, |row| row.id);
            self.send_run(op, &run, last).await?;
            self.registry.acknowledge(last, self.clock.now()).await?;
            sent += run.len();
            after = last;
        }
    }

    /// The last change that the lake has.
    async fn relayed_so_far(&self) -> Result<Option<i64>> {
        let sql = format!("SELECT max(idempotency_key) AS last FROM lake_messages WHERE feed = '{FEED}'");
        let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
        Ok(batches.first().filter(|b| b.num_rows() > 0).and_then(|b| {
            let column = b.column(0).as_string_opt::<i32>()?;
            column
                .is_valid(0)
                .then(|| column.value(0).parse::<i64>().ok())
                .flatten()
        }))
    }

    async fn send_run(&self, op: OutboxOp, run: &[&OutboxRow], last: i64) -> Result<()> {
        let op = match op {
            OutboxOp::Upsert => Op::Upsert,
            OutboxOp::Retract => Op::Retract,
        };
        let feed = FeedId::new(FEED).map_err(|e| AppError::Usage(e.to_string()))?;
        let message = Message {
            feed,
            kind: "outbox".into(),
            name: format!("outbox to {last}"),
            digest: format!("outbox:{last}"),
            context: String::new(),
            idempotency_key: Some(format!("{last:020}")),
            op,
        };
        let Begin::New(mut session) = self.lake.begin(message).await? else {
            return Ok(());
        };
        let mut datasets: BTreeMap<&str, Vec<Map<String, Value>>> = BTreeMap::new();
        for row in run {
            datasets
                .entry(&row.dataset)
                .or_default()
                .push(row.payload.clone());
        }
        for (name, rows) in datasets {
            let dataset = self.lake.dataset(name)?;
            let name = DatasetName::new(name).map_err(|e| AppError::Usage(e.to_string()))?;
            session.rows(&name, &batch_of(&dataset.spec, &rows)?).await?;
        }
        session.finish(None).await?;
        Ok(())
    }
}
