//! The sample contract as data and as code: the committed schema is the contract's, and for every message the
//! validator says what the generated decoder says.
#![allow(unreachable_pub, reason = "the modules are shared with the fuzz targets")]

#[path = "../../../fuzz/src/subjects.rs"]
mod subjects;
#[path = "../../../crates/portcullis-proto/tests/support/mod.rs"]
mod support;

use portcullis_proto::codec::{Blob, Body};
use portcullis_proto::schema::Schema;
use portcullis_proto::schema::validate::Plan;
use proptest::prelude::*;
use sample_contract::contract;
use support::{Rng, mutate, oracle, unhex, valid, verdict};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Valid bodies, single and several mutations, truncations, random bytes: verdict, kind and path.
    #[test]
    fn decoder_and_validator_agree(seed: u64) {
        let mut rng = Rng(seed);
        for subject in subjects::SUBJECTS.iter() {
            for _ in 0..3 {
                subject.round(&mut rng).map_err(TestCaseError::fail)?;
            }
        }
    }

    /// The same for what has no message type of its own, with the oracle in the decoder's place: every part of every
    /// channel, in a plan that was read from the file form.
    #[test]
    fn channels_follow_the_protocol_text(seed: u64) {
        let schema = Schema::from_json(&contract().to_json()).expect("its own file form");
        let plan = Plan::compile(&schema);
        let mut rng = Rng(seed);
        for interface in &schema.interfaces {
            let planned = plan.interface(&interface.name).expect("the interface");
            for (channel, ordinal) in interface.channels.iter().zip(0..) {
                let planned = planned.channel(ordinal).expect("the channel");
                prop_assert_eq!((&planned.name, planned.kind), (&channel.name, channel.kind));
                let parts = [
                    (Some(planned.reply), Some(&channel.reply)),
                    (planned.error, channel.error.as_ref()),
                    (planned.up, channel.up.as_ref()),
                    (planned.down, channel.down.as_ref()),
                ];
                for (root, ty) in parts {
                    prop_assert_eq!(root.is_some(), ty.is_some());
                    let (Some(root), Some(ty)) = (root, ty) else { continue };
                    let validate = |body: &Body| {
                        verdict(plan.validate_parts(root, &body.bytes, &body.blobs))
                    };
                    let mut body = valid::body(&schema, ty, &mut rng);
                    prop_assert_eq!(validate(&body), Ok(()), "{:?}", body);
                    mutate::mutate_body(&mut body, &mut rng);
                    let expected = oracle::judge(&schema, ty, &body);
                    prop_assert_eq!(validate(&body), expected, "{:?}", body);
                }
            }
        }
    }
}

fn committed() -> Schema {
    Schema::from_json(include_str!("../contract.schema")).expect("the committed schema")
}

#[test]
fn the_committed_schema_is_the_contracts() {
    let same =
        &committed() == contract() && include_str!("../contract.schema") == contract().to_json();
    assert!(same, "contract.schema is not what the contract says: write it anew");
}

/// Every golden vector, by the committed schema alone: what the Rust and the TypeScript codec are held to.
#[test]
fn the_validator_keeps_the_golden_vectors() {
    let plan = Plan::compile(&committed());
    let judge = |row: &serde_json::Value| {
        let text = |key: &str| row[key].as_str().expect("a text").to_owned();
        let root = plan.named_type(&text("type")).expect("a type of the contract");
        let blobs = row["blobs"].as_array().into_iter().flatten();
        let blobs: Vec<Blob> =
            blobs.map(|blob| unhex(blob.as_str().expect("a text")).into()).collect();
        let found = plan.validate_parts(root, &unhex(&text("hex")), &blobs);
        (verdict(found), row.to_string())
    };
    let rows = |text| serde_json::from_str::<Vec<serde_json::Value>>(text).expect("rows");
    let valid = rows(include_str!("../../vectors/codec/valid.json"));
    let invalid = rows(include_str!("../../vectors/codec/invalid.json"));
    assert!(valid.len() > 50 && invalid.len() > 500);
    for (found, row) in valid.iter().map(judge) {
        assert_eq!(found, Ok(()), "{row}");
    }
    for row in &invalid {
        let (found, shown) = judge(row);
        match row["error"].as_str() {
            // The conversion of `Converted` is not in the schema.
            Some("bad_value") => assert_eq!(found, Ok(()), "{shown}"),
            kind => {
                let (found, path) = found.expect_err(&shown);
                assert_eq!(
                    (Some(found), Some(path.as_str())),
                    (kind, row["path"].as_str()),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn every_type_of_the_contract_is_a_subject() {
    let missing: Vec<&String> = contract()
        .types
        .keys()
        .filter(|name| {
            let ends = |subject: &&support::agreement::Subject| {
                subject.name.rsplit("::").next() == Some(name.as_str())
            };
            !subjects::SUBJECTS.iter().any(|subject| ends(&subject))
        })
        .collect();
    assert!(missing.is_empty(), "no subject for {missing:?}: add them to fuzz/src/subjects.rs");
}
