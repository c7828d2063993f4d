//! Where superseded rows lie in data files, so that a scan steps over them instead of asking row by row.
//!
//! Places are looked up once for a day whose last correction is long ago, or that has been quiet between two questions; while
//! corrections come in, rows are asked one by one ([`crate::query::plan::VisibleExec`]).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::error::{DataFusionError, Result};
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parking_lot::Mutex;

use crate::files::DataFile;
use crate::read;
use crate::schema::SEQ;
use crate::view::{Dataset, TableView};

/// From this share of hidden rows on, stepping over them costs more than a filter: 1 in so many.
const DENSE: u64 = 32;
/// In files of fewer rows neither costs anything.
const FEW: u64 = 4_096;

/// A day whose last correction came so many rows ago is not waited for.
const LONG_AGO: i64 = 1 << 12;

/// Superseded rows of one file by place, ascending, each with the `_seq` that superseded it.
type Places = Arc<[(u32, i64)]>;

#[derive(Debug)]
struct Known {
    /// Superseded rows of the file's day when it was last looked at; those that came later may be missing from the places.
    entries: usize,
    places: Option<Places>,
}

impl Known {
    /// The places, when none is missing of so many superseded rows of the day. Rows are only ever added.
    fn covering(&self, entries: usize) -> Option<&Places> {
        self.places.as_ref().filter(|_| self.entries >= entries)
    }
}

/// Places of superseded rows in the files of one dataset.
#[derive(Debug, Default)]
pub(crate) struct Hidden(Mutex<HashMap<String, Known>>);

/// A file and which of its rows to read.
pub(crate) type Selected = (Arc<DataFile>, RowSelection);

impl Hidden {
    /// Tells of each file which rows a reader up to `as_of` sees, and gives the files back of which that is not known.
    /// Every row of the files must have a `_seq` up to `as_of`.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) async fn split(
        &self,
        view: &TableView,
        store: &Arc<dyn ObjectStore>,
        files: Vec<Arc<DataFile>>,
        as_of: i64,
    ) -> Result<(Vec<Selected>, Vec<Arc<DataFile>>)> {
        let dataset = &view.dataset;
        // With each file the superseded rows of its day: at least all that this reader may not see.
        let files: Vec<(Arc<DataFile>, usize)> = {
            let counted = |file: Arc<DataFile>| {
                let entries = dataset.superseded.count(file.day);
                (file, entries)
            };
            files.into_iter().map(counted).collect()
        };
        let quiet: Vec<Arc<DataFile>> = {
            let mut known = self.0.lock();
            if known.len() > 2 * view.files.len() + 64 {
                let there: HashSet<&str> = view.files.iter().map(|f| f.path.as_str()).collect();
                known.retain(|path, _| there.contains(path.as_str()));
            }
            let unread = |(file, entries): &&(Arc<DataFile>, usize)| {
                let seen = known.get(&file.path);
                match seen {
                    Some(seen) if seen.entries >= *entries => seen.places.is_none(),
                    _ => {
                        let nothing = Known {
                            entries: *entries,
                            places: None,
                        };
                        known.insert(file.path.clone(), nothing);
                        dataset.superseded.is_quiet(file.day, as_of, LONG_AGO)
                    }
                }
            };
            let quiet = files.iter().filter(unread);
            quiet.map(|(file, _)| Arc::clone(file)).collect()
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        stream::iter(quiet)
            .map(|file| self.look(view, store, file))
            .buffer_unordered(threads)
            .try_collect::<()>()
            .await?;
        let known = self.0.lock();
        let (mut selected, mut rest) = (Vec::new(), Vec::new());
        for (file, entries) in files {
            // Meanwhile another reader may have looked before the newest of these rows came.
            let places = known.get(&file.path).and_then(|k| k.covering(entries));
            match places.filter(|p| file.rows < FEW || p.len() as u64 * DENSE <= file.rows) {
                Some(places) => {
                    let rows = select(places, as_of, file.rows as usize);
                    selected.push((file, rows));
                }
                None => rest.push(file),
            }
        }
        Ok((selected, rest))
    }

    /// Finds the superseded rows of a file.
    async fn look(&self, view: &TableView, store: &Arc<dyn ObjectStore>, file: Arc<DataFile>) -> Result<()> {
        let (dataset, store) = (Arc::clone(&view.dataset), Arc::clone(store));
        let path = format!("{}/{}", view.dir, file.path);
        let entries = dataset.superseded.count(file.day);
        // A task of its own, so that files are looked through side by side.
        let looking = tokio::spawn(async move {
            let bytes = store.get(&Path::from(path.as_str())).await?.bytes().await?;
            find(&dataset, &path, bytes).map_err(|e| DataFusionError::External(Box::new(e)))
        });
        let places = looking
            .await
            .map_err(|e| DataFusionError::External(Box::new(e)))??;
        let mut known = self.0.lock();
        let newer = known.get(&file.path).and_then(|k| k.covering(entries + 1));
        if newer.is_none() {
            let places = Some(places);
            known.insert(file.path.clone(), Known { entries, places });
        }
        Ok(())
    }
}

fn find(dataset: &Dataset, path: &str, bytes: bytes::Bytes) -> crate::error::Result<Places> {
    let schema = read::project(&dataset.table, &[SEQ]);
    let (mut places, mut at) = (Vec::new(), 0);
    for batch in read::decode(path.to_owned(), bytes, &schema, read::BATCH)? {
        let batch = batch?;
        let seqs = batch.column(0).as_primitive::<Int64Type>();
        dataset
            .superseded
            .each(seqs, |row, by| places.push((at + row as u32, by)));
        at += batch.num_rows() as u32;
    }
    Ok(places.into())
}

/// All rows but those superseded up to `as_of`.
fn select(places: &[(u32, i64)], as_of: i64, rows: usize) -> RowSelection {
    let mut selectors = Vec::with_capacity(2 * places.len() + 1);
    let mut next = 0;
    for (place, _) in places.iter().filter(|(_, by)| *by <= as_of) {
        let place = *place as usize;
        if place > next {
            selectors.push(RowSelector::select(place - next));
        }
        selectors.push(RowSelector::skip(1));
        next = place + 1;
    }
    if rows > next {
        selectors.push(RowSelector::select(rows - next));
    }
    selectors.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_were_looked_up_before_the_last_correction_are_not_used() {
        let mut known = Known {
            entries: 5,
            places: None,
        };
        assert!(known.covering(5).is_none());
        known.places = Some([(0, 50)].into());
        assert!(known.covering(4).is_some() && known.covering(5).is_some());
        assert!(known.covering(6).is_none());
    }

    #[test]
    fn a_reader_steps_over_what_was_superseded_before_its_time() {
        let places = [(0, 50), (3, 90), (4, 50), (9, 50)];
        let selected = |as_of| -> Vec<usize> {
            let mut at = 0;
            let mut out = Vec::new();
            for s in select(&places, as_of, 10).iter() {
                if !s.skip {
                    out.extend(at..at + s.row_count);
                }
                at += s.row_count;
            }
            assert_eq!(at, 10);
            out
        };
        assert_eq!(selected(49), (0..10).collect::<Vec<_>>());
        assert_eq!(selected(50), [1, 2, 3, 5, 6, 7, 8]);
        assert_eq!(selected(90), [1, 2, 5, 6, 7, 8]);
    }
}
