//! Writes `contract.schema`; with `--check`, says whether it is up to date.

portcullis::schema_main!(sample_contract::contract);
