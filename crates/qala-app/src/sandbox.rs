//! The sandbox: what an integrator sends with a sandbox token is answered as at the real door, and reaches no dataset.

use std::sync::Arc;

use qala_core::Problem;
use qala_lake::{LakeError, Op};
use qala_registry::{SandboxCounts, SandboxKept, SandboxMessage, SandboxTaken};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::centre::Centre;
use crate::dry_run::{self, Digests, MappedRow, TriedOut};
use crate::error::{AppError, Result};
use crate::import::{Import, Progress};
use crate::recipe::Recipe;

/// Largest message of the sandbox, bytes.
pub const LARGEST_SANDBOX_MESSAGE: u64 = 8 << 20;

impl Centre {
    /// Takes a message of a sandbox token. Idempotency key, duplicates, corrections and retractions are those of what came
    /// with the same token in the last seven days. `answer` makes the receipt on the wire, which is kept and given again.
    ///
    /// # Errors
    /// [`LakeError::KeyReused`]; those of reading, and of keeping the answer.
    pub async fn try_in_sandbox<A: Serialize + DeserializeOwned + Send>(
        &self,
        token: &str,
        import: Import,
        answer: impl FnOnce(TriedOut) -> A + Send,
        repeated: impl FnOnce(A) -> A,
    ) -> Result<A> {
        let recipe = import.mapping.as_ref().map_or("", |(_, text)| text.as_str());
        let context = Recipe::context(import.dataset.as_ref(), recipe, None);
        let (feed, key, op) = (import.feed.to_string(), import.idempotency_key.clone(), import.op);
        let tried = self
            .read_only(import, Arc::new(Progress::default()), Digests::Made)
            .await?;
        let digest = tried.outcome.digest.clone();
        let message = SandboxMessage {
            token: token.to_owned(),
            feed: feed.clone(),
            key: key.clone(),
            identity: format!("{context}\n{op:?}\n{digest}"),
            digest,
            retract: op == Op::Retract,
        };
        let digests = tried.digests.clone();
        let written = |counts: &[SandboxCounts]| {
            serde_json::to_string(&answer(settled(tried, counts))).unwrap_or_default()
        };
        let now = self.clock.now();
        let text = |kept: &str| -> Result<A> {
            serde_json::from_str(kept)
                .map_err(|e| AppError::Usage(format!("a kept receipt cannot be read: {e}")))
        };
        match self.sandbox.take(&message, &digests, written, now).await? {
            SandboxTaken::New(kept) | SandboxTaken::Repeated(kept) => text(&kept),
            SandboxTaken::Known(kept) => Ok(repeated(text(&kept)?)),
            SandboxTaken::KeyReused => {
                let key = key.unwrap_or_default();
                Err(LakeError::KeyReused { feed, key }.into())
            }
        }
    }

    /// The newest messages of a sandbox token with the receipts that were given, the newest first.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] without a valid token, [`AppError::Forbidden`] for one that is no sandbox token.
    pub async fn sandbox_messages(&self, token: Option<&str>, limit: u32) -> Result<Vec<SandboxKept>> {
        let Some(text) = token else {
            return Err(AppError::Unauthorised(
                "the sandbox shows each integrator its own messages: send `Authorization: Bearer <sandbox token>`"
                    .into(),
            ));
        };
        let token = self.valid_token(text).await?;
        if !token.grant.sandbox {
            return Err(AppError::Forbidden(
                "this is no sandbox token; its messages are in the datasets".into(),
            ));
        }
        Ok(self.sandbox.messages(&token.id, limit, self.clock.now()).await?)
    }
}

/// Puts what became of the rows into what was read.
fn settled(mut tried: TriedOut, counts: &[SandboxCounts]) -> TriedOut {
    let outcome = &mut tried.outcome;
    for count in counts {
        let Some(receipt) = outcome.datasets.iter_mut().find(|r| r.dataset == count.dataset) else {
            continue;
        };
        receipt.accepted = count.accepted;
        receipt.duplicate = count.duplicate;
        receipt.superseded = count.superseded;
        receipt.quarantined += count.missing;
        if count.missing > 0 {
            let dataset = qala_core::DatasetName::new(count.dataset.as_str()).ok();
            let message = format!("{} rows to take back are not in the sandbox", count.missing);
            outcome
                .problems
                .push(Problem::rejected("nothing_to_retract", message, dataset, 0));
        }
    }
    for problem in &mut outcome.problems {
        // What is rejected may hold anything, also what belongs to a person.
        problem.raw = None;
    }
    dry_run::add_up(outcome);
    tried
}

impl From<MappedRow> for serde_json::Map<String, serde_json::Value> {
    fn from(row: MappedRow) -> Self {
        Self::from_iter([
            ("dataset".to_owned(), row.dataset.into()),
            ("row".to_owned(), row.row.into()),
        ])
    }
}
