//! Peers that try to make the hub grow, or another peer slow, wrong or dead (groups C and D; R21).

use portcullis_hub::{HubEvent, PeerId, Turn};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{PeerConfig, Target};
use portcullis_proto::rpc::{Complete, Replies, start_job};
use portcullis_proto::session::{Config, GRACE_MS, Limits, QUIET_MS, WINDOW_BYTES_MAX};
use portcullis_proto::status::Status;
use sample_contract::{
    EchoClient, EchoServer, FlowsClient, FlowsServer, Preferences, TopicsClient, TopicsPublisher,
};

use crate::bench::{FlowsService, Node, Sim, config, native};
use crate::frames::{Seen, frame, show, take_frames};

/// A limit that a test reaches soon.
const OUTBOX_BYTES: usize = 1024 * 1024;

fn frames(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|line| frame(line)).collect()
}

/// What a raw connection has received, as lines.
fn lines(sim: &mut Sim, node: Node) -> Vec<String> {
    seen(sim, node).iter().map(show).collect()
}

fn seen(sim: &mut Sim, node: Node) -> Vec<Seen> {
    let mut bytes = sim.received(node);
    take_frames(&mut bytes)
}

/// A peer that says it takes anything, and then reads nothing.
fn greedy(sim: &mut Sim, label: &str) -> Node {
    let node = sim.raw(label, "all");
    let (all, window) = (0xffff_ffff_u32, WINDOW_BYTES_MAX);
    let hello = format!("hello window={window} items={all} bytes={all} calls=65535");
    sim.send(node, &frame(&hello));
    assert_eq!(seen(sim, node).len(), 1);
    node
}

fn ended(sim: &Sim, node: Node) -> Option<Reason> {
    let peer = sim.id(node);
    sim.events().into_iter().find_map(|event| match event {
        HubEvent::Left { peer: info, goodbye } if info.peer == peer => Some(goodbye.reason),
        _ => None,
    })
}

fn large_settings(bytes: usize) -> Preferences {
    Preferences { tags: Some(vec!["x".repeat(bytes)]), ..Preferences::default() }
}

/// What waits for a peer that reads nothing is bounded, and after a while it is found silent.
fn is_bounded_and_found_silent(sim: &mut Sim, stuck: Node) {
    let peer = sim.id(stuck);
    let waiting = sim.main(|hub, _, _| hub.outbox_bytes(peer));
    assert!(waiting > 0 && waiting < 2 * OUTBOX_BYTES + 4 * 1024 * 1024, "{waiting} bytes");
    assert_eq!(ended(sim, stuck), None);
    sim.run_for(QUIET_MS + GRACE_MS + 1_000);
    assert_eq!(ended(sim, stuck), Some(Reason::Unresponsive));
    assert_eq!(sim.counters().ended.get(&Reason::Unresponsive), Some(&1));
    sim.rest();
}

#[test]
fn f20_a_subscriber_that_reads_nothing_misses_values_and_others_hear_all() {
    let mut sim = Sim::with(20, config().outbox_bytes_max(OUTBOX_BYTES));
    let server = sim.peer("server", "all");
    let serving = sim.serve_topics(server, "");
    let publisher: TopicsPublisher = serving.publisher();
    let stuck = greedy(&mut sim, "stuck");
    sim.send(stuck, &frame("request id=0x10000 body=bind(sample.topics)"));
    sim.send(stuck, &frame("subscribe binding=1 ordinal=5 id=0x10001"));
    let well = sim.peer("well", "all");
    let topics: TopicsClient = sim.bind(well, Target::Any);
    let mut watched = topics.watch_preferences();
    sim.settle();
    sim.events();
    sim.link(stuck).down.stopped = true;
    for _ in 0..100 {
        publisher.preferences(&large_settings(100_000)).expect("published");
        let (again, value) = sim.wait(async move {
            let value = watched.next().await;
            (watched, value)
        });
        watched = again;
        assert!(value.expect("a value").is_some());
    }
    let peer = sim.id(stuck);
    let info = sim.main(|hub, _, _| hub.peers().find(|info| info.peer == peer));
    assert!(info.expect("connected").counters.missed > 30);
    is_bounded_and_found_silent(&mut sim, stuck);
}

