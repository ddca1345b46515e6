//! A peer whose hub says anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::peer::peer(data));
