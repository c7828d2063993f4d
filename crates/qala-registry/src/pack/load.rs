//! Bringing a pack into the registry, in one transaction.
//!
//! What people changed in the registry stays: a record of the pack is written only if the pack says something
//! else about it than it did the last time.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use super::Pack;
use crate::error::RegistryError;
use crate::function::FunctionOwner;
use crate::interval::{self, Cell, Interval, Put};
use crate::open::Registry;
use crate::user::hexadecimal;
use crate::{calendar, contact, department, function, government, place, programme, setting};

/// What loading a pack did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadReport {
    /// Records that are new or different now.
    pub changed: usize,
    /// Records that the registry knew already.
    pub unchanged: usize,
    /// Records of an earlier version of the pack that are not in this one. They stay; whether they were wrong or
    /// only left out is for a person to say.
    pub left_out: Vec<String>,
}

/// Loads a pack. Loading the same pack again changes nothing and writes no outbox row.
///
/// # Errors
/// A record contradicts what is in the registry, a function would be without an owner, or the disk fails. Then
/// nothing of the pack is loaded.
pub async fn load_pack(registry: &Registry, pack: &Pack, now: i64) -> Result<LoadReport, RegistryError> {
    let mut link = registry.lock().await?;
    let mut change = registry.begin(&mut link, now).await?;
    let outcome = load(change.connection(), pack, now).await;
    registry.end(change, outcome).await
}

/// The records of the last pack that were not met yet, and the count of what was done.
struct Loading {
    known: BTreeMap<String, String>,
    report: LoadReport,
}

impl Loading {
    /// True if the pack says something new about a record; notes that it was met.
    async fn is_news(
        &mut self,
        connection: &mut SqliteConnection,
        record: &impl Interval,
    ) -> Result<bool, RegistryError> {
        let name = name(record);
        let digest = digest(record);
        if self.known.remove(&name).is_some_and(|known| known == digest) {
            self.report.unchanged += 1;
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO pack_records (record, digest) VALUES (?1, ?2)
             ON CONFLICT (record) DO UPDATE SET digest = ?2",
        )
        .bind(name)
        .bind(digest)
        .execute(connection)
        .await?;
        Ok(true)
    }

    fn count(&mut self, put: Put) {
        match put {
            Put::Changed => self.report.changed += 1,
            Put::Unchanged => self.report.unchanged += 1,
        }
    }
}

fn name(record: &impl Interval) -> String {
    format!("{} from {}", record.shown(), record.valid_from())
}

fn digest(record: &impl Interval) -> String {
    // The cells in their order, each with its length, so that no two records look alike.
    let mut hasher = Sha256::new();
    for cell in interval::cells(record) {
        let text = match cell {
            Cell::Text(text) => format!("t{}:{text}", text.len()),
            Cell::Int(number) => format!("i{number};"),
            Cell::Null => "n".to_owned(),
        };
        hasher.update(text.as_bytes());
    }
    hexadecimal(&hasher.finalize())
}

/// In the order of starts, so that each interval ends the one before it.
fn in_order<I: Interval>(records: &[I]) -> Vec<&I> {
    let mut ordered: Vec<&I> = records.iter().collect();
    ordered.sort_by_key(|record| record.valid_from());
    ordered
}

async fn load(connection: &mut SqliteConnection, pack: &Pack, now: i64) -> Result<LoadReport, RegistryError> {
    let known: Vec<(String, String)> = sqlx::query_as("SELECT record, digest FROM pack_records")
        .fetch_all(&mut *connection)
        .await?;
    let mut loading = Loading {
        known: known.into_iter().collect(),
        report: LoadReport::default(),
    };
    for record in in_order(&pack.places) {
        if loading.is_news(connection, record).await? {
            loading.count(place::put(connection, record).await?);
        }
    }
    for record in in_order(&pack.departments) {
        if loading.is_news(connection, record).await? {
            loading.count(department::put(connection, record).await?);
        }
    }
    for record in in_order(&pack.functions) {
        if loading.is_news(connection, record).await? {
            loading.count(function::put(connection, record).await?);
        }
    }
    for record in in_order::<FunctionOwner>(&pack.owners) {
        if loading.is_news(connection, record).await? {
            let put = function::put_owner(
                connection,
                &record.function,
                &record.department,
                record.valid_from,
            )
            .await?;
            loading.count(put);
        }
    }
    for record in in_order(&pack.contacts) {
        if loading.is_news(connection, record).await? {
            loading.count(contact::put(connection, record).await?);
        }
    }
    for record in in_order(&pack.programmes.programmes) {
        if loading.is_news(connection, record).await? {
            loading.count(programme::put(connection, record).await?);
        }
    }
    for record in in_order(&pack.programmes.money) {
        if loading.is_news(connection, record).await? {
            loading.count(interval::put(connection, record).await?);
        }
    }
    for record in in_order(&pack.programmes.targets) {
        if loading.is_news(connection, record).await? {
            loading.count(interval::put(connection, record).await?);
        }
    }
    for record in in_order(&pack.programmes.measures) {
        if loading.is_news(connection, record).await? {
            loading.count(programme::put_measure(connection, record).await?);
        }
    }
    for record in in_order(&pack.calendar_days) {
        if loading.is_news(connection, record).await? {
            loading.count(calendar::put(connection, record).await?);
        }
    }
    for year in &pack.calendar_years {
        calendar::put_year(connection, year).await?;
    }
    let settings = [
        ("city.place", pack.city.as_str()),
        ("city.zone", &pack.zone),
        ("city.calendar", &pack.calendar),
    ];
    for (key, value) in settings {
        setting::put(connection, key, value, now).await?;
    }
    government::check(connection).await?;
    loading.report.left_out = loading.known.into_keys().collect();
    Ok(loading.report)
}
