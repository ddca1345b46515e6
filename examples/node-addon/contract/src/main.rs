//! Writes `contract.schema`, from which TypeScript is generated; `--check` only compares.

portcullis::schema_main!(node_addon_contract::contract);
