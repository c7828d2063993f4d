//! What holds for any series of numbers: is it news, or noise?
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod control_chart;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&control_chart::MODEL];
