//! Budgets of peers and of users: what is shared, what is refused and how, and that every account returns to zero (14 to
//! 16).

use portcullis_hub::{
    Admission, AdmitError, Budget, HubConfig, HubEvent, Kind, RETRY_AFTER_MS, Resource, Role,
};
use portcullis_proto::error::Retry;
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Peer, PeerConfig, Target};
use portcullis_proto::rpc::{HandlerReply, Outcome, Replies};
use portcullis_proto::session::{Config, GRACE_MS, Limits, QUIET_MS};
use portcullis_proto::status::Status;
use sample_contract::{Change, EchoClient, EchoServer, FlowsClient, TopicsClient};

use crate::bench::{Node, Sim, all, config};
use crate::frames::{frame, show, take_frames};

/// A hub whose role `all` has that budget.
fn with_role(budget: Budget) -> HubConfig {
    HubConfig::new(sample_contract::contract()).role(all().budget(budget)).role(Role::new("none"))
}

fn assert_all_zero(sim: &mut Sim, why: &str) {
    for resource in Resource::ALL {
        let used = sim.main(|hub, _, _| hub.used(resource));
        assert_eq!(used, 0, "{why}: {}", resource.name());
    }
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 0, "{why}: users");
    assert_eq!((sim.open_work(), sim.handles_open(), sim.tasks_alive()), (0, 0, 0), "{why}");
    assert_eq!(sim.handling(), (0, 0), "{why}");
}

#[test]
fn f15_many_connections_of_one_user_have_one_budget_and_others_keep_theirs() {
    let mut sim = Sim::with(15, config().user_budget(Budget::new().calls(10)));
    sim.serve_main();
    let greedy: Vec<Node> = (0..3).map(|_| sim.peer_of("greedy", "all", Some("one"))).collect();
    let other = sim.peer_of("other", "all", Some("two"));
    let alone = sim.peer_of("alone", "all", None);
    let mut calls = Vec::new();
    for node in greedy.clone() {
        let echo: EchoClient = sim.bind(node, Target::Any);
        calls.extend((0..6).map(|_| echo.later(300)).collect::<Vec<_>>());
    }
    let calls: Vec<_> = calls.into_iter().map(|call| sim.spawn(call)).collect();
    sim.settle();
    let used = |sim: &mut Sim, user| sim.main(|hub, _, _| hub.used_by(user, Resource::Calls));
    assert_eq!(used(&mut sim, "one"), Some(10));
    for node in [other, alone] {
        let echo: EchoClient = sim.bind(node, Target::Any);
        assert_eq!(sim.wait(echo.later(1)), Ok(1), "others keep theirs");
    }
    let outcomes: Vec<_> = calls.iter().map(|call| sim.finish(call)).collect();
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 8, "{refused:?}");
    for error in refused {
        assert_eq!(error.status(), Status::ResourceExhausted);
        assert_eq!(error.retry(), Retry::After(RETRY_AFTER_MS));
        assert!(error.message().contains("`calls`") && error.message().contains("user"), "{error}");
    }
    let told = |event: &HubEvent| matches!(event, HubEvent::Throttled { budget: "calls", label, .. } if label == "greedy");
    assert!(sim.events().iter().any(told));
    assert_eq!(used(&mut sim, "one"), Some(0));
    for node in greedy {
        sim.link(node).cut();
    }
    sim.rest();
    assert_eq!(used(&mut sim, "one"), None, "an account goes with its last peer");
    assert!(used(&mut sim, "two").is_some());
}

