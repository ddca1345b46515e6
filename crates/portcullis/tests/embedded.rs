//! Which thread a handler runs on when an embedder carries the bytes, and what is kept while handlers are behind.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use portcullis::hub::{Admission, Embedded, Hosted, Kind, Reason};
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Call, Hub, Role};
use portcullis_proto::peer::{Driver, Peer, Turn};
use portcullis_proto::time::Time;

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract of a few methods for one test")]
    use portcullis::Call;

    #[portcullis::interface(name = "test.threads", version = 1)]
    pub trait Threads {
        #[call(inline)]
        async fn inline(&self, cx: &Call, ms: u32) -> u32;
        #[call]
        async fn plain(&self, cx: &Call, number: u32) -> u32;
        #[call(blocking)]
        async fn block(&self, cx: &Call, number: u32) -> u32;
        #[notify]
        async fn tell(&self, cx: &Call, bytes: Vec<u8>);
    }

    portcullis::contract! { name = "threads", interfaces = [Threads] }
}

use contract::{Threads, ThreadsClient, ThreadsServer, contract};

/// Notes where each handler ran, and what it was told.
#[derive(Clone, Default)]
struct Service {
    ran: Arc<Mutex<Vec<ThreadId>>>,
    told: Arc<Mutex<Vec<u8>>>,
}

impl Service {
    fn note(&self) {
        self.ran.lock().unwrap().push(thread::current().id());
    }
}

impl Threads for Service {
    async fn inline(&self, _: &Call, ms: u32) -> u32 {
        self.note();
        thread::sleep(Duration::from_millis(ms.into()));
        ms
    }

    async fn plain(&self, _: &Call, number: u32) -> u32 {
        self.note();
        number
    }

    async fn block(&self, _: &Call, number: u32) -> u32 {
        self.note();
        number
    }

    async fn tell(&self, _: &Call, bytes: Vec<u8>) {
        self.told.lock().unwrap().push(bytes[0]);
    }
}

struct Still;

impl Driver for Still {
    fn now(&self) -> Time {
        Time::ZERO
    }
}

/// A hub on a runtime of its own, and a peer whose bytes the test carries.
struct Bench {
    service: Service,
    embedded: Embedded,
    peer: Peer,
    woken: std::sync::mpsc::Receiver<()>,
    _hosted: Hosted,
}

impl Bench {
    fn new(runtime: &tokio::runtime::Handle) -> Self {
        let service = Service::default();
        let role = Role::new("all").call("test.threads.*");
        let hub = Hub::builder(contract()).role(role).runtime(runtime.clone()).build().unwrap();
        let hosted = hub.serve(ThreadsServer::new(service.clone())).unwrap();
        let (wake, woken) = std::sync::mpsc::channel();
        let admission = Admission::new("one", "all", Kind::Main);
        let embedded = hub
            .attach_embedded(&admission, Arc::new(move |_| wake.send(()).unwrap_or_default()))
            .unwrap();
        let peer = Peer::new(&PeerConfig::default(), Arc::new(Still));
        Self { service, embedded, peer, woken, _hosted: hosted }
    }

    /// Carries everything that is there, on this thread.
    fn carry(&self) {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        // Each side says something only because of what the other has said.
        loop {
            up.clear();
            if self.peer.transmit(&mut up) {
                self.embedded.deliver(&up);
            }
            down.clear();
            if !self.embedded.transmit(&mut down).moved {
                return;
            }
            self.peer.deliver(&down, &mut Turn::default());
        }
    }

