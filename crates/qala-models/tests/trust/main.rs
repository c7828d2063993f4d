//! Feed trust on the seeded city.

#[cfg(test)]
mod city;
#[cfg(test)]
#[path = "../../../qala/tests/it/trust/planted.rs"]
#[expect(dead_code, reason = "the test of the whole program needs the messages too")]
mod planted;