#[test]
fn f15_the_connections_of_a_user_share_one_share_of_a_server() {
    let mut sim = Sim::with(15, with_role(Budget::new().callee_share_percent(25)));
    let limits = Limits { calls: 16, ..Limits::DEFAULT };
    let server = sim.peer_with(
        "server",
        "all",
        Kind::Native,
        &PeerConfig { session: Config { limits, ..Config::default() }, ..PeerConfig::default() },
    );
    let service = EchoServer::new(sim.echo());
    let _serving = sim.serve(server, service, "");
    let mut calls = Vec::new();
    for _ in 0..3 {
        let node = sim.peer_of("greedy", "all", Some("one"));
        let echo: EchoClient = sim.bind(node, Target::Any);
        calls.extend(
            [echo.later(300), echo.later(300), echo.later(300)].map(|call| sim.spawn(call)),
        );
    }
    sim.settle();
    let node = sim.peer_of("other", "all", None);
    let echo: EchoClient = sim.bind(node, Target::Any);
    assert_eq!(sim.wait(echo.later(1)), Ok(1));
    let outcomes: Vec<_> = calls.iter().map(|call| sim.finish(call)).collect();
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 5, "four of sixteen are a quarter: {refused:?}");
    for error in refused {
        assert!(error.message().contains("`callee_share`"), "{error}");
        assert!(matches!(error.retry(), Retry::After(_)));
    }
}

#[test]
fn f14_f15_a_user_has_so_many_connections_and_so_many_that_say_nothing() {
    let mut sim = Sim::with(14, config().user_budget(Budget::new().peers(4).half_open(2)));
    sim.serve_main();
    let of = |user: &str| Admission::new("x", "all", Kind::Native).user(user);
    let admit = |sim: &mut Sim, user: &str| sim.main(|hub, now, _| hub.admit(&of(user), now));
    let half = [admit(&mut sim, "one"), admit(&mut sim, "one")].map(|peer| peer.expect("room"));
    assert_eq!(admit(&mut sim, "one"), Err(AdmitError::UserBudget("half_open")));
    assert!(admit(&mut sim, "two").is_ok(), "others are not held up");
    assert_eq!(sim.counters().turned_away, 1);
    // One that has said hello is not half-open any more; one that has left is none.
    sim.main(|hub, now, turn| {
        hub.remove(half[0], now, turn);
        hub.deliver(half[1], &frame("hello"), now, turn);
    });
    for _ in 0..2 {
        sim.peer_of("whole", "all", Some("one"));
    }
    assert_eq!(sim.main(|hub, _, _| hub.used_by("one", Resource::Peers)), Some(3));
    assert!(admit(&mut sim, "one").is_ok());
    assert_eq!(admit(&mut sim, "one"), Err(AdmitError::UserBudget("peers")));
    let long = sim.main(|hub, now, _| hub.admit(&of(&"x".repeat(200)), now));
    assert_eq!(long, Err(AdmitError::UserTooLong));
}

#[test]
fn f15_a_user_that_connects_anew_does_not_get_rid_of_what_its_handlers_hold() {
    let mut sim = Sim::with(15, config().user_budget(Budget::new().handled_bytes(1_000)));
    sim.serve_main();
    let admission = Admission::new("x", "all", Kind::Native).user("one");
    let node = sim.raw_as(&admission);
    let first = sim.id(node);
    let mut bytes = frame("hello");
    bytes.extend(frame("request id=0x10000 body=bind(sample.echo)"));
    bytes.extend(frame("notify binding=1 ordinal=12 body=\"text\""));
    // A job that is not started here stands for a handler that does not stop.
    let jobs = sim.main(|hub, now, turn| {
        hub.deliver(first, &bytes, now, turn);
        let jobs = std::mem::take(&mut turn.jobs);
        hub.remove(first, now, turn);
        jobs
    });
    assert_eq!(jobs.len(), 1);
    let held = |sim: &mut Sim, what| sim.main(|hub, _, _| hub.used_by("one", what));
    assert_eq!(held(&mut sim, Resource::Notifications), Some(1));
    assert_eq!(held(&mut sim, Resource::HandledBytes), Some(jobs[0].body.len()));
    assert_eq!(held(&mut sim, Resource::Peers), Some(0));
    // It ends at last.
    let mut replies = Replies::default();
    replies.entries.extend(jobs.into_iter().map(|job| HandlerReply {
        id: job.id,
        channel: "",
        args_bytes: job.body.len(),
        correlation: 0,
        call: job.call,
        outcome: Ok(Outcome::Written(Status::Ok)),
        body: 0..0,
        blobs: Vec::new(),
    }));
    sim.main(|hub, now, turn| hub.complete(first, &mut replies, now, turn));
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 0);
}

