//! A long CSV on several threads: blocks of whole lines, parsed side by side, handed over in order.
//!
//! A line ends where a line feed is only as long as no quote was met. From the first block with a quote on, the rest
//! is read by one thread, so that the outcome is the same as if one thread had read it all.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use arrow::record_batch::RecordBatch;
use qala_core::{DatasetName, FeedId, Problem};

use super::csv::{Lines, newlines, records};
use super::row::Rows;
use crate::{Sink, Stopped};

/// Size of a block.
#[cfg(not(test))]
fn block() -> usize {
    1 << 19
}

#[cfg(test)]
thread_local! {
    /// Tests make blocks small, so that small files have many.
    pub(super) static BLOCK: std::cell::Cell<usize> = const { std::cell::Cell::new(1 << 19) };
}

#[cfg(test)]
fn block() -> usize {
    BLOCK.get()
}

/// More threads than this do not pay: the rows have a single way on.
const MOST_THREADS: usize = 4;

/// Some whole lines, and the beginning of the next one.
pub(super) struct Block {
    pub(super) lines: Vec<u8>,
    pub(super) rest: Vec<u8>,
    /// True without quotes, and with an end of a line in it.
    pub(super) is_plain: bool,
    /// True when nothing follows.
    pub(super) is_last: bool,
    /// Why nothing follows, when the source broke.
    fault: Option<io::Error>,
}

impl Block {
    /// The block, what is left of the one read ahead, and all that follows in `text`, as one source.
    pub(super) fn and_all<'a>(&'a mut self, skip: usize, text: impl Read + 'a) -> impl Read + 'a {
        let fault = Broken(self.fault.take());
        self.lines[skip..]
            .chain(self.rest.as_slice())
            .chain(fault)
            .chain(text)
    }
}

/// A source that has nothing but the error that another one had.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads the next block; `rest` is what the one before left.
pub(super) fn next_block(text: &mut impl Read, rest: Vec<u8>) -> Block {
    let mut lines = rest;
    let size = block();
    lines.reserve(size);
    let read = text.by_ref().take(size as u64).read_to_end(&mut lines);
    let is_last = !matches!(read, Ok(count) if count == size);
    let end = lines
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let is_plain = read.is_ok() && (end > 0 || is_last) && !lines.contains(&b'"');
    let rest = if is_last { Vec::new() } else { lines.split_off(end) };
    Block {
        lines,
        rest,
        is_plain,
        is_last,
        fault: read.err(),
    }
}

enum Event {
    Rows(DatasetName, RecordBatch),
    Problem(Problem),
}

/// What one block gave.
#[derive(Default)]
struct Gathered(Vec<Event>);

impl Sink for Gathered {
    fn rows(&mut self, dataset: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        self.0.push(Event::Rows(dataset.clone(), batch));
        Ok(())
    }
    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        self.0.push(Event::Problem(problem));
        Ok(())
    }
    fn feed(&mut self, _: &FeedId) -> Result<(), Stopped> {
        Ok(())
    }
    fn publish(&mut self, _: &[DatasetName]) -> Result<(), Stopped> {
        Ok(())
    }
}

/// Lines with the number of those before them.
struct Task {
    text: Vec<u8>,
    skip: usize,
    before: u64,
}

struct Worker {
    tasks: SyncSender<Task>,
    done: Receiver<Gathered>,
}

/// Parses `head` from byte `skip` on and all that follows in `text`; `before` lines of the file are read already.
#[expect(clippy::too_many_arguments, reason = "the state of a half-read file")]
pub(super) fn parse(
    head: Block,
    skip: usize,
    before: u64,
    text: &mut impl Read,
    delimiter: u8,
    new_rows: impl Fn() -> Rows + Sync,
    columns: usize,
    file: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MOST_THREADS);
    let work = |tasks: &Receiver<Task>, done: &SyncSender<Gathered>| {
        while let Ok(task) = tasks.recv() {
            let mut gathered = Gathered::default();
            let mut lines = Lines::new(&task.text[task.skip..], delimiter).after(task.before);
            // It takes everything.
            drop(records(
                &mut lines,
                new_rows(),
                columns,
                false,
                file,
                &mut gathered,
            ));
            if done.send(gathered).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<Worker> = (0..threads)
            .map(|_| {
                let (tasks, todo) = sync_channel::<Task>(1);
                let (finished, done) = sync_channel(1);
                let work = &work;
                scope.spawn(move || work(&todo, &finished));
                Worker { tasks, done }
            })
            .collect();
        let (mut block, mut skip, mut before) = (head, skip, before);
        // The reader stands between the CR and the LF of the header's end.
        if skip > 0 && block.lines[skip - 1..].starts_with(b"\r\n") {
            (skip, before) = (skip + 1, before + 1);
        }
        let (mut sent, mut taken) = (0, 0);
        let take = |taken: &mut usize, sink: &mut dyn Sink| -> Result<(), Stopped> {
            let gathered = workers[*taken % threads].done.recv();
            *taken += 1;
            let gathered = gathered.map_err(|_| Stopped("a thread of the parser failed".into()))?;
            hand_over(gathered, sink)
        };
        loop {
            if !block.is_plain {
                while taken < sent {
                    take(&mut taken, sink)?;
                }
                let mut lines = Lines::new(block.and_all(skip, text), delimiter).after(before);
                return records(&mut lines, new_rows(), columns, false, file, sink);
            }
            let count = newlines(&block.lines[skip..]) as u64;
            let (rest, is_last) = (block.rest, block.is_last);
            if sent - taken == 2 * threads {
                take(&mut taken, sink)?;
            }
            let task = Task {
                text: block.lines,
                skip,
                before,
            };
            workers[sent % threads]
                .tasks
                .send(task)
                .map_err(|_| Stopped("a thread of the parser failed".into()))?;
            sent += 1;
            before += count;
            skip = 0;
            if is_last {
                break;
            }
            block = next_block(text, rest);
        }
        while taken < sent {
            take(&mut taken, sink)?;
        }
        Ok(())
    })
}

fn hand_over(gathered: Gathered, sink: &mut dyn Sink) -> Result<(), Stopped> {
    for event in gathered.0 {
        match event {
            Event::Rows(dataset, batch) => sink.rows(&dataset, batch)?,
            Event::Problem(problem) => sink.problem(problem)?,
        }
    }
    Ok(())
}
