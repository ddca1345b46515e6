//! Schemas out of bytes: what the validator makes of them agrees with the oracle.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::codec::schema_agreement(data));
