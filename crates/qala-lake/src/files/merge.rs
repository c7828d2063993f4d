//! Several sorted data files as one, with a batch of each in memory and never their rows: a day of any size is merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{DataType, Date32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use qala_disk::Disk;

use super::{DataFile, Encoder, ROW_GROUP};
use crate::error::{LakeError, Result};
use crate::read;
use crate::schema::SEQ;
use crate::store::DiskStore;

/// Rows that are read of each file at a time.
const BATCH: usize = 8_192;

/// The order of a row: its time, then its `_seq`. Rows without a time come first.
type Place = (Option<i64>, i64);

/// One of the files, with the batch that is at hand.
struct Part {
    rest: read::Batches,
    /// Where its batch stands among those that rows are taken from.
    batch: usize,
    row: usize,
    places: Vec<Place>,
}

fn places(batch: &RecordBatch, time: Option<&str>) -> Vec<Place> {
    let seqs = batch.column_by_name(SEQ).map(AsArray::as_primitive::<Int64Type>);
    let seq = |row: usize| seqs.map_or(0, |s| s.value(row));
    let column = time.and_then(|name| batch.column_by_name(name));
    let time = |row: usize| {
        let column = column.filter(|c| c.is_valid(row))?;
        match column.data_type() {
            DataType::Timestamp(..) => Some(column.as_primitive::<TimestampMicrosecondType>().value(row)),
            DataType::Date32 => Some(i64::from(column.as_primitive::<Date32Type>().value(row))),
            _ => None,
        }
    };
    (0..batch.num_rows()).map(|row| (time(row), seq(row))).collect()
}

/// Merges data files of one local day into a new one of the same folder, durable on return, not yet part of the table.
///
/// # Errors
/// IO; [`LakeError::Damaged`] when the files do not hold the rows that their names say.
pub(crate) fn merge(
    disk: &dyn Disk,
    store: &DiskStore,
    dir: &str,
    files: &[Arc<DataFile>],
    schema: &SchemaRef,
    time: Option<&str>,
    unique: &str,
) -> Result<DataFile> {
    let least = |value: fn(&DataFile) -> i64| files.iter().map(|f| value(f)).min().unwrap_or(0);
    let most = |value: fn(&DataFile) -> i64| files.iter().map(|f| value(f)).max().unwrap_or(0);
    let mut file = DataFile::new(
        files.first().map_or(0, |f| f.day),
        files.iter().map(|f| f.rows).sum(),
        (least(|f| f.min_seq), most(|f| f.max_seq)),
        (least(|f| f.min_time), most(|f| f.max_time)),
        unique,
    );
    let path = format!("{dir}/{}", file.path);
    let mut out = Encoder::begin(store, path, Arc::clone(schema), true)?;
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut parts: Vec<Part> = Vec::with_capacity(files.len());
    let mut heap = BinaryHeap::with_capacity(files.len());
    for (number, file) in files.iter().enumerate() {
        let mut part = Part {
            rest: read::file(disk, dir, file, schema, BATCH)?,
            batch: 0,
            row: 0,
            places: Vec::new(),
        };
        if part.next_batch(&mut batches, time)? {
            heap.push(Reverse((part.places[0], number)));
        }
        parts.push(part);
    }
    let mut picked: Vec<(usize, usize)> = Vec::with_capacity(ROW_GROUP);
    let mut rows = 0;
    while let Some(Reverse((_, number))) = heap.pop() {
        // Files mostly follow each other in time: rows are taken as long as no other file has an earlier one.
        loop {
            let part = &mut parts[number];
            picked.push((part.batch, part.row));
            part.row += 1;
            let there = part.row < part.places.len() || part.next_batch(&mut batches, time)?;
            if picked.len() == ROW_GROUP {
                rows += write(&mut out, &mut batches, &mut picked, &mut parts)?;
            }
            let part = &parts[number];
            if !there {
                break;
            }
            let place = part.places[part.row];
            if heap.peek().is_some_and(|Reverse(other)| *other < (place, number)) {
                heap.push(Reverse((place, number)));
                break;
            }
        }
    }
    if !picked.is_empty() {
        rows += write(&mut out, &mut batches, &mut picked, &mut parts)?;
    }
    if rows != file.rows {
        return Err(LakeError::Damaged {
            what: format!("table {dir}"),
            detail: format!("merging would make {} rows {rows}", file.rows),
        });
    }
    file.bytes = out.finish()?;
    Ok(file)
}

