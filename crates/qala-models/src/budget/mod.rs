//! Money: what was planned, promised and paid; what a contract gives away about itself.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod execution;
pub mod red_flags;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&execution::MODEL, &red_flags::MODEL];
