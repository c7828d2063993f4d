//! Tests of the lake through its public door. One binary, because linking the engine takes long.

#[cfg(test)]
mod committed;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod model;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod support;
