//! The targets of codec and validator.

use portcullis_proto::schema::shown::{Excerpt, Extent, SHOWN_CLOSING_BYTES_MAX};
use portcullis_proto::schema::validate::Plan;

use super::subjects::SUBJECTS;
use super::support::secrets::{mark_all, only_marks};
use super::support::{Rng, fed, hex, oracle, schemas, verdict};

/// Reads `data` as every message of the sample contract: nothing panics, and what is read is written as it came.
pub fn codec_decode(data: &[u8]) {
    for subject in SUBJECTS.iter() {
        // The reader itself compares what it writes with what it read.
        let _ = subject.decode(&subject.fed(data));
    }
}

/// The first byte picks a message, the others are its body ([`fed`]): decoder and validator say the same.
pub fn validator_agreement(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else { return };
    let subject = &SUBJECTS[usize::from(first) % SUBJECTS.len()];
    if let Err(differs) = subject.judge(&subject.fed(data)) {
        panic!("{differs}");
    }
}

/// The first two bytes are the seed of a schema, the others a body ([`fed`]): validator and oracle say the same.
pub fn schema_agreement(data: &[u8]) {
    let Some((seed, data)) = data.split_first_chunk::<2>() else { return };
    let schema = schemas::schema(&mut Rng(u16::from_le_bytes(*seed).into()));
    let body = fed(&schema, data);
    let plan = Plan::compile(&schema);
    let root = plan.interface("test").and_then(|it| it.channel(0)).expect("the channel").reply;
    let validated = verdict(plan.validate_parts(root, &body.bytes, &body.blobs));
    let expected = oracle::judge(&schema, schemas::reply(&schema), &body);
    assert_eq!(validated, expected, "{body:?} {}\n{}", hex(&body.bytes), schema.to_json());
}

/// The first two bytes are the seed of a schema, the others a body, whole or cut: it is shown as JSON within its room, and
/// where all fields are secret, nothing of them.
pub fn shown(data: &[u8]) {
    let Some((seed, data)) = data.split_first_chunk::<2>() else { return };
    let mut schema = schemas::schema(&mut Rng(u16::from_le_bytes(*seed).into()));
    let body = fed(&schema, data);
    let lengths: Vec<u32> = body.blobs.iter().map(|blob| blob.len() as u32).collect();
    let plan = Plan::compile(&schema);
    let root = plan.interface("test").and_then(|it| it.channel(0)).expect("the channel").reply;
    let valid = plan.validate_parts(root, &body.bytes, &body.blobs).is_ok();
    for (room, cut) in [(1 << 20, false), (1 << 20, true), (body.bytes.len(), false)] {
        let excerpt = Excerpt { bytes: &body.bytes, cut, blobs: &lengths };
        let shown = schema.show_value(schemas::reply(&schema), excerpt, room);
        assert!(shown.json.len() <= room + SHOWN_CLOSING_BYTES_MAX, "{}", shown.json);
        assert!(!shown.json.chars().any(char::is_control), "{:?}", shown.json);
        let read: Result<serde_json::Value, _> = serde_json::from_str(&shown.json);
        assert!(read.is_ok(), "{}", shown.json);
        assert!(!valid || !matches!(shown.extent, Extent::Malformed(_)), "{shown:?}");
    }
    mark_all(&mut schema);
    let excerpt = Excerpt { bytes: &body.bytes, cut: false, blobs: &lengths };
    let shown = schema.show_value(schemas::reply(&schema), excerpt, 1 << 20);
    let read = serde_json::from_str(&shown.json).expect("JSON, as before");
    assert!(only_marks(&read), "{}", shown.json);
}
