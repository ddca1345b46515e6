//! Bytes that claim to be frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::frames::frames(data));
