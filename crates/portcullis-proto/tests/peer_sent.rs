//! What a caller is told of a call that failed: whether its request may have been seen by anybody.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_proto::error::Error;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Driver, Peer, PeerConfig, Target, Turn};
use portcullis_proto::rpc::Descriptor;
use portcullis_proto::session::{
    Config, Event, Limits, NAME_BYTES_MAX, PROTOCOL, Session, Side, WINDOW_BYTES_FLOOR, Welcome,
};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

#[derive(Default)]
struct Hands(AtomicU64);

impl Driver for Hands {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// A peer that is driven by hand, before or after its handshake.
struct Bench {
    peer: Peer,
    hub: Session<(), ()>,
    clock: Arc<Hands>,
    interface: &'static Descriptor,
}

impl Bench {
    fn greeting() -> Self {
        let clock = Arc::new(Hands::default());
        let peer = Peer::new(&PeerConfig::default(), Arc::clone(&clock) as Arc<dyn Driver>);
        let hub = Session::new(Side::Hub, Config::default(), Time::ZERO);
        // There is no other way to a static one that a test makes.
        let interface = Box::leak(Box::new(Descriptor {
            name: "sample.silent",
            version: 1,
            shape: Default::default(),
            digests: Vec::new(),
            channels: Vec::new(),
        }));
        Self { peer, hub, clock, interface }
    }

    fn open(limits: Limits) -> Self {
        let mut bench = Self::greeting();
        let hello = bench.given();
        let event = bench.hub.receive(&hello, Time::ZERO).expect("no violation").event;
        assert!(matches!(event, Some(Event::Hello(_))));
        let (label, role) = ("one".to_owned(), "all".to_owned());
        let welcome = Welcome { protocol: PROTOCOL, limits, peer: 1, label, role };
        bench.hub.welcome(&welcome).expect("open");
        let mut bytes = Vec::new();
        bench.hub.transmit(&mut bytes);
        bench.peer.deliver(&bytes, &mut Turn::default());
        bench
    }

    /// What the peer gives to its transport.
    fn given(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.peer.transmit(&mut bytes);
        bytes
    }

    /// Makes a call of the hub's own interface, and tells how it failed after `then`.
    fn call(&self, then: impl FnOnce(&Self)) -> Error {
        let mut call = pin!(self.peer.bind_untyped(self.interface, Target::Any));
        let mut context = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
        then(self);
        match call.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => outcome.expect_err("nobody answers"),
            Poll::Pending => panic!("it has an outcome"),
        }
    }
}

#[test]
fn a_call_that_nobody_has_fetched_was_not_sent() {
    let bench = Bench::open(Limits::DEFAULT);
    let error = bench.call(|bench| bench.peer.lost("cut"));
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
    assert!(bench.peer.has_lost_transport());
}

#[test]
fn a_call_that_was_fetched_may_have_been_sent() {
    let bench = Bench::open(Limits::DEFAULT);
    let error = bench.call(|bench| {
        assert!(!bench.given().is_empty());
        bench.peer.lost("cut");
    });
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, true));
}

#[test]
fn a_call_that_the_transport_did_not_take_whole_was_not_sent() {
    for short in [true, false] {
        let bench = Bench::open(Limits::DEFAULT);
        let error = bench.call(|bench| {
            let given = bench.given();
            bench.peer.untaken(&given, given.len() - usize::from(short));
            bench.peer.lost("broken");
        });
        assert_eq!(error.was_sent(), !short);
    }
}

#[test]
fn a_call_before_the_handshake_was_not_sent() {
    let bench = Bench::greeting();
    let error = bench.call(|bench| {
        assert!(!bench.given().is_empty(), "the hello");
        bench.peer.lost("cut");
    });
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
}

#[test]
fn a_call_behind_a_closed_window_was_not_sent() {
    let limits = Limits { window_bytes: WINDOW_BYTES_FLOOR, ..Limits::DEFAULT };
    let bench = Bench::open(limits);
    let mut context = Context::from_waker(Waker::noop());
    let mut calls = Vec::new();
    loop {
        let target = Target::Instance("i".repeat(NAME_BYTES_MAX as usize));
        let mut call = Box::pin(bench.peer.bind_untyped(bench.interface, target));
        assert!(call.as_mut().poll(&mut context).is_pending());
        let left = !bench.given().is_empty();
        calls.push((call, left));
        if !left {
            break;
        }
    }
    assert!(calls.len() > 1);
    bench.peer.lost("cut");
    for (mut call, left) in calls {
        let Poll::Ready(Err(error)) = call.as_mut().poll(&mut context) else { panic!("lost") };
        assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, left));
    }
}

#[test]
fn a_call_after_the_end_was_not_sent() {
    let bench = Bench::open(Limits::DEFAULT);
    bench.peer.close();
    assert!(!bench.peer.has_lost_transport(), "it was closed");
    bench.peer.lost("and then the transport ended");
    assert!(!bench.peer.has_lost_transport());
    let mut call = pin!(bench.peer.bind_untyped(bench.interface, Target::Any));
    let Poll::Ready(Err(error)) = call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("at once");
    };
    assert_eq!((error.status(), error.was_sent()), (Status::Unavailable, false));
}

#[test]
fn a_goodbye_is_no_loss_of_the_transport() {
    let mut bench = Bench::open(Limits::DEFAULT);
    bench.hub.close(&Goodbye::new(Reason::GoingAway));
    let mut bytes = Vec::new();
    bench.hub.transmit(&mut bytes);
    let error = bench.call(|bench| {
        bench.given();
        bench.peer.deliver(&bytes, &mut Turn::default());
    });
    assert!(error.was_sent());
    assert!(bench.peer.has_ended() && !bench.peer.has_lost_transport());
}

#[test]
fn a_call_that_ran_out_before_it_left_is_known_not_to_have_been_sent() {
    // The hub's own calls take ten seconds at most.
    let late = |bench: &Bench| {
        bench.clock.0.store(Duration::from_secs(11).as_micros() as u64, Ordering::Relaxed);
        bench.peer.handle_timeout();
    };
    let bench = Bench::greeting();
    let error = bench.call(late);
    assert_eq!((error.status(), error.was_sent()), (Status::DeadlineExceeded, false));
    let bench = Bench::open(Limits::DEFAULT);
    // Its bytes will leave all the same, once they can.
    let error = bench.call(late);
    assert_eq!((error.status(), error.was_sent()), (Status::DeadlineExceeded, true));
}
