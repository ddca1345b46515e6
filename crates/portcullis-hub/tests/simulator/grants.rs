//! Group G: what is denied beside what is granted, grants that run out or are taken back while they are used, and whom a
//! role may address (R20).

use std::time::Duration;

use portcullis_hub::{Address, DenyReason, Grant, GrantError, HubEvent, Misfit, Role};
use portcullis_proto::error::Error;
use portcullis_proto::peer::Target;
use portcullis_proto::status::Status;
use sample_contract::{
    EchoClient, EchoServer, FlowsClient, FlowsServer, TopicsClient, TopicsPublisher,
};

use crate::bench::{FlowsService, Node, Rng, Sim, config};
use crate::faults::request;
use crate::frames::{frame, take_frames};

const SECOND: Duration = Duration::from_secs(1);

/// The denials that main was told of since the last time: channel, reason, count.
fn denials(sim: &Sim) -> Vec<(String, DenyReason, u64)> {
    let told = |event| match event {
        HubEvent::Denied { channel, reason, count, .. } => {
            Some((channel.map(|name| name.to_string()).unwrap_or_default(), reason, count))
        }
        _ => None,
    };
    sim.events().into_iter().filter_map(told).collect()
}

fn revoke(sim: &mut Sim, node: Node, grant: &Grant) {
    let peer = sim.id(node);
    sim.main(|hub, now, turn| hub.revoke(peer, grant, now, turn)).expect("revoked");
    sim.settle();
}

fn grant(sim: &mut Sim, node: Node, grant: &Grant) -> Result<(), GrantError> {
    let peer = sim.id(node);
    sim.main(|hub, now, turn| hub.grant(peer, grant, now, turn))
}

/// Whether that is the constant answer.
fn is_denied<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    let error = result.expect_err("it ends");
    error.status() == Status::PermissionDenied
        && error.body().message == "not granted, or it does not exist"
}

/// Nothing of anybody's is left, but what a bystander has open.
fn is_at_rest(sim: &mut Sim, open: usize) {
    sim.rest();
    assert_eq!(sim.open_work(), open);
    assert_eq!(sim.handling(), (0, 0));
}

#[test]
fn f33_a_denial_beats_whatever_is_granted() {
    let role = Role::new("most")
        .call("sample.echo.*")
        .deny("sample.echo.nothing")
        .deny("sample.topics.level")
        .serve("sample.topics")
        .subscribe("sample.topics.*")
        .grant(Grant::call("sample.echo.nothing").lasting(SECOND));
    let mut sim = Sim::with(1, config().role(role));
    sim.serve_main();
    let most = sim.peer("most", "most");
    let echo: EchoClient = sim.bind(most, Target::Any);
    assert!(is_denied(sim.wait(echo.nothing())));
    assert!(sim.wait(echo.call(request(1))).is_ok(), "the rest holds");
    // Nor can main grant it to the one peer; what is only in part denied can be, and gives no more than the rest.
    let denied = grant(&mut sim, most, &Grant::call("sample.echo.nothing"));
    assert!(matches!(denied, Err(GrantError::Denied { .. })));
    assert_eq!(grant(&mut sim, most, &Grant::call("sample.echo.*")), Ok(()));
    assert!(is_denied(sim.wait(echo.nothing())));
    // It holds for the topics of an instance of its own, too.
    let _serving = sim.serve_topics(most, "own");
    let reader = sim.peer("reader", "all");
    let topics: TopicsClient = sim.bind(reader, Target::Any);
    let mut ticked = topics.subscribe_ticked();
    sim.settle();
    denials(&sim);
    let publisher: TopicsPublisher = _serving.publisher();
    publisher.ticked(&1).expect("granted");
    publisher.level(&1).expect("sent, and denied");
    assert_eq!(sim.wait(async move { ticked.next().await }), Ok(Some(1)));
    sim.settle();
    let told = ("sample.topics.level".to_owned(), DenyReason::Denied, 1);
    assert_eq!(denials(&sim), [told]);
    drop(topics);
    is_at_rest(&mut sim, 0);
}

