//! Departments of the administration.

use std::fmt;

use qala_core::{FunctionId, InvalidId, Text};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::government;
use crate::interval::{self, Cell, Interval, Put, Reader};
use crate::open::Registry;

/// The id of a department: lower-case Latin letters, digits, `-`, `_` and `.`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DepartmentId(String);

impl DepartmentId {
    /// Checks and wraps an id.
    ///
    /// # Errors
    /// [`InvalidId`] unless it obeys the rule of function ids, which is the same.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
        FunctionId::new(text).map(|checked| Self(checked.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DepartmentId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

impl From<DepartmentId> for String {
    fn from(id: DepartmentId) -> Self {
        id.0
    }
}

impl fmt::Display for DepartmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A department, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Department {
    /// Which department; the same through all its intervals.
    pub id: DepartmentId,
    /// Its name.
    pub name: Text,
    /// What it is for; may be empty.
    pub mission: Text,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for Department {
    const TABLE: &'static str = "departments";
    const KEY: &'static [&'static str] = &["department_id"];
    const DATA: &'static [&'static str] = &[
        "name_kk",
        "name_ru",
        "name_en",
        "mission_kk",
        "mission_ru",
        "mission_en",
    ];

    fn key(&self) -> Vec<Cell> {
        vec![self.id.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.name.kk.as_str().into(),
            self.name.ru.as_str().into(),
            self.name.en.as_str().into(),
            Cell::optional(&self.mission.kk),
            Cell::optional(&self.mission.ru),
            Cell::optional(&self.mission.en),
        ]
    }

    fn valid_from(&self) -> i64 {
        self.valid_from
    }

    fn valid_to(&self) -> Option<i64> {
        self.valid_to
    }

    fn set_valid_to(&mut self, valid_to: Option<i64>) {
        self.valid_to = valid_to;
    }

    fn read(row: &Reader<'_>) -> Result<Self, RegistryError> {
        Ok(Self {
            id: row.checked(DepartmentId::new(row.text("department_id")?))?,
            name: row.trilingual("name")?,
            mission: row.trilingual("mission")?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// Takes a department in; the caller runs [`government::check`].
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    department: &Department,
) -> Result<Put, RegistryError> {
    if department.name.missing().is_some() {
        return Err(RegistryError::Empty {
            record: department.shown(),
            what: "a form of the name",
        });
    }
    interval::put(connection, department).await
}

impl Registry {
    /// Adds a department, a new interval of one, or corrects the interval with the same start.
    ///
    /// # Errors
    /// [`RegistryError::StillOwns`] if functions would lose their department; the department contradicts itself or
    /// the intervals that are there; the disk fails.
    pub async fn put_department(&self, department: &Department, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let put = put(change.connection(), department).await?;
            government::check(change.connection()).await.map(|()| put)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Abolishes a department at an instant.
    ///
    /// # Errors
    /// [`RegistryError::StillOwns`] while it owns a function at or after that instant; there is no such department;
    /// the disk fails.
    pub async fn abolish_department(
        &self,
        id: &DepartmentId,
        at: i64,
        now: i64,
    ) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let shown = format!("the department `{id}`");
            let key = [id.as_str().into()];
            let put = interval::end::<Department>(change.connection(), &key, at, &shown).await?;
            government::check(change.connection()).await.map(|()| put)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// All intervals of all departments, in the order of id and start.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn departments(&self) -> Result<Vec<Department>, RegistryError> {
        let mut link = self.lock().await?;
        interval::all(link.connection()?).await
    }

    /// The departments in force at an instant.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn departments_at(&self, at: i64) -> Result<Vec<Department>, RegistryError> {
        let mut link = self.lock().await?;
        interval::at(link.connection()?, at).await
    }
}
