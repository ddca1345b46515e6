//! One suite of tests for every transport: scenarios here, and `tests/` runs each over each transport, with the hub on
//! a runtime of one thread and on one of several.
//!
//! A scenario is an `async fn(&Scene)`; its place in [`suite!`](crate::suite) makes it run everywhere. What it must not
//! do is measure time from above: a slow machine is no failure. What hangs is ended by the [watchdog](WATCHDOG).

pub mod contract;
pub mod gauge;
#[cfg(target_os = "linux")]
pub mod lender;
#[cfg(target_os = "linux")]
pub mod probe;
#[cfg(unix)]
pub mod process;
pub mod raw;
mod run;
pub mod scenarios;
pub mod scene;
pub mod seen;
pub mod service;
mod suite;
pub mod transport;

pub use run::{Flavour, Playing, WATCHDOG, run};
pub use scene::Scene;
