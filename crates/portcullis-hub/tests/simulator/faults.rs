//! Faults of all groups that need a connection to break, time to pass, or many peers (1, 6, 8 to 14, 16, 20 to 24, 45).

use portcullis_hub::{Admission, AdmitError, HubEvent, PEERS_MAX};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Peer, PeerConfig, Target, Turn};
use portcullis_proto::session::{Config, GRACE_MS, Limits, QUIET_MS};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use sample_contract::{
    EchoClient, EchoRequest, EchoServer, FlowsClient, FlowsServer, TopicsClient, TopicsInterface,
    TopicsPublisher,
};

use crate::bench::{FlowsService, Node, Rng, Sim, Split, config, native};
use crate::frames::{frame, show, take_frames};

fn request(number: u64) -> EchoRequest {
    EchoRequest { number, text: "x".repeat(16), value: 0.5 }
}

/// A conversation that uses everything, in bytes.
fn conversation() -> Vec<u8> {
    [
        "hello",
        "request id=0x10000 body=bind(sample.echo)",
        "request id=0x10001 body=bind(sample.flows)",
        "request id=0x10002 body=bind(sample.topics)",
        "request binding=1 ordinal=5 id=0x10003 body=\"no\"",
        "request binding=1 ordinal=8 id=0x10004 budget=5000",
        "notify binding=1 ordinal=12 body=\"text\"",
        "request binding=2 ordinal=2 id=0x10005",
        "item id=0x10005 body=\"mirrored\"",
        "subscribe binding=3 ordinal=1 id=0x10006",
        "publish binding=3 ordinal=1 id=0x10007 budget=5000 body=u7",
        "kind:200 body=zeros(9)",
        "ping id=1",
        "finish id=0x10005",
        "cancel id=0x10004",
        "request ordinal=1 id=0x10008 body=u1",
        "request binding=9 ordinal=1 id=0x10009 length=0x100",
    ]
    .iter()
    .flat_map(|line| frame(line))
    .collect()
}

fn serving() -> Sim {
    let mut sim = Sim::new(1);
    sim.serve_main();
    sim.host_topics();
    sim
}

#[test]
fn f01_the_conversation_may_break_off_after_every_byte() {
    let bytes = conversation();
    for end in 0..=bytes.len() {
        let mut sim = serving();
        let node = sim.raw("a", "all");
        sim.send(node, &bytes[..end]);
        assert!(sim.link(node).is_open(), "after {end} bytes there is nothing but to wait");
        sim.link(node).close_far();
        sim.rest();
        assert!(!sim.link(node).is_open());
        assert_eq!((sim.open_work(), sim.handles_open(), sim.tasks_alive()), (0, 0, 0), "{end}");
        assert_eq!(sim.counters().violations(), 0);
    }
}

#[test]
fn f01_a_conversation_cut_after_every_byte_is_the_same() {
    let bytes = conversation();
    let mut answers = Vec::new();
    for split in [Split::Whole, Split::EveryByte, Split::Random, Split::Random] {
        let mut sim = serving();
        let node = sim.raw("a", "all");
        sim.link(node).up.quality.split = split;
        sim.send(node, &bytes);
        let mut received = sim.received(node);
        let mut frames: Vec<String> = take_frames(&mut received).iter().map(show).collect();
        // The order of answers to different calls is not promised.
        frames.sort();
        answers.push(frames);
    }
    assert!(answers[0].len() > 8, "{:?}", answers[0]);
    assert!(answers.iter().all(|frames| *frames == answers[0]), "{answers:?}");
}

