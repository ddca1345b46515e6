//! Bytes that claim to be a message: decoded, or refused with a path, and nothing else.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::codec::codec_decode(data));
