//! The city's mathematics on plain numbers. One folder per model.
//!
//! What belongs here: what can be computed from numbers that are handed in, with the seed and the instant as arguments.
//! What does not: files, network, tokio, DataFusion, Arrow, where the numbers come from and where they go.

pub mod feed_trust;
pub mod network;

/// The card of every model: a model is added with its `mod` line above and its entry here.
pub const CARDS: &[&Card] = &[&feed_trust::CARD, &network::CARD];

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
    CARDS.iter().find(|card| card.id == id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_says_what_it_does_not_do() {
        for each in CARDS {
            assert!(!each.purpose.is_empty() && !each.assumptions.is_empty() && !each.limits.is_empty());
            assert_eq!(card(each.id), Some(*each));
        }
        assert_eq!(card("weather"), None);
    }
}
