//! Stress on real processes (Linux): a main with its hub, and many peers as processes of their own that join, call, stream,
//! publish, subscribe, stall, are stopped, crash, are killed and leave. It goes by rounds. A seed decides what happens in one;
//! when everybody has come to rest and has left, what all have written down is held against each other ([`judge`]), and main
//! must hold nothing more than before. The same with a virtual clock, where a seed replays byte by byte, is `tests/soak`.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod contract;
mod director;
pub mod fact;
mod fault;
mod figures;
pub mod house;
pub mod journal;
pub mod judge;
mod link;
pub mod peer;
mod plan;
mod programs;
mod publishing;
mod rng;
mod service;

pub use director::{Options, Report, run};
pub use fault::Fault;
pub use figures::Figures;
