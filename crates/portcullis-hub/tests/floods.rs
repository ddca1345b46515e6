//! Peers that flood the hub, or let it owe them more than they take, byte by byte: they wait or are ended, and nobody
//! else is disturbed.

use std::sync::Arc;

use portcullis_hub::{Admission, Hub, HubConfig, HubEvent, InstanceId, Kind, PeerId, Role, Turn};
use portcullis_proto::codec::{Message, to_bytes};
use portcullis_proto::frame::{self, Head, Kind as Frame, Parsed};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Bind, Serve, Target, hub_ordinal};
use portcullis_proto::rpc::{Call, HandlerReply, NoFlows, Origin, Outcome, Replies};
use portcullis_proto::session::Shape;
use portcullis_proto::session::{Hello, Limits, PROTOCOL};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use sample_contract::contract;

/// What may wait for a peer of these tests, in bytes.
const OUTBOX: usize = 256 * 1024;
/// The connection window of these peers, in bytes.
const WINDOW: u32 = 4096;
/// `sample.echo.tell`.
const TELL: u32 = 12;
/// `sample.topics.ticked`.
const TICKED: u32 = 1;

struct Bench {
    /// Bytes of data frames that were taken last.
    taken: u32,
    hub: Hub,
    turn: Turn,
}

fn head(kind: Frame) -> Head {
    Head::new(kind)
}

fn write(out: &mut Vec<u8>, head: Head, body: &[u8]) {
    let start = frame::begin(out, head);
    out.extend_from_slice(body);
    frame::finish(out, start);
}

fn call<T: Message>(id: u32, ordinal: u32, body: &T) -> Vec<u8> {
    let mut out = Vec::new();
    let body = to_bytes(body).expect("within its limits");
    write(&mut out, Head { id, ordinal, ..head(Frame::Request) }, &body);
    out
}

fn shape(name: &str) -> Shape {
    contract().interface(name).expect("of the contract").shape()
}

impl Bench {
    fn new() -> Self {
        let all = Role::new("all")
            .call("sample.echo.*")
            .subscribe("sample.topics.*")
            .serve("sample.echo");
        let little = Role::new("little").call("sample.echo.call");
        let config = HubConfig::new(contract()).role(all).role(little).outbox_bytes_max(OUTBOX);
        Self { hub: Hub::new(config).expect("the roles fit"), turn: Turn::default(), taken: 0 }
    }

    fn host(&mut self, interface: &str) -> InstanceId {
        self.hub.serve(interface, "", None, &mut self.turn).expect("nobody serves it yet")
    }

    /// A peer that has said hello.
    fn peer(&mut self, role: &str) -> PeerId {
        let admission = Admission::new(role, role, Kind::Page);
        let peer = self.hub.admit(&admission, Time::ZERO).expect("admitted");
        let limits = Limits { window_bytes: WINDOW, ..Limits::DEFAULT };
        let client = "flood".to_owned();
        let hello = Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            client,
            limits,
            interfaces: Vec::new(),
        };
        let mut out = Vec::new();
        write(&mut out, head(Frame::Hello), &to_bytes(&hello).expect("a hello"));
        self.send(peer, &out);
        self.take(peer);
        peer
    }

    fn bind(&mut self, peer: PeerId, interface: &str) {
        let bind =
            Bind { interface: interface.into(), shape: shape(interface), target: Target::Any };
        self.send(peer, &call(0x1_0000, hub_ordinal::BIND, &bind));
        self.take(peer);
    }

    fn send(&mut self, peer: PeerId, bytes: &[u8]) {
        self.hub.deliver(peer, bytes, Time::ZERO, &mut self.turn);
    }

    /// What the peer takes from its transport, frame by frame.
    fn take(&mut self, peer: PeerId) -> Vec<Head> {
        let mut bytes = Vec::new();
        while self.hub.transmit(peer, &mut bytes) {}
        let mut heads = Vec::new();
        let mut rest = &bytes[..];
        self.taken = 0;
        while let Ok(Parsed::Frame { frame, length }) = frame::parse(rest, u32::MAX) {
            if frame.head.kind.is_data() {
                self.taken += length as u32;
            }
            heads.push(frame.head);
            rest = &rest[length..];
        }
        assert!(rest.is_empty(), "whole frames");
        heads
    }

    /// Sends the same frames again and again and takes nothing. Returns how often before the end.
    fn flood(&mut self, peer: PeerId, bytes: &[u8]) -> usize {
        (0..100_000)
            .find(|_| {
                self.send(peer, bytes);
                !self.hub.is_connected(peer)
            })
            .unwrap_or(usize::MAX)
    }

    fn reason(&self, peer: PeerId) -> Option<Reason> {
        self.hub.ended(peer).map(|goodbye| goodbye.reason)
    }
}

