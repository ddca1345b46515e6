//! Blobs between real processes: lent from shared memory, to several at once, by main and by peers, and what becomes of them
//! when somebody dies or keeps what he has (R7, R21, f27, f29).
#![cfg(target_os = "linux")]

use std::future::Future;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use conformance::WATCHDOG;
use conformance::contract::contract;
use conformance::lender::Lender;
use conformance::process::{Words, helper};
use conformance::raw::{attached, bytes_of, frame as frame_of};
use conformance::seen::Seen;
use conformance::service::BlobsService;
use portcullis::hub::{Admission, Budget, Hosted, HubEvent, Kind, PeerCounters, Reason};
use portcullis::lane::LeaseError;
use portcullis::link::UnixLink;
use portcullis::peer::{PeerConfig, Target};
use portcullis::process::Process;
use portcullis::{BlobPool, Hub, Role, TypedArray};
use portcullis_proto::frame::{Head, Kind as FrameKind};
use rustix::process::{Pid, Signal, kill_process};
use sample_contract::{BlobsClient, BlobsPublisher, BlobsServer, Samples, Scan};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_echo-peer");
/// Bytes of the frames here.
const FRAME: usize = 1 << 20;

fn hub() -> Hub {
    hub_with(Budget::new())
}

/// A hub each of whose peers has that budget.
fn hub_with(budget: Budget) -> Hub {
    let role = Role::new("all")
        .budget(budget)
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
fn filled(pool: &BlobPool, number: u8) -> Scan {
    let mut slot = pool.lease(FRAME).expect("a free slot");
    slot.fill(number);
    Scan { name: format!("{number}"), points: slot.freeze(), ..Scan::default() }
}

fn counters(hub: &Hub, label: &str) -> PeerCounters {
    let peers = hub.peers();
    peers.iter().find(|peer| peer.label == label).expect("it is connected").counters
}

/// Blobs that were lent to a peer as they are, and those that were copied for it.
fn counted(hub: &Hub, label: &str) -> (u64, u64) {
    let PeerCounters { blobs_lent, blobs_placed, blobs_copied, blob_copies, .. } =
        counters(hub, label);
    // A socket's link hands to the system what it is given.
    assert_eq!(blob_copies, blobs_placed + blobs_copied);
    (blobs_lent, blob_copies)
}

fn signal(process: &Process, signal: Signal) {
    let id = process.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
    kill_process(id, signal).expect("it is ours");
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
            publisher.scanned(&filled(&pool, number)).expect("published");
            let expected = format!("{number}:{}", u64::from(number) * FRAME as u64);
            one.expect(&expected).await;
            two.expect(&expected).await;
        }
        assert_eq!((counted(&hub, "one"), counted(&hub, "two")), ((20, 0), (20, 0)));
        all_free(&pool, 4).await;
    })
    .await;
}

/// f15: what is lent counts for a rate as if it had come by the socket, which brings next to nothing.
#[tokio::test]
async fn f15_what_is_lent_counts_for_the_rate_of_who_lends_it() {
    within(async {
        let hub = hub_with(Budget::new().bytes_per_second(64 << 20, 1 << 20));
        let (_source, _words) = started(&hub, "source", "serve-blobs", "serving").await;
        let client = hub.connect("client", "all", &PeerConfig::default()).expect("admitted");
        let blobs: BlobsClient = client.bind(Target::Any).await.expect("bound");
        let (_watcher, mut watcher) = started(&hub, "watcher", "watch-blobs", "watching").await;
        for number in 1..=10u64 {
            let points = vec![number as u8; FRAME].into();
            let scan = Scan { name: format!("{number}"), points, ..Scan::default() };
            blobs.hand_over(scan).expect("sent");
            watcher.expect(&format!("{number}:{}", number * FRAME as u64)).await;
        }
        let source = counters(&hub, "source");
        assert_eq!(source.blobs_in, 20);
        assert!(source.bytes_in < FRAME as u64, "{source:?}");
        assert!(source.paused > 0 && source.paused_ms > 0, "{source:?}");
        assert_eq!(counters(&hub, "watcher").paused, 0);
    })
    .await;
}

