//! A hub that is driven by hand, and keeps accounts of what the peer holds.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::thread::{self, JoinHandle};

use super::bench::{ECHO, FLOW, Hand, Samples, Sleeper, polled};
use crate::codec::{Message, from_bytes};
use crate::frame::Kind;
use crate::peer::{
    Binding, Bound, DeliveryReport, Driver, Peer, PeerConfig, Served, Turn, hub_ordinal,
};
use crate::rpc::{Complete, Replies, Running, start_job};
use crate::session::{
    Config, Event, Leg, Limits, Opening, PROTOCOL, Session, Side, WINDOW_BYTES_FLOOR, Welcome,
};
use crate::status::Status;
use crate::time::Time;

/// Streams may have one item on its way, so that everybody waits for credit.
const LIMITS: Limits = Limits { stream_items: 1, ..Limits::DEFAULT };

/// The hub at the other end of the connection, and whoever carries the bytes. It breaks off the model when the peer breaks
/// the protocol, and when something is given back that is not held.
pub(super) struct Hub {
    session: Session<(), ()>,
    pub(super) peer: Peer,
    clock: Arc<Hand>,
    complete: Arc<dyn Complete>,
    /// Bindings that the peer holds.
    pub(super) bindings: Vec<u32>,
    /// Exports of the peer.
    pub(super) exports: Vec<u32>,
    given: u32,
    /// Calls, streams and subscriptions that were not answered yet, each with its argument.
    pub(super) open: Vec<(u32, u32)>,
    /// How calls have ended that the hub has made.
    pub(super) ends: Vec<(u32, Status)>,
    /// How many notifications have come.
    pub(super) notified: usize,
    /// Items that have come.
    pub(super) items: Vec<u32>,
    /// Handlers that have been polled once and go on.
    pub(super) running: Vec<Running>,
}

impl Hub {
    /// A connection that stands.
    pub(super) fn connected() -> Self {
        Self::with(LIMITS)
    }

    /// The same, where both sides have these limits.
    fn with(limits: Limits) -> Self {
        let session = Config { limits, ..Config::default() };
        let config = PeerConfig { session, ..PeerConfig::default() };
        let clock = Arc::new(Hand::default());
        let peer = Peer::new(&config, Arc::clone(&clock) as Arc<dyn Driver>);
        let session = Session::new(Side::Hub, config.session, Time::ZERO);
        let complete = peer.completer();
        let mut hub = Self {
            session,
            peer,
            clock,
            complete,
            bindings: Vec::new(),
            exports: Vec::new(),
            given: 0,
            open: Vec::new(),
            ends: Vec::new(),
            notified: 0,
            items: Vec::new(),
            running: Vec::new(),
        };
        hub.turn();
        hub
    }

    /// A connection with one binding.
    pub(super) fn bound() -> (Self, Binding) {
        let mut hub = Self::connected();
        let binding = hub.binding();
        (hub, binding)
    }

    /// The same, where nobody may have more than one call open.
    pub(super) fn bound_with_one_call() -> (Self, Binding) {
        let mut hub = Self::with(Limits { calls: 1, ..LIMITS });
        let binding = hub.binding();
        (hub, binding)
    }

    /// The same, where the other side lets nothing more come.
    pub(super) fn bound_with_a_full_window() -> (Self, Binding) {
        let mut hub = Self::with(Limits { window_bytes: WINDOW_BYTES_FLOOR, ..LIMITS });
        let binding = hub.binding();
        let filling = vec![0u8; WINDOW_BYTES_FLOOR as usize];
        binding.notify(&FLOW, |out| filling.encode(out)).unwrap();
        hub.hear();
        (hub, binding)
    }

    /// One more binding.
    pub(super) fn binding(&mut self) -> Binding {
        let peer = self.peer.clone();
        let mut bind = pin!(peer.bind::<Samples>(Default::default()));
        assert!(polled(bind.as_mut()).is_pending());
        self.turn();
        let Poll::Ready(Ok(Samples(binding))) = polled(bind) else { panic!("not bound") };
        binding
    }

    /// Takes in what the peer has said, and hands it what the hub says to that.
    pub(super) fn turn(&mut self) {
        self.hear();
        self.tell();
    }

