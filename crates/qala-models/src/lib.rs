//! The city's mathematics on plain numbers. One folder per model.
//!
//! What belongs here: what can be computed from numbers that are handed in, with the seed and the instant as arguments.
//! What does not: files, network, tokio, DataFusion, Arrow, where the numbers come from and where they go.

pub mod air;
pub mod appeals;
pub mod budget;
pub mod feed_trust;
#[cfg(test)]
mod fixture;
pub mod indicators;
pub mod network;
pub mod organisation;
pub mod participation;
pub mod population;
pub mod projects;
pub mod random;
pub mod run;
pub mod safety;
pub mod schools;
pub mod spatial;
pub mod stats;
pub mod threads;
pub mod traffic;
pub mod transit;

/// The models that run by their id, by subject: a model is added to the list of its subject.
const SUBJECTS: &[&[&run::Model]] = &[
    air::MODELS,
    appeals::MODELS,
    budget::MODELS,
    indicators::MODELS,
    organisation::MODELS,
    participation::MODELS,
    population::MODELS,
    projects::MODELS,
    safety::MODELS,
    schools::MODELS,
    spatial::MODELS,
    traffic::MODELS,
    transit::MODELS,
];

/// The models that run by their id.
pub fn models() -> impl Iterator<Item = &'static run::Model> {
    SUBJECTS.iter().flat_map(|models| models.iter().copied())
}

/// The cards of models that other parts of the program call by themselves.
const INNER: &[&Card] = &[&feed_trust::CARD, &network::CARD];

/// The card of every model.
pub fn cards() -> impl Iterator<Item = &'static Card> {
    INNER.iter().copied().chain(models().map(|model| &model.card))
}

/// The model of that id.
pub fn model(id: &str) -> Option<&'static run::Model> {
    models().find(|model| model.card.id == id)
}

/// What a person must know before a model's numbers are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Name, as in `qala model show`.
    pub id: &'static str,
    /// What it computes.
    pub purpose: &'static str,
    /// How.
    pub method: &'static str,
    /// What is taken for granted.
    pub assumptions: &'static [&'static str],
    /// What it does not do.
    pub limits: &'static [&'static str],
}

/// The card of that model.
pub fn card(id: &str) -> Option<&'static Card> {
    cards().find(|card| card.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_says_what_it_does_not_do() {
        for each in cards() {
            assert!(
                !each.purpose.is_empty() && !each.assumptions.is_empty() && !each.limits.is_empty(),
                "{}",
                each.id
            );
            assert_eq!(card(each.id), Some(each));
        }
        assert_eq!(card("weather"), None);
    }

    #[test]
    fn every_model_has_a_spec_of_its_own() {
        for each in models() {
            let spec = each.spec().expect("a spec");
            assert!(!spec.inputs.is_empty() && !spec.outputs.is_empty(), "{}", spec.id);
        }
    }
}
