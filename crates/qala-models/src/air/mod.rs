//! What the city breathes: checks of readings, where it comes from, how a plume spreads.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod cpf;
pub mod plume;
pub mod qc;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&cpf::MODEL, &plume::MODEL, &qc::MODEL];