#[test]
fn a_peer_that_sends_too_fast_waits_as_long_as_its_rate_says() {
    let budget = Budget::new().frames_per_second(1_000, 100);
    let mut sim = Sim::with(1, with_role(budget));
    let node = sim.raw("fast", "all");
    sim.send(node, &frame("hello"));
    let peer = sim.id(node);
    let ping = frame("ping id=1").repeat(10);
    let (start, mut sent) = (sim.now(), 0u64);
    while sent < 5_000 {
        let delivery = sim.main(|hub, now, turn| hub.deliver(peer, &ping, now, turn));
        sent += 10;
        assert!(!delivery.ended);
        if let Some(until) = delivery.paused_until {
            let ms = until.budget_ms(sim.now());
            assert!((1..=10).contains(&ms), "{ms}");
            sim.run_for(ms);
        }
    }
    // All but the burst comes at the rate: 4,900 frames in 4.9 seconds.
    let took = u64::from(sim.now().budget_ms(start));
    assert!((4_800..5_100).contains(&took), "{took} ms");
    let counted =
        sim.main(|hub, _, _| hub.peers().find(|info| info.peer == peer).map(|info| info.counters));
    let counted = counted.expect("it is here");
    assert!(counted.paused > 100 && counted.paused_ms.abs_diff(took) < 500, "{counted:?}");
    let told = sim
        .events()
        .into_iter()
        .filter(|event| matches!(event, HubEvent::Throttled { budget: "frames", .. }));
    assert!((2..16).contains(&told.count()), "it is told again and again, and ever less often");
    assert!(sim.link(node).is_open());
}

#[test]
fn bytes_of_all_peers_of_a_user_count_together() {
    let user = Budget::new().bytes_per_second(10_000, 1_000);
    let mut sim = Sim::with(1, config().user_budget(user));
    let peers: Vec<_> = (0..2)
        .map(|_| {
            let admission = Admission::new("x", "all", Kind::Native).user("one");
            sim.main(|hub, now, _| hub.admit(&admission, now)).expect("admitted")
        })
        .collect();
    let ping = frame("ping id=1").repeat(30);
    let mut hello = frame("hello");
    hello.extend(&ping);
    let first = sim.main(|hub, now, turn| hub.deliver(peers[0], &hello, now, turn));
    assert_eq!(first.paused_until, None, "it is within the burst");
    let second = sim.main(|hub, now, turn| hub.deliver(peers[1], &hello, now, turn));
    let until = second.paused_until.expect("the burst was for both");
    let excess = 2 * hello.len() - 1_000;
    assert_eq!(until, sim.now() + std::time::Duration::from_micros(excess as u64 * 100));
}

