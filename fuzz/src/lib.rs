//! What the fuzz targets do with their bytes: functions without a fuzzer, so that a stable compiler can run them too
//! (`tests/sample-contract/tests/fuzz_smoke.rs` does).

#[path = "../../crates/portcullis-proto/tests/support/mod.rs"]
pub mod support;

pub mod codec;
pub mod subjects;