#[test]
fn f06_random_bytes_and_mutations_end_nobody_else() {
    let whole = conversation();
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let mut sim = serving();
        let bystander = sim.peer("bystander", "all");
        let echo: EchoClient = sim.bind(bystander, Target::Any);
        let before = sim.open_work();
        let node = sim.raw("a", "all");
        let mut bytes = whole.clone();
        if rng.one_in(8) {
            bytes = (0..rng.below(500)).map(|_| rng.next() as u8).collect();
        }
        for _ in 0..rng.within(1, 6) {
            let at = rng.index(bytes.len().max(1));
            match rng.below(4) {
                0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
                1 if at < bytes.len() => bytes[at] = rng.next() as u8,
                2 => bytes.truncate(at),
                _ => bytes.insert(at.min(bytes.len()), rng.next() as u8),
            }
        }
        sim.link(node).up.quality.split = Split::Random;
        sim.send(node, &bytes);
        sim.run_for(6_000);
        assert_eq!(sim.wait(echo.call(request(1))).expect("the others are served").number, 2);
        sim.link(node).cut();
        sim.rest();
        assert_eq!((sim.open_work(), sim.tasks_alive()), (before, 0), "seed {seed}");
    }
}

/// The same against a peer: whatever its hub says, it ends with a reason and does not hang.
#[test]
fn f06_f10_a_peer_survives_any_hub() {
    struct World;
    impl portcullis_proto::peer::Driver for World {
        fn now(&self) -> Time {
            Time::ZERO
        }
    }
    let mut endings = std::collections::BTreeSet::new();
    let whole: Vec<u8> = [
        "welcome",
        "end id=0x10000 status=ok body=u1+\"\"+\"\"",
        "request binding=1 ordinal=0 id=0x10000 budget=100 body=u1",
        "notify binding=1 ordinal=12 body=\"text\"",
        "item flags=1 id=0x10001 body=u1",
        "credit id=0x10000 ordinal=1 budget=1",
        "unbound binding=1",
        "window budget=1000",
        "ping id=7",
        "cancel id=0x10000",
    ]
    .iter()
    .flat_map(|line| frame(line))
    .collect();
    for seed in 0..3_000 {
        let mut rng = Rng::new(seed);
        let peer = Peer::new(&PeerConfig::default(), std::sync::Arc::new(World));
        let binding = peer.clone();
        let mut bind = Box::pin(async move { binding.bind::<EchoClient>(Target::Any).await });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let pending = bind.as_mut().poll(&mut context).is_pending();
        assert!(pending);
        let mut bytes = whole.clone();
        for _ in 0..rng.below(4) {
            let at = rng.index(bytes.len());
            bytes[at] = rng.next() as u8;
        }
        let mut turn = Turn::default();
        let mut consumed = 0;
        let mut end = 0;
        while end < bytes.len() {
            end = (end + rng.within(1, 60) as usize).min(bytes.len());
            let delivery = peer.deliver(&bytes[consumed..end], &mut turn);
            consumed += delivery.consumed;
            if delivery.ended {
                break;
            }
        }
        if peer.has_ended() {
            let closed = peer.clone();
            let mut closed = Box::pin(async move { closed.closed().await });
            let std::task::Poll::Ready(goodbye) = closed.as_mut().poll(&mut context) else {
                panic!("it has ended");
            };
            endings.insert(goodbye.reason.name());
            assert!(bind.as_mut().poll(&mut context).is_ready(), "whoever waits is told");
            assert_eq!(peer.calls_open(), (0, 0));
        }
    }
    assert!(endings.contains("unknown_id") && endings.contains("unknown_kind"), "{endings:?}");
}