#[test]
fn f20_a_caller_that_reads_nothing_holds_up_its_stream_alone() {
    let mut sim = Sim::with(21, config().outbox_bytes_max(OUTBOX_BYTES));
    let server = sim.peer("server", "all");
    let _flows = sim.serve(server, FlowsServer::new(FlowsService), "");
    let stuck = greedy(&mut sim, "stuck");
    sim.send(stuck, &frame("request id=0x10000 body=bind(sample.flows)"));
    sim.link(stuck).down.stopped = true;
    sim.send(stuck, &frame("request binding=1 ordinal=0 id=0x10001 body=u4000000+00"));
    // The server serves others meanwhile.
    let well = sim.peer("well", "all");
    let flows: FlowsClient = sim.bind(well, Target::Any);
    assert_eq!(sim.wait(flows.count(100, None).reply()).expect("a summary").items, 100);
    is_bounded_and_found_silent(&mut sim, stuck);
    assert_eq!(sim.open_work(), 0);
    assert_eq!(sim.core(server).calls_open(), (0, 0));
}

#[test]
fn f20_a_caller_of_main_that_reads_nothing_holds_up_its_stream_alone() {
    let mut sim = Sim::with(22, config().outbox_bytes_max(OUTBOX_BYTES));
    sim.serve_main();
    let stuck = greedy(&mut sim, "stuck");
    sim.send(stuck, &frame("request id=0x10000 body=bind(sample.flows)"));
    sim.link(stuck).down.stopped = true;
    sim.send(stuck, &frame("request binding=1 ordinal=0 id=0x10001 body=u4000000+00"));
    assert_eq!(sim.tasks_alive(), 1, "the handler waits");
    is_bounded_and_found_silent(&mut sim, stuck);
    assert_eq!((sim.open_work(), sim.tasks_alive()), (0, 0));
}

/// It reads again in time, and gets everything.
#[test]
fn f20_a_stream_that_was_held_up_goes_on() {
    let mut sim = Sim::with(33, config().outbox_bytes_max(OUTBOX_BYTES));
    let [_, _] = sim.serve_main();
    let server = sim.peer("server", "all");
    let _flows = sim.serve(server, FlowsServer::new(FlowsService), "peer");
    for target in [Target::Any, Target::Instance("peer".into())] {
        let limits = Limits { stream_items: u32::MAX, stream_bytes: u32::MAX, ..Limits::DEFAULT };
        let session = Config { limits, ..Config::default() };
        let wide = PeerConfig { session, ..PeerConfig::default() };
        let caller = sim.peer_with("caller", "all", native(), &wide);
        let flows: FlowsClient = sim.bind(caller, target);
        let counting = sim.spawn(flows.count(300_000, None).reply());
        sim.link(caller).down.stopped = true;
        sim.run_for(1_000);
        assert!(!counting.is_done());
        sim.link(caller).down.stopped = false;
        assert_eq!(sim.finish(&counting).expect("a summary").items, 300_000);
    }
}

#[test]
fn f20_who_pings_and_reads_nothing_is_ended() {
    let mut sim = Sim::with(23, config().outbox_bytes_max(64 * 1024));
    let stuck = greedy(&mut sim, "stuck");
    sim.link(stuck).down.stopped = true;
    sim.link(stuck).down.quality.capacity = 1024;
    for _ in 0..40 {
        sim.send(stuck, &frame("ping id=1").repeat(100));
    }
    assert_eq!(ended(&sim, stuck), Some(Reason::SlowConsumer));
}

#[test]
fn f20_who_asks_for_too_much_and_reads_nothing_is_ended() {
    let mut sim = Sim::with(24, config().outbox_bytes_max(64 * 1024));
    sim.serve_main();
    let stuck = sim.raw("stuck", "all");
    sim.send(stuck, &frames(&["hello", "request id=0x10000 body=bind(sample.echo)"]));
    sim.link(stuck).down.stopped = true;
    sim.link(stuck).down.quality.capacity = 1024;
    // Each is beyond the limit of slots, and is answered.
    for _ in 0..100 {
        sim.send(stuck, &frame("request binding=1 ordinal=3 id=0x1ffff").repeat(1000));
        if !sim.link(stuck).is_open() {
            break;
        }
    }
    sim.run_for(2_500);
    assert_eq!(ended(&sim, stuck), Some(Reason::SlowConsumer));
}