/// f15: many loans in one read are paced as well, and a lender that hangs up, or takes nothing any more, gets no more copied than
/// one that stays.
#[tokio::test]
async fn f15_a_lender_is_paced_whatever_becomes_of_it() {
    const LOANS: u32 = 300;
    for (blocking, how) in [
        (false, Shutdown::Write),
        (false, Shutdown::Read),
        (true, Shutdown::Write),
        (true, Shutdown::Read),
    ] {
        within(async {
            let hub = hub_with(Budget::new().bytes_per_second(1 << 20, 1 << 20));
            let (_hosted, _publisher) = serve(&hub);
            let mut events = hub.events();
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            let mut lender = Lender::new(FRAME);
            lender.bind();
            for number in 1..=LOANS {
                lender.lend(number);
                lender.hand_over(number);
            }
            // Before anybody reads, so that what is noticed first does not depend on who is quicker. The socket has room for it.
            lender.send(&theirs);
            theirs.shutdown(how).expect("it is open");
            let admission = Admission::new("lender", "all", Kind::Native);
            let attached = if blocking {
                hub.attach_blocking(ours, &admission)
            } else {
                hub.attach(UnixLink::new(ours).expect("a link"), &admission)
            };
            let _connection = attached.expect("admitted");
            let copied = loop {
                match events.next().await.expect("an event") {
                    HubEvent::Left { peer, .. } => break peer.counters.blobs_in,
                    _ => continue,
                }
            };
            // A turn ends with the loan that goes beyond 16 MiB.
            assert!((1..=20).contains(&copied), "{copied} with {how:?}, blocking: {blocking}");
        })
        .await;
    }
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
        // Each is published twice, as `latest` and as `scanned`.
        assert_eq!(counters(&hub, "source").blobs_in, 20);
    })
    .await;
}

/// R21: receivers that stop keep what they have and what waits for them, and nobody else is sent a copy for it.
#[tokio::test]
async fn r21_whoever_reads_is_lent_frames_while_others_have_stopped() {
    within(async {
        let hub = hub();
        let (_source, _words) = started(&hub, "source", "serve-blobs", "serving").await;
        let client = hub.connect("client", "all", &PeerConfig::default()).expect("admitted");
        let blobs: BlobsClient = client.bind(Target::Any).await.expect("bound");
        let (_reader, mut reader) = started(&hub, "reader", "watch-blobs", "watching").await;
        let (stopped, mut words) = started(&hub, "stopped", "watch-blobs", "watching").await;
        let (other, mut other_words) = started(&hub, "other", "watch-blobs", "watching").await;
        for number in 1..=40u64 {
            match number {
                10 => signal(&stopped, Signal::STOP),
                // Another frame is on its way to this one.
                12 => signal(&other, Signal::STOP),
                _ => {}
            }
            let points = vec![number as u8; FRAME].into();
            let scan = Scan { name: format!("{number}"), points, ..Scan::default() };
            blobs.hand_over(scan).expect("sent");
            reader.expect(&format!("{number}:{}", number * FRAME as u64)).await;
        }
        assert_eq!(counted(&hub, "reader"), (40, 0));
        assert_eq!(counters(&hub, "reader").missed, 0);
        // Each of them has lost what its topic's policy drops, goes on with the newest, and misses nothing from then on.
        for (process, label, words) in
            [(stopped, "stopped", &mut words), (other, "other", &mut other_words)]
        {
            assert!(counters(&hub, label).missed > 0, "{label}");
            signal(&process, Signal::CONT);
            let last = format!("40:{}", 40 * FRAME as u64);
            while words.next().await.expect("it goes on") != last {}
        }
    })
    .await;
}

/// What is in no pool is copied once, into memory shared with its receiver alone, and counted as that.
#[tokio::test]
async fn what_is_in_no_pool_is_placed_where_it_can_be_lent() {
    within(async {
        let hub = hub();
        let (_hosted, publisher) = serve(&hub);
        let (_one, mut one) = started(&hub, "one", "watch-blobs", "watching").await;
        for number in 1..=5u64 {
            let points = vec![number as u8; FRAME].into();
            let scan = Scan { name: format!("{number}"), points, ..Scan::default() };
            publisher.scanned(&scan).expect("published");
            one.expect(&format!("{number}:{}", number * FRAME as u64)).await;
        }
        let PeerCounters { blobs_lent, blobs_placed, blobs_copied, blob_copies, .. } =
            counters(&hub, "one");
        assert_eq!((blobs_lent, blobs_placed, blobs_copied, blob_copies), (0, 5, 0, 5));
    })
    .await;
}