/// Violations of a hub, byte by byte: the peer says why, and everybody who waits at it is told.
#[test]
fn f02_f03_f08_f10_f12_a_peer_ends_a_hub_that_breaks_the_rules() {
    struct World;
    impl portcullis_proto::peer::Driver for World {
        fn now(&self) -> Time {
            Time::ZERO
        }
    }
    for (lines, expected) in [
        (&["ping length=3"][..], Reason::MalformedFrame),
        (&["welcome", "ping length=0xffffffff"], Reason::FrameTooLarge),
        (&["welcome", "kind:18"], Reason::UnknownKind),
        (&["welcome", "ping flags=1"], Reason::UnknownFlag),
        (&["ping id=1"], Reason::UnexpectedFrame),
        (&["hello"], Reason::UnexpectedFrame),
        (&["welcome", "welcome"], Reason::UnexpectedFrame),
        (&["welcome", "ack id=0x10000"], Reason::UnexpectedFrame),
        (&["welcome", "subscribe id=0x10000"], Reason::UnexpectedFrame),
        (&["welcome", "end id=0x20000 status=ok"], Reason::UnknownId),
        (&["welcome", "end id=0x10000 status=ok", "end id=0x10000 status=ok"], Reason::UnknownId),
        (&["welcome", "end id=0x10000 ordinal=99"], Reason::MalformedPayload),
        (&["welcome", "item flags=1 id=0x10000 body=u1"], Reason::CreditExceeded),
        (&["welcome body=00"], Reason::MalformedPayload),
        (&["welcome frame=1"], Reason::MalformedPayload),
        (
            &["welcome", "request binding=1 id=0x10000", "request binding=1 id=0x10000"],
            Reason::DuplicateId,
        ),
        (&["goodbye reason=revoked body=6279650a"], Reason::Revoked),
    ] {
        let peer = Peer::new(&PeerConfig::default(), std::sync::Arc::new(World));
        let (binding, closed) = (peer.clone(), peer.clone());
        let mut bind = Box::pin(async move { binding.bind::<EchoClient>(Target::Any).await });
        let mut closed = Box::pin(async move { closed.closed().await });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(bind.as_mut().poll(&mut context).is_pending());
        let bytes: Vec<u8> = lines.iter().flat_map(|line| frame(line)).collect();
        let mut turn = Turn::default();
        assert!(peer.deliver(&bytes, &mut turn).ended, "{lines:?}");
        let std::task::Poll::Ready(goodbye) = closed.as_mut().poll(&mut context) else {
            panic!("{lines:?}: it has ended");
        };
        assert_eq!(goodbye.reason, expected, "{lines:?}");
        assert!(bind.as_mut().poll(&mut context).is_ready(), "{lines:?}: whoever waits is told");
        assert_eq!(peer.calls_open(), (0, 0));
        let mut sent = Vec::new();
        while peer.transmit(&mut sent) {}
        let last = take_frames(&mut sent).pop();
        if expected.is_violation() {
            let last = last.expect("it says goodbye");
            assert_eq!(
                show(&last).split(' ').nth(1),
                Some(&*format!("reason={}", expected.name()))
            );
        } else {
            assert_eq!(last, None, "nothing is said behind the other side's goodbye");
        }
        assert!(peer.deliver(&frame("welcome"), &mut turn).ended, "and that is the end");
    }
}

#[test]
fn f14_half_open_connections_are_capped_and_given_up() {
    let mut sim = Sim::new(14);
    sim.serve_main();
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let admission = Admission { label: "half".into(), role: "all".into(), kind: native() };
    let mut half = Vec::new();
    let full = loop {
        match sim.main(|hub, now, _| hub.admit(&admission, now)) {
            Ok(peer) => half.push(peer),
            Err(error) => break error,
        }
        assert!(half.len() <= PEERS_MAX);
    };
    assert_eq!(full, AdmitError::Full);
    assert_eq!(half.len(), PEERS_MAX - 1);
    assert!(sim.wait(echo.nothing()).is_ok(), "who is there is served");
    // Their drivers come when the time is over.
    sim.run_for(5_000);
    for peer in half {
        sim.main(|hub, now, turn| {
            assert!(hub.next_timeout(peer).is_some_and(|due| due <= now));
            hub.handle_timeout(peer, now, turn);
            hub.remove(peer, now, turn);
        });
    }
    let expected = PEERS_MAX as u64 - 1;
    assert_eq!(sim.counters().ended.get(&Reason::HandshakeTimeout), Some(&expected));
    assert!(sim.wait(echo.nothing()).is_ok());
    assert!(sim.main(|hub, now, _| hub.admit(&admission, now)).is_ok(), "there is room again");
}

