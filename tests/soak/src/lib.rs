//! The soak: a hub and many peers on the simulator's bench, at work on everything at once, while a seed decides who crashes,
//! reloads, reads slowly or is far away. After every step everything that must hold is looked at. What fails names its seed,
//! which replays it. The bench itself, and tests of one fault each, are the simulator's (`crates/portcullis-hub/tests`).
#![forbid(unsafe_code)]

#[path = "../../../crates/portcullis-hub/tests/simulator/bench/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the simulator uses all of it, and more seldom"
)]
mod bench;

mod actions;
mod checks;
mod fault;
mod figures;
mod ledger;
mod members;
mod programs;
mod run;
mod service;
mod topics;
mod wire;

pub use fault::{Fault, Way};
pub use figures::Figures;
pub use run::{Failure, run};