#[test]
fn pings_whose_pongs_nobody_takes_end_the_peer() {
    let mut bench = Bench::new();
    let peer = bench.peer("all");
    let mut ping = Vec::new();
    write(&mut ping, Head { id: 1, ..head(Frame::Ping) }, &[]);
    let sent = bench.flood(peer, &ping);
    assert!(sent <= OUTBOX / frame::HEADER_BYTES + 1, "{sent} pings");
    assert_eq!(bench.reason(peer), Some(Reason::SlowConsumer));
}

/// f20: all in one message, of which a port takes any size.
#[test]
fn f20_a_message_of_pings_has_a_bound_and_so_has_its_answer() {
    let mut bench = Bench::new();
    let peer = bench.peer("all");
    let mut pings = Vec::new();
    for id in 0..100_000 {
        write(&mut pings, Head { id, ..head(Frame::Ping) }, &[]);
    }
    bench.hub.deliver_message(peer, &pings, Time::ZERO, &mut bench.turn);
    assert_eq!(bench.reason(peer), Some(Reason::SlowConsumer));
    let pongs = bench.take(peer).len();
    assert!(pongs * frame::HEADER_BYTES <= OUTBOX + 128, "{pongs} pongs");

    let peer = bench.peer("all");
    let larger = vec![0; Limits::DEFAULT.frame_bytes as usize + (6 << 20)];
    bench.hub.deliver_message(peer, &larger, Time::ZERO, &mut bench.turn);
    assert_eq!(bench.reason(peer), Some(Reason::WindowExceeded), "it is not even looked at");
}

/// f20: acknowledging what was never sent would be a way around the bound of what is on its way.
#[test]
fn f20_nobody_acknowledges_more_than_is_on_its_way() {
    let mut bench = Bench::new();
    let peer = bench.peer("all");
    bench.bind(peer, "sample.echo");
    let mut window = Vec::new();
    write(&mut window, Head { budget: bench.taken + 1, ..head(Frame::Window) }, &[]);
    bench.send(peer, &window);
    assert_eq!(bench.reason(peer), Some(Reason::WindowExceeded));
}

#[test]
fn refusals_that_nobody_takes_end_the_peer() {
    let mut bench = Bench::new();
    let peer = bench.peer("all");
    let mut request = Vec::new();
    write(&mut request, Head { id: 0x1_ffff, ..head(Frame::Request) }, &[]);
    let sent = bench.flood(peer, &request);
    assert!(sent <= OUTBOX / frame::HEADER_BYTES, "{sent} requests");
    assert_eq!(bench.reason(peer), Some(Reason::SlowConsumer));
}

#[test]
fn endless_credit_lets_no_more_wait_than_may_and_values_go_on_when_there_is_room() {
    let mut bench = Bench::new();
    let topics = bench.host("sample.topics");
    let peer = bench.peer("all");
    bench.bind(peer, "sample.topics");
    let id = 0x1_0001;
    let mut out = Vec::new();
    write(&mut out, Head { binding: 1, ordinal: TICKED, id, ..head(Frame::Subscribe) }, &[]);
    let endless = Head { id, ordinal: u32::MAX, budget: u32::MAX, ..head(Frame::Credit) };
    write(&mut out, endless, &[]);
    bench.send(peer, &out);
    const VALUES: usize = 50_000;
    for _ in 0..VALUES {
        bench.hub.publish(topics, TICKED, &[7], Time::ZERO, &mut bench.turn).expect("published");
    }
    assert!(bench.hub.is_connected(peer), "it has done nothing wrong");
    let mut items = bench.take(peer);
    // The window lets a part go at a time; the values in the queue follow those in the outbox.
    loop {
        let mut window = Vec::new();
        write(&mut window, Head { budget: bench.taken, ..head(Frame::Window) }, &[]);
        bench.send(peer, &window);
        let more = bench.take(peer);
        if more.is_empty() {
            break;
        }
        items.extend(more);
    }
    let missed: usize = items.iter().map(|item| item.ordinal as usize).sum();
    assert!(missed > 0 && items.len() * frame::HEADER_BYTES <= OUTBOX / 2, "{}", items.len());
    let last = bench.hub.peers().find(|each| each.peer == peer).expect("connected").counters;
    assert_eq!(last.values as usize, items.len());
    assert_eq!(items.len() + last.missed as usize, VALUES, "each was sent or is known as missed");
}

