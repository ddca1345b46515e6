//! What the hub holds for peers without a call that ends: parcels whose messages do not come, states that topics retain, and
//! answers behind items that nobody takes. All of it is on the account of whoever it came from, and of its user (15, 16, 20).

use portcullis_hub::{Admission, Budget, Kind, Resource};
use portcullis_proto::frame::Kind as Frame;
use portcullis_proto::session::PARCEL_MS;

use crate::bench::{Node, Sim, config};
use crate::frames::{Seen, frame, show, take_frames};

fn sim(user: Budget) -> Sim {
    Sim::with(16, config().user_budget(user))
}

/// A peer of a user, with binding 1 on an interface of main's.
fn of(sim: &mut Sim, user: &str, interface: &str) -> Node {
    let node = sim.raw_as(&Admission::new(user, "all", Kind::Native).user(user));
    sim.send(node, &frame("hello"));
    sim.send(node, &frame(&format!("request id=0x10000 body=bind({interface})")));
    got(sim, node);
    node
}

/// `server` serves an interface under the name `raw`; `caller` has a binding on it. Both numbers are 1.
fn relay(sim: &mut Sim, server: Node, caller: Node, interface: &str) {
    for node in [server, caller] {
        sim.send(node, &frame("hello items=1"));
    }
    let serve = format!("request ordinal=2 id=0x10000 body=serve({interface},raw)");
    sim.send(server, &frame(&serve));
    sim.send(caller, &frame(&format!("request id=0x10000 body=bind({interface},raw)")));
    got(sim, server);
    got(sim, caller);
}

fn raw(sim: &mut Sim, user: &str) -> Node {
    sim.raw_as(&Admission::new(user, "all", Kind::Native).user(user))
}

fn say(sim: &mut Sim, node: Node, line: &str) {
    sim.send(node, &frame(line));
}

fn got(sim: &mut Sim, node: Node) -> Vec<Seen> {
    sim.settle();
    let mut bytes = sim.received(node);
    take_frames(&mut bytes)
}

/// How the call of that id has ended.
fn end(sim: &mut Sim, node: Node, id: u32) -> String {
    let seen = got(sim, node);
    let end = seen.iter().find(|seen| seen.kind == Frame::End && seen.id == id);
    end.map_or_else(|| format!("no end of {id:#x}: {seen:?}"), show)
}

fn used(sim: &mut Sim, user: &str, resource: Resource) -> Option<usize> {
    sim.settle();
    sim.main(|hub, _, _| hub.used_by(user, resource))
}

#[test]
fn f15_f16_parcels_of_all_connections_of_a_user_count_together() {
    let mut sim = sim(Budget::new().parcel_bytes(1_000));
    sim.serve_main();
    let [a, b] = [(); 2].map(|()| of(&mut sim, "one", "sample.echo"));
    let other = of(&mut sim, "two", "sample.echo");
    say(&mut sim, a, "parcel id=1 budget=800 body=zeros(1)");
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(800), "as many as it says");
    // There is no room for it: it is taken in, and its message refused.
    say(&mut sim, b, "parcel id=1 budget=300 body=zeros(200)");
    say(&mut sim, b, "parcel id=1 budget=300 body=zeros(100)");
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(800));
    say(&mut sim, b, "request binding=1 ordinal=3 id=0x10001 parcels=1");
    let refused = end(&mut sim, b, 0x10001);
    assert!(
        refused.contains("resource_exhausted") && refused.contains("parcel_bytes"),
        "{refused}"
    );
    say(&mut sim, other, "parcel id=1 budget=900 body=zeros(900)");
    assert_eq!(used(&mut sim, "two", Resource::ParcelBytes), Some(900), "others keep theirs");
    // What is given up, taken by a message or gone with its connection makes room.
    say(&mut sim, a, "parcel id=1 flags=4");
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(0));
    say(&mut sim, b, "parcel id=1 budget=300 body=zeros(300)");
    say(&mut sim, a, "parcel id=1 budget=600 body=zeros(600)");
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(900));
    say(&mut sim, b, "item id=0x10000 parcels=1");
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(600));
    sim.link(a).cut();
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(0));
    // One may always be there, however large it is.
    say(&mut sim, b, "parcel id=1 budget=5000 body=zeros(5000)");
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(5_000));
    assert!(sim.link(b).is_open() && sim.link(other).is_open());
    for node in [b, other] {
        sim.link(node).cut();
    }
    sim.settle();
    assert_eq!(sim.main(|hub, _, _| (hub.used(Resource::ParcelBytes), hub.users_open())), (0, 0));
}