#[test]
fn f16_one_more_than_allowed_is_denied_and_leaves_nothing() {
    let limits = Limits { calls: 40, ..Limits::DEFAULT };
    let config = config().limits(limits).bindings_max(3).subscriptions_max(5);
    let mut sim = Sim::with(16, config);
    sim.serve_main();
    sim.host_topics();
    let a = sim.peer("a", "all");
    let refused = |status: Status| assert_eq!(status, Status::ResourceExhausted);
    // Bindings.
    let mut bound: Vec<EchoClient> = (0..3).map(|_| sim.bind(a, Target::Any)).collect();
    refused(sim.try_bind::<EchoClient>(a, Target::Any).expect_err("one too many").status());
    bound.truncate(1);
    sim.settle();
    let topics: TopicsClient = sim.bind(a, Target::Any);
    let echo = bound.remove(0);
    // Subscriptions.
    let mut held: Vec<_> = (0..5).map(|_| topics.subscribe_ticked()).collect();
    sim.settle();
    let mut more = topics.subscribe_ticked();
    refused(sim.wait(async move { more.next().await }).expect_err("one too many").status());
    held.truncate(4);
    sim.settle();
    held.push(topics.subscribe_kept());
    // Calls: the other five slots are those of the subscriptions.
    let calls: Vec<_> = (0..35).map(|_| sim.spawn(echo.later(100))).collect();
    sim.settle();
    refused(sim.wait(echo.later(1)).expect_err("one too many").status());
    for call in &calls {
        assert_eq!(sim.finish(call), Ok(100));
    }
    // Exports.
    let mut served = Vec::new();
    for number in 0..portcullis_hub::EXPORTS_MAX {
        let service = EchoServer::new(sim.echo());
        served.push(sim.serve(a, service, &number.to_string()));
    }
    let (peer, service) = (sim.core(a), EchoServer::new(sim.echo()));
    let more = sim.wait(async move { peer.serve(service, "more").await.map(|_| ()) });
    refused(more.expect_err("one too many").status());
    drop((held, served, echo, topics));
    sim.rest();
    assert_eq!((sim.open_work(), sim.handles_open(), sim.tasks_alive()), (0, 0, 0));
    assert!(sim.link(a).is_open());
}

#[test]
fn f16_reports_are_limited_for_each_peer() {
    let mut sim = serving();
    let stuck = sim.raw("stuck", "all");
    // It takes all values, and acknowledges none.
    sim.send(stuck, &frame("hello items=1000"));
    sim.send(stuck, &frame("request id=0x10000 body=bind(sample.topics)"));
    sim.send(stuck, &frame("subscribe binding=1 ordinal=1 id=0x10001"));
    let a = sim.peer("a", "all");
    let topics: TopicsClient = sim.bind(a, Target::Any);
    let publisher = topics.publisher();
    let within = std::time::Duration::from_millis(300);
    let reports: Vec<_> =
        (0..80).map(|number| sim.spawn(publisher.ticked_reported(&number, within))).collect();
    sim.run_for(1_000);
    let outcomes = reports.iter().map(|report| report.take().expect("an outcome"));
    let (good, bad): (Vec<_>, Vec<_>) = outcomes.partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (64, 16));
    for error in bad {
        assert_eq!(error.expect_err("refused").status(), Status::ResourceExhausted);
    }
    assert_eq!(sim.open_work(), 2, "the subscription");
}

#[test]
fn f20_f22_a_handler_that_never_returns_is_cancelled_at_the_deadline() {
    let mut sim = Sim::new(22);
    sim.serve_main();
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let service = EchoServer::new(sim.echo());
    let _served = sim.serve(b, service, "peer");
    for target in [Target::Any, Target::Instance("peer".into())] {
        let echo: EchoClient = sim.bind(a, target);
        let before = sim.now();
        let never = sim.spawn(echo.never());
        sim.settle();
        assert_eq!(sim.tasks_alive(), 2, "the caller and the handler");
        let error = sim.finish(&never).expect_err("it never returns");
        assert_eq!(error.status(), Status::DeadlineExceeded);
        assert_eq!(sim.now().since(before).as_millis(), 200, "as declared");
        sim.rest();
        assert_eq!((sim.tasks_alive(), sim.open_work()), (0, 0), "the handler is gone");
        // A shorter one of the caller's own.
        let before = sim.now();
        let never = sim.wait(echo.with_timeout(std::time::Duration::from_millis(50)).never());
        assert_eq!(never.expect_err("never").status(), Status::DeadlineExceeded);
        assert_eq!(sim.now().since(before).as_millis(), 50);
        // And one that is given up.
        let never = sim.spawn(echo.never());
        sim.settle();
        sim.abort(&never);
        sim.settle();
        assert_eq!((sim.tasks_alive(), sim.open_work()), (0, 0));
    }
}

