//! Texts that claim to be a `contract.schema`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::schema_file::schema_file(data));
