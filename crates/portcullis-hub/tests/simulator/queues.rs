//! Values of topics that wait for slow subscribers, in the budget of each: what is counted, what becomes of values beyond it, and
//! that a state is nobody's cost (15, 16, 20).

use portcullis_hub::{Admission, Budget, HubConfig, Kind, Resource};
use portcullis_proto::frame::Kind as Frame;

use crate::bench::{Node, Sim, all};
use crate::frames::{Seen, frame, show, take_frames};

/// Channels of `sample.topics`, by their places.
const TICKED: u32 = 1;
const KEPT: u32 = 2;
const STRICT: u32 = 3;
const LEVEL: u32 = 6;

/// Bytes that may wait for a peer here; a value has one.
const QUEUED_BYTES_MAX: usize = 10;

fn sim(user: Budget) -> Sim {
    let budget = Budget::new().queued_bytes(QUEUED_BYTES_MAX);
    let config = HubConfig::new(sample_contract::contract()).role(all().budget(budget));
    Sim::with(20, config.user_budget(user))
}

/// A peer that takes one value of each subscription and no more, of a user.
fn slow(sim: &mut Sim, user: &str, channels: &[u32]) -> Node {
    let node = sim.raw_as(&Admission::new("slow", "all", Kind::Native).user(user));
    sim.send(node, &frame("hello items=1"));
    sim.send(node, &frame("request id=0x10000 body=bind(sample.topics)"));
    for channel in channels {
        let id = 0x10000 + channel;
        sim.send(node, &frame(&format!("subscribe binding=1 ordinal={channel} id={id}")));
    }
    node
}

fn used(sim: &mut Sim, user: &str) -> usize {
    let used = sim.main(|hub, _, _| hub.used_by(user, Resource::QueuedBytes));
    used.expect("the user is here")
}

fn got(sim: &mut Sim, node: Node) -> Vec<Seen> {
    sim.settle();
    let mut bytes = sim.received(node);
    take_frames(&mut bytes)
}

/// The values of one channel among what came: what was missed before each, and what it is.
fn values(seen: &[Seen], channel: u32) -> Vec<(u32, u8)> {
    let items = seen.iter().filter(|seen| seen.kind == Frame::Item && seen.id == 0x10000 + channel);
    items.map(|seen| (seen.ordinal, seen.body[0])).collect()
}

fn credit(sim: &mut Sim, node: Node, channel: u32) -> Vec<Seen> {
    let id = 0x10000 + channel;
    sim.send(node, &frame(&format!("credit id={id} ordinal=1000 budget=0x7fffffff")));
    got(sim, node)
}

#[test]
fn f20_values_that_wait_count_in_their_subscribers_budget_and_return_to_it() {
    let mut sim = sim(Budget::new());
    let topics = sim.host_topics();
    let publish = |sim: &mut Sim, channel, number: u8| {
        let sent = sim.main(|hub, now, turn| hub.publish(topics, channel, &[number], now, turn));
        sent.expect("published");
    };
    let node = slow(&mut sim, "one", &[TICKED, KEPT, STRICT, LEVEL]);
    let other = slow(&mut sim, "two", &[KEPT]);
    // What the first credit is for.
    for channel in [TICKED, KEPT, STRICT, LEVEL] {
        publish(&mut sim, channel, 1);
    }
    assert_eq!(used(&mut sim, "one"), 0);
    for number in 2..=30 {
        publish(&mut sim, TICKED, number);
        assert_eq!(used(&mut sim, "one"), QUEUED_BYTES_MAX.min(usize::from(number) - 1));
    }
    // There is no room for the other channels: each acts as its topic says, and only for this peer.
    for channel in [KEPT, STRICT, LEVEL] {
        publish(&mut sim, channel, 2);
    }
    assert_eq!(used(&mut sim, "one"), QUEUED_BYTES_MAX);
    assert_eq!(used(&mut sim, "two"), 1, "another peer's value waits");
    let seen = got(&mut sim, node);
    let strict = seen.iter().find(|seen| seen.kind == Frame::End && seen.id == 0x10000 + STRICT);
    assert!(strict.is_some_and(|end| show(end).contains("resource_exhausted")), "{seen:?}");

    // A state holds nothing of the budget, and its newest value comes.
    publish(&mut sim, LEVEL, 3);
    assert_eq!(used(&mut sim, "one"), QUEUED_BYTES_MAX);
    let level = credit(&mut sim, node, LEVEL);
    assert_eq!(values(&level, LEVEL), [(1, 3)]);
    // The oldest went, and how many did is said.
    let ticked = values(&credit(&mut sim, node, TICKED), TICKED);
    let expected = (21..=30).map(|number| (if number == 21 { 19 } else { 0 }, number));
    assert_eq!(ticked, expected.collect::<Vec<_>>());
    assert_eq!(used(&mut sim, "one"), 0, "what has left is given back");
    // The new one went, and the next says so.
    publish(&mut sim, KEPT, 3);
    assert_eq!(values(&credit(&mut sim, node, KEPT), KEPT), [(1, 3)]);
    assert_eq!(values(&credit(&mut sim, other, KEPT), KEPT), [(0, 1), (0, 2), (0, 3)]);
    assert_eq!((used(&mut sim, "one"), used(&mut sim, "two")), (0, 0));
}

#[test]
fn f15_f20_values_that_wait_go_with_their_subscription_their_topic_and_their_peer() {
    // The connections of the user may have no more together than each.
    let mut sim = sim(Budget::new().queued_bytes(QUEUED_BYTES_MAX));
    let topics = sim.host_topics();
    let nodes = [(); 2].map(|()| slow(&mut sim, "one", &[TICKED]));
    let publish = |sim: &mut Sim| {
        for number in 1..=8 {
            let sent = sim.main(|hub, now, turn| hub.publish(topics, TICKED, &[number], now, turn));
            sent.expect("published");
        }
    };
    publish(&mut sim);
    assert_eq!(used(&mut sim, "one"), QUEUED_BYTES_MAX, "fourteen would wait");
    sim.send(nodes[0], &frame(&format!("cancel id={}", 0x10000 + TICKED)));
    assert_eq!(used(&mut sim, "one"), 5, "one's are gone with its subscription");
    publish(&mut sim);
    assert_eq!(used(&mut sim, "one"), QUEUED_BYTES_MAX, "and the other may have more");
    let again = slow(&mut sim, "one", &[TICKED]);
    sim.link(nodes[1]).cut();
    sim.settle();
    assert_eq!(used(&mut sim, "one"), 0);
    publish(&mut sim);
    assert_eq!(used(&mut sim, "one"), 7);
    sim.main(|hub, now, turn| hub.unserve(topics, now, turn));
    assert_eq!(used(&mut sim, "one"), 0);
    sim.link(again).cut();
    sim.link(nodes[0]).cut();
    sim.settle();
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 0);
}
