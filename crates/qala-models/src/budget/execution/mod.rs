//! x
use crate::run::Model;