    /// Carries until `future` is done.
    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        // A watchdog, not a measurement: every turn waits for a wake.
        loop {
            self.carry();
            if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            self.carry();
            if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            self.woken.recv_timeout(Duration::from_secs(60)).expect("a wake");
        }
    }

    fn client(&self) -> ThreadsClient {
        self.wait(self.peer.bind(Target::Any)).expect("bound")
    }

    fn last_ran(&self) -> ThreadId {
        *self.service.ran.lock().unwrap().last().expect("a handler ran")
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn only_inline_handlers_run_on_the_embedders_thread() {
    let runtime = runtime();
    let bench = Bench::new(runtime.handle());
    let client = bench.client();
    let here = thread::current().id();
    assert_eq!(bench.wait(client.inline(0)), Ok(0));
    assert_eq!(bench.last_ran(), here);
    assert_eq!(bench.wait(client.plain(2)), Ok(2));
    assert_ne!(bench.last_ran(), here);
    assert_eq!(bench.wait(client.block(3)), Ok(3));
    assert_ne!(bench.last_ran(), here);
}

#[test]
fn an_inline_call_is_answered_before_its_delivery_returns() {
    let runtime = runtime();
    let bench = Bench::new(runtime.handle());
    let client = bench.client();
    let mut call = std::pin::pin!(client.inline(0));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    bench.carry();
    assert!(call.as_mut().poll(&mut context).is_ready());
}

#[test]
fn notifications_are_handled_in_their_order() {
    let runtime = runtime();
    let bench = Bench::new(runtime.handle());
    let client = bench.client();
    for number in 0..200 {
        client.tell(vec![number]).expect("sent");
        if number % 7 == 0 {
            bench.carry();
        }
    }
    // Behind them on the same connection; a call's handler is started after theirs.
    bench.wait(client.plain(0)).expect("an answer");
    assert_eq!(*bench.service.told.lock().unwrap(), (0..200).collect::<Vec<u8>>());
}

#[test]
fn while_handlers_are_behind_messages_are_kept_and_a_peer_that_goes_on_is_ended() {
    // Nobody drives this runtime: no handler is ever started.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench::new(runtime.handle());
    let _client = bench.client();
    // One that does not heed its window.
    let message = notification(&vec![0; 1024 * 1024]);
    let mut sent = 0;
    // A window and a frame of unread messages are 20 MiB, and 4 MiB of arguments may wait for their handlers.
    while bench.embedded.ended().is_none() && sent < 64 {
        bench.embedded.deliver(&message);
        sent += 1;
    }
    assert!(sent > 20, "ended after {sent} MiB");
    let goodbye = bench.embedded.ended().expect("ended");
    assert_eq!(goodbye.reason, Reason::WindowExceeded, "{goodbye}");
}

/// A frame that notifies binding 1 of bytes.
#[test]
fn f15_empty_messages_that_are_kept_unread_count_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench::new(runtime.handle());
    let _client = bench.client();
    let message = notification(&vec![0; 1024 * 1024]);
    for _ in 0..6 {
        bench.embedded.deliver(&message);
    }
    assert_eq!(bench.embedded.ended(), None);
    // With 32 bytes each, those 20 MiB are less than a million.
    let mut sent = 0;
    while sent < 1_000_000 && (sent % 1_000 != 0 || bench.embedded.ended().is_none()) {
        bench.embedded.deliver(&[]);
        sent += 1;
    }
    let goodbye = bench.embedded.ended().expect("ended");
    assert_eq!(goodbye.reason, Reason::WindowExceeded, "{goodbye}");
}

fn notification(bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut length = bytes.len();
    while length >= 0x80 {
        body.push((length as u8 & 0x7f) | 0x80);
        length >>= 7;
    }
    body.push(length as u8);
    body.extend_from_slice(bytes);
    let mut frame = Vec::new();
    frame.extend_from_slice(&(24 + body.len() as u32).to_le_bytes());
    frame.extend_from_slice(&[8, 0, 0, 0]);
    frame.extend_from_slice(&1_u32.to_le_bytes());
    frame.extend_from_slice(&3_u32.to_le_bytes());
    frame.extend_from_slice(&[0; 8]);
    frame.extend_from_slice(&body);
    frame
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_inline_handler_that_holds_the_thread_up_is_logged_by_name() {
    let runtime = runtime();
    let bench = Bench::new(runtime.handle());
    let client = bench.client();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || bench.wait(client.inline(20)).expect("done"));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("test.threads.inline"), "{text}");
    assert!(text.contains("held up the thread"), "{text}");
}
