//! What devices are: the entities of SensorThings but observations, which are rows of the lake.
//!
//! What belongs here: keeping them, with their ids for ever used up. What does not: what an entity may hold and what goes
//! with it when it is deleted; the caller works that out and gives the whole change.

use serde_json::{Map, Value};
use sqlx::{Row, SqliteConnection};

use crate::error::RegistryError;
use crate::open::Registry;

/// One entity.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorEntity {
    /// Its kind, such as `datastream`.
    pub entity: String,
    /// Its id, by kind.
    pub id: i64,
    /// Its own properties.
    pub body: Map<String, Value>,
    /// Relation → ids.
    pub links: Map<String, Value>,
}

/// A part of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum SensorChange {
    /// The entity is new or other than before.
    Put(SensorEntity),
    /// The entity of this kind and id goes.
    Remove(String, i64),
}

async fn apply(
    connection: &mut SqliteConnection,
    change: &SensorChange,
    now: i64,
) -> Result<(), RegistryError> {
    match change {
        SensorChange::Put(entity) => {
            sqlx::query(
                "INSERT INTO sensor_entities (entity, entity_id, body, links, valid_from) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (entity, entity_id) DO UPDATE
                 SET body = excluded.body, links = excluded.links, valid_from = max(excluded.valid_from, valid_from + 1)",
            )
            .bind(&entity.entity)
            .bind(entity.id)
            .bind(text(&entity.body))
            .bind(text(&entity.links))
            .bind(now)
            .execute(connection)
            .await?;
        }
        SensorChange::Remove(entity, id) => {
            sqlx::query("DELETE FROM sensor_entities WHERE entity = ?1 AND entity_id = ?2")
                .bind(entity)
                .bind(id)
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

fn text(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

fn object(text: &str) -> Result<Map<String, Value>, RegistryError> {
    serde_json::from_str(text).map_err(|error| RegistryError::Row {
        table: "sensor_entities",
        problem: error.to_string(),
    })
}

impl Registry {
    /// Carries out all parts of a change, or none.
    ///
    /// # Errors
    /// A kind that is not known, or the disk fails.
    pub async fn change_sensor_entities(
        &self,
        changes: &[SensorChange],
        now: i64,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let mut outcome = Ok(());
        for part in changes {
            outcome = apply(change.connection(), part, now).await;
            if outcome.is_err() {
                break;
            }
        }
        self.end(change, outcome).await
    }

    /// All entities, in the order of kind and id.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn sensor_entities(&self) -> Result<Vec<SensorEntity>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT entity, entity_id, body, links FROM sensor_entities ORDER BY entity, entity_id",
        )
        .fetch_all(link.connection()?)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(SensorEntity {
                entity: row.try_get("entity")?,
                id: row.try_get("entity_id")?,
                body: object(row.try_get("body")?)?,
                links: object(row.try_get("links")?)?,
            });
        }
        Ok(found)
    }

    /// The last id that was ever given, by kind.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn sensor_last_ids(&self) -> Result<Vec<(String, i64)>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query("SELECT entity, last_id FROM sensor_last_ids ORDER BY entity")
            .fetch_all(link.connection()?)
            .await?;
        let each = rows
            .iter()
            .map(|row| Ok((row.try_get("entity")?, row.try_get("last_id")?)));
        each.collect()
    }
}
