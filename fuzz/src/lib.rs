//! What the fuzz targets do with their bytes: functions without a fuzzer, so that a stable compiler can run them too
//! (`tests/sample-contract/tests/fuzz_smoke.rs` does). They stand on the supports of the crates' own tests.

#[path = "../../crates/portcullis-hub/tests/simulator/bench/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the simulator uses all of it")]
mod bench;
#[path = "../../crates/portcullis-hub/tests/simulator/frames.rs"]
#[allow(dead_code, unused_imports, reason = "the simulator uses all of it")]
mod lines;
#[path = "../../crates/portcullis-proto/tests/support/mod.rs"]
pub mod support;

pub mod codec;
pub mod frames;
pub mod hub;
mod input;
pub mod peer;
pub mod policy_file;
pub mod schema_file;
pub mod session;
pub mod subjects;
pub mod targets;
pub mod web;
mod wire;
