//! A peer that speaks the protocol wrong on purpose. Cases are data (`cases/*.txt`, and the scripts that the simulator of
//! the hub plays); bodies that break a contract are made from its schema. Both are played over real sockets: against a
//! hub of the tests' own ([`house`]), and against a studio of real processes ([`attack`]). What is right is not
//! tested here; that is the conformance suite.
#![cfg(unix)]
#![forbid(unsafe_code)]

pub mod attack;
pub mod case;
pub mod descriptors;
pub mod door;
pub mod house;
pub mod http;
pub mod mutate;
pub mod play;

#[allow(dead_code, reason = "the simulator speaks of the sample contract alone")]
#[path = "../../../crates/portcullis-hub/tests/simulator/frames.rs"]
mod frames;

#[path = "../../../crates/portcullis-hub/tests/simulator/words.rs"]
mod words;

#[allow(
    missing_docs,
    reason = "what the tests of codec and validator share tells of itself as a whole"
)]
#[path = "../../../crates/portcullis-proto/tests/support/mod.rs"]
mod support;

pub use support::Rng;
