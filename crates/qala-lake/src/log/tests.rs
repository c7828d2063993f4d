use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use qala_disk::RealDisk;

use super::*;

fn record(seq: i64, rows: i64) -> Record {
    let t = (0..rows).map(|i| (seq + i) * 1_000_000);
    let columns: [(&str, ArrayRef); 3] = [
        (
            "id",
            Arc::new(StringArray::from_iter_values(
                (0..rows).map(|i| format!("d-{:04}", i % 2000)),
            )),
        ),
        (
            "t",
            Arc::new(TimestampMicrosecondArray::from_iter_values(t).with_timezone("UTC")),
        ),
        (
            "value",
            Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64))),
        ),
    ];
    Record {
        seq,
        received_at: 1,
        source: seq,
        sections: vec![Section {
            dataset: "readings".into(),
            version: 1,
            batch: RecordBatch::try_from_iter(columns).unwrap(),
        }],
    }
}

/// The log stage alone: rows encoded, written, fsynced in records of the size that a long message makes.
#[test]
#[ignore = "a measurement: cargo xtask bench"]
fn log_speed() {
    for total in [100_000_i64, 1_000_000, 10_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(RealDisk::new(folder.path()).unwrap());
        let mut log = Log::open(disk, "log/p0", |_| Ok(())).unwrap();
        let (mut took, mut bytes) = (0.0, 0);
        while log.next_seq() <= total {
            let next = record(log.next_seq(), (total + 1 - log.next_seq()).min(65_536));
            let start = Instant::now();
            log.append(std::slice::from_ref(&next)).unwrap();
            took += start.elapsed().as_secs_f64();
            bytes += next.sections[0].batch.get_array_memory_size();
        }
        println!(
            "proof: the log alone, {total} rows: {:.0} rows/s, {:.0} MB/s, each 65,536 rows fsynced",
            total as f64 / took,
            bytes as f64 / took / 1e6
        );
    }
}