#[test]
fn where_nothing_can_wait_calls_are_refused_and_notifications_dropped_and_a_flood_ends() {
    let budget = Budget::new().frames_per_second(100, 10);
    let mut sim = Sim::with(1, with_role(budget));
    sim.serve_main();
    let node = sim.raw_of("page", "all", Kind::Page);
    let peer = sim.id(node);
    sim.main(|hub, _, _| hub.set_without_back_pressure(peer));
    let mut message = frame("hello");
    message.extend(frame("request id=0x10000 body=bind(sample.echo)"));
    for _ in 0..12 {
        message.extend(frame("notify binding=1 ordinal=12 body=\"text\""));
    }
    message.extend(frame("request binding=1 ordinal=3 id=0x10001"));
    sim.send(node, &message);
    let mut bytes = sim.received(node);
    let frames: Vec<String> = take_frames(&mut bytes).iter().map(show).collect();
    let refused = frames.iter().find(|line| line.contains("0x10001")).expect("an answer");
    assert!(refused.contains("resource_exhausted"), "{refused}");
    let counters =
        sim.main(|hub, _, _| hub.peers().next().map(|info| info.counters)).expect("here");
    assert_eq!((counters.dropped, counters.refused), (4, 5), "{frames:?}");
    // Half a second later there is room again.
    sim.run_for(500);
    sim.send(node, &frame("request binding=1 ordinal=3 id=0x10002 budget=100"));
    let mut bytes = sim.received(node);
    let frames: Vec<String> = take_frames(&mut bytes).iter().map(show).collect();
    assert!(!frames.iter().any(|line| line.contains("resource_exhausted")), "{frames:?}");
    // Whoever goes on regardless is ended, and nobody else.
    let other = sim.peer("other", "all");
    let echo: EchoClient = sim.bind(other, Target::Any);
    sim.send(node, &frame("notify binding=1 ordinal=12 body=\"text\"").repeat(120));
    assert!(!sim.link(node).is_open());
    let ended = sim.counters().ended;
    assert_eq!(ended.get(&Reason::RateExceeded), Some(&1), "{ended:?}");
    assert!(Reason::RateExceeded.is_violation());
    assert!(sim.wait(echo.nothing()).is_ok());
}

#[test]
fn who_goes_on_beyond_its_users_rate_is_ended_and_its_user_is_not() {
    // No peer has a rate of its own here: what floods is seen by the user's.
    let mut sim = Sim::with(15, config().user_budget(Budget::new().frames_per_second(100, 10)));
    sim.serve_main();
    let one = Admission::new("x", "all", Kind::Native).user("one");
    let nodes: Vec<Node> = (0..4).map(|_| sim.raw_as(&one)).collect();
    for node in &nodes {
        let peer = sim.id(*node);
        sim.main(|hub, _, _| hub.set_without_back_pressure(peer));
        sim.send(*node, &frame("hello"));
        sim.send(*node, &frame("request id=0x10000 body=bind(sample.echo)"));
        sim.run_for(200);
    }
    let (floods, modest) = nodes.split_at(3);
    let open = |sim: &mut Sim, nodes: &[Node]| {
        nodes.iter().filter(|node| sim.link(**node).is_open()).count()
    };
    // Each of them may go on by a burst once the user is far over; all together by no more than that.
    let mut sent = 0;
    while open(&mut sim, floods) > 0 {
        for node in floods {
            sim.send(*node, &frame("notify binding=1 ordinal=12 body=\"text\""));
            sent += 1;
        }
        assert!(sent < 200, "they flood without end");
    }
    assert!(sent > 90, "a flood is more than eight bursts: {sent}");
    assert_eq!(sim.counters().ended.get(&Reason::RateExceeded), Some(&3));
    // The one that did no such thing is refused, and told whose budget it is; then it is served again.
    let refused = "request binding=1 ordinal=3 id=0x10001";
    sim.send(modest[0], &frame(refused));
    assert_eq!(open(&mut sim, modest), 1);
    sim.run_for(2_000);
    sim.send(modest[0], &frame("request binding=1 ordinal=3 id=0x10002"));
    let mut bytes = sim.received(modest[0]);
    let frames: Vec<String> = take_frames(&mut bytes).iter().map(show).collect();
    let answer = |id: &str| frames.iter().find(|line| line.contains(id)).expect("an answer");
    assert!(answer("0x10001").contains("resource_exhausted"), "{frames:?}");
    assert!(!answer("0x10002").contains("resource_exhausted"), "{frames:?}");
}