#[test]
fn f23_two_peers_that_have_used_all_their_credit_do_not_block_each_other() {
    let small = Limits {
        window_bytes: 4096,
        frame_bytes: 4096,
        calls: 4,
        stream_items: 1,
        stream_bytes: 1,
    };
    let mut sim = Sim::with(23, config().limits(small));
    let session = Config { limits: small, ..Config::default() };
    let config = PeerConfig { session, ..PeerConfig::default() };
    let names = ["a", "b"];
    let nodes = names.map(|name| sim.peer_with(name, "all", native(), &config));
    let mut served = Vec::new();
    for (node, name) in nodes.iter().zip(names) {
        let service = EchoServer::new(sim.echo());
        served.push(sim.serve(*node, service, name));
        served.push(sim.serve(*node, FlowsServer::new(FlowsService), name));
    }
    let mut done = Vec::new();
    for (node, other) in nodes.iter().zip(["b", "a"]) {
        let flows: FlowsClient = sim.bind(*node, Target::Instance(other.into()));
        let echo: EchoClient = sim.bind(*node, Target::Instance(other.into()));
        // Both mirror large texts to each other, through windows that hold two of them, and call all the while.
        let (mut sink, mut mirrored) = flows.mirror();
        done.push(sim.spawn(async move {
            for round in 0..50_usize {
                sink.send(&"x".repeat(1_500 + round)).await.expect("sent");
            }
        }));
        done.push(sim.spawn(async move {
            for round in 0..50_usize {
                let text = mirrored.next().await.expect("an item").expect("an item");
                assert_eq!(text.len(), 1_500 + round);
            }
        }));
        done.push(sim.spawn(async move {
            let mut answered = 0;
            for _ in 0..200 {
                match echo.bytes(vec![0; 3_000]).await {
                    Ok(bytes) => answered += usize::from(bytes.len() == 3_000),
                    Err(error) => assert_eq!(error.status(), Status::ResourceExhausted),
                }
            }
            assert!(answered > 0);
        }));
    }
    for task in &done {
        sim.finish(task);
    }
    drop(served);
    sim.rest();
    assert_eq!(sim.open_work(), 0);
}

#[test]
fn f21_a_peer_that_stops_in_a_frame_and_goes_on_in_time_lives() {
    let mut sim = Sim::new(21);
    let server = sim.raw("server", "all");
    sim.send(server, &frame("hello"));
    sim.send(server, &frame("request ordinal=2 id=0x10000 body=serve(sample.echo,)"));
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let calling = echo.with_timeout(std::time::Duration::from_secs(3600));
    let call = sim.spawn(calling.bytes(vec![7; 100]));
    sim.settle();
    let reply = frame("end id=0x10000 status=ok body=64+zeros(100)");
    let (half, rest) = reply.split_at(60);
    sim.send(server, half);
    sim.run_for(QUIET_MS + GRACE_MS - 1_000);
    assert!(sim.link(server).is_open(), "within the grace");
    sim.send(server, rest);
    assert_eq!(sim.finish(&call).expect("a reply").len(), 100);
    // And one that does not go on is found silent, and its caller told.
    let call = sim.spawn(calling.bytes(vec![7; 100]));
    sim.settle();
    sim.send(server, &frame("end id=0x20000 status=ok body=64+zeros(100)")[..60]);
    sim.run_for(QUIET_MS + GRACE_MS + 1);
    assert_eq!(sim.finish(&call).expect_err("gone").status(), Status::Unavailable);
    assert!(!sim.link(server).is_open());
    assert_eq!(sim.counters().ended.get(&Reason::Unresponsive), Some(&1));
}