#[test]
fn f33_an_expired_grant_ends_what_was_begun_by_it() {
    let brief = Role::new("brief")
        .call("sample.echo.nothing")
        .grant(Grant::call("sample.echo.never").lasting(10 * SECOND))
        .grant(Grant::call("sample.flows.*").lasting(10 * SECOND))
        .grant(Grant::subscribe("sample.topics.ticked").lasting(20 * SECOND));
    let mut sim = Sim::with(2, config().role(brief));
    sim.serve_main();
    let topics = sim.host_topics();
    let (peer, bystander) = (sim.peer("peer", "brief"), sim.peer("bystander", "all"));
    let flows: FlowsClient = sim.bind(peer, Target::Any);
    let echo: EchoClient = sim.bind(peer, Target::Any);
    let ticks: TopicsClient = sim.bind(peer, Target::Any);
    let theirs: FlowsClient = sim.bind(bystander, Target::Any);
    let mut stall = flows.stall();
    let mut kept = theirs.stall();
    let mut ticked = ticks.subscribe_ticked();
    let never = sim.spawn(echo.with_timeout(100 * SECOND).never());
    let first = sim.spawn(async move {
        let first = stall.next().await;
        (first, stall.next().await)
    });
    let theirs = sim.spawn(async move {
        let first = kept.next().await;
        (first, kept.next().await)
    });
    sim.run_for(9_000);
    assert!(!first.is_done() && !never.is_done(), "it has a second left");
    assert_eq!(sim.tasks_alive(), 6, "three tasks of clients, and three handlers");
    denials(&sim);
    sim.run_for(1_500);
    let (item, end) = sim.finish(&first);
    assert_eq!(item, Ok(Some(1)));
    assert!(is_denied(end), "exactly one outcome");
    assert!(is_denied(sim.finish(&never)));
    assert_eq!(sim.tasks_alive(), 2, "its handlers have seen it");
    let told = denials(&sim);
    let expected = ["sample.echo.never", "sample.flows.stall"];
    for channel in expected {
        assert!(told.contains(&(channel.to_owned(), DenyReason::Expired, 1)), "{told:?}");
    }
    assert_eq!(told.len(), 2);
    assert!(is_denied(sim.wait(flows.stall().reply())), "nor does it begin again");
    assert_eq!(denials(&sim), [("sample.flows.stall".to_owned(), DenyReason::Expired, 1)]);
    assert_eq!(sim.wait(echo.nothing()), Ok(()), "what has no end goes on");
    // The other grant still has its time.
    sim.main(|hub, now, turn| hub.publish(topics, 1, &[7], now, turn)).expect("published");
    let (value, ticked) = sim.wait(async move { (ticked.next().await, ticked) });
    assert_eq!(value, Ok(Some(7)));
    sim.run_for(20_000);
    let mut ticked = ticked;
    assert!(is_denied(sim.wait(async move { ticked.next().await })));
    assert!(!theirs.is_done(), "nobody else is disturbed");
    is_at_rest(&mut sim, 1);
    // One that comes anew has its time anew.
    let again = sim.peer("peer", "brief");
    let flows: FlowsClient = sim.bind(again, Target::Any);
    let mut stall = flows.stall();
    assert_eq!(sim.wait(async move { stall.next().await }), Ok(Some(1)));
}

