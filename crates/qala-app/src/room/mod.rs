//! The situation room: incidents with their procedures, the journal, decisions, reviews, drills.
//!
//! What belongs here: who may do what, the clock, and what is put together from registry and lake. What does not: the rules of
//! the records (`qala-registry`), HTTP.
//!
//! Everybody of the administration reads. Operators, analysts and administrators act on all; staff act where their department
//! owns the function that leads or takes part. The public sees nothing of it.

mod area;
mod decision;
mod docx;
mod drill;
mod duty;
mod incident;
mod morning;
mod review;
mod scenarios;

#[cfg(test)]
mod tests;

pub use area::Area;
pub use decision::{DecisionWish, ReportWish};
pub(crate) use docx::docx;
pub use drill::{DrillLine, DrillRun, drill_script};
pub use duty::DutyWish;
pub use incident::{IncidentAction, IncidentWish};
pub(crate) use morning::FOLDER as MORNING;
pub use scenarios::{SCENARIOS, Scenario};

use std::collections::BTreeMap;

use qala_core::Text;
use qala_core::spec::{ProcedureSpec, nearest};
use qala_registry::Role;

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// The pack's word for a department that nobody found.
pub(crate) const NOT_KNOWN: &str = "not-known";

/// A function of government today: its name, and the department that performs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionToday {
    /// Its name.
    pub name: Text,
    /// The department.
    pub department: Option<String>,
    /// Name of the department.
    pub department_name: Option<Text>,
}

impl FunctionToday {
    /// Who answers for it, in words: the department, or the function itself while no department is known.
    pub(crate) fn owner_name(&self) -> &Text {
        let known = self.department.as_deref().is_some_and(|id| id != NOT_KNOWN);
        self.department_name
            .as_ref()
            .filter(|_| known)
            .unwrap_or(&self.name)
    }
}

/// Refuses who may not act for any of these functions.
fn must_act(reader: &Reader, functions: &[&str]) -> Result<()> {
    if reader.role() == Role::Public {
        return Err(AppError::Unauthorised("sign in first".into()));
    }
    let may = reader.acts_for(functions);
    if may {
        Ok(())
    } else {
        Err(AppError::Forbidden(
            "this belongs to another department; ask who is on duty".into(),
        ))
    }
}

/// Refuses whoever is not on duty in the room.
fn must_be_on_duty(reader: &Reader) -> Result<()> {
    must_act(reader, &[])
}

impl Centre {
    /// A procedure of the pack.
    ///
    /// # Errors
    /// An id that does not exist, with a suggestion.
    pub fn procedure(&self, id: &str) -> Result<&ProcedureSpec> {
        let found = self
            .procedures
            .iter()
            .find(|procedure| procedure.id.as_str() == id);
        found.ok_or_else(|| {
            let hint = nearest(id, self.procedures.iter().map(|p| p.id.as_str()));
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            AppError::Usage(format!("there is no procedure `{id}`{hint}"))
        })
    }

    /// The functions of government that are in force, by id.
    ///
    /// # Errors
    /// The registry's.
    pub async fn functions_today(&self) -> Result<BTreeMap<String, FunctionToday>> {
        let now = self.clock.now();
        let holds = |from: i64, to: Option<i64>| from <= now && to.is_none_or(|end| now < end);
        let departments = self.registry.departments_at(now).await?;
        let owners = self.registry.owners().await?;
        let functions = self.registry.functions().await?;
        let functions = functions.into_iter().filter(|f| holds(f.valid_from, f.valid_to));
        let today = functions.map(|function| {
            let owner = owners
                .iter()
                .find(|owner| owner.function == function.id && holds(owner.valid_from, owner.valid_to));
            let department = owner.map(|owner| owner.department.to_string());
            let known = departments
                .iter()
                .find(|d| Some(d.id.as_str()) == department.as_deref());
            let entry = FunctionToday {
                name: function.name,
                department_name: known.map(|d| d.name.clone()),
                department,
            };
            (function.id.to_string(), entry)
        });
        Ok(today.collect())
    }

    /// A function that is in force.
    async fn known_function(&self, id: &str) -> Result<()> {
        let functions = self.functions_today().await?;
        if functions.contains_key(id) {
            return Ok(());
        }
        let hint = nearest(id, functions.keys().map(String::as_str));
        let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
        Err(AppError::Usage(format!("there is no function `{id}`{hint}")))
    }
}