#[test]
fn f21_a_silent_page_is_reported_once_and_left_alone() {
    let mut sim = Sim::new(21);
    let page = sim.raw_of("page", "all", portcullis_hub::Kind::Page);
    sim.send(page, &frame("hello"));
    sim.send(page, &frame("request ordinal=2 id=0x10000 body=serve(sample.echo,)"));
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let calling = echo.with_timeout(std::time::Duration::from_secs(3600));
    let call = sim.spawn(calling.nothing());
    sim.run_for(10 * (QUIET_MS + GRACE_MS));
    let events = sim.events();
    let silent = events.iter().filter(|event| matches!(event, HubEvent::Unresponsive(_)));
    assert_eq!(silent.count(), 1);
    assert!(sim.link(page).is_open());
    sim.send(page, &frame("end id=0x10000 status=ok"));
    assert_eq!(sim.finish(&call), Ok(()));
}

/// Everything that two peers and main have going on.
struct Scene {
    sim: Sim,
    client: Node,
    server: Node,
}

impl Scene {
    fn new() -> Self {
        let mut sim = Sim::new(45);
        sim.serve_main();
        let topics = sim.host_topics();
        let server = sim.peer_with("server", "all", native(), &PeerConfig::default());
        let client = sim.peer_with("client", "all", native(), &PeerConfig::default());
        for number in 0..3_u64 {
            sim.main(|hub, now, turn| {
                let value = portcullis_proto::codec::to_bytes(&number).expect("a number");
                hub.publish(topics, 6, &value, now, turn).expect("published");
            });
        }
        Self { sim, client, server }
    }

    /// Lets both sides do all they can; returns what became of each, as text. Everything has an outcome.
    fn play(&mut self) -> Vec<String> {
        let (sim, client, server) = (&mut self.sim, self.client, self.server);
        let service = EchoServer::new(sim.echo());
        let (peer, flows_peer) = (sim.core(server), sim.core(server));
        let serving = sim.spawn(async move { peer.serve(service, "remote").await });
        let flowing = sim
            .spawn(async move { flows_peer.serve(FlowsServer::new(FlowsService), "remote").await });
        let served = [sim.finish_or(&serving), sim.finish_or(&flowing)];
        let mut tasks = Vec::new();
        for target in [Target::Any, Target::Instance("remote".into())] {
            let peer = sim.core(client);
            let of = target.clone();
            tasks.push(sim.spawn(async move {
                let echo: EchoClient = match peer.bind(of).await {
                    Ok(echo) => echo,
                    Err(error) => return format!("{}", error.status()),
                };
                let mut outcomes = Vec::new();
                for number in 0..3 {
                    outcomes.push(match echo.call(request(number)).await {
                        Ok(reply) => {
                            assert_eq!(reply.number, number + 1, "exactly its own reply");
                            "ok".to_owned()
                        }
                        Err(error) => error.status().to_string(),
                    });
                }
                outcomes.join(",")
            }));
            let peer = sim.core(client);
            tasks.push(sim.spawn(async move {
                let flows: FlowsClient = match peer.bind(target).await {
                    Ok(flows) => flows,
                    Err(error) => return error.status().to_string(),
                };
                let mut count = flows.count(40, None);
                let mut got = 0;
                loop {
                    match count.next().await {
                        Ok(Some(number)) => {
                            assert_eq!(number, got, "in order, and none twice");
                            got += 1;
                        }
                        Ok(None) => {
                            assert_eq!(got, 40, "a good end means that all have come");
                            return "ok".to_owned();
                        }
                        // The loss is told.
                        Err(error) => return error.status().to_string(),
                    }
                }
            }));
        }
        let peer = sim.core(client);
        tasks.push(sim.spawn(async move {
            let topics: TopicsClient = match peer.bind(Target::Any).await {
                Ok(topics) => topics,
                Err(error) => return error.status().to_string(),
            };
            let mut level = topics.watch_level();
            match level.next().await {
                Ok(value) => format!("{value:?}"),
                Err(error) => error.status().to_string(),
            }
        }));
        let outcomes = tasks.iter().map(|task| sim.finish(task)).collect();
        drop(served);
        outcomes
    }
}

