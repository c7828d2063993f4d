//! Records that are valid from an instant to another: the rules are the same for all of them.
//!
//! What belongs here: how a new interval meets the intervals of the same id. What does not: rules between
//! different records (`government`), and the outbox, which the schema's triggers write.

use qala_core::Text;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};

use crate::error::RegistryError;

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The record is new or different now; the outbox has it.
    Changed,
    /// The registry said the same already; nothing was written.
    Unchanged,
}

/// One stored value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Text(String),
    Int(i64),
    Null,
}

impl Cell {
    /// A text column that is NULL when there is nothing to say.
    pub(crate) fn optional(text: &str) -> Self {
        if text.is_empty() {
            Self::Null
        } else {
            Self::Text(text.to_owned())
        }
    }

    fn bind(&self, arguments: &mut SqliteArguments) -> Result<(), RegistryError> {
        let bound = match self {
            Self::Text(text) => arguments.add(text.clone()),
            Self::Int(number) => arguments.add(*number),
            Self::Null => arguments.add(None::<String>),
        };
        bound.map_err(|error| RegistryError::Database(sqlx::Error::Encode(error)))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

/// A record with an interval of validity, one row of its table.
pub(crate) trait Interval: Clone + PartialEq + Send + Sync {
    /// The table. Its primary key is `KEY` and `valid_from`.
    const TABLE: &'static str;
    /// The columns that say which thing it is.
    const KEY: &'static [&'static str];
    /// The other columns, without the interval.
    const DATA: &'static [&'static str];

    fn key(&self) -> Vec<Cell>;
    fn data(&self) -> Vec<Cell>;
    fn valid_from(&self) -> i64;
    fn valid_to(&self) -> Option<i64>;
    fn set_valid_to(&mut self, valid_to: Option<i64>);
    fn read(row: &Reader<'_>) -> Result<Self, RegistryError>;

    /// The record's name in messages.
    fn shown(&self) -> String {
        let key: Vec<String> = self.key().iter().map(show).collect();
        format!("`{}` of {}", key.join(" "), Self::TABLE)
    }

    fn is_in_force(&self, at: i64) -> bool {
        self.valid_from() <= at && self.valid_to().is_none_or(|end| at < end)
    }
}

fn show(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Int(number) => number.to_string(),
        Cell::Null => String::new(),
    }
}

/// A stored row and its table, for messages.
pub(crate) struct Reader<'a> {
    row: &'a SqliteRow,
    table: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(row: &'a SqliteRow, table: &'static str) -> Self {
        Self { row, table }
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, RegistryError> {
        Ok(self.row.try_get(column)?)
    }

    pub(crate) fn optional(&self, column: &str) -> Result<Option<String>, RegistryError> {
        Ok(self.row.try_get(column)?)
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64, RegistryError> {
        Ok(self.row.try_get(column)?)
    }

    pub(crate) fn optional_int(&self, column: &str) -> Result<Option<i64>, RegistryError> {
        Ok(self.row.try_get(column)?)
    }

    /// The columns `<prefix>_kk`, `<prefix>_ru` and `<prefix>_en`; NULL is empty.
    pub(crate) fn trilingual(&self, prefix: &str) -> Result<Text, RegistryError> {
        let form = |lang: &str| -> Result<String, RegistryError> {
            Ok(self.optional(&format!("{prefix}_{lang}"))?.unwrap_or_default())
        };
        Ok(Text::new(form("kk")?, form("ru")?, form("en")?))
    }

    /// Checks a stored word with the constructor of its type.
    pub(crate) fn checked<T, E: std::fmt::Display>(&self, value: Result<T, E>) -> Result<T, RegistryError> {
        value.map_err(|error| RegistryError::Row {
            table: self.table,
            problem: error.to_string(),
        })
    }
}

/// All rows in the order of key and start.
pub(crate) async fn all<I: Interval>(connection: &mut SqliteConnection) -> Result<Vec<I>, RegistryError> {
    select(connection, String::new(), &[]).await
}

/// All rows in force at an instant, in the order of the key.
pub(crate) async fn at<I: Interval>(
    connection: &mut SqliteConnection,
    at: i64,
) -> Result<Vec<I>, RegistryError> {
    let condition = " WHERE valid_from <= ?1 AND (valid_to IS NULL OR valid_to > ?1)";
    select(connection, condition.into(), &[Cell::Int(at)]).await
}

/// All intervals of the things whose first key columns are `key`, in the order of their starts.
pub(crate) async fn of<I: Interval>(
    connection: &mut SqliteConnection,
    key: &[Cell],
) -> Result<Vec<I>, RegistryError> {
    let terms: Vec<String> = I::KEY
        .iter()
        .zip(key)
        .enumerate()
        .map(|(index, (column, _))| format!("{column} = ?{}", index + 1))
        .collect();
    select(connection, format!(" WHERE {}", terms.join(" AND ")), key).await
}

async fn select<I: Interval>(
    connection: &mut SqliteConnection,
    condition: String,
    cells: &[Cell],
) -> Result<Vec<I>, RegistryError> {
    // Only constants of this crate are pasted into SQL; every value is bound.
    let sql = format!(
        "SELECT * FROM {}{condition} ORDER BY {}, valid_from",
        I::TABLE,
        I::KEY.join(", ")
    );
    let rows = sqlx::query_with(AssertSqlSafe(sql), bound(cells)?)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| I::read(&Reader::new(row, I::TABLE)))
        .collect()
}

