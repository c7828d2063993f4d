//! Small files in memory, column by column. A dataset of few rows a day has a file for each of its days, and to open one costs many
//! times what its rows cost: a question about three years of them would open a thousand.
//!
//! What belongs here: rows as they lie in files. Which of them somebody sees is told by [`crate::query::plan::Visible`].

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use futures::stream::{self, StreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parking_lot::Mutex;

use crate::files::DataFile;
use crate::read;

/// Rows times columns that one table of a question reads from small files at most: beyond that they are scanned as all others are,
/// a piece at a time.
const CELLS: u64 = 1 << 20;
/// So many small files at most.
const FILES: usize = 4_096;
/// Bytes of what one table of a question reads from small files at most: texts may be long.
const READ: usize = 32 << 20;
/// Bytes of all columns that are kept.
const KEPT: usize = 48 << 20;
/// Rows of a batch.
const BATCH: usize = 16_384;

/// The columns of a file that were asked for.
#[derive(Debug, Default)]
struct Columns {
    by_name: HashMap<String, ArrayRef>,
    bytes: usize,
    /// When they were last used.
    turn: u64,
}

impl Columns {
    /// Those of a schema, when all are there.
    fn of(&self, schema: &SchemaRef) -> Option<Vec<ArrayRef>> {
        let fields = schema.fields().iter();
        fields
            .map(|field| {
                let column = self.by_name.get(field.name())?;
                (column.data_type() == field.data_type()).then(|| Arc::clone(column))
            })
            .collect()
    }
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<String, Columns>,
    bytes: usize,
    turn: u64,
}

impl Kept {
    fn put(&mut self, path: String, batch: &RecordBatch) {
        let turn = self.turn;
        let file = self.files.entry(path).or_default();
        file.turn = turn;
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let bytes = column.get_array_memory_size() + field.name().len();
            if let Some(before) = file.by_name.insert(field.name().clone(), Arc::clone(column)) {
                let before = before.get_array_memory_size() + field.name().len();
                (file.bytes, self.bytes) = (file.bytes - before, self.bytes - before);
            }
            (file.bytes, self.bytes) = (file.bytes + bytes, self.bytes + bytes);
        }
        if self.bytes > KEPT {
            self.forget();
        }
    }

    /// Drops what was not used for longest, down to half of what may be kept.
    fn forget(&mut self) {
        let mut oldest: Vec<(u64, String)> = self
            .files
            .iter()
            .map(|(path, f)| (f.turn, path.clone()))
            .collect();
        oldest.sort_unstable();
        for (_, path) in oldest {
            if self.bytes <= KEPT / 2 {
                break;
            }
            self.bytes -= self.files.remove(&path).map_or(0, |file| file.bytes);
        }
    }
}

/// Columns of small files that were asked for lately.
#[derive(Debug)]
pub(crate) struct SmallFiles {
    kept: Mutex<Kept>,
    /// Bytes of a small file at most.
    most: u64,
}

impl SmallFiles {
    /// None yet; a small file has at most so many bytes.
    pub(crate) fn of(most: u64) -> Self {
        Self {
            kept: Mutex::default(),
            most,
        }
    }

    /// Takes the small files out of some; none when they hold too much for a question that reads so many columns.
    pub(crate) fn take(&self, lists: [&mut Vec<Arc<DataFile>>; 2], columns: usize) -> Vec<Arc<DataFile>> {
        let is_small = |file: &Arc<DataFile>| file.bytes <= self.most;
        let small = lists.iter().flat_map(|list| list.iter().filter(|f| is_small(f)));
        let (files, rows) = small.fold((0, 0), |(files, rows), file| (files + 1, rows + file.rows));
        if files > FILES || rows * columns as u64 > CELLS {
            return Vec::new();
        }
        let mut taken = Vec::new();
        for list in lists {
            taken.extend(list.extract_if(.., |file| is_small(file)));
        }
        taken
    }

