//! Tests of the whole program. One binary, because linking the engine takes long.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod city;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod poll;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trust;