#[test]
fn f33_a_grant_that_is_taken_back_ends_what_another_peer_serves() {
    let mut sim = Sim::new(3);
    let server = sim.peer("server", "all");
    let _flows = sim.serve(server, FlowsServer::new(FlowsService), "");
    let service = EchoServer::new(sim.echo());
    let _echo = sim.serve(server, service, "");
    let (peer, bystander) = (sim.peer("peer", "all"), sim.peer("bystander", "all"));
    let [flows, theirs]: [FlowsClient; 2] =
        [peer, bystander].map(|node| sim.bind(node, Target::Any));
    let echo: EchoClient = sim.bind(peer, Target::Any);
    let mut calls = Vec::new();
    for flows in [&flows, &theirs] {
        let mut stall = flows.stall();
        calls.push(sim.spawn(async move {
            while stall.next().await?.is_some() {}
            Ok::<(), Error>(())
        }));
    }
    let later = sim.spawn(echo.later(100));
    sim.settle();
    revoke(&mut sim, peer, &Grant::call("sample.flows.*"));
    assert!(is_denied(sim.finish(&calls[0])));
    assert!(!calls[1].is_done(), "the other's goes on");
    assert_eq!(sim.finish(&later), Ok(100), "so does what is granted still");
    // The reply of a handler that ends later is nobody's.
    let block = sim.spawn(echo.with_timeout(60 * SECOND).block(500));
    sim.settle();
    revoke(&mut sim, peer, &Grant::call("sample.echo.block"));
    assert!(is_denied(sim.finish(&block)));
    sim.run_for(2_000);
    assert!(sim.link(peer).is_open() && sim.link(server).is_open());
    assert!(is_denied(sim.wait(echo.block(1))));
    // What is given again holds against that.
    grant(&mut sim, peer, &Grant::call("sample.echo.block").lasting(SECOND)).expect("granted");
    assert_eq!(sim.wait(echo.block(1)), Ok(1));
    sim.run_for(2_000);
    assert!(is_denied(sim.wait(echo.block(1))), "for as long as it lasts");
    sim.abort(&calls[1]);
    is_at_rest(&mut sim, 0);
}

#[test]
fn f33_a_server_that_may_serve_no_more_is_withdrawn() {
    let mut sim = Sim::new(4);
    let (server, caller) = (sim.peer("server", "all"), sim.peer("caller", "all"));
    let serving = sim.serve_topics(server, "");
    let service = EchoServer::new(sim.echo());
    let _echo = sim.serve(server, service, "");
    let topics: TopicsClient = sim.bind(caller, Target::Any);
    let echo: EchoClient = sim.bind(caller, Target::Any);
    let mut ticked = topics.subscribe_ticked();
    sim.settle();
    sim.events();
    revoke(&mut sim, server, &Grant::serve("sample.topics"));
    let error = sim.wait(async move { ticked.next().await }).expect_err("withdrawn");
    assert_eq!(error.status(), Status::Unavailable);
    let gone = sim.try_bind::<TopicsClient>(caller, Target::Any).expect_err("nobody serves it");
    assert_eq!(gone.status(), Status::Unavailable);
    let withdrawn = |event: &HubEvent| matches!(event, HubEvent::Withdrawn { interface, .. } if &**interface == "sample.topics");
    assert!(sim.events().iter().any(withdrawn));
    // A server that has not heard of it breaks no rule by what it sends.
    let publisher: TopicsPublisher = serving.publisher();
    publisher.ticked(&1).expect("sent");
    let report = sim.wait(publisher.ticked_reported(&1, SECOND));
    assert!(is_denied(report));
    drop(serving);
    sim.settle();
    assert!(sim.link(server).is_open());
    assert_eq!(sim.wait(echo.nothing()), Ok(()), "what else it serves stands");
    grant(&mut sim, server, &Grant::serve("sample.topics")).expect("granted");
    let _again = sim.serve_topics(server, "");
    assert!(sim.try_bind::<TopicsClient>(caller, Target::Any).is_ok());
    is_at_rest(&mut sim, 0);
}

