//! A dataset that is declared while the lake is open: what it holds is there now, after a restart, and after a restart before
//! its first commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use qala_core::spec::DatasetSpec;
use qala_disk::{Disk, SimDisk};
use qala_lake::{LakeError, Op};

use crate::support::{Bench, HOUR, Row, START, TestClock, spec, specs};

fn row(id: &str, t: i64, value: f64) -> Row {
    (id.to_owned(), START + t * HOUR, value)
}

fn named(name: &str) -> DatasetSpec {
    specs().into_iter().find(|s| s.name.as_str() == name).unwrap()
}

#[tokio::test]
async fn a_dataset_is_declared_filled_and_there_again() {
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(7));
    let clock = Arc::new(TestClock::default());
    clock.0.store(START + 100 * HOUR, Ordering::Relaxed);
    let known: Vec<DatasetSpec> = vec![named("test_things")];
    let bench = Bench::open_with(Arc::clone(&disk), &clock, 1, &known)
        .await
        .unwrap();
    let first = [row("a", 0, 1.0), row("b", 1, 2.0)];
    assert!(
        bench
            .send("f", 1, Op::Upsert, &[("test_events", &first)])
            .await
            .is_err()
    );
    for name in ["test_events", "test_sets"] {
        bench.lake.declare(&named(name)).await.unwrap();
    }
    let names: Vec<&str> = bench.lake.specs().iter().map(|s| s.name.as_str()).collect();
    assert!(
        names.contains(&"test_events") && names.contains(&"test_sets"),
        "{names:?}"
    );

    // It takes rows as any other: repeats are told, corrections supersede, sets replace sets.
    bench
        .send("f", 2, Op::Upsert, &[("test_events", &first)])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    let again = [row("a", 0, 1.0), row("b", 1, 5.0)];
    let outcome = bench
        .send("f", 3, Op::Upsert, &[("test_events", &again)])
        .await
        .unwrap();
    assert_eq!(
        (
            outcome.total.accepted,
            outcome.total.duplicate,
            outcome.total.superseded
        ),
        (1, 1, 1)
    );
    let set = |value| [("s".to_owned(), 0, value)];
    for (number, value) in [(4, 1.0), (5, 2.0)] {
        bench
            .send("f", number, Op::Upsert, &[("test_sets", &set(value))])
            .await
            .unwrap();
    }
    let expected = [row("a", 0, 1.0), row("b", 1, 5.0)];
    assert_eq!(bench.read("test_events", None).await, expected);
    assert_eq!(bench.read("test_sets", None).await, set(2.0));

    // The last messages are only in the log; at the next start all is there.
    drop(bench);
    let bench = Bench::open(Arc::clone(&disk), &clock, 1).await.unwrap();
    assert_eq!(bench.read("test_events", None).await, expected);
    assert_eq!(bench.read("test_sets", None).await, set(2.0));
}

#[tokio::test]
async fn what_cannot_be_declared_is_refused_and_harms_nothing() {
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(8));
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    let bench = Bench::open(Arc::clone(&disk), &clock, 1).await.unwrap();
    drop(bench);
    // The directory was once used with datasets that this program does not know.
    let known = [named("test_things")];
    let bench = Bench::open_with(Arc::clone(&disk), &clock, 1, &known)
        .await
        .unwrap();
    let other = spec(
        "name = \"test_sets\"\nkind = \"snapshot\"\nversion = 1\nkey = [\"other\"]\nsubject = \"test\"\nzone = \"city\"\nTITLE\n\
         [[columns]]\nname = \"other\"\ntype = \"text\"\nrequired = true\nTITLE\n",
    );
    for (spec, words) in [
        (named("test_things"), "there already"),
        // The directory knows it by other columns.
        (other, "was changed or removed"),
    ] {
        let error = bench.lake.declare(&spec).await.unwrap_err();
        assert!(matches!(error, LakeError::Spec { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            bench
                .lake
                .specs()
                .iter()
                .all(|s| s.name != spec.name || spec.name.as_str() == "test_things")
        );
    }
    // By the old columns it is taken.
    bench.lake.declare(&named("test_sets")).await.unwrap();
}