#[test]
fn f20_nobody_is_ended_for_what_others_send_him() {
    let mut sim = Sim::with(25, config().outbox_bytes_max(OUTBOX_BYTES));
    let slow = sim.peer("slow", "all");
    let service = EchoServer::new(sim.echo());
    let _echo = sim.serve(slow, service, "");
    let (flood, other) = (sim.peer("flood", "all"), sim.peer("other", "all"));
    let loud: EchoClient = sim.bind(flood, Target::Any);
    let quiet: EchoClient = sim.bind(other, Target::Any);
    sim.link(slow).down.stopped = true;
    for _ in 0..200 {
        loud.tell("x".repeat(100_000)).expect("one-way");
        sim.settle();
    }
    let mut calls = Vec::new();
    for _ in 0..200 {
        calls.push(sim.spawn(loud.bytes(vec![0; 100_000])));
        sim.settle();
    }
    let refused = calls.iter().filter_map(|call| call.take());
    let refused: Vec<Status> =
        refused.map(|result| result.expect_err("refused").status()).collect();
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|status| *status == Status::ResourceExhausted), "{refused:?}");
    // The slow one reads again, and nothing has happened to it.
    sim.link(slow).down.stopped = false;
    sim.run_for(1_000);
    assert_eq!(ended(&sim, slow), None);
    assert!(sim.wait(quiet.nothing()).is_ok());
    assert!(sim.wait(quiet.told()).expect("a count") > 0);
}

#[test]
fn f16_one_caller_leaves_slots_of_a_server_to_others() {
    let mut sim = Sim::new(26);
    let limits = Limits { calls: 8, ..Limits::DEFAULT };
    let session = Config { limits, ..Config::default() };
    let small = PeerConfig { session, ..PeerConfig::default() };
    let server = sim.peer_with("server", "all", native(), &small);
    sim.settle();
    let service = EchoServer::new(sim.echo());
    let _echo = sim.serve(server, service, "");
    let (greedy, other) = (sim.peer("greedy", "all"), sim.peer("other", "all"));
    let many: EchoClient = sim.bind(greedy, Target::Any);
    let one: EchoClient = sim.bind(other, Target::Any);
    let calls: Vec<_> = (0..20).map(|_| sim.spawn(many.later(100))).collect();
    sim.settle();
    assert!(sim.wait(one.nothing()).is_ok());
    sim.run_for(1_000);
    let results = calls.iter().map(|call| call.take().expect("an outcome"));
    let (good, bad): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
    assert_eq!(good.len(), 4, "half of the server's slots");
    for error in bad {
        assert_eq!(error.expect_err("refused").status(), Status::ResourceExhausted);
    }
}

#[test]
fn f12_an_item_larger_than_the_receiver_takes_ends_the_stream() {
    let mut sim = Sim::new(27);
    let limits = Limits { frame_bytes: 4096, ..Limits::DEFAULT };
    let session = Config { limits, ..Config::default() };
    let small = PeerConfig { session, ..PeerConfig::default() };
    let server = sim.peer_with("server", "all", native(), &small);
    sim.settle();
    let _flows = sim.serve(server, FlowsServer::new(FlowsService), "");
    let caller = sim.peer("caller", "all");
    let flows: FlowsClient = sim.bind(caller, Target::Any);
    let (mut sink, mut incoming) = flows.mirror();
    let result = sim.wait(async move {
        sink.send(&"a".to_owned()).await.expect("sent");
        assert_eq!(incoming.next().await.expect("an item").as_deref(), Some("a"));
        sink.send(&"b".repeat(10_000)).await.expect("the hub takes it");
        incoming.next().await
    });
    assert_eq!(result.expect_err("it does not fit").status(), Status::ResourceExhausted);
    // And down: the caller takes only small frames.
    let small = sim.peer_with("small", "all", native(), &small);
    sim.settle();
    let large = sim.peer("large", "all");
    let _large = sim.serve(large, FlowsServer::new(FlowsService), "large");
    let flows: FlowsClient = sim.bind(small, Target::Instance("large".into()));
    let pictures = flows.pictures(3, 10_000);
    let result = sim.wait(pictures.reply());
    assert_eq!(result.expect_err("they do not fit").status(), Status::ResourceExhausted);
    sim.rest();
    assert_eq!(sim.open_work(), 0);
    assert_eq!(sim.core(server).calls_open(), (0, 0));
    assert_eq!(sim.core(large).calls_open(), (0, 0));
}