#[test]
fn f16_a_parcel_whose_message_does_not_come_is_dropped_in_time() {
    let mut sim = sim(Budget::new());
    sim.serve_main();
    let node = of(&mut sim, "one", "sample.echo");
    say(&mut sim, node, "parcel id=1 budget=300 body=zeros(300)");
    sim.run_for(PARCEL_MS / 2);
    say(&mut sim, node, "parcel id=2 budget=40 body=zeros(10)");
    sim.run_for(PARCEL_MS / 2 - 1_000);
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(340));
    sim.run_for(2_000);
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(40), "the older one is gone");
    sim.run_for(PARCEL_MS);
    assert_eq!(used(&mut sim, "one", Resource::ParcelBytes), Some(0));
    let peer = sim.id(node);
    assert_eq!(sim.main(|hub, _, _| hub.next_timeout(peer)), None, "nothing is waited for");
    // Their messages are refused; what comes anew is as ever.
    say(&mut sim, node, "parcel id=2 budget=40 body=zeros(30)");
    say(&mut sim, node, "request binding=1 ordinal=3 id=0x10001 parcels=1,2");
    let refused = end(&mut sim, node, 0x10001);
    assert!(refused.contains("resource_exhausted"), "{refused}");
    say(&mut sim, node, "parcel id=1 budget=2 body=zeros(2)");
    say(&mut sim, node, "item id=0x10000 parcels=1");
    say(&mut sim, node, "request binding=1 ordinal=3 id=0x10002 budget=100");
    let served = end(&mut sim, node, 0x10002);
    assert!(served.contains("status=ok"), "{served}");
}

#[test]
fn f16_whoever_waits_for_a_message_whose_blobs_were_not_kept_is_told() {
    // One byte has room, and stays.
    let mut sim = sim(Budget::new().parcel_bytes(1));
    sim.serve_main();
    let [server, caller] = ["server", "caller"].map(|user| raw(&mut sim, user));
    relay(&mut sim, server, caller, "sample.flows");
    for node in [server, caller] {
        say(&mut sim, node, "parcel id=9 budget=1 body=00");
        say(&mut sim, node, "parcel id=1 budget=2 body=0000");
    }
    // A notification is dropped, and the hub counts it.
    say(&mut sim, caller, "notify binding=1 parcels=1");
    assert_eq!(sim.counters().refused, 1);
    // An item of the caller's, one of the server's, and an answer.
    say(&mut sim, caller, "request binding=1 ordinal=2 id=0x20000 budget=60000");
    say(&mut sim, caller, "parcel id=1 budget=2 body=0000");
    say(&mut sim, caller, "item id=0x20000 parcels=1");
    assert!(end(&mut sim, caller, 0x20000).contains("resource_exhausted"));
    let at_server = |seen: &[Seen], kind| seen.iter().filter(|seen| seen.kind == kind).count();
    let seen = got(&mut sim, server);
    assert_eq!((at_server(&seen, Frame::Request), at_server(&seen, Frame::Cancel)), (1, 1));
    say(&mut sim, server, "end id=0x10000 status=cancelled body=\"\"+\"\"+0000");
    say(&mut sim, caller, "request binding=1 ordinal=0 id=0x30000 budget=60000 body=u9+00");
    let id = got(&mut sim, server).last().expect("a request").id;
    say(&mut sim, server, &format!("item flags=1 id={id} parcels=1"));
    assert!(end(&mut sim, caller, 0x30000).contains("parcel_bytes"));
    say(&mut sim, server, &format!("end id={id} status=cancelled body=\"\"+\"\"+0000"));
    say(&mut sim, caller, "request binding=1 ordinal=0 id=0x40000 budget=60000 body=u9+00");
    let id = got(&mut sim, server).last().expect("a request").id;
    say(&mut sim, server, "parcel id=1 budget=2 body=0000");
    say(&mut sim, server, &format!("end id={id} status=ok parcels=1"));
    assert!(end(&mut sim, caller, 0x40000).contains("parcel_bytes"));
    assert!(sim.link(server).is_open() && sim.link(caller).is_open());
    assert_eq!(sim.open_work(), 0);
    assert_eq!(sim.counters().refused, 4);
}

