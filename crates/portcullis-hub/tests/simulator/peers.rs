//! The peer's side: futures that are dropped at the worst moment, wake-ups, deadlines, and what must be given back.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use portcullis::{Call, Sink, Source};
use portcullis_proto::peer::{PeerConfig, Target};
use portcullis_proto::session::{Config, Limits};
use portcullis_proto::status::Status;
use sample_contract::{
    EchoClient, EchoServer, Flows, FlowsClient, FlowsError, FlowsServer, Picture, Summary,
    TopicsClient, TopicsPublisher,
};

use crate::bench::{FlowsService, Sim, config, native};

/// Counts how often it was woken, and, by its references, who holds it.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll_once<F: Future>(future: F) {
    let mut future = Box::pin(future);
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[test]
fn a_bind_that_nobody_waits_for_any_more_is_given_back() {
    let mut sim = Sim::with(1, config().bindings_max(4));
    sim.serve_main();
    let a = sim.peer("a", "all");
    for _ in 0..20 {
        let peer = sim.core(a);
        let binding = sim.spawn(async move { peer.bind::<EchoClient>(Target::Any).await });
        sim.run_for(0);
        // The hub has answered or is about to: the answer comes too late.
        sim.abort(&binding);
        sim.settle();
    }
    sim.rest();
    assert_eq!(sim.handles_open(), 0);
    assert!(sim.try_bind::<EchoClient>(a, Target::Any).is_ok());
}

#[test]
fn a_bind_that_ran_out_of_time_is_given_back() {
    let mut sim = Sim::new(2);
    sim.serve_main();
    let a = sim.peer("a", "all");
    sim.link(a).down.quality.latency_us = (12_000_000, 12_000_000);
    let failed = sim.try_bind::<EchoClient>(a, Target::Any).map(|_| ());
    assert_eq!(failed.expect_err("too late").status(), Status::DeadlineExceeded);
    sim.run_for(60_000);
    assert_eq!(sim.handles_open(), 0);
}

#[test]
fn an_interface_that_nobody_waits_to_serve_any_more_is_withdrawn() {
    let mut sim = Sim::new(3);
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let service = EchoServer::new(sim.echo());
    let peer = sim.core(b);
    let serving = sim.spawn(async move { peer.serve(service, "").await });
    sim.run_for(0);
    sim.abort(&serving);
    sim.rest();
    assert_eq!(sim.handles_open(), 0);
    let refused = sim.try_bind::<EchoClient>(a, Target::Any).map(|_| ());
    assert_eq!(refused.expect_err("nobody serves it").status(), Status::Unavailable);
}

#[test]
fn bindings_are_given_back_when_every_call_is_taken() {
    let mut sim = Sim::with(4, config().limits(Limits { calls: 4, ..Limits::DEFAULT }));
    sim.serve_main();
    let a = sim.peer("a", "all");
    let bound: Vec<EchoClient> = (0..10).map(|_| sim.bind(a, Target::Any)).collect();
    let kept = bound[0].clone();
    let calls: Vec<_> = (0..4).map(|_| sim.spawn(kept.later(100))).collect();
    sim.settle();
    drop(bound);
    sim.run_for(1_000);
    assert!(calls.iter().all(|call| call.take().is_some_and(|result| result.is_ok())));
    assert_eq!(sim.handles_open(), 1, "the one that is kept");
    drop(kept);
    sim.rest();
    assert_eq!(sim.handles_open(), 0);
}

#[test]
fn calls_run_out_of_time_before_the_connection_stands() {
    let mut sim = Sim::with(5, config().handshake_ms(600_000));
    let a = sim.peer_with("a", "all", native(), &PeerConfig::default());
    sim.link(a).up.stopped = true;
    // The driver has nothing more to send, and sleeps.
    sim.settle();
    let peer = sim.core(a);
    let binding = sim.spawn(async move { peer.bind::<EchoClient>(Target::Any).await.map(|_| ()) });
    sim.run_for(9_999);
    assert!(!binding.is_done());
    sim.run_for(2);
    let outcome = binding.take().expect("its time is over");
    assert_eq!(outcome.expect_err("no hub").status(), Status::DeadlineExceeded);
}

