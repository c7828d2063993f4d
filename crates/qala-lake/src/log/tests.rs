use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use qala_disk::{Crash, Fault, RealDisk, SimDisk};

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

/// Any operation of a write, of taking it back and of rolling over may fail: what was acknowledged is there after a
/// power cut, once, and the log goes on as soon as the disk does.
#[test]
fn failing_operations_cost_nothing_that_was_acknowledged() {
    const FAULTS: [Fault; 6] = [
        Fault::Create,
        Fault::Write,
        Fault::Truncate,
        Fault::Sync,
        Fault::Remove,
        Fault::SyncDir,
    ];
    for seed in 0..300_u64 {
        let disk = SimDisk::new(seed);
        let mut log = Log::open(Arc::new(disk.clone()), "log/p0", |_| Ok(())).unwrap();
        log.segment_bytes = 3_000;
        let mut dice = seed;
        let mut dice = |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % below
        };
        let mut acknowledged = Vec::new();
        for _ in 0..30 {
            let some = dice(64);
            let failing: Vec<Fault> = FAULTS
                .into_iter()
                .enumerate()
                .filter(|(i, _)| dice(3) == 0 && (some >> i) & 1 == 1)
                .map(|(_, fault)| fault)
                .collect();
            disk.fail(&failing);
            let next = record(log.next_seq(), 1 + dice(40) as i64);
            let appended = log.append(std::slice::from_ref(&next));
            disk.fail(&[]);
            match appended {
                Ok(()) => acknowledged.push((next.seq, next.count())),
                Err(error) => assert!(!failing.is_empty(), "seed {seed}: {error}"),
            }
            if dice(4) == 0 {
                let next = record(log.next_seq(), 5);
                log.append(std::slice::from_ref(&next))
                    .unwrap_or_else(|e| panic!("seed {seed}: the disk is well again: {e}"));
                acknowledged.push((next.seq, next.count()));
            }
        }
        let next = record(log.next_seq(), 1);
        log.append(std::slice::from_ref(&next)).unwrap();
        acknowledged.push((next.seq, 1));
        drop(log);
        let disk = disk.restart(if seed % 2 == 0 {
            Crash::DropAll
        } else {
            Crash::Random
        });
        let mut found = Vec::new();
        let replay = |record: Record| {
            found.push((record.seq, record.count()));
            Ok(())
        };
        Log::open(Arc::new(disk), "log/p0", replay).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert_eq!(found, acknowledged, "seed {seed}");
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
