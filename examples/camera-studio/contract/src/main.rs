//! Writes `contract.schema`, from which everything else is generated; `--check` only compares.

portcullis::schema_main!(camera_studio_contract::contract);