#[test]
fn f33_what_is_taken_from_a_role_is_taken_from_all_its_peers() {
    let team = Role::new("team").call("sample.echo.*").call("sample.flows.stall");
    let mut sim = Sim::with(5, config().role(team));
    sim.serve_main();
    let nodes = [sim.peer("a", "team"), sim.peer("b", "team"), sim.peer("c", "all")];
    let mut calls = Vec::new();
    for node in nodes {
        let flows: FlowsClient = sim.bind(node, Target::Any);
        let mut stall = flows.stall();
        calls.push(sim.spawn(async move {
            while stall.next().await?.is_some() {}
            Ok::<(), Error>(())
        }));
    }
    sim.settle();
    let taken = Grant::call("sample.flows.stall");
    sim.main(|hub, now, turn| hub.revoke_role("team", &taken, now, turn)).expect("revoked");
    sim.settle();
    assert!(is_denied(sim.finish(&calls[0])) && is_denied(sim.finish(&calls[1])));
    assert!(!calls[2].is_done(), "another role's goes on");
    let late = sim.peer("late", "team");
    assert!(is_denied(sim.try_bind::<FlowsClient>(late, Target::Any).map(|_| ())));
    let told = denials(&sim);
    assert!(told.contains(&("sample.flows".to_owned(), DenyReason::Revoked, 1)), "{told:?}");
    // One of them is given it back, then all.
    grant(&mut sim, late, &taken).expect("granted");
    assert!(sim.try_bind::<FlowsClient>(late, Target::Any).is_ok());
    assert!(sim.try_bind::<FlowsClient>(nodes[0], Target::Any).is_err());
    sim.main(|hub, now, turn| hub.grant_role("team", &taken, now, turn)).expect("granted");
    assert!(sim.try_bind::<FlowsClient>(nodes[0], Target::Any).is_ok());
    sim.abort(&calls[2]);
    is_at_rest(&mut sim, 0);
}

#[test]
fn f33_whom_a_role_may_not_address_it_does_not_find() {
    let near = Role::new("near")
        .call("sample.echo.*")
        .addresses(Address::Role("friend".into()))
        .addresses(Address::Label("door".into()));
    let own = Role::new("own").call("sample.echo.*").addresses(Address::Main);
    let nobody = Role::new("nobody").call("sample.echo.*").addresses_nobody();
    let friend = Role::new("friend").serve("sample.echo");
    let mut sim = Sim::with(6, config().role(near).role(own).role(nobody).role(friend));
    let names = |sim: &mut Sim, node, target| {
        let bound = sim.try_bind::<EchoClient>(node, target);
        bound.map(|echo| echo.binding().label().to_owned()).map_err(|error| error.status())
    };
    let (near, own) = (sim.peer("near", "near"), sim.peer("own", "own"));
    let nobody = sim.peer("nobody", "nobody");
    let label = |name: &str| Target::Label(name.into());
    // Whoever is not there and whoever may not be addressed are the same.
    let before = names(&mut sim, near, label("stranger"));
    let (stranger, door) = (sim.peer("stranger", "all"), sim.peer("door", "all"));
    let service = EchoServer::new(sim.echo());
    let _stranger = sim.serve(stranger, service, "lens");
    assert_eq!(before, Err(Status::PermissionDenied));
    assert_eq!(names(&mut sim, near, label("stranger")), before);
    assert_eq!(names(&mut sim, near, Target::Instance("lens".into())), before);
    assert_eq!(names(&mut sim, near, Target::Instance("nothing".into())), before);
    // Nobody was named, or somebody who may be: they may yet come.
    assert_eq!(names(&mut sim, near, Target::Any), Err(Status::Unavailable));
    assert_eq!(names(&mut sim, near, label("door")), Err(Status::Unavailable));
    let service = EchoServer::new(sim.echo());
    let _door = sim.serve(door, service, "lens");
    assert_eq!(names(&mut sim, near, Target::Any), Ok("door".into()), "not the oldest");
    assert_eq!(names(&mut sim, near, label("door")), Ok("door".into()));
    assert_eq!(names(&mut sim, near, Target::Instance("lens".into())), Ok("door".into()));
    let friend = sim.peer("pal", "friend");
    let service = EchoServer::new(sim.echo());
    let _pal = sim.serve(friend, service, "");
    assert_eq!(names(&mut sim, near, label("pal")), Ok("pal".into()));
    assert_eq!(names(&mut sim, own, Target::Any), Err(Status::Unavailable));
    sim.serve_main();
    assert_eq!(names(&mut sim, own, Target::Any), Ok(String::new()));
    assert_eq!(names(&mut sim, nobody, Target::Any), Err(Status::Unavailable));
    assert_eq!(names(&mut sim, nobody, label("door")), Err(Status::PermissionDenied));
    let told = denials(&sim);
    let not_addressed = |(channel, reason, _): &(String, DenyReason, u64)| {
        channel == "sample.echo" && *reason == DenyReason::NotAddressed
    };
    assert!(!told.is_empty() && told.iter().all(not_addressed), "{told:?}");
}

