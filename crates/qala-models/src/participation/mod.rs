//! Decisions by vote: which projects of residents are paid for.
//!
//! What belongs here: one folder for each model of the subject, and the reader of election files that they share. What does
//! not: where the numbers come from.

pub mod equal_shares;
pub mod greedy;
pub mod pabulib;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&equal_shares::MODEL, &greedy::MODEL];