#[test]
fn who_sends_its_part_is_not_ended_for_what_others_of_its_user_send() {
    let mut sim = Sim::with(15, config().user_budget(Budget::new().frames_per_second(100, 10)));
    let one = Admission::new("x", "all", Kind::Native).user("one");
    let [greedy, modest] = [(); 2].map(|()| sim.raw_as(&one));
    for node in [greedy, modest] {
        sim.send(node, &frame("hello"));
    }
    let peer = sim.id(modest);
    sim.main(|hub, _, _| hub.set_without_back_pressure(peer));
    // Over a socket, which waits: a minute of all that the user may.
    let pings = frame("ping id=1").repeat(6_000);
    sim.send(greedy, &pings);
    for _ in 0..300 {
        sim.send(modest, &frame("ping id=1"));
        sim.run_for(100);
    }
    assert!(sim.link(modest).is_open(), "a tenth of the rate");
    for _ in 0..50 {
        sim.send(modest, &frame("ping id=1"));
    }
    assert!(!sim.link(modest).is_open(), "it floods now");
}

#[test]
fn a_paused_peer_is_not_taken_for_a_silent_one() {
    let budget = Budget::new().bytes_per_second(10, 100);
    let mut sim = Sim::with(1, with_role(budget));
    let node = sim.raw("slow", "all");
    let peer = sim.id(node);
    let mut bytes = frame("hello");
    bytes.extend(frame("request ordinal=2 id=0x10000 body=serve(sample.echo,)"));
    bytes.extend(frame("ping id=1").repeat(60));
    let delivery = sim.main(|hub, now, turn| hub.deliver(peer, &bytes, now, turn));
    let until = delivery.paused_until.expect("far over");
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let calling = echo.with_timeout(std::time::Duration::from_secs(3_600));
    let _call = sim.spawn(calling.nothing());
    // It is pinged because its answer is awaited, and what it answers would not be read.
    sim.run_for(3 * (QUIET_MS + GRACE_MS));
    assert!(until > sim.now(), "it still has to wait: {until:?}");
    assert!(sim.link(node).is_open());
    // Some time after its pause it is silent like anybody else.
    sim.run_for(until.budget_ms(sim.now()) + 3 * (QUIET_MS + GRACE_MS));
    assert!(!sim.link(node).is_open());
}

/// What a peer does in the test below; refusals and ends are part of it.
async fn act(peer: Peer, what: u64, ms: u32) {
    match what {
        0 | 1 => {
            let Ok(echo) = peer.bind::<EchoClient>(Target::Any).await else { return };
            let _ = echo.later(ms).await;
        }
        2 => {
            let Ok(echo) = peer.bind::<EchoClient>(Target::Any).await else { return };
            let _ = echo.tell("x".repeat(ms as usize));
            let _ = echo.nothing().await;
        }
        3 => {
            let Ok(flows) = peer.bind::<FlowsClient>(Target::Any).await else { return };
            let mut counting = flows.count(ms, None);
            while let Ok(Some(_)) = counting.next().await {}
        }
        4 => {
            let Ok(flows) = peer.bind::<FlowsClient>(Target::Any).await else { return };
            let (mut sink, mut mirrored) = flows.mirror();
            for _ in 0..ms % 40 {
                if sink.send(&"x".repeat(2_000)).await.is_err() {
                    return;
                }
            }
            sink.finish();
            while let Ok(Some(_)) = mirrored.next().await {}
        }
        5 => {
            let Ok(topics) = peer.bind::<TopicsClient>(Target::Any).await else { return };
            let mut ticks = topics.subscribe_ticked();
            for _ in 0..3 {
                if !matches!(ticks.next().await, Ok(Some(_))) {
                    return;
                }
            }
        }
        6 => {
            let Ok(topics) = peer.bind::<TopicsClient>(Target::Any).await else { return };
            let Ok(echo) = peer.bind::<EchoClient>(Target::Any).await else { return };
            // It takes nothing for a while.
            let (mut changed, mut ticks) = (topics.subscribe_changed(), topics.subscribe_ticked());
            let _ = echo.later(ms).await;
            let _ = (changed.next().await, ticks.next().await);
        }
        7 => {
            let Ok(topics) = peer.bind::<TopicsClient>(Target::Any).await else { return };
            for _ in 0..ms % 60 {
                let _ = topics.publisher().changed(&vec![Change::Added("x".repeat(300))]);
            }
        }
        _ => {
            let Ok(topics) = peer.bind::<TopicsClient>(Target::Any).await else { return };
            let within = std::time::Duration::from_millis(u64::from(ms));
            let _ = topics.publisher().ticked_reported(&ms, within).await;
        }
    }
}