    /// Takes in what the peer has said, and decides what to answer.
    pub(super) fn hear(&mut self) {
        let mut bytes = Vec::new();
        self.peer.transmit(&mut bytes);
        let mut done = 0;
        // Every turn uses up a frame, or ends the loop.
        loop {
            let now = self.clock.now();
            let received = self.session.receive(&bytes[done..], now).expect("no violation");
            done += received.consumed;
            let Some(event) = received.event else { break };
            match event {
                Event::Hello(_) => {
                    let limits = *self.session.our_limits();
                    self.session.welcome(&welcome(limits)).unwrap();
                }
                Event::Request { id, binding: 0, ordinal, body, .. } => {
                    let body = body.to_vec();
                    self.own_call(id, ordinal, &body);
                }
                Event::Request { id, binding, body, .. } => {
                    assert!(self.bindings.contains(&binding), "a call on what was given back");
                    self.session.accept(id, true, true);
                    self.open.push((id, from_bytes(body).unwrap_or_default()));
                }
                Event::Subscribe { id, binding, .. } => {
                    assert!(self.bindings.contains(&binding), "a call on what was given back");
                    self.session.accept(id, false, true);
                    self.open.push((id, 0));
                }
                Event::Publish { id: Some(id), .. } => self.open.push((id, 0)),
                Event::Cancel { id } => self.end(id, Status::Cancelled),
                Event::Notify { .. } => self.notified += 1,
                Event::Item { body, .. } => self.items.push(from_bytes(body).unwrap()),
                Event::End { id, status, .. } => self.ends.push((id, status)),
                Event::Credit { .. } | Event::Finish { .. } | Event::Goodbye(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn own_call(&mut self, id: u32, ordinal: u32, body: &[u8]) {
        let give = |held: &mut Vec<u32>, given: &mut u32| {
            *given += 1;
            held.push(*given);
            *given
        };
        let take = |held: &mut Vec<u32>| {
            let number: u32 = from_bytes(body).unwrap();
            let place = held.iter().position(|each| *each == number);
            held.remove(place.expect("given back twice"));
        };
        let session = &mut self.session;
        match ordinal {
            hub_ordinal::BIND => {
                let binding = give(&mut self.bindings, &mut self.given);
                let (label, instance) = (String::new(), String::new());
                let bound = Bound { binding, label, instance };
                session.reply(id, Status::Ok, |out| bound.encode(out)).unwrap();
            }
            hub_ordinal::SERVE => {
                let export = give(&mut self.exports, &mut self.given);
                session.reply(id, Status::Ok, |out| Served { export }.encode(out)).unwrap();
            }
            hub_ordinal::RELEASE => {
                take(&mut self.bindings);
                session.reply(id, Status::Ok, |_| Ok(())).unwrap();
            }
            hub_ordinal::WITHDRAW => {
                take(&mut self.exports);
                session.reply(id, Status::Ok, |_| Ok(())).unwrap();
            }
            other => panic!("the hub has no call {other}"),
        }
    }

    /// Answers every open call, with its argument.
    pub(super) fn answer_all(&mut self) {
        for (id, argument) in std::mem::take(&mut self.open) {
            let answered = self.session.reply(id, Status::Ok, |out| argument.encode(out));
            assert!(answered.is_ok() || self.session.is_closed());
        }
    }

    /// Answers the only open call with who got a value: nobody.
    pub(super) fn report(&mut self) {
        let (id, _) = self.open.remove(0);
        self.session.reply(id, Status::Ok, |out| DeliveryReport::default().encode(out)).unwrap();
    }

    /// Sends an item on the only open call.
    pub(super) fn item(&mut self, value: u32) {
        let (id, _) = self.open[0];
        self.session.item(Leg::Inbound(id), 0, None, |out| value.encode(out)).unwrap();
    }

    /// Gives credit for one item on the only open call.
    pub(super) fn credit(&mut self) {
        let (id, _) = self.open[0];
        self.session.credit(Leg::Inbound(id), 1, 1);
    }

    fn end(&mut self, id: u32, status: Status) {
        self.open.retain(|(open, _)| *open != id);
        // One that was answered in the same moment has ended.
        let _ = self.session.reply(id, status, |_| Ok(()));
    }

    /// Calls what the peer serves.
    pub(super) fn call(&mut self, export: u32) -> u32 {
        let opening = Opening {
            kind: Kind::Request,
            binding: export,
            ordinal: ECHO.ordinal,
            deadline: None,
            slack_ms: 0,
            up: false,
            down: false,
        };
        self.session.open(opening, Time::ZERO, (), |_| Ok(())).unwrap()
    }

    /// Gives up a call of the hub's.
    pub(super) fn cancel(&mut self, id: u32) {
        self.session.cancel(id);
    }

    /// Says that the instance behind a binding has left.
    pub(super) fn unbind(&mut self, binding: u32) {
        self.session.unbound(binding);
    }

    /// What the hub has to say, to be delivered by whoever carries the bytes.
    pub(super) fn said(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.session.transmit(&mut bytes);
        bytes
    }

    /// A thread that hands the peer what the hub has to say.
    pub(super) fn carry(&mut self) -> JoinHandle<Vec<Running>> {
        let bytes = self.said();
        let (peer, complete) = (self.peer.clone(), Arc::clone(&self.complete));
        thread::spawn(move || delivered(&peer, &complete, &bytes))
    }

    /// A thread that finds the connection lost.
    pub(super) fn lose(&self) -> JoinHandle<()> {
        let peer = self.peer.clone();
        thread::spawn(move || peer.lost("gone"))
    }

    /// A thread that finds all deadlines passed.
    pub(super) fn run_out(&self) -> JoinHandle<()> {
        self.clock.let_time_pass();
        let peer = self.peer.clone();
        thread::spawn(move || peer.handle_timeout())
    }

    /// Hands the peer what the hub has to say.
    pub(super) fn tell(&mut self) {
        let bytes = self.said();
        self.running.extend(delivered(&self.peer, &self.complete, &bytes));
    }

    /// Waits for the peer to have something to say, as a driver does, and answers it, until that is so.
    pub(super) fn drive(&mut self, until: impl Fn(&Self) -> bool) {
        let sleeper = Sleeper::new();
        let waker = Waker::from(Arc::clone(&sleeper));
        // Every turn takes in what was said, or waits for a wake-up.
        while !until(self) {
            match self.peer.poll_output(&mut Context::from_waker(&waker)) {
                Poll::Ready(()) => {
                    self.hear();
                    self.answer_all();
                    self.tell();
                }
                Poll::Pending => sleeper.sleep(),
            }
        }
    }

    /// Once all threads are done: nothing is left at either end. The hub answers what is open yet.
    pub(super) fn nothing_is_left(mut self) {
        for _ in 0..3 {
            self.turn();
            self.answer_all();
            self.tell();
        }
        assert!(self.running.is_empty(), "a handler goes on");
        if !self.peer.has_ended() {
            assert_eq!(self.bindings, [0; 0], "bindings that nobody holds");
            assert_eq!(self.exports, [0; 0], "exports that nobody serves");
            assert_eq!(self.session.calls_open(), (0, 0), "calls at the hub");
        }
        let core = self.peer.shared().lock();
        assert_eq!(core.session.calls_open(), (0, 0), "calls");
        assert_eq!(core.cells.held(), 0, "cells");
        assert_eq!(core.exports.len(), 0, "exports");
        assert_eq!(core.watchers.len(), 0, "watchers");
        assert_eq!(core.unbound, [0; 0], "bindings that are gone");
    }
}

/// Carries bytes to a peer, and starts what comes of them.
fn delivered(peer: &Peer, complete: &Arc<dyn Complete>, bytes: &[u8]) -> Vec<Running> {
    let mut turn = Turn::default();
    let delivery = peer.deliver(bytes, &mut turn);
    assert!(delivery.ended || delivery.consumed == bytes.len(), "whole frames");
    let mut replies = Replies::default();
    let start = |job| start_job(job, bytes, &mut replies, complete);
    let running = turn.jobs.drain(..).filter_map(start).map(|(_, running)| running).collect();
    complete.complete(&mut replies);
    running
}

fn welcome(limits: Limits) -> Welcome {
    Welcome { protocol: PROTOCOL, limits, peer: 1, label: "one".to_owned(), role: "all".to_owned() }
}
