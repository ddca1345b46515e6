//! What waits to leave is bounded, whatever the other side announces and however it behaves (faults 20 and 23).

mod session_support;

use portcullis_proto::codec::Encoder;
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::Reason;
use portcullis_proto::session::{
    Config, Leg, Limits, Opening, Refused, SendError, WINDOW_BYTES_MAX,
};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use session_support::*;

type Body = Box<dyn Fn(&mut Encoder<'_>) -> Result<(), portcullis_proto::codec::CodecError>>;

fn zeros(bytes: usize) -> Body {
    Box::new(move |out| {
        out.raw(&vec![0; bytes]);
        Ok(())
    })
}

#[test]
fn f20_control_frames_count_against_the_bound() {
    let config = Config { outbox_bytes_max: 10_000, ..Config::default() };
    let (mut hub, mut peer) = open(config, Config::default());
    // Pings of a peer that reads none of the pongs.
    let mut ping = 24u32.to_le_bytes().to_vec();
    ping.extend([Kind::Ping as u8, 0, 0, 0]);
    ping.extend([0; 16]);
    for _ in 0..400 {
        take(&mut hub, &ping, Time::ZERO).expect("pings are allowed");
    }
    assert!(!hub.is_over_bound());
    for _ in 400..417 {
        take(&mut hub, &ping, Time::ZERO).expect("pings are allowed");
    }
    assert!(hub.is_over_bound());
    let goodbye = take(&mut hub, &ping, Time::ZERO).expect_err("no pong more");
    assert_eq!(goodbye.reason, Reason::SlowConsumer);
    let pongs = sent(&mut hub);
    assert_eq!(count(&pongs, Kind::Pong), 417);
    assert!(!hub.is_over_bound(), "what has left does not count");
    take(&mut peer, &pongs, Time::ZERO).expect("pongs");
}

#[test]
fn f20_a_huge_window_is_no_way_around_the_bound() {
    let config = Config { outbox_bytes_max: 1024 * 1024, ..Config::default() };
    let (mut hub, _) = open(config, window(WINDOW_BYTES_MAX));
    for _ in 0..200 {
        hub.one_way(Kind::Notify, 1, 0, zeros(64 * 1024)).unwrap_or(());
    }
    assert!(hub.is_over_bound());
    assert_eq!(hub.one_way(Kind::Notify, 1, 0, zeros(1)), Err(SendError::OutboxFull));
    assert_eq!(hub.open(request(0), Time::ZERO, 1, zeros(1)), Err(SendError::OutboxFull));
    assert!(hub.outbox_bytes() < 6 * 1024 * 1024, "{} bytes", hub.outbox_bytes());
    // Everything that was taken leaves, in order and once there is a reader.
    let bytes = sent(&mut hub);
    assert!(bytes.len() > 5 * 1024 * 1024);
    assert!(!hub.has_output() && !hub.is_over_bound() && hub.outbox_bytes() == 0);
}

#[test]
fn f13_cancelling_a_call_that_waits_takes_it_back() {
    let (mut hub, mut peer) = open(window(4096), Config::default());
    peer.one_way(Kind::Notify, 1, 0, zeros(5000)).expect("it overdraws the window");
    let first = peer.open(request(0), Time::ZERO, 1, zeros(10)).expect("held");
    let second = peer.open(request(0), Time::ZERO, 2, zeros(10)).expect("held");
    let third = peer.open(request(0), Time::ZERO, 3, zeros(10)).expect("held");
    assert_eq!(peer.cancel(second), Some(2));
    assert_eq!(peer.cancel(second), None);
    assert_eq!(peer.calls_open(), (0, 2), "nothing will be answered");
    let events = take(&mut hub, &sent(&mut peer), Time::ZERO).expect("data");
    assert_eq!(events, ["notify"]);
    take(&mut peer, &sent(&mut hub), Time::ZERO).expect("a window");
    let events = take(&mut hub, &sent(&mut peer), Time::ZERO).expect("data");
    assert_eq!(events, [format!("request {first:#x} 0"), format!("request {third:#x} 0")]);
}

#[test]
fn f13_a_stream_that_waits_with_its_items_is_cancelled_in_order() {
    let (mut hub, mut peer) = open(window(4096), Config::default());
    peer.one_way(Kind::Notify, 1, 0, zeros(5000)).expect("it overdraws the window");
    let stream = Opening { up: true, ..request(0) };
    let id = peer.open(stream, Time::ZERO, 1, zeros(1)).expect("held");
    peer.item(Leg::Outbound(id), 0, None, zeros(1)).expect("held");
    peer.finish(id).expect("held");
    assert_eq!(peer.cancel(id), Some(1));
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("data");
    take(&mut peer, &sent(&mut hub), Time::ZERO).expect("a window");
    let bytes = sent(&mut peer);
    let mut events = Vec::new();
    // The hub says which flows there are as soon as the request is there.
    let (request, rest) = bytes.split_at(25);
    events.extend(take(&mut hub, request, Time::ZERO).expect("a request"));
    hub.accept(id, true, false);
    events.extend(take(&mut hub, rest, Time::ZERO).expect("its items"));
    let id = format!("{id:#x}");
    let expected =
        [format!("request {id} 0"), "item".into(), format!("finish {id}"), format!("cancel {id}")];
    assert_eq!(events, expected);
}

#[test]
fn f20_calls_that_are_taken_back_cost_nothing() {
    let (_hub, mut peer) = open(window(4096), Config::default());
    peer.one_way(Kind::Notify, 1, 0, zeros(5000)).expect("it overdraws the window");
    let before = peer.outbox_bytes();
    for _ in 0..100_000 {
        let id = peer.open(request(0), Time::ZERO, 1, zeros(10)).expect("held");
        assert_eq!(peer.cancel(id), Some(1));
    }
    assert_eq!(peer.outbox_bytes(), before);
    // With one behind it each keeps its place, and that counts.
    for _ in 0..100 {
        let id = peer.open(request(0), Time::ZERO, 1, zeros(10)).expect("held");
        peer.one_way(Kind::Notify, 1, 0, zeros(0)).expect("held");
        assert_eq!(peer.cancel(id), Some(1));
    }
    assert!(peer.outbox_bytes() > before + 100 * (24 + 64));
}

#[test]
fn the_budget_of_a_call_that_waited_is_what_is_left() {
    let (mut hub, mut peer) = open(window(4096), Config::default());
    peer.one_way(Kind::Notify, 1, 0, zeros(5000)).expect("it overdraws the window");
    let opening = Opening { slack_ms: 200, ..request(1000) };
    let id = peer.open(opening, Time::ZERO, 1, zeros(1)).expect("held");
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("data");
    take(&mut peer, &sent(&mut hub), at(300)).expect("a window");
    let events = take(&mut hub, &sent(&mut peer), at(300)).expect("data");
    assert_eq!(events, [format!("request {id:#x} 500")]);
}

#[test]
fn calls_larger_than_the_hub_takes_are_refused_at_the_welcome() {
    let mut peer = peer(Config::default());
    let small = peer.open(request(0), Time::ZERO, 1, zeros(10)).expect("held");
    peer.open(request(0), Time::ZERO, 2, zeros(100_000)).expect("held");
    peer.one_way(Kind::Notify, 1, 0, zeros(100_000)).expect("held");
    let limits = Limits { frame_bytes: 4096, ..Limits::DEFAULT };
    let config = Config { limits, ..Config::default() };
    let mut hub = Pair::new(portcullis_proto::session::Side::Hub, config, Time::ZERO);
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a hello");
    take(&mut peer, &sent(&mut hub), Time::ZERO).expect("a welcome");
    let refused = Refused { data: 2, bytes: 100_000, room: 4096 - 24 };
    assert_eq!(peer.take_refused(), [refused]);
    assert_eq!(peer.calls_open(), (0, 1));
    let events = take(&mut hub, &sent(&mut peer), Time::ZERO).expect("what fits");
    assert_eq!(events, [format!("request {small:#x} 0")]);
}

#[test]
fn f10_nothing_of_a_call_that_never_left_is_said() {
    for cancelled in [false, true] {
        let mut peer = peer(Config::default());
        let stream = Opening { up: true, ..request(0) };
        let id = peer.open(stream, Time::ZERO, 1, zeros(100_000)).expect("held");
        peer.finish(id).expect("held");
        if cancelled {
            peer.cancel(id).expect("open");
        }
        let small = peer.open(request(0), Time::ZERO, 2, zeros(10)).expect("held");
        let limits = Limits { frame_bytes: 4096, ..Limits::DEFAULT };
        let config = Config { limits, ..Config::default() };
        let mut hub = Pair::new(portcullis_proto::session::Side::Hub, config, Time::ZERO);
        take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a hello");
        take(&mut peer, &sent(&mut hub), Time::ZERO).expect("a welcome");
        assert_eq!(peer.take_refused().len(), usize::from(!cancelled), "{id:#x}");
        assert_eq!(peer.calls_open(), (0, 1));
        let events = take(&mut hub, &sent(&mut peer), Time::ZERO).expect("no violation");
        assert_eq!(events, [format!("request {small:#x} 0")]);
    }
}

#[test]
fn streams_have_no_credit_before_the_handshake_is_done() {
    let mut peer = peer(Config::default());
    let stream = Opening { up: true, ..request(0) };
    let id = peer.open(stream, Time::ZERO, 1, zeros(1)).expect("held");
    let leg = Leg::Outbound(id);
    assert_eq!(peer.may_send(leg), Some(false));
    let limits = Limits { stream_items: 1, ..Limits::DEFAULT };
    let config = Config { limits, ..Config::default() };
    let mut hub = Pair::new(portcullis_proto::session::Side::Hub, config, Time::ZERO);
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a hello");
    take(&mut peer, &sent(&mut hub), Time::ZERO).expect("a welcome");
    peer.item(leg, 0, None, zeros(1)).expect("credit");
    assert_eq!(peer.item(leg, 0, None, zeros(1)), Err(SendError::NoCredit));
}

#[test]
fn f09_nothing_is_sent_behind_the_other_sides_goodbye() {
    let (mut hub, mut peer) = open(Config::default(), Config::default());
    let id = peer.open(request(0), Time::ZERO, 1, zeros(1)).expect("sent");
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a request");
    let mut ping = 24u32.to_le_bytes().to_vec();
    ping.extend([Kind::Ping as u8, 0, 0, 0]);
    ping.extend([0; 16]);
    take(&mut hub, &ping, Time::ZERO).expect("a ping");
    hub.reply(id, Status::Ok, |_| Ok(())).expect("a reply");
    hub.abort();
    assert!(!hub.has_output());
}
