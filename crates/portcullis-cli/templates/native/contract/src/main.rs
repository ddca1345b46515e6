//! Writes the contract as `contract.schema`; `--check` only compares.

portcullis::schema_main!(my_app_contract::contract);
