//! The portfolio of projects: earned value and the longest chain of work.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod critical_path;
pub mod earned_value;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&critical_path::MODEL, &earned_value::MODEL];
