//! What a connection to the gate for pages brings.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::web::ws_upgrade(data));
