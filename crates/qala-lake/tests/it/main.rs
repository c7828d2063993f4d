//! Tests of the lake through its public door. One binary, because linking the engine takes long.

#[cfg(test)]
mod committed;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod model;
#[cfg(test)]
mod pruning;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod support;