#[test]
fn a_flood_of_one_peer_ends_no_other() {
    let mut bench = Bench::new();
    let server = bench.peer("all");
    let serve = Serve {
        interface: "sample.echo".into(),
        shape: shape("sample.echo"),
        instance: String::new(),
    };
    bench.send(server, &call(0x1_0000, hub_ordinal::SERVE, &serve));
    bench.take(server);
    let caller = bench.peer("all");
    bench.bind(caller, "sample.echo");
    let mut tell = Vec::new();
    let text = to_bytes(&"x".repeat(1000)).expect("a text");
    write(&mut tell, Head { binding: 1, ordinal: TELL, ..head(Frame::Notify) }, &text);
    for _ in 0..10_000 {
        bench.send(caller, &tell);
        bench.take(caller);
    }
    assert!(bench.hub.is_connected(caller));
    assert!(bench.hub.is_connected(server), "{:?}", bench.hub.ended(server));
    // A call is refused in so many words, and nothing of it stays.
    let mut request = Vec::new();
    write(&mut request, Head { binding: 1, ordinal: 3, id: 0x1_0001, ..head(Frame::Request) }, &[]);
    bench.send(caller, &request);
    let answer = bench.take(caller);
    assert_eq!(answer.len(), 1);
    assert_eq!((answer[0].kind, answer[0].id), (Frame::End, 0x1_0001));
    assert_eq!(answer[0].ordinal, Status::ResourceExhausted.code());
    assert_eq!(bench.hub.open_work(), 0);
}

#[test]
fn the_outcome_of_an_older_call_ends_no_newer_one() {
    let mut bench = Bench::new();
    bench.host("sample.topics");
    let peer = bench.peer("all");
    bench.bind(peer, "sample.topics");
    let id = 0x1_0001;
    let mut out = Vec::new();
    write(&mut out, Head { binding: 1, ordinal: TICKED, id, ..head(Frame::Subscribe) }, &[]);
    bench.send(peer, &out);
    let before = bench.hub.open_work();
    let late = HandlerReply {
        id: Some(id),
        channel: "sample.echo.block",
        args_bytes: 0,
        correlation: 1,
        call: Call::new(Arc::new(Origin::new(Arc::new(NoFlows), None)), None, 1),
        outcome: Ok(Outcome::Written(Status::Ok)),
        body: 0..0,
        blobs: Vec::new(),
    };
    let mut replies = Replies { bytes: Vec::new(), entries: vec![late] };
    bench.hub.complete(peer, &mut replies, Time::ZERO, &mut bench.turn);
    assert_eq!(bench.hub.open_work(), before, "the subscription stands");
    assert!(bench.take(peer).is_empty());
}

#[test]
fn an_ack_speaks_for_its_own_subscription() {
    let mut bench = Bench::new();
    let topics = bench.host("sample.topics");
    let peer = bench.peer("all");
    bench.bind(peer, "sample.topics");
    let ids = [0x1_0001, 0x1_0002];
    let mut out = Vec::new();
    for id in ids {
        write(&mut out, Head { binding: 1, ordinal: TICKED, id, ..head(Frame::Subscribe) }, &[]);
    }
    bench.send(peer, &out);
    let (now, turn) = (Time::ZERO, &mut bench.turn);
    let token = bench.hub.publish_reported(topics, TICKED, &[7], 1000, now, turn).expect("valid");
    let ack = |id| {
        let mut out = Vec::new();
        write(&mut out, Head { id, budget: token, ..head(Frame::Ack) }, &[]);
        out
    };
    bench.send(peer, &ack(ids[1]));
    bench.send(peer, &ack(ids[1]));
    assert!(bench.turn.reports.is_empty(), "the first one has not answered");
    bench.send(peer, &ack(ids[0]));
    assert_eq!(bench.turn.reports.len(), 1);
    assert_eq!(bench.turn.reports[0].1.delivered.len(), 2);
}

#[test]
fn denials_without_end_do_not_drown_other_events() {
    let mut bench = Bench::new();
    bench.host("sample.echo");
    let peer = bench.peer("little");
    bench.bind(peer, "sample.echo");
    let mut tell = Vec::new();
    write(&mut tell, Head { binding: 1, ordinal: TELL, ..head(Frame::Notify) }, &[]);
    bench.turn.events.clear();
    for _ in 0..10_000 {
        bench.send(peer, &tell);
    }
    let told = |events: &[HubEvent]| -> Vec<u64> {
        let count = |event: &HubEvent| match event {
            HubEvent::Denied { count, .. } => Some(*count),
            _ => None,
        };
        events.iter().filter_map(count).collect()
    };
    let counts = told(&bench.turn.events);
    assert_eq!(counts, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]);
    assert_eq!(bench.hub.counters().denied, 10_000);
    // What is left is told at the end: no denial is lost.
    bench.hub.remove(peer, Time::ZERO, &mut bench.turn);
    assert_eq!(told(&bench.turn.events).iter().sum::<u64>(), 10_000);
}
