//! Buses and trains: regularity, load, who rides from where to where.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

pub mod load;
pub mod od;
pub mod regularity;
pub mod route_stats;

use crate::run::Model;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&load::MODEL, &od::MODEL, &regularity::MODEL, &route_stats::MODEL];
