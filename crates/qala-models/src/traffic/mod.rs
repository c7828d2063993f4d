//! How slow the streets are against the free road, and against usual.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod against_usual;
pub mod indices;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&indices::MODEL, &against_usual::MODEL];
