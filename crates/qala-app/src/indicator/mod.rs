//! Indicators: computing values, keeping them with their passports, checking them.

mod compute;
mod few;
mod passport;
mod store;

pub(crate) use compute::{CITY, definition_hash, short_hash};
pub use compute::{Range, Value};
pub(crate) use few::FEW;
pub use passport::{Passport, Verdict};
pub(crate) use store::TABLE as VALUES;
