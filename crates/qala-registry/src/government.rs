//! The rule between departments, functions and owners: every function has exactly one owner at every instant of
//! its life, and that owner exists.
//!
//! What belongs here: the check at the end of every change of the three. What does not: the changes.
//! "At most one" needs no check: the owners of a function are intervals of one key, which never overlap.

use std::collections::BTreeMap;

use qala_core::FunctionId;
use sqlx::SqliteConnection;

use crate::department::{Department, DepartmentId};
use crate::error::RegistryError;
use crate::function::{FunctionOwner, GovernmentFunction};
use crate::interval::{self, Interval};

/// A stretch of time; the end is exclusive.
type Span = (i64, Option<i64>);

fn span(record: &impl Interval) -> Span {
    (record.valid_from(), record.valid_to())
}

/// The first instant of `wanted` that none of `spans` covers; `spans` are in order and do not overlap.
fn first_gap(wanted: Span, spans: &[Span]) -> Option<i64> {
    let mut reached = wanted.0;
    for (start, end) in spans {
        if *start > reached {
            break;
        }
        match end {
            None => return None,
            Some(end) => reached = reached.max(*end),
        }
    }
    wanted.1.is_none_or(|end| reached < end).then_some(reached)
}

/// Checks the rule over all records; there are a few dozen of them.
pub(crate) async fn check(connection: &mut SqliteConnection) -> Result<(), RegistryError> {
    let mut departments: BTreeMap<DepartmentId, Vec<Span>> = BTreeMap::new();
    for department in interval::all::<Department>(connection).await? {
        departments
            .entry(department.id.clone())
            .or_default()
            .push(span(&department));
    }
    let mut functions: BTreeMap<FunctionId, Vec<Span>> = BTreeMap::new();
    for function in interval::all::<GovernmentFunction>(connection).await? {
        functions
            .entry(function.id.clone())
            .or_default()
            .push(span(&function));
    }
    let mut owned: BTreeMap<FunctionId, Vec<Span>> = BTreeMap::new();
    let mut orphans: BTreeMap<DepartmentId, Vec<FunctionId>> = BTreeMap::new();
    for owner in interval::all::<FunctionOwner>(connection).await? {
        let life = functions.get(&owner.function).map_or(&[][..], Vec::as_slice);
        if first_gap(span(&owner), life).is_some() {
            return Err(RegistryError::OwnerOutsideFunction {
                function: owner.function,
            });
        }
        let existence = departments.get(&owner.department).map_or(&[][..], Vec::as_slice);
        if first_gap(span(&owner), existence).is_some() {
            let left = orphans.entry(owner.department.clone()).or_default();
            if !left.contains(&owner.function) {
                left.push(owner.function.clone());
            }
        }
        owned
            .entry(owner.function.clone())
            .or_default()
            .push(span(&owner));
    }
    if let Some((department, functions)) = orphans.into_iter().next() {
        if departments.contains_key(&department) {
            return Err(RegistryError::StillOwns {
                department,
                functions,
            });
        }
        let record = format!("the department `{department}`");
        return Err(RegistryError::NotInForce { record });
    }
    for (function, lives) in functions {
        let owners = owned.get(&function).map_or(&[][..], Vec::as_slice);
        for life in lives {
            if let Some(from) = first_gap(life, owners) {
                return Err(RegistryError::NoOwner { function, from });
            }
        }
    }
    Ok(())
}
