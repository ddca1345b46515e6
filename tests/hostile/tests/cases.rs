//! Every case over every transport: the end at the hub, the reason at the other side, and a bystander that notices
//! nothing.
#![cfg(unix)]

use std::collections::BTreeMap;

use hostile::case::{Case, On, cases};
use hostile::door::Way;
use hostile::house::{House, ROLE, ended};
use hostile::play::{Cut, play};
use portcullis::hub::Reason;

/// Cases that are played at once: most of them wait, most of the time.
const AT_ONCE: usize = 8;

async fn check(case: Case, way: Way, cut: Cut) {
    let house = House::new(way).await;
    let bystander = house.bystander().await;
    let outcome = play(&case, &house, cut, ROLE).await.unwrap_or_else(|why| panic!("{why}"));
    let mut expected = BTreeMap::<Reason, u64>::new();
    for (label, goodbye) in &outcome.ended {
        house.hears_of(label, goodbye).await.unwrap_or_else(|why| panic!("`{}`: {why}", case.name));
        assert!(!goodbye.message.is_empty(), "`{}`: the other side is told why", case.name);
        *expected.entry(goodbye.reason).or_default() += 1;
    }
    assert_eq!(ended(house.hub()), expected, "`{}` counts what has ended", case.name);
    let noticed = bystander.noticed_nothing().await;
    noticed.unwrap_or_else(|why| panic!("`{}` over {}: {why}", case.name, way.name()));
    house.settle().await;
}

fn run(files: &[(&str, &str)], ways: &[(Way, Cut)]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut playing = tokio::task::JoinSet::new();
        for (file, text) in files {
            for case in cases(file, text) {
                for &(way, cut) in ways {
                    let fits = match case.on {
                        None => true,
                        Some(On::Unix) => way != Way::Page,
                        Some(On::Page) => way == Way::Page,
                    };
                    if !fits {
                        continue;
                    }
                    if playing.len() >= AT_ONCE
                        && let Some(Err(failed)) = playing.join_next().await
                    {
                        std::panic::resume_unwind(failed.into_panic());
                    }
                    playing.spawn(check(case.clone(), way, cut));
                }
            }
        }
        while let Some(ended) = playing.join_next().await {
            if let Err(failed) = ended {
                std::panic::resume_unwind(failed.into_panic());
            }
        }
    });
}

macro_rules! script {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../crates/portcullis-hub/tests/simulator/scripts/", $name)),
        )
    };
}

/// Groups A and B: the simulator's scripts, as they are.
const SCRIPTS: &[(&str, &str)] = &[
    script!("f02_lengths.txt"),
    script!("f03_unknown.txt"),
    script!("f04_depth.txt"),
    script!("f05_payloads.txt"),
    script!("f08_hello.txt"),
    script!("f10_ids.txt"),
    script!("f12_rows.txt"),
    script!("f12_streams.txt"),
    script!("f13_cancel.txt"),
];

/// Groups C, D and G.
const CASES: &[(&str, &str)] = &[
    ("exhaustion.txt", include_str!("../cases/exhaustion.txt")),
    ("access.txt", include_str!("../cases/access.txt")),
];

/// What belongs to blobs.
const BLOBS: &[(&str, &str)] = &[
    ("parcels.txt", include_str!("../cases/parcels.txt")),
    ("blobs.txt", include_str!("../cases/blobs.txt")),
];

#[test]
fn f01_to_f13_over_a_connected_pair() {
    run(SCRIPTS, &[(Way::Pair, Cut::Whole)]);
}

#[test]
fn f01_to_f13_over_a_listening_path_byte_by_byte() {
    run(SCRIPTS, &[(Way::Path, Cut::EveryByte)]);
}

#[test]
fn f01_to_f13_over_a_pages_socket() {
    run(SCRIPTS, &[(Way::Page, Cut::Whole)]);
}

#[test]
fn f14_to_f37_over_every_transport() {
    run(CASES, &[Way::Pair, Way::Path, Way::Page].map(|way| (way, Cut::Whole)));
}

#[test]
fn f05_f06_f12_f29_parcels_and_blobs_over_every_transport() {
    let cuts = [(Way::Pair, Cut::Whole), (Way::Path, Cut::EveryByte), (Way::Page, Cut::Whole)];
    run(BLOBS, &cuts);
}

#[cfg(target_os = "linux")]
#[test]
fn f29_pools_over_a_pair_and_a_listening_path() {
    let pools = [("pools.txt", include_str!("../cases/pools.txt"))];
    run(&pools, &[Way::Pair, Way::Path].map(|way| (way, Cut::Whole)));
}

#[test]
fn f18_f39_f40_f41_at_the_gate() {
    run(&[("gate.txt", include_str!("../cases/gate.txt"))], &[(Way::Page, Cut::Whole)]);
}
