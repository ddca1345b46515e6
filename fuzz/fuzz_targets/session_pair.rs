//! Two sessions that keep the rules, over a connection that cuts anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::session::session_pair(data));