/// Takes a record in. An interval that was open at its start ends there; an open end means "until the next
/// interval of the same key"; one with the same start is corrected.
pub(crate) async fn put<I: Interval>(
    connection: &mut SqliteConnection,
    record: &I,
) -> Result<Put, RegistryError> {
    let mut record = record.clone();
    let start = record.valid_from();
    if record.valid_to().is_some_and(|end| end <= start) {
        return Err(RegistryError::EmptyInterval {
            record: record.shown(),
        });
    }
    let others: Vec<I> = of(connection, &record.key()).await?;
    if let Some(next) = others.iter().find(|other| other.valid_from() > start) {
        match record.valid_to() {
            Some(end) if end > next.valid_from() => {
                return Err(RegistryError::Overlap {
                    record: record.shown(),
                });
            }
            Some(_) => {}
            None => record.set_valid_to(Some(next.valid_from())),
        }
    }
    let before = others.iter().rev().find(|other| other.valid_from() < start);
    if let Some(before) = before.filter(|before| before.valid_to().is_none_or(|end| end > start)) {
        set_end(connection, before, Some(start)).await?;
    }
    match others.iter().find(|other| other.valid_from() == start) {
        Some(same) if *same == record => Ok(Put::Unchanged),
        Some(_) => correct(connection, &record).await,
        None => insert(connection, &record).await,
    }
}

/// Ends what is in force at `at`, and takes back what would have begun later.
pub(crate) async fn end<I: Interval>(
    connection: &mut SqliteConnection,
    key: &[Cell],
    at: i64,
    shown: &str,
) -> Result<Put, RegistryError> {
    let all: Vec<I> = of(connection, key).await?;
    let mut outcome = Put::Unchanged;
    for record in all
        .iter()
        .filter(|record| record.valid_to().is_none_or(|end| end > at))
    {
        if record.valid_from() >= at {
            remove(connection, record).await?;
        } else {
            set_end(connection, record, Some(at)).await?;
        }
        outcome = Put::Changed;
    }
    if all.is_empty() {
        return Err(RegistryError::NotInForce {
            record: shown.to_owned(),
        });
    }
    Ok(outcome)
}

/// Takes back an interval that was registered by mistake; the one before it is open again if it ended there.
pub(crate) async fn retract<I: Interval>(
    connection: &mut SqliteConnection,
    key: &[Cell],
    valid_from: i64,
    shown: &str,
) -> Result<(), RegistryError> {
    let all: Vec<I> = of(connection, key).await?;
    let Some(index) = all.iter().position(|record| record.valid_from() == valid_from) else {
        return Err(RegistryError::NotInForce {
            record: shown.to_owned(),
        });
    };
    remove(connection, &all[index]).await?;
    if let Some(before) = index.checked_sub(1).map(|before| &all[before])
        && before.valid_to() == Some(valid_from)
    {
        set_end(connection, before, all[index].valid_to()).await?;
    }
    Ok(())
}

async fn set_end<I: Interval>(
    connection: &mut SqliteConnection,
    record: &I,
    end: Option<i64>,
) -> Result<(), RegistryError> {
    let mut changed = record.clone();
    changed.set_valid_to(end);
    correct(connection, &changed).await.map(drop)
}

async fn insert<I: Interval>(connection: &mut SqliteConnection, record: &I) -> Result<Put, RegistryError> {
    let columns = columns::<I>();
    let places: Vec<String> = (1..=columns.len()).map(|index| format!("?{index}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        I::TABLE,
        columns.join(", "),
        places.join(", ")
    );
    run(connection, sql, &cells(record)).await
}

async fn correct<I: Interval>(connection: &mut SqliteConnection, record: &I) -> Result<Put, RegistryError> {
    let columns = columns::<I>();
    let numbered = |from: usize, list: &[&str], join: &str| {
        let terms: Vec<String> = list
            .iter()
            .enumerate()
            .map(|(index, column)| format!("{column} = ?{}", index + from))
            .collect();
        terms.join(join)
    };
    let key = I::KEY.len() + 1;
    let sql = format!(
        "UPDATE {} SET {} WHERE {}",
        I::TABLE,
        numbered(key + 1, &columns[key..], ", "),
        numbered(1, &columns[..key], " AND ")
    );
    run(connection, sql, &cells(record)).await
}

async fn remove<I: Interval>(connection: &mut SqliteConnection, record: &I) -> Result<Put, RegistryError> {
    let columns = columns::<I>();
    let key = I::KEY.len() + 1;
    let terms: Vec<String> = columns[..key]
        .iter()
        .enumerate()
        .map(|(index, column)| format!("{column} = ?{}", index + 1))
        .collect();
    let sql = format!("DELETE FROM {} WHERE {}", I::TABLE, terms.join(" AND "));
    run(connection, sql, &cells(record)[..key]).await
}

/// Columns in the order of [`cells`]: the key, `valid_from`, `valid_to`, the data.
fn columns<I: Interval>() -> Vec<&'static str> {
    I::KEY
        .iter()
        .chain(&["valid_from", "valid_to"])
        .chain(I::DATA)
        .copied()
        .collect()
}

pub(crate) fn cells<I: Interval>(record: &I) -> Vec<Cell> {
    let mut cells = record.key();
    cells.push(record.valid_from().into());
    cells.push(record.valid_to().into());
    cells.extend(record.data());
    cells
}

async fn run(connection: &mut SqliteConnection, sql: String, cells: &[Cell]) -> Result<Put, RegistryError> {
    // Only constants of this crate are pasted into SQL; every value is bound.
    sqlx::query_with(AssertSqlSafe(sql), bound(cells)?)
        .execute(connection)
        .await?;
    Ok(Put::Changed)
}

fn bound(cells: &[Cell]) -> Result<SqliteArguments, RegistryError> {
    let mut arguments = SqliteArguments::default();
    for cell in cells {
        cell.bind(&mut arguments)?;
    }
    Ok(arguments)
}
