//! Who reads, and what of the lake it may see.
//!
//! What belongs here: the catalogue of a reader. What does not: how somebody proves who it is.

use std::collections::BTreeMap;

use qala_core::spec::{Column, DatasetSpec, Kind, Role, Sensitivity};
use qala_lake::{Principal, TableRights};
use qala_registry::User;

use crate::centre::Centre;

/// The lake's columns that come with every row.
pub(crate) const OWN_COLUMNS: [&str; 3] = ["_seq", "_received_at", "_source"];
/// What anybody may know of messages.
const OF_MESSAGES: [&str; 9] = [
    "id",
    "feed",
    "kind",
    "name",
    "received",
    "accepted",
    "duplicate",
    "quarantined",
    "_received_at",
];

/// Somebody who reads.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// The person; nobody in particular when absent.
    pub user: Option<User>,
}

impl Reader {
    /// The class of rights: caches are keyed by it.
    pub fn class(&self) -> &str {
        self.user
            .as_ref()
            .map_or("anybody", |user| user.rights_class.as_str())
    }

    /// Id, for the audit.
    pub fn id(&self) -> &str {
        self.user.as_ref().map_or("anybody", |user| user.id.as_str())
    }

    /// True when the column exists for it: signed-in people see every column, everybody else the public ones.
    pub fn sees(&self, column: &Column) -> bool {
        self.user.is_some() || column.sensitivity == Sensitivity::Public
    }

    /// True when it may see where single rows of a dataset lie.
    pub(crate) fn sees_places(&self, spec: &DatasetSpec) -> bool {
        let places = [Role::Lon, Role::Lat, Role::Geometry];
        spec.columns
            .iter()
            .filter(|column| column.role.is_some_and(|role| places.contains(&role)))
            .all(|column| self.sees(column))
    }

    /// What it may see of a dataset.
    pub(crate) fn rights(&self, spec: &DatasetSpec) -> TableRights {
        let visible = spec.columns.iter().filter(|column| self.sees(column));
        let feed = (spec.kind == Kind::Snapshot).then(|| "feed".to_owned());
        let own = OWN_COLUMNS.map(str::to_owned);
        TableRights {
            columns: Some(
                visible
                    .map(|column| column.name.clone())
                    .chain(feed)
                    .chain(own)
                    .collect(),
            ),
            rows: None,
        }
    }

    /// The catalogue of a page of rows: the dataset, whichever it is, and of messages what a page tells.
    pub(crate) fn of_page(&self, spec: &DatasetSpec) -> Principal {
        let messages = TableRights {
            columns: Some(
                ["id", "feed", "kind", "name", "_received_at"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            rows: None,
        };
        let mut tables = BTreeMap::from([("lake_messages".to_owned(), messages)]);
        tables
            .entry(spec.name.to_string())
            .or_insert_with(|| self.rights(spec));
        Principal::new(self.id(), self.class(), tables)
    }
}

impl Centre {
    /// The catalogue of a reader: every dataset with the columns it may see, and of messages what anybody may know.
    pub fn principal(&self, reader: &Reader) -> Principal {
        let mut tables: BTreeMap<String, TableRights> = self
            .lake
            .specs()
            .into_iter()
            .filter(|spec| !spec.name.as_str().starts_with("lake_"))
            .map(|spec| (spec.name.to_string(), reader.rights(spec)))
            .collect();
        let messages = TableRights {
            columns: Some(OF_MESSAGES.map(str::to_owned).to_vec()),
            rows: None,
        };
        tables.insert("lake_messages".into(), messages);
        Principal::new(reader.id(), reader.class(), tables)
    }
}
