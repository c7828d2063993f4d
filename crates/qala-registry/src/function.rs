//! Functions of government and their owners. An indicator belongs to a function, so its history goes on when
//! departments merge, split and are renamed.

use qala_core::{FunctionId, Text};
use sqlx::SqliteConnection;

use crate::department::{Department, DepartmentId};
use crate::error::RegistryError;
use crate::government;
use crate::interval::{self, Cell, Interval, Put, Reader};
use crate::open::Registry;

/// A function of government, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct GovernmentFunction {
    /// Which function; the same through all its intervals.
    pub id: FunctionId,
    /// Its name.
    pub name: Text,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

/// Who performs a function, from one instant to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionOwner {
    /// The function.
    pub function: FunctionId,
    /// The department that performs it.
    pub department: DepartmentId,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for GovernmentFunction {
    const TABLE: &'static str = "functions";
    const KEY: &'static [&'static str] = &["function_id"];
    const DATA: &'static [&'static str] = &["name_kk", "name_ru", "name_en"];

    fn key(&self) -> Vec<Cell> {
        vec![self.id.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.name.kk.as_str().into(),
            self.name.ru.as_str().into(),
            self.name.en.as_str().into(),
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
            id: row.checked(FunctionId::new(row.text("function_id")?))?,
            name: row.trilingual("name")?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

impl Interval for FunctionOwner {
    const TABLE: &'static str = "function_owners";
    const KEY: &'static [&'static str] = &["function_id"];
    const DATA: &'static [&'static str] = &["department_id"];

    fn key(&self) -> Vec<Cell> {
        vec![self.function.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![self.department.as_str().into()]
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
            function: row.checked(FunctionId::new(row.text("function_id")?))?,
            department: row.checked(DepartmentId::new(row.text("department_id")?))?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// Takes a function in; the caller runs [`government::check`].
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    function: &GovernmentFunction,
) -> Result<Put, RegistryError> {
    if function.name.missing().is_some() {
        return Err(RegistryError::Empty {
            record: function.shown(),
            what: "a form of the name",
        });
    }
    interval::put(connection, function).await
}

/// Gives a function an owner from an instant to the next owner, or to its own end; the caller runs
/// [`government::check`].
pub(crate) async fn put_owner(
    connection: &mut SqliteConnection,
    function: &FunctionId,
    department: &DepartmentId,
    from: i64,
) -> Result<Put, RegistryError> {
    let departments: Vec<Department> = interval::of(connection, &[department.as_str().into()]).await?;
    if !departments.iter().any(|department| department.is_in_force(from)) {
        let record = format!("the department `{department}`");
        return Err(RegistryError::NotInForce { record });
    }
    let key = [function.as_str().into()];
    let lives: Vec<GovernmentFunction> = interval::of(connection, &key).await?;
    let owners: Vec<FunctionOwner> = interval::of(connection, &key).await?;
    let end = lives.last().and_then(|last| last.valid_to);
    let next = owners
        .iter()
        .map(|owner| owner.valid_from)
        .find(|start| *start > from);
    let owner = FunctionOwner {
        function: function.clone(),
        department: department.clone(),
        valid_from: from,
        valid_to: next.or(end),
    };
    interval::put(connection, &owner).await
}

impl Registry {
    /// Adds a function together with its first owner.
    ///
    /// # Errors
    /// The department is not in force, the function contradicts itself or what is there, or the disk fails.
    pub async fn create_function(
        &self,
        function: &GovernmentFunction,
        owner: &DepartmentId,
        now: i64,
    ) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let first = put(connection, function).await?;
            let second = put_owner(connection, &function.id, owner, function.valid_from).await?;
            government::check(connection).await?;
            Ok(if first == Put::Changed { first } else { second })
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Renames a function from an instant on, or corrects the interval with the same start.
    ///
    /// # Errors
    /// [`RegistryError::NoOwner`] for a function that is new or lives longer now; the function contradicts itself
    /// or what is there; the disk fails.
    pub async fn put_function(&self, function: &GovernmentFunction, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let put = put(change.connection(), function).await?;
            government::check(change.connection()).await.map(|()| put)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Ends a function and the ownership of it at an instant.
    ///
    /// # Errors
    /// There is no such function, or the disk fails.
    pub async fn abolish_function(&self, id: &FunctionId, at: i64, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let shown = format!("the function `{id}`");
            let key = [id.as_str().into()];
            let put = interval::end::<GovernmentFunction>(connection, &key, at, &shown).await?;
            interval::end::<FunctionOwner>(connection, &key, at, &shown).await?;
            government::check(connection).await.map(|()| put)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Gives a function a new owner from an instant on; the interval of the old one ends there. An owner that was
    /// announced for later stays.
    ///
    /// # Errors
    /// Function or department are not in force then, or the disk fails.
    pub async fn set_owner(
        &self,
        function: &FunctionId,
        department: &DepartmentId,
        from: i64,
        now: i64,
    ) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let put = put_owner(change.connection(), function, department, from).await?;
            government::check(change.connection()).await.map(|()| put)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// All intervals of all functions, in the order of id and start.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn functions(&self) -> Result<Vec<GovernmentFunction>, RegistryError> {
        let mut link = self.lock().await?;
        interval::all(link.connection()?).await
    }

    /// All intervals of all owners, in the order of function and start.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn owners(&self) -> Result<Vec<FunctionOwner>, RegistryError> {
        let mut link = self.lock().await?;
        interval::all(link.connection()?).await
    }

    /// The department that performs a function at an instant; `None` if the function is not in force then.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn owner_at(
        &self,
        function: &FunctionId,
        at: i64,
    ) -> Result<Option<DepartmentId>, RegistryError> {
        let mut link = self.lock().await?;
        let owners: Vec<FunctionOwner> =
            interval::of(link.connection()?, &[function.as_str().into()]).await?;
        Ok(owners
            .into_iter()
            .find(|owner| owner.is_in_force(at))
            .map(|owner| owner.department))
    }
}
