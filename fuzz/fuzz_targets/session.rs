//! A session of either side, between any frames and the operations of its owner.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::session::session(data));
