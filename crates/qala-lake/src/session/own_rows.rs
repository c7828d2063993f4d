//! The lake's own rows about a message: its sets, its problems, the message itself with its receipt.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use qala_core::{FeedId, Problem, Severity};

use super::{BuildingSet, Draft, KEPT_PROBLEMS, Op, Outcome, Receipt, Session};
use crate::error::{LakeError, Result};
use crate::system;

impl Session<'_> {
    pub(super) fn add_sets(&mut self, draft: &mut Draft) -> Result<()> {
        let mut rows = Vec::new();
        let mut unchanged: HashSet<(Arc<str>, FeedId)> = HashSet::new();
        for (name, feed) in &self.publish {
            let dataset = self.lake.dataset(name)?;
            let set = self
                .sets
                .remove(&(Arc::clone(name), feed.clone()))
                .unwrap_or_default();
            let current = dataset.sets.current(feed.as_str(), i64::MAX);
            match current {
                Some(current)
                    if current.digest == set.digest
                        && (set.rows > 0 || current.rows.to < current.rows.from) =>
                {
                    unchanged.insert((Arc::clone(name), feed.clone()));
                }
                None if set.rows == 0 => {}
                _ => rows.push((name.to_string(), feed.clone(), set)),
            }
        }
        // The same rows again are duplicates. When the whole message changes nothing, its rows are not even written.
        for (name, _) in &unchanged {
            let receipt = self.receipt(name);
            receipt.duplicate += receipt.accepted;
            receipt.accepted = 0;
            (receipt.seq_from, receipt.seq_to) = (0, 0);
        }
        let names: HashSet<&Arc<str>> = unchanged.iter().map(|(name, _)| name).collect();
        if rows.is_empty() && draft.sections.iter().all(|s| names.contains(&s.dataset)) {
            draft.next -= draft
                .sections
                .iter()
                .map(|s| s.batch.num_rows() as i64)
                .sum::<i64>();
            draft.sections.clear();
        }
        if rows.is_empty() {
            return Ok(());
        }
        let dataset = self.lake.dataset(system::SETS)?;
        // An empty set has an empty range.
        let range = |s: &BuildingSet| if s.rows == 0 { (0, -1) } else { (s.from, s.to) };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.0.as_str()))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.1.as_str()))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| range(&r.2).0))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| range(&r.2).1))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.2.rows as i64))),
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|r| format!("{:032x}", r.2.digest)),
            )),
        ];
        draft.push(
            &dataset,
            RecordBatch::try_new(Arc::clone(&dataset.data), columns)?,
        );
        Ok(())
    }

    /// Rows of sets that were never completed are not seen by anybody: they count as rejected.
    pub(super) fn reject_unpublished(&mut self) {
        for ((name, feed), set) in std::mem::take(&mut self.sets) {
            if set.rows == 0 {
                continue;
            }
            let receipt = self.receipt(&name);
            receipt.accepted -= set.rows;
            receipt.quarantined += set.rows;
            (receipt.seq_from, receipt.seq_to) = (0, 0);
            let message =
                format!("the set of {name} from {feed} was not completed; the one before stays in force");
            self.problem(Problem::warning("set_not_published", message));
        }
    }

    pub(super) fn add_problems(&mut self, seq: i64, draft: &mut Draft) -> Result<()> {
        let source = self.source.unwrap_or(seq);
        let mut problems = std::mem::take(&mut self.pending_problems);
        if self.problem_count > KEPT_PROBLEMS as u64 {
            let message = format!(
                "{} more problems were counted, not kept",
                self.problem_count - KEPT_PROBLEMS as u64
            );
            problems.push((
                self.message.feed.clone(),
                Problem::warning("more_problems", message),
            ));
        }
        if problems.is_empty() {
            return Ok(());
        }
        let dataset = self.lake.dataset(system::QUARANTINE)?;
        let text = |f: &dyn Fn(&Problem) -> Option<String>| -> ArrayRef {
            Arc::new(problems.iter().map(|(_, p)| f(p)).collect::<StringArray>())
        };
        let number = |f: &dyn Fn(&Problem) -> Option<u64>| -> ArrayRef {
            Arc::new(
                problems
                    .iter()
                    .map(|(_, p)| f(p).map(|n| n as i64))
                    .collect::<Int64Array>(),
            )
        };
        let severity = |p: &Problem| {
            Some(
                if p.severity == Severity::Warning {
                    "warning"
                } else {
                    "rejected"
                }
                .to_owned(),
            )
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(
                (0..problems.len()).map(|i| format!("{source}-{i}")),
            )),
            Arc::new(StringArray::from_iter_values(
                problems.iter().map(|(f, _)| f.as_str()),
            )),
            text(&|p| p.dataset.as_ref().map(ToString::to_string)),
            text(&severity),
            text(&|p| Some(p.code.clone())),
            text(&|p| Some(p.message.clone())),
            text(&|p| p.position.file.clone()),
            number(&|p| p.position.line),
            number(&|p| p.position.record),
            text(&|p| p.position.field.clone()),
            number(&|p| Some(p.rows)),
            text(&|p| p.raw.clone()),
        ];
        draft.push(
            &dataset,
            RecordBatch::try_new(Arc::clone(&dataset.data), columns)?,
        );
        Ok(())
    }

    pub(super) fn add_message(&mut self, seq: i64, draft: &mut Draft, kept: Option<&str>) -> Result<Outcome> {
        let id = self.source.unwrap_or(seq);
        let mut total = Receipt::default();
        for receipt in &self.receipts {
            total.received += receipt.received;
            total.accepted += receipt.accepted;
            total.duplicate += receipt.duplicate;
            total.quarantined += receipt.quarantined;
            total.superseded += receipt.superseded;
            if receipt.seq_from > 0 {
                let first = if total.seq_from == 0 {
                    receipt.seq_from
                } else {
                    total.seq_from.min(receipt.seq_from)
                };
                (total.seq_from, total.seq_to) = (first, total.seq_to.max(receipt.seq_to));
            }
        }
        if let [only] = self.receipts.as_slice() {
            total.dataset.clone_from(&only.dataset);
        }
        let outcome = Outcome {
            message: id,
            digest: self.message.digest.clone(),
            repeated: false,
            total,
            datasets: self.receipts.clone(),
            problems: std::mem::take(&mut self.problems),
            warnings: self.warnings,
        };
        let stored = serde_json::to_string(&outcome).map_err(|e| LakeError::Refused(e.to_string()))?;
        let dataset = self.lake.dataset(system::MESSAGES)?;
        let text = |value: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
        let number = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
        let m = &self.message;
        let t = &outcome.total;
        let columns: Vec<ArrayRef> = vec![
            number(id),
            text(Some(m.feed.as_str())),
            text(Some(&m.kind)),
            text(Some(&m.name)),
            text(Some(&m.digest)),
            text(Some(&self.identity.text())),
            text(m.idempotency_key.as_deref()),
            number(t.received as i64),
            number(t.accepted as i64),
            number(t.duplicate as i64),
            number(t.quarantined as i64),
            number(self.warnings as i64),
            number(t.seq_from),
            number(t.seq_to),
            text(Some(&stored)),
            text(kept),
            text(Some(if m.op == Op::Retract { "retract" } else { "upsert" })),
            text(Some(&m.context)),
        ];
        draft.push(
            &dataset,
            RecordBatch::try_new(Arc::clone(&dataset.data), columns)?,
        );
        Ok(outcome)
    }
}
