//! A ring of shared memory under a connection (`docs/protocol.md`, section 16), between real processes and with an other side that
//! breaks its rules (R7, R15, R21, f17, f24, f28, f31). Every scenario over one: `suite.rs`.
#![cfg(target_os = "linux")]

use std::future::Future;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use conformance::WATCHDOG;
use conformance::contract::contract;
use conformance::process::helper;
use conformance::raw::{hello_frame, send_with};
use conformance::seen::Seen;
use conformance::service::{BlobsService, EchoService};
use conformance::transport::{offered, offered_to};
use portcullis::client::{BlockingPeer, Ring, Spin};
use portcullis::hub::{
    Admission, AdmitError, Budget, Connection, Goodbye, Kind, RING_BYTES_MAX, Reason,
};
use portcullis::link::UnixLink;
use portcullis::peer::{PeerConfig, Target};
use portcullis::process::{Process, SpawnError};
use portcullis::{BlobPool, Hub, Role, Status};
use portcullis_proto::frame::{self, HEADER_BYTES, Head, Kind as Frame};
use portcullis_shm::ring::Duplex;
use sample_contract::{BlobsPublisher, BlobsServer, EchoClient, EchoServer, Scan};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_echo-peer");
/// Bytes of the frames here.
const FRAME: usize = 1 << 20;

fn hub() -> Hub {
    let role = Role::new("all")
        .call("sample.echo.*")
        .call("sample.blobs.*")
        .subscribe("sample.blobs.*")
        .publish("sample.blobs.*");
    Hub::builder(contract()).role(role).build().expect("the role fits the contract")
}

/// Both ways of a hub to read a ring: by a thread, and by a task.
const ATTACH: [Attach; 2] = [Hub::attach_blocking, Hub::attach_ring];
type Attach = fn(&Hub, UnixStream, &Admission) -> Result<Connection, AdmitError>;

/// The same of a process that the hub starts.
const SPAWN: [Spawn; 2] = [Hub::spawn_blocking, Hub::spawn_ring];
type Spawn = fn(&Hub, Command, &Admission) -> Result<Process, SpawnError>;

fn admission(label: &str) -> Admission {
    Admission::new(label, "all", Kind::Native)
}

async fn within<F: Future>(test: F) -> F::Output {
    tokio::time::timeout(WATCHDOG, test).await.expect("it does not hang")
}

/// A peer without a runtime on a thread of its own; what `work` says of it is returned.
async fn blocking<R: Send + 'static>(
    socket: UnixStream,
    ring: Ring,
    work: impl FnOnce(BlockingPeer) -> R + Send + 'static,
) -> R {
    let peer = tokio::task::spawn_blocking(move || {
        work(BlockingPeer::with_ring(socket, &ring, &PeerConfig::default()).expect("a ring"))
    });
    peer.await.expect("no panic")
}

/// Large bodies go through small rings both ways, with and without looking before sleeping.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_larger_than_the_ring_pass_both_ways() {
    within(async {
        let hub = hub();
        let _served = hub.serve(EchoServer::new(EchoService::default())).expect("served");
        let ways = [
            (ATTACH[0], Spin::Never),
            (ATTACH[0], Spin::Adaptive),
            (ATTACH[1], Spin::Never),
            (ATTACH[1], Spin::Adaptive),
        ];
        for (attach, spin) in ways {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            attach(&hub, ours, &admission("client")).expect("admitted");
            let ring = Ring { capacity: 4096, spin };
            blocking(theirs, ring, |mut peer| {
                let handle = peer.peer().clone();
                let echo: EchoClient = peer.block_on(handle.bind(Target::Any)).expect("bound");
                for size in [0, 1, 4000, 4096, 70_000, 3_000_000] {
                    let bytes: Vec<u8> = (0..size).map(|at: u32| (at % 251) as u8).collect();
                    let back = peer.block_on(echo.bytes(bytes.clone())).expect("a reply");
                    assert_eq!(back, bytes);
                }
            })
            .await;
        }
    })
    .await;
}

/// Blobs are lent beside a ring as beside a socket: their descriptors come by the socket, before the frame that declares them.
#[tokio::test]
async fn r07_frames_are_lent_beside_a_ring() {
    within(async {
        let hub = hub();
        let service = Arc::new(BlobsService::new(&Seen::default()));
        let hosted = hub.serve(BlobsServer::from_arc(Arc::clone(&service))).expect("served");
        let publisher: BlobsPublisher = hosted.publisher();
        service.publish_with(publisher.clone());
        for spawn in SPAWN {
            let (command, mut words) = helper(PROGRAM, "ring-watch-blobs");
            let mut process = spawn(&hub, command, &admission("viewer")).expect("started");
            words.expect("watching").await;
            let pool = BlobPool::new(4, FRAME).expect("memory");
            for number in 1..=20u8 {
                let mut slot = pool.lease(FRAME).expect("a free slot");
                slot.fill(number);
                let (name, points) = (format!("{number}"), slot.freeze());
                publisher.scanned(&Scan { name, points, ..Scan::default() }).expect("published");
                words.expect(&format!("{number}:{}", u64::from(number) * FRAME as u64)).await;
            }
            let peer = hub.peers().into_iter().find(|peer| peer.label == "viewer").expect("there");
            assert_eq!((peer.counters.blobs_lent, peer.counters.blobs_copied), (20, 0));
            process.kill().expect("it runs");
            process.wait().await.expect("its end is known");
        }
    })
    .await;
}

