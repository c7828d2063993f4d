//! The cluster against the local engine: same questions, same bits.
#![cfg(feature = "cluster")]

mod answers;
mod equal;
mod honest;
mod seeded_city;
mod town;