#[test]
fn f15_f16_every_account_returns_to_zero_whatever_is_done_and_whoever_crashes() {
    let mut refused = 0;
    for seed in 0..60 {
        let budget = Budget::new().calls(6).streams(2).bindings(5).subscriptions(2).reports(2);
        let budget = budget.queued_bytes(3_000).handled_bytes(400).notifications(2).exports(1);
        let user = Budget::new().calls(9).bindings(8).queued_bytes(4_000).handled_bytes(500);
        let mut sim = Sim::with(seed, with_role(budget).user_budget(user.reports(3).peers(5)));
        sim.serve_main();
        sim.host_topics();
        let mut nodes: Vec<Node> = Vec::new();
        let mut tasks = Vec::new();
        let mut served = Vec::new();
        for _ in 0..120 {
            match sim.rng.below(12) {
                0 | 1 if nodes.len() < 8 => {
                    let user = ["one", "two"].get(sim.rng.index(3)).copied();
                    nodes.extend(sim.try_peer_of("p", "all", user));
                }
                2 if !nodes.is_empty() => {
                    // Its process is killed, or it goes away in good order.
                    let node = nodes.swap_remove(sim.rng.index(nodes.len()));
                    if sim.rng.one_in(2) {
                        sim.link(node).cut();
                    } else {
                        sim.link(node).close_far();
                    }
                }
                3 if !tasks.is_empty() => {
                    let task = tasks.swap_remove(sim.rng.index(tasks.len()));
                    sim.abort(&task);
                }
                4 if !nodes.is_empty() => {
                    let node = nodes[sim.rng.index(nodes.len())];
                    let peer = sim.core(node);
                    let service = EchoServer::new(sim.echo());
                    let name = sim.rng.below(3).to_string();
                    let serving = async move { peer.serve(service, name).await.ok() };
                    served.push(sim.spawn(serving));
                }
                5 => {
                    let ms = sim.rng.below(40) as u32;
                    sim.run_for(ms);
                }
                _ if !nodes.is_empty() => {
                    let node = nodes[sim.rng.index(nodes.len())];
                    let peer = sim.core(node);
                    let (what, ms) = (sim.rng.below(9), sim.rng.below(200) as u32);
                    tasks.push(sim.spawn(act(peer, what, ms)));
                }
                _ => {}
            }
            for resource in Resource::ALL {
                let whole = sim.main(|hub, _, _| hub.used(resource));
                let of_users = ["one", "two"]
                    .map(|user| sim.main(|hub, _, _| hub.used_by(user, resource)).unwrap_or(0));
                let bytes = matches!(resource, Resource::HandledBytes | Resource::Notifications);
                // Those of a user whose peer has gone while its handlers work are still its own.
                assert!(bytes || of_users.iter().sum::<usize>() <= whole, "seed {seed}");
            }
        }
        for task in &tasks {
            sim.abort(task);
        }
        for task in &served {
            sim.abort(task);
        }
        for node in nodes {
            sim.link(node).cut();
        }
        drop((tasks, served));
        sim.run_for(20_000);
        refused += sim.counters().refused;
        assert_all_zero(&mut sim, &format!("seed {seed}"));
    }
    assert!(refused > 200, "budgets were used up: {refused}");
}
