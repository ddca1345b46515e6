//! Faults of ends: connections that break, calls that race with their end, contracts that differ, reports (13, 24, 45, 48).

use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{PeerConfig, Target};
use portcullis_proto::session::Limits;
use portcullis_proto::status::Status;
use sample_contract::{
    EchoClient, EchoServer, FlowsClient, FlowsServer, TopicsClient, TopicsInterface,
    TopicsPublisher,
};

use crate::bench::{FlowsService, Node, Sim, native};
use crate::frames::frame;

use crate::faults::{request, serving};

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
    offer.shape.hash[0] ^= 1;
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
