//! Choices that follow from a seed: those of the simulator.

#[path = "../../../crates/portcullis-hub/tests/simulator/bench/rng.rs"]
#[allow(dead_code, reason = "the simulator uses all of it")]
mod simulator;

pub(crate) use simulator::Rng;
