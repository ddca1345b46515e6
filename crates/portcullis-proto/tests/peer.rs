//! A peer without a transport, against a hub's session that is driven by hand.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use portcullis_proto::codec::Message;
use portcullis_proto::peer::{Driver, Peer, PeerConfig, Served, Turn};
use portcullis_proto::rpc::{Descriptor, Dispatch, Request, Service};
use portcullis_proto::session::{Config, Event, Limits, Opening, PROTOCOL, Session, Side, Welcome};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

struct Still;

impl Driver for Still {
    fn now(&self) -> Time {
        Time::ZERO
    }
}

struct Silent(&'static Descriptor);

impl Service for Silent {
    fn descriptor(&self) -> &'static Descriptor {
        self.0
    }

    fn dispatch(self: Arc<Self>, _: Request<'_>) -> Dispatch {
        Dispatch::unknown()
    }
}

type HubSession = Session<(), ()>;

fn connected() -> (Peer, HubSession) {
    let peer = Peer::new(&PeerConfig::default(), Arc::new(Still));
    let mut hub = HubSession::new(Side::Hub, Config::default(), Time::ZERO);
    assert!(matches!(taken(&peer, &mut hub), Some(Taken::Hello)));
    let welcome = Welcome {
        protocol: PROTOCOL,
        limits: Limits::DEFAULT,
        peer: 1,
        label: "one".to_owned(),
        role: "all".to_owned(),
    };
    hub.welcome(&welcome).expect("open");
    given(&peer, &mut hub);
    (peer, hub)
}

/// Hands the peer all that the hub says.
fn given(peer: &Peer, hub: &mut HubSession) -> Turn {
    let (mut bytes, mut turn) = (Vec::new(), Turn::default());
    hub.transmit(&mut bytes);
    peer.deliver(&bytes, &mut turn);
    turn
}

enum Taken {
    Hello,
    Request(u32),
}

/// What the peer says next.
fn taken(peer: &Peer, hub: &mut HubSession) -> Option<Taken> {
    let mut bytes = Vec::new();
    peer.transmit(&mut bytes);
    match hub.receive(&bytes, Time::ZERO).expect("no violation").event? {
        Event::Hello(_) => Some(Taken::Hello),
        Event::Request { id, .. } => Some(Taken::Request(id)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_right_behind_the_answer_to_serve_is_served() {
    let (peer, mut hub) = connected();
    // There is no other way to a static one that a test makes.
    let silent = Silent(Box::leak(Box::new(Descriptor {
        name: "sample.silent",
        version: 1,
        shape: Default::default(),
        digests: Vec::new(),
        channels: Vec::new(),
    })));
    let mut serving = Box::pin(peer.serve(silent, ""));
    let mut context = Context::from_waker(Waker::noop());
    assert!(serving.as_mut().poll(&mut context).is_pending());
    let Some(Taken::Request(id)) = taken(&peer, &mut hub) else { panic!("no request") };

    // Both leave in one piece, and the future that waits for the first is not polled between them.
    hub.reply(id, Status::Ok, |out| Served { export: 7 }.encode(out)).expect("sent");
    let opening = Opening {
        kind: portcullis_proto::frame::Kind::Request,
        binding: 7,
        ordinal: 0,
        deadline: None,
        slack_ms: 0,
        up: false,
        down: false,
    };
    hub.open(opening, Time::ZERO, (), |_| Ok(())).expect("sent");
    assert_eq!(given(&peer, &mut hub).jobs.len(), 1);
    let Poll::Ready(Ok(serving)) = serving.as_mut().poll(&mut context) else { panic!("refused") };
    drop(serving);
    assert!(matches!(taken(&peer, &mut hub), Some(Taken::Request(_))), "it is withdrawn");
}

#[test]
fn what_waits_to_leave_is_counted() {
    let peer = Peer::new(&PeerConfig::default(), Arc::new(Still));
    assert!(peer.outbox_bytes() > 0, "the hello waits");
    peer.transmit(&mut Vec::new());
    assert_eq!(peer.outbox_bytes(), 0);
}
