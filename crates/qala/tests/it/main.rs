//! Tests of the whole program. One binary, because linking the engine takes long.

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod city;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod door;
#[cfg(test)]
mod duty;
#[cfg(test)]
mod few;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod models;
#[cfg(test)]
mod mqtt;
#[cfg(test)]
mod people;
#[cfg(test)]
mod poll;
#[cfg(test)]
mod public_files;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod room;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod senders;
#[cfg(test)]
mod sensorthings;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod spreadsheet;
#[cfg(test)]
mod subjects;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod whole_city;
