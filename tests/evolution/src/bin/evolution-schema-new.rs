//! Writes `new.schema`.

portcullis::schema_main!(evolution::new::contract);