impl Part {
    /// Puts the next batch of the file behind `batches`; false at its end.
    fn next_batch(&mut self, batches: &mut Vec<RecordBatch>, time: Option<&str>) -> Result<bool> {
        for batch in self.rest.by_ref() {
            let batch = batch?;
            if batch.num_rows() > 0 {
                self.places = places(&batch, time);
                (self.batch, self.row) = (batches.len(), 0);
                batches.push(batch);
                return Ok(true);
            }
        }
        self.places.clear();
        Ok(false)
    }
}

/// Writes the picked rows as a row group, and lets go of the batches that are used up. Gives the number of rows.
fn write(
    out: &mut Encoder,
    batches: &mut Vec<RecordBatch>,
    picked: &mut Vec<(usize, usize)>,
    parts: &mut [Part],
) -> Result<u64> {
    let all: Vec<&RecordBatch> = batches.iter().collect();
    out.group(&interleave_record_batch(&all, picked)?)?;
    let rows = picked.len() as u64;
    picked.clear();
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts.iter_mut().filter(|p| p.row < p.places.len()) {
        kept.push(batches[part.batch].clone());
        part.batch = kept.len() - 1;
    }
    *batches = kept;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
    use arrow::compute::concat_batches;
    use qala_disk::SimDisk;

    use super::*;
    use crate::files;
    use crate::schema::instant;

    /// Rows `_seq` by `_seq`; of every eleventh the time is missing.
    fn rows(seqs: impl Iterator<Item = i64> + Clone, mut time: impl FnMut(i64) -> i64) -> RecordBatch {
        let times = seqs.clone().map(|s| (s % 11 != 0).then(|| time(s)));
        let columns: [(&str, ArrayRef); 3] = [
            (
                "t",
                Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
            ),
            (
                "id",
                Arc::new(
                    seqs.clone()
                        .map(|s| Some(format!("row {s}")))
                        .collect::<StringArray>(),
                ),
            ),
            (SEQ, Arc::new(seqs.collect::<Int64Array>())),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap();
        assert_eq!(batch.column(0).data_type(), &instant());
        batch
    }

    fn check(parts: &[RecordBatch]) {
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(1));
        let store = DiskStore::new(Arc::clone(&disk), "");
        let schema = parts[0].schema();
        let files: Vec<Arc<DataFile>> = parts
            .iter()
            .enumerate()
            .map(|(i, part)| {
                let name = format!("part{i}");
                Arc::new(files::write(&store, "table", part, (7, Some("t")), &name, None).unwrap())
            })
            .collect();
        let merged = merge(&*disk, &store, "table", &files, &schema, Some("t"), "merged").unwrap();
        assert_eq!(DataFile::from_path(&merged.path, merged.bytes).unwrap(), merged);
        let read = read::file(&*disk, "table", &merged, &schema, BATCH).unwrap();
        let read: Vec<RecordBatch> = read.map(Result::unwrap).collect();
        let all = files::sorted(&concat_batches(&schema, parts).unwrap(), Some("t")).unwrap();
        assert_eq!(concat_batches(&schema, &read).unwrap(), all);
    }

    #[test]
    fn merged_files_hold_the_same_rows_in_order() {
        // One after the other in time; the same times again; and times that go to and fro.
        check(&[rows(1..50, |s| s), rows(50..90, |s| s)]);
        check(&[
            rows(1..50, |s| s / 10),
            rows(50..90, |s| s % 50 / 10),
            rows(90..91, |_| 2),
        ]);
        check(&[
            rows(1..9_000, |s| s * 7 % 101),
            rows(9_000..20_000, |s| s * 13 % 97),
        ]);
        // More than a row group, in turns.
        let turns = |n: i64| rows((0..60_000).map(move |i| 3 * i + n), |s| s);
        check(&[turns(1), turns(2), turns(3)]);
    }

    #[test]
    fn a_file_with_other_rows_than_its_name_says_is_no_part_of_a_merge() {
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(1));
        let store = DiskStore::new(Arc::clone(&disk), "");
        let part = rows(1..9, |s| s);
        let mut file = files::write(&store, "table", &part, (7, Some("t")), "a", None).unwrap();
        file.rows += 1;
        let files = [Arc::new(file)];
        let error = merge(
            &*disk,
            &store,
            "table",
            &files,
            &part.schema(),
            Some("t"),
            "merged",
        )
        .unwrap_err();
        assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    }
}
