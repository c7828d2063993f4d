//! The same questions on many machines: `QueryEngine` on Ballista.
#![cfg(feature = "cluster")]