#[test]
fn f24_f45_the_connection_may_break_at_any_byte() {
    let mut whole = Scene::new();
    let outcomes = whole.play();
    assert_eq!(outcomes, ["ok,ok,ok", "ok", "ok,ok,ok", "ok", "Some(2)"]);
    let (client, server) = (whole.client, whole.server);
    let mut lengths = Vec::new();
    for node in [client, server] {
        let link = whole.sim.link(node);
        lengths.push((node, true, link.up.bytes_read()));
        lengths.push((node, false, link.down.bytes_read()));
    }
    let mut lost = 0;
    for (node, up, length) in lengths {
        // A step that shares no factor with the sizes of frames meets every phase of all of them.
        for cut in (0..=length).step_by(7) {
            let mut scene = Scene::new();
            let link = scene.sim.link(node);
            let pipe = if up { &mut link.up } else { &mut link.down };
            pipe.cut_after = Some(cut);
            let outcomes = scene.play();
            for outcome in outcomes.iter().flat_map(|outcome| outcome.split(',')) {
                let known = ["ok", "unavailable", "deadline_exceeded", "Some(2)"];
                assert!(known.contains(&outcome), "cut at {cut}: {outcomes:?}");
                lost += usize::from(outcome == "unavailable");
            }
            scene.sim.run_for(40_000);
            let sim = &scene.sim;
            let left = (sim.open_work(), sim.handles_open(), sim.tasks_alive());
            assert_eq!(left, (0, 0, 0), "cut at {cut} of {length} ({up}): {outcomes:?}");
        }
    }
    assert!(lost > 1_000, "{lost}");
}

#[test]
fn f13_cancel_races_the_reply_at_every_moment() {
    let mut outcomes = [0; 2];
    for delay_us in (0..2_000).step_by(25) {
        let mut sim = Sim::new(delay_us);
        sim.serve_main();
        let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
        let service = EchoServer::new(sim.echo());
        let _served = sim.serve(b, service, "remote");
        for target in [Target::Any, Target::Instance("remote".into())] {
            let echo: EchoClient = sim.bind(a, target);
            let call = sim.spawn(echo.later(1));
            sim.run_for_us(delay_us);
            outcomes[usize::from(call.is_done())] += 1;
            // Dropping it is its cancel; the reply may be anywhere.
            sim.abort(&call);
            sim.rest();
            assert_eq!((sim.open_work(), sim.tasks_alive()), (0, 0), "{delay_us}");
            assert_eq!(sim.wait(echo.inline(5)), Ok(5));
        }
        sim.rest();
        assert_eq!(sim.core(a).calls_open(), (0, 0));
        assert_eq!(sim.core(b).calls_open(), (0, 0));
        assert_eq!(sim.counters().violations(), 0);
    }
    assert!(outcomes.iter().all(|count| *count > 10), "{outcomes:?}");
}

#[test]
fn f48_contracts_that_differ_are_found_at_the_handshake() {
    let mut sim = Sim::new(48);
    let mut offer = <TopicsInterface as portcullis_proto::rpc::Interface>::descriptor().offer();
    // A build with one more channel, and one that differs.
    offer.channels[1] ^= 1;
    offer.channels.push(7);
    offer.hash[0] ^= 1;
    offer.version = 9;
    let hello = portcullis_proto::session::Hello {
        protocol_min: 1,
        protocol_max: 1,
        client: "old".into(),
        limits: Limits::DEFAULT,
        interfaces: vec![offer],
    };
    let body = portcullis_proto::codec::to_bytes(&hello).expect("a hello");
    let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
    let node = sim.raw("a", "all");
    sim.send(node, &frame(&format!("hello body={hex}")));
    let goodbye = sim.link(node).goodbye.clone().expect("it has ended");
    assert_eq!(goodbye.reason, Reason::ContractMismatch);
    for part in ["`sample.topics`", "version 1", "`old`", "version 9", "ticked", "1 more"] {
        assert!(goodbye.message.contains(part), "{part}: {}", goodbye.message);
    }
}

