//! Sets of a snapshot dataset that arrive as a table: published when they were read to their end.

use arrow::record_batch::RecordBatch;
use qala_core::spec::{DatasetSpec, Kind};
use qala_core::{DatasetName, FeedId, Problem};

use crate::fault::{Fault, whole};
use crate::selection::is_cut_short;
use crate::{Sink, Stopped};

/// Passes everything on and remembers which feeds are whole.
pub(crate) struct Sets<'s> {
    sink: &'s mut dyn Sink,
    feeds: Vec<Seen>,
}

struct Seen {
    feed: FeedId,
    rows: u64,
    is_broken: bool,
}

impl<'s> Sets<'s> {
    /// Begins with the payload's own feed.
    pub(crate) fn new(sink: &'s mut dyn Sink, feed: &FeedId) -> Self {
        Self {
            sink,
            feeds: vec![Seen {
                feed: feed.clone(),
                rows: 0,
                is_broken: false,
            }],
        }
    }

    fn current(&mut self) -> Option<&mut Seen> {
        self.feeds.last_mut()
    }

    /// Publishes what is whole; tells of what is not.
    pub(crate) fn publish(self, spec: &DatasetSpec) -> Result<(), Stopped> {
        if spec.kind != Kind::Snapshot {
            return Ok(());
        }
        for index in 0..self.feeds.len() {
            let feed = &self.feeds[index].feed;
            let is_first = self.feeds[..index].iter().all(|seen| seen.feed != *feed);
            let all = || self.feeds.iter().filter(|seen| seen.feed == *feed);
            let (rows, is_broken) = (
                all().map(|seen| seen.rows).sum::<u64>(),
                all().any(|seen| seen.is_broken),
            );
            if !is_first || (rows == 0 && !is_broken && self.feeds.len() > 1) {
                continue;
            }
            self.sink.feed(feed)?;
            if rows > 0 && !is_broken {
                self.sink.publish(std::slice::from_ref(&spec.name))?;
            } else {
                let message =
                    format!("the set of feed `{feed}` is not complete; the set before stays in force");
                self.sink
                    .problem(whole(Fault::new("set_not_published", message), None, 0))?;
            }
        }
        Ok(())
    }
}

impl Sink for Sets<'_> {
    fn rows(&mut self, dataset: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        let rows = batch.num_rows() as u64;
        if let Some(seen) = self.current() {
            seen.rows += rows;
        }
        self.sink.rows(dataset, batch)
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        if is_cut_short(&problem.code)
            && let Some(seen) = self.current()
        {
            seen.is_broken = true;
        }
        self.sink.problem(problem)
    }

    fn feed(&mut self, feed: &FeedId) -> Result<(), Stopped> {
        self.feeds.push(Seen {
            feed: feed.clone(),
            rows: 0,
            is_broken: false,
        });
        self.sink.feed(feed)
    }

    fn publish(&mut self, datasets: &[DatasetName]) -> Result<(), Stopped> {
        self.sink.publish(datasets)
    }
}
