//! What main's handlers work on for one peer is bounded, and every bit of it is given back (group C).

use std::time::Duration;

use portcullis_hub::{Admission, NOTIFICATIONS_MAX};
use portcullis_proto::peer::Target;
use portcullis_proto::status::Status;
use sample_contract::EchoClient;

use crate::bench::{Node, Sim, config, native};
use crate::frames::{frame, show, take_frames};

#[test]
fn f16_arguments_that_handlers_hold_are_bounded_in_bytes() {
    // The arguments of `later(100)` are one byte.
    let mut sim = Sim::with(33, config().handled_bytes_max(10));
    sim.serve_main();
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let [of_a, of_b]: [EchoClient; 2] = [a, b].map(|peer| sim.bind(peer, Target::Any));
    let brief = of_a.with_timeout(Duration::from_millis(10));
    let given_up: Vec<_> = (0..5).map(|_| sim.spawn(brief.later(100))).collect();
    let mut held: Vec<_> = (0..5).map(|_| sim.spawn(of_a.later(100))).collect();
    sim.settle();
    let error = sim.wait(of_a.later(1)).expect_err("one too many");
    assert_eq!(error.status(), Status::ResourceExhausted);
    assert_eq!(error.body().channel, "sample.echo.later");
    assert!(sim.wait(of_b.nothing()).is_ok(), "others have their own share");
    // Cancelled ones are given back, too.
    for call in &given_up {
        let error = sim.finish(call).expect_err("given up");
        assert_eq!(error.status(), Status::DeadlineExceeded);
    }
    sim.settle();
    held.extend((0..5).map(|_| sim.spawn(of_a.later(100))));
    for call in &held {
        assert_eq!(sim.finish(call), Ok(100));
    }
    assert_eq!(
        sim.wait(of_a.bytes(vec![7; 1000])),
        Ok(vec![7; 1000]),
        "a single one is always taken"
    );
    assert_eq!(sim.handling(), (0, 0));
    // A connection that ends leaves nothing behind.
    let left: Vec<_> = (0..3).map(|_| sim.spawn(of_a.later(100))).collect();
    sim.settle();
    assert_eq!(sim.handling(), (3, 0));
    sim.link(a).cut();
    sim.rest();
    drop(left);
    assert_eq!(sim.handling(), (0, 0));
}

#[test]
fn f16_notifications_under_way_are_bounded_in_number() {
    let mut sim = Sim::new(34);
    sim.serve_main();
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let beyond = 5;
    for _ in 0..NOTIFICATIONS_MAX + beyond {
        echo.tell("later".to_owned()).expect("it fits its contract");
        sim.settle();
    }
    assert_eq!(sim.handling().1, NOTIFICATIONS_MAX);
    sim.run_for(200);
    assert_eq!(sim.handling(), (0, 0));
    let told = sim.wait(echo.told()).expect("connected");
    assert_eq!(told as usize, NOTIFICATIONS_MAX);
    let peer = sim.id(a);
    let dropped = sim.main(|hub, _, _| {
        let found = hub.peers().find(|info| info.peer == peer);
        found.map(|info| info.counters.dropped)
    });
    assert_eq!(dropped, Some(beyond as u64));
}

/// The frames of some kind that a raw connection has received, as lines.
fn received(sim: &mut Sim, node: Node, kind: &str) -> Vec<String> {
    let mut bytes = sim.received(node);
    take_frames(&mut bytes).iter().map(show).filter(|line| line.starts_with(kind)).collect()
}

#[test]
fn f15_what_a_server_still_does_for_a_user_counts_until_it_ends_whoever_has_left() {
    let mut sim = Sim::new(34);
    // A server that takes four calls, and does not end those that were given up.
    let server = sim.raw("server", "all");
    sim.send(server, &frame("hello calls=4"));
    sim.send(server, &frame("request ordinal=2 id=0x10000 body=serve(sample.echo,raw)"));
    sim.received(server);
    let ask = |sim: &mut Sim, user: &str| {
        let node = sim.raw_as(&Admission::new("page", "all", native()).user(user));
        sim.send(node, &frame("hello"));
        sim.send(node, &frame("request id=0x10000 body=bind(sample.echo,raw)"));
        for slot in 1..4 {
            sim.send(
                node,
                &frame(&format!("request binding=1 ordinal=3 id={:#x}", 0x10000 + slot)),
            );
            sim.send(node, &frame(&format!("cancel id={:#x}", 0x10000 + slot)));
        }
        let ends = received(sim, node, "end");
        let refused = ends.iter().filter(|line| line.contains("callee_share")).count();
        // Whoever gives up is told at once.
        assert_eq!(ends.len(), 4, "{ends:?}");
        sim.link(node).cut();
        sim.settle();
        refused
    };
    assert_eq!(ask(&mut sim, "one"), 1, "half of four");
    let begun = received(&mut sim, server, "request");
    assert_eq!(begun.len(), 2, "{begun:?}");
    assert_eq!(ask(&mut sim, "one"), 3, "its connection is another, its user is not");
    assert_eq!(ask(&mut sim, "two"), 1, "others have theirs");
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 2);
    // At last.
    for id in [0x10000, 0x10001, 0x10002, 0x10003] {
        sim.send(
            server,
            &frame(&format!("end status=cancelled id={id:#x} body=\"\"+\"\"+\"\"+0000")),
        );
    }
    assert_eq!(received(&mut sim, server, "goodbye"), [""; 0]);
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 0);
    assert_eq!(ask(&mut sim, "one"), 1);
    // And with the server.
    sim.link(server).cut();
    sim.settle();
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 0);
}
