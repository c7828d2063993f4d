use std::sync::Arc;

use qala_disk::{Crash, Disk, RealDisk, SimDisk};

use super::{SECOND, empty, place};
use crate::{OutboxPosition, Registry, RegistryError};

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_power_loss() {
    let disk = SimDisk::new(1);
    let registry = Registry::open_on(Arc::new(disk.clone()), "a/b/registry.db")
        .await
        .unwrap();
    registry
        .put_place(&place("north", 1, None), SECOND)
        .await
        .unwrap();
    disk.crash_after(0);
    let refused = registry
        .put_place(&place("south", 1, None), SECOND)
        .await
        .unwrap_err();
    assert!(matches!(refused, RegistryError::Database(_)), "{refused}");
    // Nobody knows what the disk holds now, so nothing is taken until it is reopened.
    assert!(matches!(registry.places().await, Err(RegistryError::Broken)));
    drop(registry);
    let disk = disk.restart(Crash::DropAll);
    let registry = Registry::open_on(Arc::new(disk), "a/b/registry.db")
        .await
        .unwrap();
    assert_eq!(registry.places().await.unwrap().len(), 1);
    assert_eq!(registry.pending(0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_the_change_and_nothing_else() {
    let disk = SimDisk::new(1);
    let registry = Registry::open_on(Arc::new(disk.clone()), "r.db").await.unwrap();
    registry
        .put_place(&place("north", 1, None), SECOND)
        .await
        .unwrap();
    disk.set_capacity(1);
    let mut large = place("south", 1, None);
    large.geometry = Some("x".repeat(1 << 20));
    assert!(registry.put_place(&large, SECOND).await.is_err());
    assert_eq!(registry.places().await.unwrap().len(), 1);
    disk.set_capacity(1 << 30);
    registry.put_place(&large, SECOND).await.unwrap();
    assert_eq!(registry.places().await.unwrap().len(), 2);
    assert_eq!(registry.position().await.unwrap().last, 2);
}

#[tokio::test]
async fn a_second_opening_is_refused() {
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(1));
    let first = Registry::open_on(Arc::clone(&disk), "r.db").await.unwrap();
    let refused = Registry::open_on(Arc::clone(&disk), "r.db").await.unwrap_err();
    assert!(matches!(refused, RegistryError::InUse(_)), "{refused}");
    // Another file on the same disk is another registry. A drop gives the file back at once.
    Registry::open_on(Arc::clone(&disk), "other.db").await.unwrap();
    drop(first);
    Registry::open_on(disk, "r.db").await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/registry.db");
    let first = Registry::open(&path).await.unwrap();
    let refused = Registry::open(&path).await.unwrap_err();
    assert!(matches!(refused, RegistryError::InUse(_)), "{refused}");
    first.close().await.unwrap();
    Registry::open(&path).await.unwrap();
}

#[tokio::test]
async fn both_ways_to_open_write_the_same_format() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path().join("r.db")).await.unwrap();
    registry
        .put_place(&place("north", 1, None), SECOND)
        .await
        .unwrap();
    registry.close().await.unwrap();
    let disk = Arc::new(RealDisk::new(folder.path()).unwrap());
    let registry = Registry::open_on(disk, "r.db").await.unwrap();
    registry
        .put_place(&place("south", 1, None), SECOND)
        .await
        .unwrap();
    registry.close().await.unwrap();
    let registry = Registry::open(folder.path().join("r.db")).await.unwrap();
    assert_eq!(registry.places().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_backup_is_whole_durable_and_knows_its_position() {
    let disk = SimDisk::new(1);
    let registry = Registry::open_on(Arc::new(disk.clone()), "r.db").await.unwrap();
    for from in 1..=3 {
        registry
            .put_place(&place("north", from, None), SECOND)
            .await
            .unwrap();
    }
    registry.acknowledge(2, SECOND).await.unwrap();
    let backup = registry.backup_to("copy.db").await.unwrap();
    assert_eq!(
        backup.position,
        OutboxPosition {
            acknowledged: 2,
            last: 5
        }
    );
    registry
        .put_place(&place("later", 1, None), SECOND)
        .await
        .unwrap();
    assert!(
        registry.backup_to("copy.db").await.is_err(),
        "a backup is never overwritten"
    );
    registry
        .put_place(&place("even later", 1, None), SECOND)
        .await
        .unwrap();
    let disk = disk.restart(Crash::DropAll);
    drop(registry);
    let copy = Registry::open_on(Arc::new(disk), "copy.db").await.unwrap();
    assert_eq!(copy.position().await.unwrap(), backup.position);
    assert_eq!(copy.places().await.unwrap().len(), 3);
    copy.put_place(&place("north", 4, None), SECOND).await.unwrap();
    assert_eq!(copy.position().await.unwrap().last, 7);
}

#[tokio::test]
async fn a_backup_of_a_file_of_the_machine_opens() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path().join("r.db")).await.unwrap();
    registry
        .put_place(&place("north", 1, None), SECOND)
        .await
        .unwrap();
    let copy = folder.path().join("copy.db");
    registry.backup_to(copy.to_str().unwrap()).await.unwrap();
    let copy = Registry::open(copy).await.unwrap();
    assert_eq!(copy.places().await.unwrap(), registry.places().await.unwrap());
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_leaves_no_open_transaction() {
    let registry = Arc::new(empty().await);
    for step in 0..200_i64 {
        let change = {
            let registry = Arc::clone(&registry);
            tokio::spawn(async move {
                registry
                    .put_place(&place("north", step + 1, None), SECOND)
                    .await
                    .map(drop)
            })
        };
        for _ in 0..step % 23 {
            tokio::task::yield_now().await;
        }
        change.abort();
        change.await.ok();
        // Whether it was done or not, the next change works and the outbox tells the same story as the table.
        registry
            .put_place(&place("south", 1, None), SECOND)
            .await
            .unwrap();
    }
    let told = registry.pending(0, 10_000).await.unwrap();
    let started = told
        .iter()
        .filter(|row| row.payload["place_id"] == "north" && row.payload["valid_to"].is_null());
    let north = registry
        .places()
        .await
        .unwrap()
        .iter()
        .filter(|place| place.id.as_str() == "north")
        .count();
    assert_eq!(started.count(), north);
}

/// Servers run each call on whatever thread is free.
#[tokio::test]
async fn every_call_can_change_its_thread() {
    fn can<T: Send>(_: T) {}
    let registry = empty().await;
    let id = super::department_id("d");
    let function = super::function_id("f");
    can(Registry::open("x"));
    can(registry.put_department(&super::department("d", 0, None), 0));
    can(registry.abolish_department(&id, 0, 0));
    can(registry.create_function(&super::function("f", 0, None), &id, 0));
    can(registry.abolish_function(&function, 0, 0));
    can(registry.set_owner(&function, &id, 0, 0));
    can(registry.owner_at(&function, 0));
    can(registry.calendar("cal", None));
    can(registry.pending(0, 1));
    can(registry.acknowledge(0, 0));
    can(registry.backup_to("copy.db"));
    let city = "id = \"town\"\nname = { kk = \"a\", ru = \"b\", en = \"c\" }\nzone = \"UTC\"\ncalendar = \"cal\"\nstart = \"2018-01-01\"\n";
    let pack = crate::Pack::from_toml([("city.toml", city)]).unwrap();
    can(crate::load_pack(&registry, &pack, 0));
    can(registry.close());
}

#[tokio::test]
async fn a_file_of_the_machine_has_no_shared_memory_and_closes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path().join("r.db")).await.unwrap();
    registry
        .put_place(&place("north", 1, None), SECOND)
        .await
        .unwrap();
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["r.db", "r.db-wal"]);
    registry.close().await.unwrap();
    assert_eq!(names(), ["r.db"]);
}
