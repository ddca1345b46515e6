//! One suite of tests for every transport: `tests/` runs it over each.

pub mod service;

pub use service::{EchoService, FlowsService};
