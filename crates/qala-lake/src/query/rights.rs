//! What a principal may see. Tables and columns that are not granted do not exist for it.

use std::collections::BTreeMap;

/// Rights of a class of principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// Everything: the program itself and administrators on the command line.
    All,
    /// Only these tables.
    Tables(BTreeMap<String, TableRights>),
}

/// What may be seen of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableRights {
    /// Visible columns; `None` for all.
    pub columns: Option<Vec<String>>,
    /// A condition in SQL over the table's columns, visible or not; rows that do not meet it do not exist.
    pub rows: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Id, for the audit.
    pub id: String,
    /// The class of rights; caches are keyed by it.
    pub class: String,
    /// Its rights.
    pub rights: Rights,
}

impl Principal {
    /// The program itself.
    pub fn system() -> Self {
        Self {
            id: "system".into(),
            class: "system".into(),
            rights: Rights::All,
        }
    }

    /// A principal of a class with rights to some tables.
    pub fn new(
        id: impl Into<String>,
        class: impl Into<String>,
        tables: BTreeMap<String, TableRights>,
    ) -> Self {
        Self {
            id: id.into(),
            class: class.into(),
            rights: Rights::Tables(tables),
        }
    }

    /// What it may see of a table; `None` when the table does not exist for it.
    pub(crate) fn table(&self, name: &str) -> Option<TableRights> {
        match &self.rights {
            Rights::All => Some(TableRights::default()),
            Rights::Tables(tables) => tables.get(name).cloned(),
        }
    }

    /// True when nothing is hidden from it.
    pub(crate) fn sees_all(&self) -> bool {
        self.rights == Rights::All
    }
}
