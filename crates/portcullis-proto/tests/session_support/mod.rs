//! The two sessions of one connection, and frames between them.
#![allow(dead_code, reason = "each test file uses what it needs")]

use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::session::{
    Config, Event, Hello, Limits, Opening, PROTOCOL, Session, Side, Welcome,
};
use portcullis_proto::time::Time;

pub(crate) type Pair = Session<(), u32>;

pub(crate) fn at(ms: u32) -> Time {
    Time::ZERO.after_ms(ms)
}

pub(crate) fn request(ms: u32) -> Opening {
    Opening {
        kind: Kind::Request,
        binding: 1,
        ordinal: 2,
        deadline: (ms > 0).then(|| at(ms)),
        slack_ms: 0,
        up: false,
        down: false,
    }
}

pub(crate) fn peer(config: Config) -> Pair {
    let mut peer = Session::new(Side::Peer, config, Time::ZERO);
    let hello = Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        client: "test".into(),
        limits: config.limits,
        interfaces: Vec::new(),
    };
    peer.hello(&hello).expect("a hello");
    peer
}

pub(crate) fn welcome(limits: Limits) -> Welcome {
    Welcome { protocol: PROTOCOL, limits, peer: 1, label: "a".into(), role: "b".into() }
}

/// Everything that may leave.
pub(crate) fn sent(session: &mut Pair) -> Vec<u8> {
    let mut bytes = Vec::new();
    while session.transmit(&mut bytes) {}
    bytes
}

/// How often a frame of that kind stands in `bytes`.
pub(crate) fn count(bytes: &[u8], kind: Kind) -> usize {
    let mut rest = bytes;
    let mut count = 0;
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[..4].try_into().expect("4 bytes")) as usize;
        count += usize::from(rest[4] == kind as u8);
        rest = &rest[length..];
    }
    count
}

/// Takes bytes in, and tells the events by their names.
pub(crate) fn take(session: &mut Pair, bytes: &[u8], now: Time) -> Result<Vec<String>, Goodbye> {
    let mut events = Vec::new();
    let mut rest = bytes;
    loop {
        let received = session.receive(rest, now)?;
        rest = &rest[received.consumed..];
        let Some(event) = received.event else {
            if received.needed == 0 {
                continue;
            }
            return Ok(events);
        };
        events.push(match event {
            Event::Hello(_) => {
                session.welcome(&welcome(*session.our_limits())).expect("a welcome");
                "hello".to_owned()
            }
            Event::Request { id, budget_ms, .. } => format!("request {id:#x} {budget_ms}"),
            Event::End { id, status, data, .. } => format!("end {id:#x} {status} {data}"),
            Event::Item { .. } => "item".to_owned(),
            Event::Cancel { id } => format!("cancel {id:#x}"),
            Event::Finish { id } => format!("finish {id:#x}"),
            Event::Notify { .. } => "notify".to_owned(),
            other => format!("{other:?}"),
        });
    }
}

/// A connection that stands: hub and peer.
pub(crate) fn open(hub: Config, peer_config: Config) -> (Pair, Pair) {
    let mut hub = Session::new(Side::Hub, hub, Time::ZERO);
    let mut peer = peer(peer_config);
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("a hello");
    take(&mut peer, &sent(&mut hub), Time::ZERO).expect("a welcome");
    (hub, peer)
}

/// Limits with that window.
pub(crate) fn window(bytes: u32) -> Config {
    let limits = Limits { window_bytes: bytes, ..Limits::DEFAULT };
    Config { limits, ..Config::default() }
}
