//! Blobs between real processes: lent from shared memory, to several at once, by main and by peers, and what becomes of them
//! when somebody dies or keeps what he has (R7, R21, f27, f29).
#![cfg(target_os = "linux")]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use conformance::WATCHDOG;
use conformance::contract::contract;
use conformance::process::{Words, helper};
use conformance::seen::Seen;
use conformance::service::BlobsService;
use portcullis::hub::{Admission, Hosted, Kind};
use portcullis::lane::LeaseError;
use portcullis::peer::{PeerConfig, Target};
use portcullis::process::Process;
use portcullis::{BlobPool, Hub, Role};
use sample_contract::{BlobsClient, BlobsPublisher, BlobsServer, Scan};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_echo-peer");
/// Bytes of the frames here.
const FRAME: usize = 1 << 20;

fn hub() -> Hub {
    let role = Role::new("all")
        .call("sample.blobs.*")
        .subscribe("sample.blobs.*")
        .publish("sample.blobs.*")
        .serve("sample.blobs");
    Hub::builder(contract()).role(role).build().expect("the role fits the contract")
}

/// Main serves the blobs; what is published goes to everybody who watches.
fn serve(hub: &Hub) -> (Hosted, BlobsPublisher) {
    let service = Arc::new(BlobsService::new(&Seen::default()));
    let hosted = hub.serve(BlobsServer::from_arc(Arc::clone(&service))).expect("served");
    let publisher: BlobsPublisher = hosted.publisher();
    service.publish_with(publisher.clone());
    (hosted, publisher)
}

/// Starts a helper under a label and waits until it has said `word`.
async fn started(hub: &Hub, label: &str, mode: &str, word: &str) -> (Process, Words) {
    let (command, mut words): (Command, Words) = helper(PROGRAM, mode);
    let admission = Admission::new(label, "all", Kind::Native);
    let process = hub.spawn(command, &admission).expect("started");
    words.expect(word).await;
    (process, words)
}

async fn within<F: Future>(test: F) -> F::Output {
    tokio::time::timeout(WATCHDOG, test).await.expect("it does not hang")
}

/// A frame that is filled in place with its number.
fn frame(pool: &BlobPool, number: u8) -> Scan {
    let mut slot = pool.lease(FRAME).expect("a free slot");
    slot.fill(number);
    Scan { name: format!("{number}"), points: slot.freeze(), ..Scan::default() }
}

fn counted(hub: &Hub, label: &str) -> (u64, u64) {
    let peers = hub.peers();
    let peer = peers.iter().find(|peer| peer.label == label).expect("it is connected");
    (peer.counters.blobs_lent, peer.counters.blobs_copied)
}

async fn all_free(pool: &BlobPool, slots: usize) {
    while pool.free() < slots {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// R7: one frame that main fills in place is lent to several processes, which read it where it is; nothing is copied, and all
/// slots come back.
#[tokio::test]
async fn one_frame_is_lent_to_several_processes() {
    within(async {
        let hub = hub();
        let (_hosted, publisher) = serve(&hub);
        let (_one, mut one) = started(&hub, "one", "watch-blobs", "watching").await;
        let (_two, mut two) = started(&hub, "two", "watch-blobs", "watching").await;
        let pool = BlobPool::new(4, FRAME).expect("memory");
        for number in 1..=20 {
            publisher.scanned(&frame(&pool, number)).expect("published");
            let expected = format!("{number}:{}", u64::from(number) * FRAME as u64);
            one.expect(&expected).await;
            two.expect(&expected).await;
        }
        assert_eq!((counted(&hub, "one"), counted(&hub, "two")), ((20, 0), (20, 0)));
        all_free(&pool, 4).await;
    })
    .await;
}

/// R7: what a process publishes is copied once, at the hub, and lent to all who watch.
#[tokio::test]
async fn what_a_process_publishes_is_lent_on() {
    within(async {
        let hub = hub();
        let (_source, _words) = started(&hub, "source", "serve-blobs", "serving").await;
        let client = hub.connect("client", "all", &PeerConfig::default()).expect("admitted");
        let blobs: BlobsClient = client.bind(Target::Any).await.expect("bound");
        let (_one, mut one) = started(&hub, "one", "watch-blobs", "watching").await;
        let (_two, mut two) = started(&hub, "two", "watch-blobs", "watching").await;
        for number in 1..=10u64 {
            let points = vec![number as u8; FRAME].into();
            let scan = Scan { name: format!("{number}"), points, ..Scan::default() };
            blobs.hand_over(scan).expect("sent");
            let expected = format!("{number}:{}", number * FRAME as u64);
            one.expect(&expected).await;
            two.expect(&expected).await;
        }
        assert_eq!((counted(&hub, "one"), counted(&hub, "two")), ((10, 0), (10, 0)));
    })
    .await;
}

/// f27: whoever keeps all that it was lent gets copies, and exhaustion is told to the owner; when it dies, its slots are free.
#[tokio::test]
async fn f27_a_receiver_that_keeps_everything_dies() {
    within(async {
        let hub = hub();
        let (_hosted, publisher) = serve(&hub);
        let (mut hoarder, mut words) = started(&hub, "hoarder", "hoard-blobs", "watching").await;
        let pool = BlobPool::new(4, FRAME).expect("memory");
        for number in 1..=6 {
            publisher.scanned(&frame(&pool, number)).expect("published");
            words.expect(&format!("{number}:{}", u64::from(number) * FRAME as u64)).await;
        }
        // It may hold half of the slots; the other frames were copied for it.
        assert_eq!(counted(&hub, "hoarder"), (2, 4));
        assert_eq!(pool.free(), 2);
        let kept = [pool.lease(FRAME).expect("free"), pool.lease(FRAME).expect("free")];
        assert_eq!(pool.lease(FRAME).map(drop), Err(LeaseError::Exhausted));
        drop(kept);
        hoarder.kill().expect("it runs");
        hoarder.wait().await.expect("its end is known");
        all_free(&pool, 4).await;
    })
    .await;
}
