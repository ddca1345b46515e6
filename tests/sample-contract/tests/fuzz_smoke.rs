//! The fuzz targets without a fuzzer: each runs on its committed seeds and corpus, and on
//! a bounded number of mutations of them.
#![allow(unreachable_pub, reason = "the modules are those of the fuzz targets")]

#[path = "../../../fuzz/src/lib.rs"]
#[allow(dead_code, reason = "what writes seeds is the example's")]
mod fuzz;

use std::path::{Path, PathBuf};

use fuzz::support::{Rng, mutate};
use fuzz::targets::TARGETS;

/// Mutations of each seed.
const MUTATIONS: usize = 60;

/// The bytes of all files of a folder of `fuzz`, in the order of their names; none when there is no such folder.
fn files(folder: &str, target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder).join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a readable file")).collect()
}

/// Runs a target on its seeds and its corpus, and on mutations of them, at most `mutations_max` in all.
fn run(name: &str, mutations_max: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let mut rng = Rng(7);
    let seeds = [files("seeds", name), files("corpus", name)].concat();
    assert!(!seeds.is_empty(), "nothing to begin with for {name}");
    let mutations = MUTATIONS.min(mutations_max / seeds.len());
    for seed in &seeds {
        (target.run)(seed);
        for _ in 0..mutations {
            let mut data = seed.clone();
            if rng.one_in(8) {
                // Half of this one, half of another.
                let other: &Vec<u8> = rng.pick(&seeds);
                data.truncate(data.len() / 2);
                data.extend_from_slice(&other[other.len() / 2..]);
            }
            mutate::mutate(&mut data, &mut rng);
            (target.run)(&data);
        }
    }
}

macro_rules! smoke {
    ($(fn $test:ident() $target:literal $mutations_max:literal;)*) => {
        $(
            #[test]
            fn $test() {
                run($target, $mutations_max);
            }
        )*

        #[test]
        fn every_target_is_run() {
            let run = [$($target),*];
            let targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(run[..], targets[..]);
        }
    };
}

smoke! {
    fn f02_f03_frames() "frames" 20_000;
    fn f06_codec_decode() "codec_decode" 10_000;
    fn f06_validator_agreement() "validator_agreement" 10_000;
    fn f06_schema_agreement() "schema_agreement" 10_000;
    fn f06_shown() "shown" 10_000;
    fn schema_file() "schema_file" 2_000;
    fn policy_file() "policy_file" 4_000;
    fn f10_session() "session" 10_000;
    fn f10_session_pair() "session_pair" 10_000;
    fn f06_f10_peer() "peer" 5_000;
    fn f06_f10_hub() "hub" 1_000;
    fn f40_f41_ws_upgrade() "ws_upgrade" 3_000;
}

/// Seeds that no message takes would test little.
#[test]
fn the_seeds_are_valid_bodies() {
    for seed in files("seeds", "validator_agreement") {
        let (&picked, data) = seed.split_first().expect("a seed");
        let subject = &fuzz::subjects::SUBJECTS[usize::from(picked)];
        let verdict =
            subject.judge(&subject.fed(data)).unwrap_or_else(|differs| panic!("{differs}"));
        let conversion = matches!(verdict, Err(("bad_value", _)));
        assert!(
            verdict.is_ok() || conversion,
            "a seed of {} is {verdict:?}: write them anew (fuzz/README.md)",
            subject.name
        );
    }
}

/// The file that TypeScript's decoder is held to: what stands there is what Rust says.
#[test]
fn the_verdicts_for_typescript_are_those_of_rust() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/codec/verdicts.txt");
    let text = std::fs::read_to_string(path).expect("the verdicts");
    let mut count = 0;
    for line in text.lines() {
        let [name, body, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}")
        };
        let of_name = |subject: &&fuzz::support::agreement::Subject| {
            subject.name.rsplit("::").next() == Some(name)
        };
        let subject = fuzz::subjects::SUBJECTS.iter().find(of_name).expect("a message");
        let verdict = match subject.judge(&fuzz::support::unhex(body)).expect("one verdict") {
            Ok(()) => "ok".to_owned(),
            Err((kind, path)) => format!("{kind} {path}").trim_end().to_owned(),
        };
        assert_eq!(verdict, expected, "{line}: write them anew (fuzz/README.md)");
        count += 1;
    }
    assert!(count >= 1000);
}