    /// The rows of small files of the folder `dir`, superseded ones too, with the columns of `schema`, which are in stored types;
    /// nothing when they take more than a question may read so.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) async fn rows(
        &self,
        store: &Arc<dyn ObjectStore>,
        dir: &str,
        files: &[Arc<DataFile>],
        schema: &SchemaRef,
    ) -> Result<Option<Vec<RecordBatch>>> {
        let path_of = |file: &Arc<DataFile>| format!("{dir}/{}", file.path);
        let mut found: Vec<Option<RecordBatch>> = {
            let mut kept = self.kept.lock();
            kept.turn += 1;
            let turn = kept.turn;
            let mut known = |file| {
                let columns = kept.files.get_mut(&path_of(file))?;
                columns.turn = turn;
                let columns = columns.of(schema)?;
                Some(RecordBatch::try_new(Arc::clone(schema), columns))
            };
            files
                .iter()
                .map(|file| known(file).transpose())
                .collect::<std::result::Result<_, _>>()?
        };
        let missing: Vec<usize> = (0..files.len()).filter(|at| found[*at].is_none()).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut reading = stream::iter(missing)
            .map(|at| {
                let (store, path, schema) = (Arc::clone(store), path_of(&files[at]), Arc::clone(schema));
                // A task of its own, so that files are read side by side.
                let task = tokio::spawn(read_whole(store, path, schema));
                async move { (at, task.await) }
            })
            .buffer_unordered(threads);
        let size = |batch: &RecordBatch| batch.get_array_memory_size();
        let mut bytes: usize = found.iter().flatten().map(size).sum();
        while let Some((at, batch)) = reading.next().await {
            let batch = batch.map_err(|e| DataFusionError::External(Box::new(e)))??;
            bytes += size(&batch);
            if bytes > READ {
                return Ok(None);
            }
            self.kept.lock().put(path_of(&files[at]), &batch);
            found[at] = Some(batch);
        }
        let batches: Vec<RecordBatch> = found.into_iter().flatten().collect();
        Ok(Some(together(schema, &batches)?))
    }
}

/// Many batches of few rows as few batches.
fn together(
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> std::result::Result<Vec<RecordBatch>, arrow::error::ArrowError> {
    let (mut out, mut from, mut rows) = (Vec::new(), 0, 0);
    for (at, batch) in batches.iter().enumerate() {
        rows += batch.num_rows();
        if rows >= BATCH || at + 1 == batches.len() {
            out.push(concat_batches(schema, &batches[from..=at])?);
            (from, rows) = (at + 1, 0);
        }
    }
    Ok(out)
}

async fn read_whole(store: Arc<dyn ObjectStore>, path: String, schema: SchemaRef) -> Result<RecordBatch> {
    let bytes = store.get(&Path::from(path.as_str())).await?.bytes().await?;
    let read = || {
        let batches =
            read::decode(path, bytes, &schema, read::BATCH)?.collect::<crate::error::Result<Vec<_>>>()?;
        Ok(concat_batches(&schema, &batches)?)
    };
    read().map_err(|e: crate::error::LakeError| DataFusionError::External(Box::new(e)))
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    const SMALL: u64 = 1 << 16;

    fn file(path: &str, rows: u64, bytes: u64) -> Arc<DataFile> {
        let mut file =
            DataFile::from_path(&format!("_day=2026-01-01/1-2-{rows}-0-0-{path}.parquet"), bytes).unwrap();
        file.rows = rows;
        Arc::new(file)
    }

    fn batch(rows: usize) -> RecordBatch {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, false)]));
        RecordBatch::try_new(
            schema,
            vec![Arc::new(Int64Array::from_iter_values(0..rows as i64))],
        )
        .unwrap()
    }

    #[test]
    fn small_files_are_taken_out_unless_they_hold_much() {
        let mut clean = vec![file("a", 10, 1_000), file("b", 10, SMALL + 1)];
        let mut mixed = vec![file("c", 10, SMALL)];
        let files = SmallFiles::of(SMALL);
        assert!(files.take([&mut clean, &mut mixed], CELLS as usize).is_empty());
        let small = files.take([&mut clean, &mut mixed], 3);
        assert_eq!((small.len(), clean.len(), mixed.len()), (2, 1, 0));
    }

    #[test]
    fn what_was_used_last_stays_and_no_more_than_may_be_kept() {
        let mut kept = Kept::default();
        let large = batch(1 << 18);
        let each = large.column(0).get_array_memory_size() + 1;
        let n = KEPT / each + 3;
        for at in 0..n {
            kept.turn += 1;
            kept.put(at.to_string(), &large);
            // The same again takes no room.
            kept.put(at.to_string(), &large);
            assert!(kept.bytes <= KEPT);
            assert_eq!(kept.bytes, kept.files.len() * each);
        }
        // Of one turn only as many go as must.
        assert!(kept.files.len() * each > KEPT / 4);
        assert!(kept.files.contains_key(&(n - 1).to_string()));
        assert!(!kept.files.contains_key("0"));
        let schema = large.schema();
        assert!(kept.files[&(n - 1).to_string()].of(&schema).is_some());
        let other = Arc::new(Schema::new(vec![Field::new("a", DataType::Float64, false)]));
        assert!(kept.files[&(n - 1).to_string()].of(&other).is_none());
    }

    #[test]
    fn few_batches_are_made_of_many() {
        let schema = batch(1).schema();
        let many: Vec<RecordBatch> = (0..100).map(|_| batch(400)).collect();
        let few = together(&schema, &many).unwrap();
        assert_eq!(few.iter().map(RecordBatch::num_rows).sum::<usize>(), 40_000);
        assert!(few.len() == 3 && few[0].num_rows() >= BATCH);
        assert!(together(&schema, &[]).unwrap().is_empty());
    }
}
