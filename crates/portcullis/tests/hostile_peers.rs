//! Peers over real sockets that take nothing, or cancel whatever they ask for: the hub gets rid of them, and others are
//! served.
#![cfg(unix)]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use portcullis::hub::{Admission, Kind, Reason};
use portcullis::link::UnixLink;
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Call, Hub, Role};
use portcullis_proto::codec::to_bytes;
use portcullis_proto::frame::{self, Head, Kind as Frame};
use portcullis_proto::session::{Hello, Limits, PROTOCOL};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract of two methods for these tests")]
    use portcullis::Call;

    #[portcullis::interface(name = "test.blocks", version = 1)]
    pub trait Blocks {
        #[call(blocking, deadline = "60s")]
        async fn block(&self, cx: &Call);
        #[call(blocking, deadline = "60s")]
        async fn brief(&self, cx: &Call, number: u32) -> u32;
    }

    portcullis::contract! { name = "blocks", interfaces = [Blocks] }
}

use contract::{Blocks, BlocksClient, BlocksServer, contract};

static RELEASED: AtomicBool = AtomicBool::new(false);
static BLOCKED: AtomicUsize = AtomicUsize::new(0);

/// Lets the blocked threads go however a test ends: the runtime waits for them.
struct Release;

impl Drop for Release {
    fn drop(&mut self) {
        RELEASED.store(true, Ordering::SeqCst);
    }
}

struct Service;

impl Blocks for Service {
    async fn block(&self, _: &Call) {
        BLOCKED.fetch_add(1, Ordering::SeqCst);
        while !RELEASED.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    async fn brief(&self, _: &Call, number: u32) -> u32 {
        number
    }
}

/// What a peer has for its hello here, in milliseconds.
const HANDSHAKE_MS: u32 = 2000;

fn hub() -> Hub {
    let role = Role::new("all").call("test.blocks.*");
    let hub = Hub::builder(contract()).role(role).handshake_ms(HANDSHAKE_MS);
    hub.build().expect("roles fit")
}

async fn watched<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), test).await.expect("no hang")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_takes_nothing_is_gone_when_main_ends_it() {
    watched(async {
        let hub = hub();
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let admission = Admission::new("deaf", "all", Kind::Page);
        let link = UnixLink::new(ours).expect("a link");
        let connection = hub.attach(link, &admission).expect("admitted");
        let hello = Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            client: String::new(),
            limits: Limits::DEFAULT,
            interfaces: Vec::new(),
        };
        let mut bytes = Vec::new();
        let start = frame::begin(&mut bytes, Head::new(Frame::Hello));
        bytes.extend(to_bytes(&hello).expect("a hello"));
        frame::finish(&mut bytes, start);
        // More pongs than the socket holds, and far less than may wait.
        for _ in 0..40_000 {
            let start = frame::begin(&mut bytes, Head { id: 1, ..Head::new(Frame::Ping) });
            frame::finish(&mut bytes, start);
        }
        let sent = bytes.len() as u64;
        let theirs = tokio::task::spawn_blocking(move || {
            theirs.write_all(&bytes).expect("the hub reads");
            theirs
        });
        let theirs = theirs.await.expect("written");
        while hub.peers().first().is_some_and(|peer| peer.counters.bytes_in < sent) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // When the time for the hello is over, its driver has nothing to wait for but room in the socket.
        tokio::time::sleep(Duration::from_millis(u64::from(HANDSHAKE_MS) + 500)).await;
        assert!(hub.disconnect(connection.peer(), Reason::Revoked));
        assert_eq!(connection.closed().await.reason, Reason::Revoked);
        assert!(hub.peers().is_empty());
        drop(theirs);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_peer_cannot_take_all_threads_for_blocking_handlers() {
    let _release = Release;
    watched(async {
        let hub = hub();
        let _served = hub.serve(BlocksServer::new(Service)).expect("served");
        let greedy = hub.connect("greedy", "all", &PeerConfig::default()).expect("admitted");
        let greedy: BlocksClient = greedy.bind(Target::Any).await.expect("bound");
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..600 {
            let greedy = greedy.clone();
            calls.spawn(async move { greedy.block().await });
        }
        while BLOCKED.load(Ordering::SeqCst) < 64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let other = hub.connect("other", "all", &PeerConfig::default()).expect("admitted");
        let other: BlocksClient = other.bind(Target::Any).await.expect("bound");
        assert_eq!(other.brief(7).await.expect("a thread is left"), 7);
        assert_eq!(BLOCKED.load(Ordering::SeqCst), 64, "the others wait for their turn");
        // Those that are cancelled meanwhile never run; those that block have to end by themselves.
        calls.shutdown().await;
        while hub.open_work() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        RELEASED.store(true, Ordering::SeqCst);
        assert_eq!(greedy.brief(8).await.expect("its threads are free again"), 8);
        assert_eq!(BLOCKED.load(Ordering::SeqCst), 64);
    })
    .await;
}
