//! Writes `contract.schema`, from which the adapters' code is generated; `--check` only compares.

portcullis::schema_main!(portcullis_desktop::contract);
