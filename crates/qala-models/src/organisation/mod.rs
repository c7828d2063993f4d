//! Who is responsible for what: faults in the order of departments, functions and posts.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod check;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&check::MODEL];
