//! How many people live where, and how many will.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod project;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&project::MODEL];