#[test]
fn calls_of_an_instance_that_main_withdraws_end() {
    let mut sim = Sim::new(28);
    let [echo, flows] = sim.serve_main();
    let a = sim.peer("a", "all");
    let client: EchoClient = sim.bind(a, Target::Any);
    let streams: FlowsClient = sim.bind(a, Target::Any);
    let later = sim.spawn(client.later(400));
    let (mut sink, summing) = streams.sum();
    let summing = sim.spawn(summing);
    sim.settle();
    sim.main(|hub, now, turn| hub.unserve(echo, now, turn));
    assert_eq!(sim.finish(&later).expect_err("it has left").status(), Status::Unavailable);
    assert!(!summing.is_done(), "the other instance is still there");
    sim.main(|hub, now, turn| hub.unserve(flows, now, turn));
    assert_eq!(sim.finish(&summing).expect_err("it has left").status(), Status::Unavailable);
    let sent = sim.wait(async move { sink.send(&1).await });
    assert!(sent.is_err());
    sim.rest();
    assert_eq!((sim.open_work(), sim.tasks_alive()), (0, 0));
}

/// The hub alone, driven by bytes at once.
struct Direct {
    sim: Sim,
}

impl Direct {
    fn deliver(&mut self, peer: PeerId, line: &str) -> Turn {
        let bytes = frame(line);
        let mut kept = Turn::default();
        self.sim.main(|hub, now, turn| {
            let delivery = hub.deliver(peer, &bytes, now, turn);
            assert!(!delivery.ended, "{line}: {:?}", hub.ended(peer));
            kept.jobs = std::mem::take(&mut turn.jobs);
        });
        kept
    }

    fn frames(&mut self, peer: PeerId) -> Vec<String> {
        let mut bytes = Vec::new();
        self.sim.main(|hub, _, _| while hub.transmit(peer, &mut bytes) {});
        take_frames(&mut bytes).iter().map(show).collect()
    }
}

/// Ids come back after 65,535 uses of a slot. What is left of an earlier call must not touch the later one.
#[test]
fn f10_f11_what_is_left_of_a_call_does_not_touch_the_next_of_that_id() {
    let mut direct = Direct { sim: Sim::new(29) };
    let [s, a, b] = ["s", "a", "b"].map(|label| {
        let node = direct.sim.raw(label, "all");
        direct.sim.id(node)
    });
    for peer in [s, a, b] {
        direct.deliver(peer, "hello items=1");
    }
    direct.deliver(s, "request ordinal=2 id=0x10000 body=serve(sample.flows,)");
    direct.deliver(s, "request ordinal=2 id=0x20000 body=serve(sample.echo,)");
    for peer in [a, b] {
        direct.deliver(peer, "request id=0x10000 body=bind(sample.flows)");
        direct.deliver(peer, "request id=0x20000 body=bind(sample.echo)");
    }
    // A stream whose server has ended it, and whose caller does not take the last item.
    direct.deliver(a, "request binding=1 ordinal=0 id=0x10001 body=u2+00");
    direct.deliver(s, "item flags=1 id=0x10000 body=u0");
    direct.deliver(s, "item flags=1 id=0x10000 body=u1");
    direct.deliver(s, "end id=0x10000 status=ok body=u2+u1");
    direct.frames(s);
    // The caller goes round all generations of the slot.
    for round in 1..=0xfffe_u32 {
        let generation = (round % 0xffff) + 1;
        direct.deliver(a, &format!("request binding=2 ordinal=3 id={:#x}", (generation << 16) | 2));
        direct.deliver(s, &format!("end id={:#x} status=ok", (round + 1) << 16));
        if round % 1000 == 0 {
            direct.frames(s);
            direct.frames(a);
        }
    }
    direct.frames(s);
    // Somebody else's stream has the id of the first.
    direct.deliver(b, "request binding=1 ordinal=2 id=0x10001");
    let got = direct.frames(s);
    assert!(got.iter().any(|line| line.contains("id=0x10000")), "{got:?}");
    // Items and credit of the first do not go to it, and its cancel does not end it.
    direct.deliver(a, "credit id=0x10001 ordinal=0 budget=1");
    direct.deliver(a, "cancel id=0x10001");
    assert_eq!(direct.frames(s), Vec::<String>::new());
    direct.deliver(s, "end id=0x10000 status=ok");
    let got = direct.frames(b);
    assert!(got.iter().any(|line| line.starts_with("end status=ok")), "{got:?}");
}

