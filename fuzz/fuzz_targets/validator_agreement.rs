//! Bodies of the sample contract: the validator and the generated decoders say the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::codec::validator_agreement(data));
