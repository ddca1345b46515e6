//! The fuzz targets without a fuzzer: each runs on its committed seeds and on a bounded number of mutations of them.
#![allow(unreachable_pub, reason = "the modules are those of the fuzz targets")]

#[path = "../../../fuzz/src/codec.rs"]
mod codec;
#[path = "../../../fuzz/src/subjects.rs"]
mod subjects;
#[path = "../../../crates/portcullis-proto/tests/support/mod.rs"]
mod support;

use std::path::PathBuf;

use support::{Rng, mutate};

/// Mutations of each seed.
const MUTATIONS: usize = 60;

/// The seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).expect("the folder of seeds");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a seed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds for {target}");
    paths.iter().map(|path| std::fs::read(path).expect("a readable seed")).collect()
}

fn run(target: &str, call: fn(&[u8])) {
    let mut rng = Rng(7);
    let seeds = seeds(target);
    for seed in &seeds {
        call(seed);
        for _ in 0..MUTATIONS {
            let mut data = seed.clone();
            if rng.one_in(8) {
                // Half of this one, half of another.
                let other: &Vec<u8> = rng.pick(&seeds);
                data.truncate(data.len() / 2);
                data.extend_from_slice(&other[other.len() / 2..]);
            }
            mutate::mutate(&mut data, &mut rng);
            call(&data);
        }
    }
}

#[test]
fn f06_codec_decode() {
    run("codec_decode", codec::codec_decode);
}

#[test]
fn f06_validator_agreement() {
    run("validator_agreement", codec::validator_agreement);
}

#[test]
fn f06_schema_agreement() {
    run("schema_agreement", codec::schema_agreement);
}

/// Seeds that no message takes would test little.
#[test]
fn the_seeds_are_valid_bodies() {
    for seed in seeds("validator_agreement") {
        let (&picked, body) = seed.split_first().expect("a seed");
        let subject = &subjects::SUBJECTS[usize::from(picked)];
        let verdict = subject.judge(body).unwrap_or_else(|differs| panic!("{differs}"));
        let conversion = matches!(verdict, Err(("bad_value", _)));
        assert!(
            verdict.is_ok() || conversion,
            "a seed of {} is {verdict:?}: write them anew (fuzz/README.md)",
            subject.name
        );
    }
}
