//! Rings that a task reads ([`Hub::attach_ring`]): which thread serves them, and that nobody has it for long. What passes over them is
//! the conformance suite's.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use portcullis::client::{BlockingPeer, Ring, Spin};
use portcullis::hub::{Admission, Kind};
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Call, Hub, Role, Status};
use tokio::runtime::Runtime;

/// A service that says where it runs.
#[portcullis::interface(name = "test.place", version = 1)]
pub trait Place {
    /// The thread of the handler.
    #[call(deadline = "60s")]
    async fn thread(&self, cx: &Call) -> String;

    /// Answers when it was let go.
    #[call(blocking, deadline = "60s")]
    async fn block(&self, cx: &Call) -> u64;

    /// Waits until more has been sent than this.
    #[notify]
    async fn flood(&self, cx: &Call, number: u64);
}

portcullis::contract! { name = "place", interfaces = [Place] }

/// Values of a flood.
const FLOOD: u64 = 200;
/// How often to look for something until it is known never to come.
const LOOKS_MAX: u32 = 600_000;
/// Between two looks.
const NAP: Duration = Duration::from_micros(50);

#[derive(Default)]
struct Service {
    let_go: AtomicU64,
    sent: AtomicU64,
    taken: AtomicU64,
}

fn wait_until(mut ready: impl FnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if ready() {
            return;
        }
        thread::sleep(NAP);
    }
    panic!("it never comes");
}

impl Place for Arc<Service> {
    async fn thread(&self, _: &Call) -> String {
        format!("{:?}", thread::current().id())
    }

    async fn block(&self, _: &Call) -> u64 {
        wait_until(|| self.let_go.load(Ordering::SeqCst) > 0);
        1
    }

    async fn flood(&self, _: &Call, number: u64) {
        self.taken.fetch_add(1, Ordering::SeqCst);
        wait_until(|| self.sent.load(Ordering::SeqCst) > (number + 1).min(FLOOD - 1));
    }
}

fn hub(service: &Arc<Service>) -> (Hub, portcullis::hub::Hosted) {
    let role = Role::new("all").call("test.place.*");
    let hub = Hub::builder(contract()).role(role).build().expect("the role fits the contract");
    let served = hub.serve(PlaceServer::new(Arc::clone(service))).expect("served");
    (hub, served)
}

fn admission(label: &str) -> Admission {
    Admission::new(label, "all", Kind::Native)
}

/// The runtime of a test has one thread, which this one lends it.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn peer(socket: UnixStream) -> (BlockingPeer, PlaceClient) {
    let ring = Ring { spin: Spin::Never, ..Ring::default() };
    let mut peer = BlockingPeer::with_ring(socket, &ring, &PeerConfig::default()).expect("a ring");
    let handle = peer.peer().clone();
    let client = peer.block_on(handle.bind(Target::Any)).expect("bound");
    (peer, client)
}

#[test]
fn a_task_serves_on_the_runtimes_thread_and_a_thread_on_its_own() {
    let asked = runtime().block_on(async {
        let (hub, _served) = hub(&Arc::default());
        let pairs = [UnixStream::pair(), UnixStream::pair(), UnixStream::pair()];
        let [(ours, one), (also, two), (last, three)] = pairs.map(|pair| pair.expect("a pair"));
        hub.attach_ring(ours, &admission("one")).expect("admitted");
        hub.attach_ring(also, &admission("two")).expect("admitted");
        hub.attach_blocking(last, &admission("three")).expect("admitted");
        let asking = tokio::task::spawn_blocking(|| {
            [one, two, three].map(|socket| {
                let (mut peer, client) = peer(socket);
                peer.block_on(client.thread()).expect("a reply")
            })
        });
        asking.await.expect("no panic")
    });
    let here = format!("{:?}", thread::current().id());
    let [one, two, three] = asked;
    assert_eq!((&one, &two), (&here, &here));
    assert_ne!(three, here);
}

#[test]
fn a_handler_that_blocks_holds_up_no_other_ring() {
    runtime().block_on(async {
        let service = Arc::new(Service::default());
        let (hub, _served) = hub(&service);
        let (ours, one) = UnixStream::pair().expect("a pair");
        hub.attach_ring(ours, &admission("one")).expect("admitted");
        let blocked = tokio::task::spawn_blocking(|| {
            let (mut peer, client) = peer(one);
            peer.block_on(client.block()).expect("a reply")
        });
        while hub.open_work() == 0 {
            tokio::task::yield_now().await;
        }
        let (ours, two) = UnixStream::pair().expect("a pair");
        hub.attach_ring(ours, &admission("two")).expect("admitted");
        let answered = tokio::task::spawn_blocking(|| {
            let (mut peer, client) = peer(two);
            peer.block_on(client.thread()).is_ok()
        });
        assert!(answered.await.expect("no panic"));
        assert!(!blocked.is_finished());
        service.let_go.store(1, Ordering::SeqCst);
        assert_eq!(blocked.await.expect("no panic"), 1);
    });
}

/// Whenever a value of the flood was taken in, the next stands in the ring already: its task never has to wait.
#[test]
fn a_ring_that_is_never_empty_keeps_nobody_from_their_turn() {
    runtime().block_on(async {
        let service = Arc::new(Service::default());
        let (hub, _served) = hub(&service);
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        hub.attach_ring(ours, &admission("flood")).expect("admitted");
        let sending = Arc::clone(&service);
        let flood = thread::spawn(move || {
            let (mut peer, client) = peer(theirs);
            for number in 0..FLOOD {
                // No more than two of them are taken in at once.
                wait_until(|| sending.taken.load(Ordering::SeqCst) + 1 >= number);
                peer.block_on(async { client.flood(number) }).expect("sent");
                sending.sent.fetch_add(1, Ordering::SeqCst);
            }
            wait_until(|| sending.taken.load(Ordering::SeqCst) == FLOOD);
        });
        let mut turns = 0;
        while service.taken.load(Ordering::SeqCst) < FLOOD {
            turns += u64::from(service.taken.load(Ordering::SeqCst) > 0);
            tokio::task::yield_now().await;
        }
        assert!(turns >= FLOOD / 4, "others had {turns} turns beside {FLOOD} of the flood");
        flood.join().expect("no panic");
    });
}

#[test]
fn a_ring_ends_with_the_runtime_that_reads_it() {
    let hubs = runtime();
    let (socket, service) = (UnixStream::pair().expect("a pair"), Arc::new(Service::default()));
    let (ours, theirs) = socket;
    let attached = hubs.block_on(async {
        let (hub, served) = hub(&service);
        let connection = hub.attach_ring(ours, &admission("left")).expect("admitted");
        let (bound, mut when_bound) = tokio::sync::oneshot::channel();
        let left = thread::spawn(move || {
            let (mut peer, client) = peer(theirs);
            bound.send(()).expect("somebody waits");
            let failed = peer.block_on(client.block()).expect_err("nobody answers");
            failed.status()
        });
        (&mut when_bound).await.expect("bound");
        while hub.open_work() == 0 {
            tokio::task::yield_now().await;
        }
        (hub, served, connection, left)
    });
    let (hub, _served, _connection, left) = attached;
    hubs.shutdown_background();
    assert_eq!(left.join().expect("no panic"), Status::Unavailable);
    wait_until(|| hub.peers().is_empty());
    service.let_go.store(1, Ordering::SeqCst);
}
