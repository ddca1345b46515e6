//! Random schemas and bodies: the validator against an oracle written from the protocol text.

mod support;

use std::collections::BTreeMap;

use portcullis_proto::codec::{ErrorKind, Parts};
use portcullis_proto::schema::validate::Plan;
use proptest::prelude::*;
use support::{Rng, mutate, oracle, schemas, valid, verdict};

/// Bodies for each schema.
const BODIES: usize = 48;

/// Judges bodies for one drawn schema both ways, and counts what came out.
fn agree(seed: u64, seen: &mut BTreeMap<String, usize>) -> Result<(), TestCaseError> {
    let mut rng = Rng(seed);
    let schema = schemas::schema(&mut rng);
    let reply = schemas::reply(&schema);
    let plan = Plan::compile(&schema);
    let root = plan.interface("test").and_then(|it| it.channel(0)).expect("the channel").reply;
    let mut check = |body: Parts<'_>| {
        let expected = oracle::judge(&schema, reply, body);
        let found = verdict(plan.validate_parts(root, body.bytes, body.blobs));
        prop_assert_eq!(&found, &expected, "{:?}\n{}", body, schema.to_json());
        let kind = found.as_ref().map_or_else(|(kind, _)| *kind, |()| "valid");
        *seen.entry(kind.to_owned()).or_default() += 1;
        Ok(found.is_ok())
    };
    for round in 0..BODIES {
        let mut body = valid::body(&schema, reply, &mut rng);
        let good = check(body.parts())?;
        prop_assert!(good, "a valid body {:?}\n{}", body, schema.to_json());
        mutate::mutate_body(&mut body, &mut rng);
        check(body.parts())?;
        if round % 8 == 0 {
            let count = rng.below(40);
            check(Parts { bytes: &rng.bytes(count), ..body.parts() })?;
            for end in 0..body.bytes.len().min(60) {
                check(Parts { bytes: &body.bytes[..end], ..body.parts() })?;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn validator_and_oracle_agree(seed: u64) {
        agree(seed, &mut BTreeMap::new())?;
    }
}

/// The same with fixed seeds, which meet every kind of error that a schema alone can tell.
#[test]
fn fixed_seeds_meet_every_kind_of_error() {
    let mut seen = BTreeMap::new();
    for seed in 0..400 {
        agree(seed, &mut seen).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    // Values of drawn schemas seldom nest 64 deep, and no schema names a conversion.
    let rare = [ErrorKind::TooDeep, ErrorKind::BadValue];
    for kind in ErrorKind::ALL.iter().filter(|kind| !rare.contains(kind)) {
        assert!(seen.contains_key(kind.name()), "{} never came up: {seen:?}", kind.name());
    }
    assert!(seen["valid"] > 10_000, "{seen:?}");
}
