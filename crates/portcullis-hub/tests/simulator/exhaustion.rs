//! Faults of limits and of time: exhaustion, slow and stuck peers (14, 16, 20 to 23).

use portcullis_hub::{Admission, AdmitError, HubEvent, PEERS_MAX};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{PeerConfig, Target};
use portcullis_proto::session::{Config, GRACE_MS, Limits, QUIET_MS};
use portcullis_proto::status::Status;
use sample_contract::{EchoClient, EchoServer, FlowsClient, FlowsServer, TopicsClient};

use crate::bench::{FlowsService, Sim, config, native};
use crate::frames::frame;

use crate::faults::serving;

#[test]
fn f14_half_open_connections_are_capped_and_given_up() {
    let mut sim = Sim::new(14);
    sim.serve_main();
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let admission = Admission::new("half", "all", native());
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
        ..Limits::DEFAULT
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
    let events = sim.events();
    let back = events.iter().filter(|event| matches!(event, HubEvent::Responsive(_)));
    assert_eq!(back.count(), 1, "it is told once that the page is back");
}
