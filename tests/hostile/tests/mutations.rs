//! Bodies made from the contract: each that breaks it ends its sender, each that keeps it does not, and a bystander
//! notices nothing (f05, f06).
#![cfg(unix)]

use hostile::door::{Door, Line, Way};
use hostile::house::{House, ROLE};
use hostile::mutate::{Aim, Hit, Mutator, shoot};
use portcullis::hub::Reason;
use portcullis_proto::codec::from_bytes;
use portcullis_proto::frame::{Head, Kind};
use portcullis_proto::peer::{Bind, Bound, Target, hub_ordinal};
use portcullis_proto::schema::Interface;

/// Shots at each interface over each transport.
const SHOTS: usize = 150;

/// What panics, or goes on for as long as the numbers that it is given, when it is rightly asked to.
const SPARED: &[&str] = &[
    "sample.blobs.frames",
    "sample.echo.block",
    "sample.echo.panic",
    "sample.flows.pictures",
    "sample.topics.emit",
];

/// What nobody serves there.
const UNSERVED: &[&str] = &["sample.shared", "sample.values", "conformance.chain"];

async fn bound(house: &House, interface: &Interface, target: Target) -> (Line, u32) {
    let mut line = house.open("mutator", ROLE, None).await.expect("a connection");
    line.send(&conformance::raw::hello_frame()).await;
    line.next().await.expect("an answer").expect("welcome");
    let bind = Bind { interface: interface.name.clone(), shape: interface.shape(), target };
    let head = Head { ordinal: hub_ordinal::BIND, id: 0x1_0000, ..Head::new(Kind::Request) };
    line.send(&conformance::raw::frame(head, &conformance::raw::bytes_of(&bind))).await;
    let got = line.next().await.expect("an answer").expect("an end");
    assert_eq!(got.head.ordinal, 0, "{}: {got:?}", interface.name);
    (line, from_bytes::<Bound>(&got.body).expect("bound").binding)
}

async fn shots(way: Way, seed: u64, target: Target) {
    let house = House::new(way).await;
    let bystander = house.bystander().await;
    let schema = conformance::contract::contract();
    let mut mutator = Mutator::new(schema, seed);
    let (mut killed, mut lived) = (0, 0);
    // Those of them that brought blobs.
    let (mut blobs_killed, mut blobs_lived) = (0, 0);
    for interface in mutator.interfaces() {
        if UNSERVED.contains(&interface.name.as_str()) {
            continue;
        }
        let (mut line, mut binding) = bound(&house, interface, target.clone()).await;
        let mut id = 0x2_0000;
        for number in 0..SHOTS {
            let Some(shot) = mutator.shot(interface) else { continue };
            if shot.valid && SPARED.contains(&shot.channel.as_str()) {
                continue;
            }
            id += 0x1_0000;
            let bodies = std::iter::once(&shot.body).chain(&shot.item);
            let brings = u32::from(bodies.into_iter().any(|body| !body.blobs.is_empty()));
            let hit = shoot(&mut line, &shot, Aim { binding, id }).await;
            let hit = hit.unwrap_or_else(|why| panic!("seed {seed}, {number}, {shot:?}: {why}"));
            match (shot.valid, hit) {
                (false, Hit::Killed(Reason::MalformedPayload)) => {
                    killed += 1;
                    blobs_killed += brings;
                    (line, binding) = bound(&house, interface, target.clone()).await;
                    id = 0x2_0000;
                }
                (true, Hit::Ended(_) | Hit::Nothing) => {
                    lived += 1;
                    blobs_lived += brings;
                }
                _ => panic!("seed {seed}, {number}, over {}: {hit:?} for {shot:?}", way.name()),
            }
        }
    }
    assert_eq!(house.hub().counters().violations(), killed, "each is counted");
    assert!(killed > 100 && lived > 30, "{killed} killed, {lived} lived");
    let with_blobs = (blobs_killed, blobs_lived);
    assert!(blobs_killed > 20 && blobs_lived > 10, "with blobs: {with_blobs:?}");
    bystander.noticed_nothing().await.expect("nobody else notices");
    house.settle().await;
}

fn run(way: Way, seed: u64, target: Target) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(shots(way, seed, target));
}

#[test]
fn f05_f06_bodies_for_main_over_a_listening_path() {
    run(Way::Path, 1, Target::Any);
}

#[test]
fn f05_f06_bodies_for_main_over_a_pages_socket() {
    run(Way::Page, 2, Target::Any);
}

#[test]
fn f05_f06_bodies_for_a_server_over_a_listening_path() {
    run(Way::Path, 3, Target::Instance("remote".into()));
}
