//! Tests of what is worked out without a disk or a network.

mod addresses;
mod edits;
mod filters;
mod properties;

use crate::tests::check_samples;

#[test]
fn samples() {
    check_samples("sensorthings", "sensorthings");
}