/// The same for a handler of main that goes on when its call has ended.
#[test]
fn f10_a_late_handler_does_not_answer_the_next_call_of_that_id() {
    let mut direct = Direct { sim: Sim::new(30) };
    direct.sim.serve_main();
    let node = direct.sim.raw("a", "all");
    let a = direct.sim.id(node);
    let complete: std::sync::Arc<dyn Complete> = direct.sim.host(node);
    direct.deliver(a, "hello");
    direct.deliver(a, "request id=0x10000 body=bind(sample.echo)");
    let first = direct.deliver(a, "request binding=1 ordinal=8 id=0x10001").jobs.remove(0);
    let mut replies = Replies::default();
    let (_, late) = start_job(first, &[], &mut replies, &complete).expect("it never ends");
    direct.deliver(a, "cancel id=0x10001");
    for generation in 2..=0xffff_u32 {
        direct.deliver(a, &format!("request binding=1 ordinal=3 id={:#x}", (generation << 16) | 1));
        direct.deliver(a, &format!("cancel id={:#x}", (generation << 16) | 1));
    }
    direct.frames(a);
    direct.deliver(a, "request binding=1 ordinal=8 id=0x10001");
    // Now the first handler hears of its cancel.
    drop(direct.sim.spawn(late));
    direct.sim.settle();
    assert_eq!(direct.sim.open_work(), 1, "the second call is still open");
    direct.deliver(a, "cancel id=0x10001");
    assert_eq!(direct.sim.open_work(), 0);
}

#[test]
fn f16_values_that_wait_are_bounded_in_bytes() {
    let mut sim = Sim::new(31);
    let instance = sim.host_topics();
    let node = sim.raw("slow", "all");
    sim.send(
        node,
        &frames(&["hello items=1 window=0x4000000", "request id=0x10000 body=bind(sample.topics)"]),
    );
    // `changed` keeps up to 16 values.
    sim.send(node, &frame("subscribe binding=1 ordinal=4 id=0x10001"));
    let text = "x".repeat(6 * 1024 * 1024);
    let changes = vec![sample_contract::Change::Added(text)];
    let value = portcullis_proto::codec::to_bytes(&changes).expect("fits");
    for _ in 0..4 {
        let published = sim.main(|hub, now, turn| hub.publish(instance, 4, &value, now, turn));
        published.expect("published");
    }
    sim.settle();
    sim.received(node);
    sim.send(node, &frame("credit id=0x10001 ordinal=16 budget=0x7fffffff"));
    sim.run_for(1_000);
    let got = seen(&mut sim, node);
    assert_eq!(got.len(), 1, "of three that waited one is left");
    assert_eq!(got[0].ordinal, 2, "and two were missed");
}

#[test]
fn f16_items_that_wait_are_bounded_in_bytes() {
    let mut sim = Sim::with(32, config().queued_bytes_max(4 * 1024 * 1024));
    let server = sim.raw("s", "all");
    sim.send(server, &frames(&["hello items=1 bytes=1"]));
    sim.send(server, &frame("request ordinal=2 id=0x10000 body=serve(sample.flows,)"));
    let caller = sim.raw("a", "all");
    sim.send(caller, &frames(&["hello", "request id=0x10000 body=bind(sample.flows)"]));
    sim.received(caller);
    // Streams whose server gives no credit, with one item each that may overdraw it.
    let item = format!("body=8080{}+zeros(1048576)", "40");
    let mut refused = 0;
    for slot in 1..=10_u32 {
        let id = format!("{:#x}", 0x1_0000 + slot);
        sim.send(caller, &frame(&format!("request binding=1 ordinal=2 id={id}")));
        sim.send(caller, &frame(&format!("item id={id} body=\"\"")));
        sim.send(caller, &frame(&format!("item id={id} {item}")));
        sim.run_for(100);
        let got = lines(&mut sim, caller);
        refused += got.iter().filter(|line| line.contains("resource_exhausted")).count();
    }
    assert_eq!(refused, 7, "three fit");
    assert!(sim.link(caller).is_open());
    sim.link(caller).cut();
    sim.rest();
    let left: Vec<String> = lines(&mut sim, server);
    assert!(left.iter().filter(|line| line.starts_with("cancel")).count() == 10, "{left:?}");
}
