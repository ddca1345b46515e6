//! The bounded part of the stress, and that it can fail: what a transport or main itself does wrong on purpose is found.
//! (R5, R9, R14, R21, R27, R28; faults 19 to 21, 24, 27)
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::time::Duration;

use stress::{Fault, Options, Report, run};

/// What takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long somebody is waited for who has lost what he waits for.
const FAULTY_PATIENCE: Duration = Duration::from_secs(2);

fn options() -> Options {
    Options {
        program: PathBuf::from(env!("CARGO_BIN_EXE_stress")),
        time: Duration::from_secs(10),
        first: 1,
        rounds: None,
        patience: PATIENCE,
        fault: None,
        news: false,
    }
}

#[test]
fn f24_whatever_becomes_of_processes_each_request_has_one_outcome_and_nothing_is_left() {
    let report = run(&options()).expect("it can be played");
    println!("{report}");
    assert!(report.broken.is_empty(), "{report}");
    let Report { figures, .. } = report;
    // Something of everything, or the stress has lost what it is for.
    for (what, count, least) in [
        ("killed", figures.killed, 10),
        ("stopped", figures.stopped, 10),
        ("stayed", figures.stayed, 5),
        ("handled", figures.handled, 500),
        ("notifications", figures.notifications, 50),
        ("values", figures.values, 50),
        ("reports", figures.reports, 10),
        ("lent", figures.blobs_lent, 5),
        ("copied", figures.blobs_copied, 5),
        ("ok", figures.count(Some("ok")), 500),
        ("unavailable", figures.count(Some("unavailable")), 10),
        ("given up", figures.count(Some("given up")), 1),
    ] {
        assert!(count >= least, "{what}: {figures}");
    }
    assert_eq!(figures.outcomes.len(), 10, "{figures}");
}

/// Rounds within which a fault is found, the warm-up included.
const FOUND_WITHIN: u64 = 6;

/// What is found of a fault.
fn found(fault: Fault) -> String {
    let options = Options {
        patience: FAULTY_PATIENCE,
        rounds: Some(FOUND_WITHIN),
        fault: Some(fault),
        ..options()
    };
    let report = run(&options).expect("it can be played");
    assert!(!report.broken.is_empty(), "{fault:?}, and nobody noticed: {report}");
    report.to_string()
}

#[test]
fn a_lost_outcome_is_found() {
    let text = found(Fault::LostEnd);
    assert!(text.contains("do not come to rest") && text.contains("--seed "), "{text}");
}

#[test]
fn a_lost_value_and_a_changed_one_are_found() {
    found(Fault::LostItem);
    let text = found(Fault::ChangedItem);
    let says = ["another load came", "whole: false", "malformed_payload"];
    assert!(says.iter().any(|words| text.contains(words)), "{text}");
}

#[test]
fn a_descriptor_that_main_keeps_is_found() {
    let text = found(Fault::KeptDescriptor);
    assert!(text.contains("descriptors, "), "{text}");
}
