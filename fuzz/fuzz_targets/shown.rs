//! Bodies as people read them: JSON within its bound, and nothing of what is secret.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::codec::shown(data));