#[test]
fn a_handler_that_panics_takes_nothing_else_down() {
    let mut sim = Sim::new(50);
    sim.serve_main();
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let service = EchoServer::new(sim.echo());
    let _served = sim.serve(b, service, "remote");
    for target in [Target::Any, Target::Instance("remote".into())] {
        let echo: EchoClient = sim.bind(a, target);
        let other = sim.spawn(echo.later(50));
        let error = sim.wait(echo.panic("oh".into())).expect_err("it panics");
        assert_eq!(error.status(), Status::Internal);
        assert_ne!(error.correlation(), 0);
        assert!(!error.message().contains("oh"), "the text is for the log");
        assert_eq!(sim.finish(&other), Ok(50));
    }
    let panics = sim.panics();
    assert_eq!(panics.len(), 2, "{panics:?}");
    assert!(panics.iter().all(|text| text.ends_with(": oh")), "{panics:?}");
    assert!(sim.link(a).is_open() && sim.link(b).is_open());
}

#[test]
fn reports_tell_who_has_a_value_and_who_has_not() {
    let mut sim = Sim::new(51);
    let server = sim.peer("server", "all");
    let serving = sim.serve_topics(server, "");
    let publisher: TopicsPublisher = serving.publisher();
    let mut subscriptions = Vec::new();
    let nodes = ["one", "two", "three"].map(|label| sim.peer(label, "all"));
    for node in nodes {
        let topics: TopicsClient = sim.bind(node, Target::Any);
        // Twice at the same peer: each is a recipient of its own.
        subscriptions.push(topics.subscribe_strict());
        subscriptions.push(topics.subscribe_strict());
    }
    sim.settle();
    let within = std::time::Duration::from_secs(5);
    let report = sim.wait(publisher.strict_reported(&1, within)).expect("a report");
    assert_eq!((report.delivered.len(), report.missed.len()), (6, 0));
    // One leaves while the value is on its way to it; one unsubscribes.
    sim.link(nodes[0]).down.stopped = true;
    sim.link(nodes[1]).down.stopped = true;
    let reporting = sim.spawn(publisher.strict_reported(&2, within));
    sim.settle();
    assert!(!reporting.is_done());
    sim.link(nodes[0]).cut();
    drop(subscriptions.remove(2));
    let report = sim.finish(&reporting).expect("a report");
    let why = |label: &str| -> Vec<_> {
        let missed = report.missed.iter().filter(|miss| miss.label == label);
        missed.map(|miss| miss.why).collect()
    };
    use portcullis_proto::peer::Why;
    assert_eq!(report.delivered.len(), 2, "{report:?}");
    assert_eq!(why("one"), [Why::Left, Why::Left]);
    assert_eq!(why("two").len(), 2);
    assert!(why("two").contains(&Why::Left) && why("two").contains(&Why::TimedOut));
    drop((subscriptions, serving));
    sim.link(nodes[1]).down.stopped = false;
    sim.rest();
    assert_eq!(sim.open_work(), 0);
}

#[test]
fn reports_of_main_come_and_are_forgotten_in_time() {
    let mut sim = serving();
    let topics = sim.main(|hub, _, turn| hub.serve("sample.topics", "second", None, turn));
    let topics = topics.expect("nobody serves it yet");
    let publish = |sim: &mut Sim, within_ms| {
        let key =
            sim.main(|hub, now, turn| hub.publish_reported(topics, 1, &[7], within_ms, now, turn));
        key.expect("published")
    };
    let key = publish(&mut sim, 1_000);
    assert_eq!(sim.report(key).expect("at once: nobody subscribes").delivered.len(), 0);
    let well = sim.peer("well", "all");
    let client: TopicsClient = sim.bind(well, Target::Instance("second".into()));
    let ticks = client.subscribe_ticked();
    sim.settle();
    let key = publish(&mut sim, 1_000);
    assert_eq!(sim.report(key), None);
    sim.settle();
    assert_eq!(sim.report(key).expect("it has come").delivered.len(), 1);
    // Nobody asks after these: they do not stay.
    sim.link(well).down.stopped = true;
    for _ in 0..10 {
        publish(&mut sim, 100);
        sim.run_for(200);
    }
    assert_eq!(sim.open_work(), 3, "the subscription, and the last report");
    sim.link(well).cut();
    sim.rest();
    drop(ticks);
    assert_eq!(sim.open_work(), 0);
}
