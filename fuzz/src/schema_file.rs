//! The target of the reader of `contract.schema`, which comes from a disk.

use portcullis_hub::{Hub, HubConfig};
use portcullis_proto::schema::Schema;
use portcullis_proto::schema::validate::Plan;

/// A text that claims to be a contract: read, or refused with one sentence. What is read is written so that it reads the
/// same, a hub starts on it, and its plan judges any body.
pub fn schema_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let schema = match Schema::from_json(text) {
        Ok(schema) => schema,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let again = Schema::from_json(&schema.to_json()).expect("what was read can be read again");
    assert_eq!(schema, again);
    let plan = Plan::compile(&schema);
    for interface in &schema.interfaces {
        let compiled = plan.interface(&interface.name).expect("every interface has a plan");
        for ordinal in 0..interface.channels.len() {
            let channel = compiled.channel(ordinal as u32).expect("every channel has a plan");
            for body in [&[][..], &[0; 32], &[1; 32], &[0xff; 32], data] {
                let _ = plan.validate(channel.args, body);
                let _ = plan.validate(channel.reply, body);
            }
        }
    }
    Hub::new(HubConfig::new(&schema)).expect("a hub without roles starts on any contract");
}