#[test]
fn f33_every_answer_of_a_denied_call_is_the_same_bytes() {
    let role = Role::new("mixed")
        .call("sample.echo.call")
        .call("sample.echo.later")
        .deny("sample.echo.later")
        .grant(Grant::call("sample.echo.inline").lasting(SECOND));
    let mut sim = Sim::with(7, config().role(role));
    sim.serve_main();
    let node = sim.raw("mixed", "mixed");
    sim.send(node, &frame("hello"));
    sim.send(node, &frame("request id=0x10000 body=bind(sample.echo)"));
    sim.run_for(2_000);
    revoke(&mut sim, node, &Grant::call("sample.echo.call"));
    sim.received(node);
    // Revoked, never granted, denied, expired, not there.
    let ordinals = [0, 3, 7, 10, 999];
    for (index, ordinal) in ordinals.iter().enumerate() {
        let line = format!("request binding=1 ordinal={ordinal} id={:#x}", 0x1_0001 + index);
        sim.send(node, &frame(&line));
    }
    let bodies: Vec<Vec<u8>> =
        take_frames(&mut sim.received(node)).into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies.len(), ordinals.len());
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let mut reasons: Vec<DenyReason> =
        denials(&sim).into_iter().map(|(_, reason, _)| reason).collect();
    reasons.sort_unstable();
    let all = [
        DenyReason::Unknown,
        DenyReason::NotGranted,
        DenyReason::Revoked,
        DenyReason::Expired,
        DenyReason::Denied,
    ];
    assert_eq!(reasons, all, "main knows which is which");
}

#[test]
fn f33_how_long_a_grant_holds_is_what_main_said_last() {
    let mut sim = Sim::new(8);
    sim.serve_main();
    let node = sim.peer("guest", "none");
    let call = Grant::call("sample.echo.nothing");
    grant(&mut sim, node, &call.clone().lasting(SECOND)).expect("granted");
    grant(&mut sim, node, &call.clone().lasting(10 * SECOND)).expect("for longer");
    let echo: EchoClient = sim.bind(node, Target::Any);
    sim.run_for(5_000);
    assert_eq!(sim.wait(echo.nothing()), Ok(()));
    grant(&mut sim, node, &call.clone().lasting(Duration::ZERO)).expect("for no longer");
    assert!(is_denied(sim.wait(echo.nothing())));
    grant(&mut sim, node, &call).expect("for good");
    sim.run_for(100_000);
    assert_eq!(sim.wait(echo.nothing()), Ok(()));
    // What is wrong is said with the name that was meant.
    let wrong = grant(&mut sim, node, &Grant::call("sample.echo.nothin"));
    let misfit = Misfit::Unknown { nearest: Some("sample.echo.nothing".into()) };
    assert_eq!(wrong, Err(GrantError::Misfit { grant: "sample.echo.nothin".into(), misfit }));
    let gone = sim.peer("gone", "none");
    sim.link(gone).cut();
    sim.rest();
    assert_eq!(grant(&mut sim, gone, &call), Err(GrantError::UnknownPeer));
    let role = sim.main(|hub, now, turn| hub.grant_role("guests", &call, now, turn));
    assert_eq!(role, Err(GrantError::UnknownRole("guests".into())));
}

