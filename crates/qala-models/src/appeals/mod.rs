//! What people ask for: how long an answer takes.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod closing_time;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&closing_time::MODEL];
