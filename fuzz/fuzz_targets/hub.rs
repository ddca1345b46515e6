//! A hub: what peers send, what main does, and time.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::hub::hub(data));