/// f24: whoever is killed in a call over a ring has left: nobody would wake this side any more.
#[tokio::test]
async fn f24_a_process_that_is_killed_has_left() {
    within(async {
        let hub = hub();
        let _served = hub.serve(EchoServer::new(EchoService::default())).expect("served");
        for spawn in SPAWN {
            let (command, mut words) = helper(PROGRAM, "ring-call");
            let mut process = spawn(&hub, command, &admission("caller")).expect("started");
            words.expect("calling").await;
            process.kill().expect("it runs");
            let (_, goodbye) = process.wait().await.expect("its end is known");
            assert_eq!(goodbye.reason, Reason::Closed);
            while hub.open_work() > 0 || !hub.peers().is_empty() {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
}

/// f25: a hub that goes away is noticed by a peer that sleeps on its ring, with what the hub has said last.
#[tokio::test]
async fn f25_the_hubs_last_words_reach_a_ring() {
    within(async {
        let hub = hub();
        let _served = hub.serve(EchoServer::new(EchoService::default())).expect("served");
        for spawn in SPAWN {
            let (command, mut words) = helper(PROGRAM, "ring-call");
            let mut process = spawn(&hub, command, &admission("caller")).expect("started");
            words.expect("calling").await;
            process.connection().close(Reason::Revoked);
            words.expect("unavailable").await;
            words.expect("revoked").await;
            assert!(process.wait().await.expect("its end is known").0.success());
        }
    })
    .await;
}

/// What a test sends instead of a good offer, or behind one.
type Wrong = fn(&UnixStream);

/// f17, f28, f31: offers and rings that break the rules end their peer with a reason, and nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f28_rings_that_break_the_rules_end_their_peer() {
    let cases: &[(&str, Wrong)] = &[
        ("without its descriptor", |socket| send_with(socket, &offer(4096), &[])),
        ("cut, or not alone", |socket| send_with(socket, &offer(4096)[..10], &[])),
        ("cut, or not alone", |socket| {
            send_with(socket, &[offer(4096), hello_frame()].concat(), &[]);
        }),
        ("no sealed memory", |socket| {
            let null = std::fs::File::open("/dev/null").expect("it is there");
            send_with(socket, &offer(4096), &[null.as_fd()]);
        }),
        ("capacity", |socket| offer_memory(socket, 4096, 5000)),
        ("capacity", |socket| offer_memory(socket, 4096, 0)),
        ("bytes", |socket| offer_memory(socket, 4096, 8192)),
        ("are taken at most", |socket| {
            offer_memory(socket, RING_BYTES_MAX * 2, RING_BYTES_MAX * 2);
        }),
        ("is empty", |socket| {
            let mut ring = offered(socket, 4096);
            ring.producer.push(&[]).expect("room");
        }),
        // A frame longer than any, cut over records.
        ("", |socket| {
            let mut ring = offered(socket, 4096);
            ring.producer.push(&[0xff; 16]).expect("room");
            // It may have ended already.
            let _ = ring.producer.push(&[0xff; 16]);
        }),
        // A second one, which nobody looks at: the socket carries nothing but descriptors any more.
        ("", |socket| {
            let mut ring = offered(socket, 4096);
            offer_memory(socket, 4096, 4096);
            ring.producer.push(&[0xff; 24]).expect("room");
        }),
    ];
    within(async {
        let hub = hub();
        let _served = hub.serve(EchoServer::new(EchoService::default())).expect("served");
        let bystander = hub.connect("bystander", "all", &PeerConfig::default()).expect("admitted");
        let echo: EchoClient = bystander.bind(Target::Any).await.expect("bound");
        let all = ATTACH.iter().flat_map(|attach| cases.iter().map(move |case| (attach, case)));
        for (place, (attach, (text, wrong))) in all.enumerate() {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            let connection = attach(&hub, ours, &admission("hostile")).expect("admitted");
            let wrong = *wrong;
            let theirs = tokio::task::spawn_blocking(move || {
                wrong(&theirs);
                theirs
            });
            let _theirs = theirs.await.expect("sent");
            let Goodbye { reason, message, .. } = connection.closed().await;
            assert_ne!(reason, Reason::Closed, "case {place}: {message}");
            assert!(message.contains(text), "case {place}: {message}");
            assert_eq!(echo.inline(5).await.expect("a reply"), 5);
        }
        while hub.peers().len() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// f32: whoever rings its bell again and again for nothing is ended, and has cost some wake-ups.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f32_a_storm_of_rings_ends_its_peer() {
    within(async {
        let hub = hub();
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let connection = hub.attach_ring(ours, &admission("hostile")).expect("admitted");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let ringing = tokio::task::spawn_blocking(move || {
            let (_ring, bell) = offered_to(&theirs, 4096);
            let bell = bell.expect("the hub has one");
            while !stopped.load(Ordering::SeqCst) {
                // The descriptor is all that it has of the hub: reading it, or filling it up, keeps nobody else from anything.
                rustix::io::write(&bell, &1u64.to_ne_bytes()).expect("rung");
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        let Goodbye { reason, message, .. } = connection.closed().await;
        assert_eq!(reason, Reason::MalformedFrame, "{message}");
        assert!(message.contains("for nothing"), "{message}");
        stop.store(true, Ordering::SeqCst);
        ringing.await.expect("no panic");
    })
    .await;
}

/// f15: whoever sends faster than it may is read no more for a while, over a ring as well: what it sends then stands there until it may
/// have come, or, if the peer has gone by then, for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f15_a_paused_ring_is_read_at_its_rate_and_its_end_is_seen() {
    within(async {
        for (attach, hours) in
            ATTACH.into_iter().flat_map(|attach| [(attach, false), (attach, true)])
        {
            let (rate, burst) = if hours { (1, 10) } else { (1_000, 10) };
            let role = Role::new("all").budget(Budget::new().frames_per_second(rate, burst));
            let hub = Hub::builder(contract()).role(role).build().expect("the role fits");
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            let connection = attach(&hub, ours, &admission("fast")).expect("admitted");
            let pings = tokio::task::spawn_blocking(move || {
                let mut ring = offered(&theirs, 64 * 1024);
                ring.producer.push(&hello_frame()).expect("room");
                for _ in 0..PINGS {
                    let mut ping = Vec::new();
                    let start = frame::begin(&mut ping, Head { id: 1, ..Head::new(Frame::Ping) });
                    frame::finish(&mut ping, start);
                    ring.producer.push(&ping).expect("room");
                }
                (ring, theirs)
            });
            let (mut ring, theirs) = pings.await.expect("sent");
            let paused = |hub: &Hub| hub.peers().iter().any(|peer| peer.counters.paused > 0);
            while !paused(&hub) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if !hours {
                let answered = tokio::task::spawn_blocking(move || {
                    let mut bytes = Vec::new();
                    // The welcome comes first; what it says does not matter here.
                    while bytes.len() < 4 || bytes.len() < welcome(&bytes) + PINGS * HEADER_BYTES {
                        ring.consumer.wait(Some(WATCHDOG)).expect("the hub keeps the rules");
                        ring.consumer.pop_batch(&mut bytes, usize::MAX).expect("records");
                    }
                });
                answered.await.expect("no panic");
            }
            drop(theirs);
            assert_eq!(connection.closed().await.reason, Reason::Closed);
        }
    })
    .await;
}

/// Frames beyond a budget.
const PINGS: usize = 100;

/// Bytes of the first frame.
fn welcome(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize)
}

/// A hub that takes no rings on a connection says so to whoever offers one, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_of_tasks_takes_no_ring() {
    within(async {
        let hub = hub();
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        hub.attach(UnixLink::new(ours).expect("a link"), &admission("client")).expect("admitted");
        let refused = tokio::task::spawn_blocking(move || {
            BlockingPeer::with_ring(theirs, &Ring::default(), &PeerConfig::default())
        });
        let error = refused.await.expect("no panic").expect_err("it is refused");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains("attach_blocking"), "{error}");
    })
    .await;
}

/// Whoever drops the peer says goodbye, and its calls end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_is_dropped_leaves() {
    within(async {
        let hub = hub();
        let _served = hub.serve(EchoServer::new(EchoService::default())).expect("served");
        for attach in ATTACH {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            let connection = attach(&hub, ours, &admission("client")).expect("admitted");
            let status = blocking(theirs, Ring::default(), |mut peer| {
                let handle = peer.peer().clone();
                let echo: EchoClient = peer.block_on(handle.bind(Target::Any)).expect("bound");
                let left = peer.block_on(echo.refuse("no".into()));
                left.expect_err("it is refused").status()
            })
            .await;
            assert_eq!(status, Status::FailedPrecondition);
            assert_eq!(connection.closed().await.reason, Reason::Closed);
        }
    })
    .await;
}

fn offer(capacity: u32) -> Vec<u8> {
    [b"PCRING\0\x01".as_slice(), &capacity.to_le_bytes()].concat()
}

/// Offers memory for one capacity as that of another, and lets the hub have it.
fn offer_memory(socket: &UnixStream, capacity: u32, declared: u32) {
    let (_ring, memory) = Duplex::create(capacity, Spin::Never).expect("memory");
    send_with(socket, &offer(declared), &[memory.as_fd()]);
}
