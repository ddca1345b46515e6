//! Texts that claim to be a policy file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::policy_file::policy_file(data));
