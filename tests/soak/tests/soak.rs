//! The bounded part of the soak, and that it can fail: over a transport that breaks frames something is found, and the seed
//! replays it. (R14, R21, R27, R28; faults 13, 20, 22 to 24, 45, 49)

use portcullis_proto::frame::Kind;
use soak::{Failure, Fault, Way, run};

/// Seeds that every run of the tests goes through; `cargo xtask soak` goes on from there.
const SEEDS: u64 = 60;
/// Seeds after which a broken transport must have been found.
const FOUND_WITHIN: u64 = 200;

#[test]
fn f24_f45_whoever_crashes_reloads_or_stalls_the_others_are_told_and_nothing_is_left() {
    let mut figures = soak::Figures::default();
    for seed in 1..=SEEDS {
        match run(seed, None) {
            Ok(of_run) => figures.add(&of_run),
            Err(failure) => panic!("{failure}"),
        }
    }
    println!("{figures}");
    // Something of everything, or the soak has lost what it is for.
    assert_eq!(figures.runs, SEEDS);
    for (what, count) in [
        ("crashes", figures.crashes),
        ("reloads", figures.reloads),
        ("stalls", figures.stalls),
        ("reports", figures.reports),
        ("items", figures.items),
    ] {
        assert!(count > 50, "{count} {what}");
    }
    let statuses = ["ok", "deadline_exceeded", "unavailable", "resource_exhausted", "application"];
    for status in statuses.into_iter().chain(["internal", "given up"]) {
        assert!(figures.count(Some(status)) > 10, "{status}: {figures}");
    }
    assert_eq!(figures.outcomes.len(), 24, "{:?}", figures.outcomes.keys());
}

#[test]
fn a_seed_is_the_same_run_again_byte_by_byte() {
    for seed in [3, 7] {
        let [first, again] = [(), ()].map(|()| run(seed, None).expect("it holds"));
        assert_eq!(first, again);
        assert!(first.frames > 100 && first.digest != 0, "{first}");
    }
    assert_ne!(run(3, None).expect("it holds").digest, run(7, None).expect("it holds").digest);
}

/// What is found of a fault, by the first seed that meets it.
fn found(way: Way, kind: Option<Kind>) -> Failure {
    let fault = Fault { way, kind };
    let failure = (1..=FOUND_WITHIN).find_map(|seed| run(seed, Some(fault)).err());
    let failure = failure.unwrap_or_else(|| panic!("{fault:?}: frames broke, and nobody noticed"));
    println!("{fault:?}: {failure}");
    failure
}

#[test]
fn a_transport_that_breaks_any_frame_is_found_and_its_seed_replays() {
    for way in [Way::Lost, Way::Doubled, Way::Late] {
        let failure = found(way, None);
        assert!(!failure.broken.is_empty() && !failure.notes.is_empty());
        assert!(failure.to_string().contains(&format!("--seed {}", failure.seed)));
        let again = run(failure.seed, Some(Fault { way, kind: None }));
        assert_eq!(again, Err(failure), "the seed replays");
    }
}

/// Each kind of frame is held to something of its own.
#[test]
fn a_transport_that_breaks_one_kind_of_frame_is_found() {
    for (way, kinds) in [
        (
            Way::Lost,
            &[Kind::Request, Kind::Publish, Kind::Item, Kind::End, Kind::Cancel, Kind::Subscribe][..],
        ),
        (
            Way::Doubled,
            &[
                Kind::Request,
                Kind::Notify,
                Kind::Publish,
                Kind::Item,
                Kind::End,
                Kind::Finish,
                Kind::Credit,
            ],
        ),
    ] {
        for kind in kinds {
            found(way, Some(*kind));
        }
    }
}