/// Everything at random: grants come, run out and go while they are used. Everybody is told once, a bystander is not
/// disturbed, and nothing is left.
#[test]
fn f33_grants_come_and_go_at_random() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let brief = Role::new("brief")
            .call("sample.echo.*")
            .grant(Grant::call("sample.flows.*").lasting(2 * SECOND))
            .grant(Grant::subscribe("sample.topics.*").lasting(3 * SECOND))
            .serve("sample.echo");
        let mut sim = Sim::with(seed, config().role(brief));
        sim.serve_main();
        let topics = sim.host_topics();
        let bystander = sim.peer("bystander", "all");
        let theirs: EchoClient = sim.bind(bystander, Target::Any);
        let nodes: Vec<Node> =
            (0..3).map(|index| sim.peer(&format!("peer{index}"), "brief")).collect();
        let grants = [
            Grant::call("sample.echo.*"),
            Grant::call("sample.echo.later"),
            Grant::call("sample.flows.*"),
            Grant::subscribe("sample.topics.ticked"),
            Grant::serve("sample.echo"),
        ];
        let mut open = Vec::new();
        let mut serving = Vec::new();
        for step in 0..60 {
            let node = nodes[rng.below(3) as usize];
            let peer = sim.id(node);
            let mut one = grants[rng.below(5) as usize].clone();
            let core = sim.core(node);
            match rng.below(8) {
                0 => {
                    if rng.below(2) == 0 {
                        one = one.lasting(Duration::from_millis(rng.below(2_000)));
                    }
                    let _ = sim.main(|hub, now, turn| hub.grant(peer, &one, now, turn));
                }
                1 => {
                    let _ = sim.main(|hub, now, turn| hub.revoke(peer, &one, now, turn));
                }
                2 => {
                    let _ = sim.main(|hub, now, turn| {
                        if step % 2 == 0 {
                            hub.revoke_role("brief", &one, now, turn)
                        } else {
                            hub.grant_role("brief", &one, now, turn)
                        }
                    });
                }
                3 => {
                    let service = EchoServer::new(sim.echo());
                    let name = format!("own{step}");
                    serving.push(sim.spawn(async move { core.serve(service, name).await.ok() }));
                }
                4 => open.push(sim.spawn(async move {
                    let flows: FlowsClient = core.bind(Target::Any).await?;
                    let mut stall = flows.stall();
                    while stall.next().await?.is_some() {}
                    Ok::<(), Error>(())
                })),
                5 => open.push(sim.spawn(async move {
                    let topics: TopicsClient = core.bind(Target::Any).await?;
                    let mut ticked = topics.subscribe_ticked();
                    while ticked.next().await?.is_some() {}
                    Ok(())
                })),
                6 => open.push(sim.spawn(async move {
                    let echo: EchoClient = core.bind(Target::Any).await?;
                    echo.later(300).await.map(|_| ())
                })),
                _ => {
                    let published =
                        sim.main(|hub, now, turn| hub.publish(topics, 1, &[1], now, turn));
                    published.expect("valid");
                }
            }
            sim.run_for(rng.below(200) as u32);
            assert_eq!(sim.wait(theirs.nothing()), Ok(()), "seed {seed}: the bystander");
        }
        for grant in &grants {
            sim.main(|hub, now, turn| hub.revoke_role("brief", grant, now, turn)).expect("known");
            for node in &nodes {
                revoke(&mut sim, *node, grant);
            }
        }
        for call in &open {
            assert!(sim.finish_or(call).is_some(), "seed {seed}: everybody is told");
        }
        sim.rest();
        assert_eq!(sim.open_work(), 0, "seed {seed}");
        assert_eq!(sim.handling(), (0, 0), "seed {seed}");
        for node in &nodes {
            assert!(sim.link(*node).is_open(), "seed {seed}: a revocation ends nobody");
        }
        drop(serving);
        let told: u64 = {
            for node in &nodes {
                sim.link(*node).cut();
            }
            sim.rest();
            denials(&sim).iter().map(|(_, _, count)| count).sum()
        };
        assert_eq!(told, sim.counters().denied, "seed {seed}: no denial is lost");
        assert_eq!(sim.handles_open(), 1, "seed {seed}: the bystander's binding");
    }
}