#[test]
fn a_sink_hears_that_its_call_was_given_up() {
    let mut sim = Sim::new(6);
    sim.serve_main();
    let a = sim.peer("a", "all");
    let flows: FlowsClient = sim.bind(a, Target::Any);
    // The handler takes nothing from the flow up.
    let (mut sink, mirrored) = flows.mirror();
    sim.link(a).up.stopped = true;
    let sending = sim.spawn(async move { while sink.send(&"x".repeat(100)).await.is_ok() {} });
    sim.settle();
    assert!(!sending.is_done(), "it waits for credit");
    drop(mirrored);
    sim.settle();
    assert!(sending.is_done(), "nobody takes items any more");
}

#[test]
fn a_stream_of_a_peer_outlives_its_deadline_once_it_has_begun() {
    let mut sim = Sim::new(7);
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let _flows = sim.serve(b, FlowsServer::new(FlowsService), "");
    let flows: FlowsClient = sim.bind(a, Target::Any);
    // `count` may take five seconds to its first item.
    let mut counting = flows.count(100, None);
    for expected in 0..100 {
        let (again, item) = sim.wait(async move {
            let item = counting.next().await;
            (counting, item)
        });
        counting = again;
        assert_eq!(item.expect("an item"), Some(expected));
        sim.run_for(1_000);
    }
    assert_eq!(sim.wait(counting.reply()).expect("a summary").items, 100);
}

/// Sends its first item at once, and then asks main.
struct Asks(EchoClient);

impl Flows for Asks {
    async fn count(
        &self,
        _: &Call,
        _: u32,
        _: Option<u32>,
        _: Sink<u32>,
    ) -> Result<Summary, FlowsError> {
        Ok(Summary::default())
    }
    async fn sum(&self, _: &Call, _: Source<u32>) -> Summary {
        Summary::default()
    }
    async fn mirror(&self, cx: &Call, mut input: Source<String>, mut out: Sink<String>) {
        let _ = out.send(&"first".to_owned()).await;
        while let Ok(Some(_)) = input.next().await {
            let answer = self.0.within(cx).nothing().await;
            let _ = out.send(&format!("{:?}", answer.map_err(|error| error.status()))).await;
        }
    }
    async fn pictures(&self, _: &Call, _: u32, _: u32, _: Sink<Picture>) -> Summary {
        Summary::default()
    }
    async fn stall(&self, _: &Call, _: Sink<u8>) {}
}

#[test]
fn nested_calls_of_a_stream_that_has_begun_have_their_own_time() {
    let mut sim = Sim::new(8);
    sim.serve_main();
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let echo: EchoClient = sim.bind(b, Target::Any);
    let _asks = sim.serve(b, FlowsServer::new(Asks(echo)), "asks");
    let flows: FlowsClient = sim.bind(a, Target::Instance("asks".into()));
    let (mut sink, mut incoming) = flows.mirror();
    let first = sim.wait(async move {
        let first = incoming.next().await;
        (incoming, first)
    });
    incoming = first.0;
    assert_eq!(first.1.expect("an item").as_deref(), Some("first"));
    sim.run_for(60_000);
    let answer = sim.wait(async move {
        sink.send(&String::new()).await.expect("sent");
        incoming.next().await
    });
    assert_eq!(answer.expect("an item").as_deref(), Some("Ok(())"));
}

#[test]
fn up_items_do_not_lift_the_deadline_of_a_peers_handler() {
    let mut sim = Sim::new(9);
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let _flows = sim.serve(b, FlowsServer::new(FlowsService), "");
    let flows: FlowsClient = sim.bind(a, Target::Any);
    let (mut sink, summing) = flows.sum();
    let summing = sim.spawn(summing);
    sim.wait(async move {
        sink.send(&1).await.expect("sent");
        // Kept open for ever.
        std::mem::forget(sink);
    });
    sim.run_for(31_000);
    let outcome = summing.take().expect("its time is over");
    assert_eq!(outcome.expect_err("no reply").status(), Status::DeadlineExceeded);
    sim.rest();
    assert_eq!((sim.open_work(), sim.tasks_alive()), (0, 0));
}