/// R7: a typed array takes the same way: from a client in main, over memory, it is placed where the process that is called can
/// read it, and slots are aligned for every kind of number.
#[tokio::test]
async fn a_typed_array_is_placed_where_it_can_be_lent() {
    within(async {
        let hub = hub();
        let (_source, _words) = started(&hub, "source", "serve-blobs", "serving").await;
        let client = hub.connect("client", "all", &PeerConfig::default()).expect("admitted");
        let blobs: BlobsClient = client.bind(Target::Any).await.expect("bound");
        let pool = BlobPool::new(4, FRAME).expect("memory");
        let mut slot = pool.lease(FRAME).expect("a free slot");
        for (bytes, number) in slot.chunks_exact_mut(4).zip(0u32..) {
            bytes.copy_from_slice(&(number as f32).to_le_bytes());
        }
        let f32s: TypedArray<f32> = slot.freeze().try_into().expect("whole numbers");
        assert_eq!(f32s.as_slice().map(|numbers| numbers[5]), Some(5.0));
        let sent = Samples { f32s, ..Samples::default() };
        assert_eq!(blobs.mirror(sent.clone()).await.expect("a reply"), sent);
        // The seven others have no numbers, and nothing is placed for that.
        let PeerCounters { blobs_lent, blobs_placed, blobs_copied, .. } = counters(&hub, "source");
        assert_eq!((blobs_lent, blobs_placed, blobs_copied), (0, 1, 7));
        drop(sent);
        all_free(&pool, 4).await;
    })
    .await;
}

/// f17: a pool that is offered for a frame which is then copied is declared all the same: its descriptors have left.
#[tokio::test]
async fn f17_a_pool_is_declared_also_when_its_first_frame_is_copied() {
    within(async {
        let hub = hub();
        let (_hosted, publisher) = serve(&hub);
        let (_one, mut one) = started(&hub, "one", "watch-blobs", "watching").await;
        let pool = BlobPool::new(4, FRAME).expect("memory");
        let kept: Vec<_> = (0..3).map(|_| pool.lease(FRAME).expect("free")).collect();
        // The last quarter of the pool is in use, so that this one is not lent.
        publisher.scanned(&filled(&pool, 1)).expect("published");
        one.expect(&format!("1:{FRAME}")).await;
        drop(kept);
        publisher.scanned(&filled(&pool, 2)).expect("published");
        one.expect(&format!("2:{}", 2 * FRAME)).await;
        assert_eq!(counted(&hub, "one"), (1, 1));
    })
    .await;
}

/// R7: one frame that is published again and again is lent once, and copied when it comes again: its numbers name one loan.
#[tokio::test]
async fn a_frame_that_was_returned_is_sent_again() {
    within(async {
        let hub = hub();
        let (_hosted, publisher) = serve(&hub);
        let (_one, mut one) = started(&hub, "one", "watch-blobs", "watching").await;
        let pool = BlobPool::new(4, FRAME).expect("memory");
        let scan = filled(&pool, 1);
        for _ in 0..20 {
            publisher.scanned(&scan).expect("published");
            one.expect(&format!("1:{FRAME}")).await;
        }
        assert_eq!(counted(&hub, "one"), (1, 19));
        drop(scan);
        all_free(&pool, 4).await;
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
            publisher.scanned(&filled(&pool, number)).expect("published");
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

/// f29: a peer that lends the same slot over and over, and gives it up each time, is taken in without a copy; one that lends
/// what it has not, or more memory than may be, is ended.
#[tokio::test]
async fn f29_loans_that_nobody_uses_cost_nothing() {
    within(async {
        let hub = hub();
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let admission = Admission::new("lender", "all", Kind::Native);
        let connection =
            hub.attach(UnixLink::new(ours).expect("a link"), &admission).expect("admitted");
        let mut lender = Lender::new(FRAME);
        for number in 1..=2_000 {
            lender.lend(number);
            lender.abandon(number);
        }
        let sender = tokio::task::spawn_blocking(move || {
            lender.send(&theirs);
            (theirs, lender)
        });
        let (mut theirs, _lender) = sender.await.expect("sent");
        // It is still there: a loan that there is no more ends it.
        let lend = Head { id: 1, ordinal: 1, budget: 1, ..Head::new(FrameKind::Lend) };
        let mut last = frame_of(lend, &bytes_of(&1u32));
        last.extend(attached(&[1]));
        std::io::Write::write_all(&mut theirs, &last).expect("sent");
        assert_eq!(connection.closed().await.reason, Reason::BadPool);
    })
    .await;
}
