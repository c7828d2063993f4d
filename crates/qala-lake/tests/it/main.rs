//! Tests of the lake through its public door. One binary, because linking the engine takes long.

/// The program's own allocator, so that what memory does here is what it does there.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(test)]
mod committed;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod declared;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod meeting;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod model;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod pruning;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod support;