#[test]
fn f16_a_retained_state_is_its_publishers_until_another_takes_its_place() {
    let mut sim = sim(Budget::new().retained_bytes(2));
    let topics = sim.host_topics();
    let [a, b] = [(); 2].map(|()| of(&mut sim, "one", "sample.topics"));
    let other = of(&mut sim, "two", "sample.topics");
    let retained = |sim: &mut Sim, user| used(sim, user, Resource::RetainedBytes);
    say(&mut sim, a, "publish binding=1 ordinal=6 body=u300");
    assert_eq!(retained(&mut sim, "one"), Some(2));
    // The other connection has the same budget: what is beyond it is refused, and what was there stays.
    say(&mut sim, b, "publish binding=1 ordinal=5 id=0x20000 budget=100 body=00");
    let refused = end(&mut sim, b, 0x20000);
    assert!(
        refused.contains("resource_exhausted") && refused.contains("retained_bytes"),
        "{refused}"
    );
    say(&mut sim, b, "publish binding=1 ordinal=5 body=00");
    assert_eq!((sim.counters().refused, retained(&mut sim, "one")), (2, Some(2)));
    // A new value of the same topic takes the place of the old one, and a smaller one makes room.
    say(&mut sim, a, "publish binding=1 ordinal=6 body=u301");
    assert_eq!(retained(&mut sim, "one"), Some(2));
    say(&mut sim, a, "publish binding=1 ordinal=6 body=u70000");
    assert_eq!(retained(&mut sim, "one"), Some(3), "one may always be there");
    say(&mut sim, a, "publish binding=1 ordinal=6 body=u7");
    say(&mut sim, b, "publish binding=1 ordinal=5 body=00");
    assert_eq!(retained(&mut sim, "one"), Some(2));
    say(&mut sim, a, "publish binding=1 ordinal=6 body=u302");
    assert_eq!(retained(&mut sim, "one"), Some(2), "refused: the one before stays");
    say(&mut sim, other, "subscribe binding=1 ordinal=6 id=0x20000");
    assert!(got(&mut sim, other).iter().any(|seen| seen.kind == Frame::Item && seen.body == [7]));

    say(&mut sim, other, "publish binding=1 ordinal=6 body=u8");
    assert_eq!((retained(&mut sim, "one"), retained(&mut sim, "two")), (Some(1), Some(1)));
    // Whoever has gone still answers for what is there.
    for node in [a, b, other] {
        sim.link(node).cut();
    }
    assert_eq!((retained(&mut sim, "one"), retained(&mut sim, "two")), (Some(1), Some(1)));
    sim.main(|hub, now, turn| hub.publish(topics, 6, &[9], now, turn)).expect("published");
    assert_eq!((retained(&mut sim, "one"), retained(&mut sim, "two")), (Some(1), None));
    sim.main(|hub, now, turn| hub.unserve(topics, now, turn));
    assert_eq!(sim.main(|hub, _, _| hub.users_open()), 0);
}

#[test]
fn f20_an_answer_behind_items_that_nobody_takes_is_its_servers() {
    for (cuts, taken) in [(false, true), (true, true), (true, false)] {
        let mut sim = sim(Budget::new().queued_bytes(5));
        let [server, caller] = ["server", "caller"].map(|user| raw(&mut sim, user));
        relay(&mut sim, server, caller, "sample.flows");
        say(&mut sim, caller, "request binding=1 ordinal=0 id=0x20000 budget=60000 body=u9+00");
        let id = got(&mut sim, server).last().expect("a request").id;
        // The first one leaves, the second waits, and the answer behind it.
        for number in [1, 2] {
            say(&mut sim, server, &format!("item flags=1 id={id} body=u{number}"));
        }
        let queued = |sim: &mut Sim| used(sim, "server", Resource::QueuedBytes);
        assert_eq!(queued(&mut sim), Some(1));
        say(&mut sim, server, &format!("end id={id} status=ok body=u2+u3"));
        assert_eq!(queued(&mut sim), Some(3));
        // The user of a server that has gone answers for it.
        if cuts {
            sim.link(server).cut();
            assert_eq!(queued(&mut sim), Some(3));
        }
        if taken {
            got(&mut sim, caller);
            say(&mut sim, caller, "credit id=0x20000 ordinal=9 budget=1000");
            assert!(end(&mut sim, caller, 0x20000).contains("status=ok"));
        } else {
            sim.link(caller).cut();
        }
        assert_eq!(queued(&mut sim), (!cuts).then_some(0), "cut: {cuts}, taken: {taken}");
    }
}

#[test]
fn f20_an_answer_beyond_its_servers_budget_ends_its_call() {
    let mut sim = sim(Budget::new().queued_bytes(2));
    let [server, caller] = ["server", "caller"].map(|user| raw(&mut sim, user));
    relay(&mut sim, server, caller, "sample.flows");
    say(&mut sim, caller, "request binding=1 ordinal=0 id=0x20000 budget=60000 body=u9+00");
    let id = got(&mut sim, server).last().expect("a request").id;
    for number in [1, 2] {
        say(&mut sim, server, &format!("item flags=1 id={id} body=u{number}"));
    }
    say(&mut sim, server, &format!("end id={id} status=ok body=u2+u3"));
    assert!(end(&mut sim, caller, 0x20000).contains("queued_bytes"));
    assert_eq!(used(&mut sim, "server", Resource::QueuedBytes), Some(0));
    assert!(sim.link(server).is_open() && sim.open_work() == 0);
}
