//! Load of schools and kindergartens, and how near a free place is.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod access;
pub mod load;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&access::MODEL, &load::MODEL];
