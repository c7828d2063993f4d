//! Is a concentration on the map real?
//!
//! What belongs here: one folder for each model of the subject, and what they share: areas, neighbours, places, permutations.
//! What does not: where the numbers come from.

use crate::run::Model;

mod areas;
pub mod conditional;
pub mod gi;
pub mod knox;
pub mod local_moran;
pub mod moran;
pub mod places;
pub mod weights;

#[cfg(test)]
mod tests;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&gi::MODEL, &knox::MODEL, &local_moran::MODEL, &moran::MODEL];
