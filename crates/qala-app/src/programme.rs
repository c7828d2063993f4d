//! Programmes of the city as they stand: with the names of those who own them.
//!
//! What belongs here: joining the records of a programme. What does not: whether the city is on the path; the values of the indicators
//! that a target names say so, each with its passport.

use qala_core::spec::{IndicatorSpec, nearest};
use qala_core::{FunctionId, Text};
use qala_registry::{Pack, Programme, ProgrammeMeasure, ProgrammeMoney, ProgrammeTarget};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::obligation::Owners;

/// Who owns a programme or a measure.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgrammeOwner {
    /// Function of government.
    pub function_id: FunctionId,
    /// Its name today.
    pub function: Option<Text>,
    /// The department that performs it today: id and name.
    pub department: Option<(String, Text)>,
}

/// A programme with all that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeProgramme {
    /// The record.
    pub programme: Programme,
    /// Who owns it.
    pub owner: ProgrammeOwner,
    /// Planned money by year.
    pub money: Vec<ProgrammeMoney>,
    /// Targets by indicator and year.
    pub targets: Vec<ProgrammeTarget>,
    /// Measures with their owners.
    pub measures: Vec<(ProgrammeMeasure, ProgrammeOwner)>,
}

fn owner(owners: &Owners, function: &FunctionId) -> ProgrammeOwner {
    ProgrammeOwner {
        function_id: function.clone(),
        function: owners.functions.get(function).cloned(),
        department: owners.departments.get(function).cloned(),
    }
}

impl Centre {
    /// The programmes in force now, in the order of their ids.
    ///
    /// # Errors
    /// The registry's.
    pub async fn programmes(&self) -> Result<Vec<WholeProgramme>> {
        let now = self.clock.now();
        let owners = self.owners(now).await?;
        let known = self.registry.programmes_at(now).await?;
        Ok(known
            .programmes
            .into_iter()
            .map(|programme| WholeProgramme {
                owner: owner(&owners, &programme.owner_function),
                money: known
                    .money
                    .iter()
                    .filter(|m| m.programme == programme.id)
                    .cloned()
                    .collect(),
                targets: known
                    .targets
                    .iter()
                    .filter(|t| t.programme == programme.id)
                    .cloned()
                    .collect(),
                measures: known
                    .measures
                    .iter()
                    .filter(|m| m.programme == programme.id)
                    .map(|m| (m.clone(), owner(&owners, &m.owner_function)))
                    .collect(),
                programme,
            })
            .collect())
    }

    /// A programme in force now by its id.
    ///
    /// # Errors
    /// An id that does not exist, with a suggestion; the registry's.
    pub async fn programme(&self, id: &str) -> Result<WholeProgramme> {
        let mut all = self.programmes().await?;
        if let Some(at) = all.iter().position(|p| p.programme.id.as_str() == id) {
            return Ok(all.swap_remove(at));
        }
        let hint = nearest(id, all.iter().map(|p| p.programme.id.as_str()));
        let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
        Err(AppError::Usage(format!("there is no programme `{id}`{hint}")))
    }
}

/// Indicators that targets of a pack's programmes name and that there are not, a sentence each.
pub fn programme_faults(pack: &Pack, indicators: &[IndicatorSpec]) -> Vec<String> {
    let mut faults = Vec::new();
    for target in &pack.programmes.targets {
        for id in std::iter::once(&target.indicator).chain(&target.judged_by) {
            if !indicators.iter().any(|i| i.id == *id) {
                let hint = nearest(id.as_str(), indicators.iter().map(|i| i.id.as_str()));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                faults.push(format!(
                    "programme {}: there is no indicator `{id}`{hint}",
                    target.programme
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;

    #[test]
    fn targets_of_the_packs_name_indicators_that_there_are() {
        let indicators = Content::indicators().unwrap();
        for name in Content::packs() {
            let files = Content::pack(&name).unwrap();
            let pack = Pack::from_toml(files.iter().map(|(n, t)| (n.as_str(), t.as_str()))).unwrap();
            assert_eq!(programme_faults(&pack, &indicators), [""; 0], "{name}");
            let mut wrong = pack.clone();
            if let Some(target) = wrong.programmes.targets.first_mut() {
                target.indicator = qala_core::IndicatorId::new("safety.kiled_seriously_injured").unwrap();
                let faults = programme_faults(&wrong, &indicators).join("\n");
                assert!(
                    faults.contains("did you mean `safety.killed_seriously_injured`?"),
                    "{faults}"
                );
            }
        }
    }
}
