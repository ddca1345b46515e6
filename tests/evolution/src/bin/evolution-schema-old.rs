//! Writes `old.schema`.

portcullis::schema_main!(evolution::old::contract);