#[test]
fn a_binding_of_a_number_that_has_left_is_not_gone() {
    let mut sim = Sim::new(10);
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    for round in 0..5 {
        let service = EchoServer::new(sim.echo());
        let serving = sim.serve(b, service, "");
        let echo: EchoClient = sim.bind(a, Target::Any);
        assert!(sim.wait(echo.nothing()).is_ok(), "round {round}");
        // The instance leaves while the binding is given back: the two cross each other.
        drop(serving);
        drop(echo);
        sim.settle();
    }
    sim.rest();
    assert_eq!(sim.handles_open(), 0);
}

#[test]
fn who_waits_for_the_end_and_gives_up_leaves_nothing() {
    let mut sim = Sim::new(11);
    let a = sim.peer("a", "all");
    let peer = sim.core(a);
    let bell = Arc::new(Bell::default());
    for _ in 0..100 {
        let waker = Waker::from(Arc::clone(&bell));
        let mut closed = Box::pin(peer.closed());
        assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&bell), 1, "nobody holds its waker");
    let mut closed = Box::pin(peer.closed());
    let waker = Waker::from(Arc::clone(&bell));
    assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    peer.close();
    assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    poll_once(closed);
}

#[test]
fn a_report_comes_when_its_time_is_over() {
    let mut sim = Sim::new(12);
    let server = sim.peer("server", "all");
    let serving = sim.serve_topics(server, "");
    let publisher: TopicsPublisher = serving.publisher();
    let (well, stuck) = (sim.peer("well", "all"), sim.peer("stuck", "all"));
    let mut ticks = Vec::new();
    for node in [well, stuck] {
        let topics: TopicsClient = sim.bind(node, Target::Any);
        ticks.push(topics.subscribe_ticked());
    }
    sim.settle();
    sim.link(stuck).down.stopped = true;
    let before = sim.now();
    let report = sim.wait(publisher.ticked_reported(&7, Duration::from_millis(500)));
    let report = report.expect("a report");
    assert_eq!(report.delivered.len(), 1);
    assert_eq!(report.delivered[0].label, "well");
    assert_eq!(report.missed.len(), 1);
    assert_eq!(report.missed[0].label, "stuck");
    assert_eq!(report.missed[0].why, portcullis_proto::peer::Why::TimedOut);
    let took = sim.now().since(before);
    assert!(took < Duration::from_millis(600), "{took:?} of virtual time");
}

#[test]
fn f20_deadlines_hold_while_the_hub_reads_nothing() {
    let mut sim = Sim::new(14);
    sim.serve_main();
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    sim.link(a).up.stopped = true;
    // More than the link takes: the driver waits for room, and then something else waits behind it.
    let large = sim.spawn(echo.bytes(vec![7; 400_000]));
    sim.settle();
    let long = sim.spawn(echo.nothing());
    sim.settle();
    let brief = sim.spawn(echo.with_timeout(Duration::from_millis(50)).nothing());
    sim.run_for(51);
    let outcome = brief.take().expect("its time is over");
    assert_eq!(outcome.expect_err("nobody answers").status(), Status::DeadlineExceeded);
    assert!(!large.is_done() && !long.is_done());
}

#[test]
fn publishing_faster_than_the_hub_takes_is_refused() {
    let mut sim = Sim::new(13);
    sim.serve_main();
    let session = Config { outbox_bytes_max: 1024 * 1024, ..Config::default() };
    let bounded = PeerConfig { session, ..PeerConfig::default() };
    let a = sim.peer_with("a", "all", native(), &bounded);
    let echo: EchoClient = sim.bind(a, Target::Any);
    sim.link(a).up.stopped = true;
    let mut refused = 0;
    for _ in 0..1000 {
        if let Err(error) = echo.tell("x".repeat(10_000)) {
            assert_eq!(error.status(), Status::ResourceExhausted);
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
    assert!(sim.core(a).outbox_bytes() < 6 * 1024 * 1024);
    sim.link(a).up.stopped = false;
    sim.settle();
    assert!(sim.wait(echo.told()).expect("a count") >= 100);
}
