//! One connection of a hub: how its handlers reach their session, and the core that its task drives.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use portcullis_hub::{PeerId, Turn};
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::rpc::{
    Bodies, Complete, Host, Job, Mode, Replies, Running, Sent, Taken, WriteBody,
};
use portcullis_proto::session::{Leg, SendError};
use portcullis_proto::time::Time;
use tokio::sync::Notify;
use tracing::Instrument;

use super::blocking::Blocking;
use super::embedded::Transmitted;
use super::shared::{Shared, Wake};
use crate::client::spawn;
use crate::driver::connection::Core;
use crate::driver::{log_panics, start_all, start_inline};
#[cfg(target_os = "linux")]
use crate::link::ProcessSlot;
use crate::link::{Framing, RecvBuffer};

/// The hub's side of a connection.
pub(super) struct PeerHost {
    pub(super) hub: Arc<Shared>,
    pub(super) peer: PeerId,
    pub(super) gone: Notify,
    /// The process at the other end, once it is known.
    #[cfg(target_os = "linux")]
    pub(super) process: ProcessSlot,
    pub(super) goodbye: Mutex<Option<Goodbye>>,
    /// Until when nothing is to be read, in microseconds of the hub's time; 0 when reading goes on.
    paused_until: AtomicU64,
    scratch: Mutex<Scratch>,
    blocking: Blocking,
}

/// Memory that each turn uses again.
#[derive(Default)]
struct Scratch {
    turn: Turn,
    replies: Replies,
}

impl PeerHost {
    pub(super) fn new(hub: Arc<Shared>, peer: PeerId, label: &str) -> Self {
        let blocking = hub.labels.blocking(label);
        Self {
            hub,
            peer,
            gone: Notify::new(),
            #[cfg(target_os = "linux")]
            process: ProcessSlot::default(),
            goodbye: Mutex::new(None),
            paused_until: AtomicU64::new(0),
            scratch: Mutex::new(Scratch::default()),
            blocking,
        }
    }

    /// Takes in bytes, starts what came of them and hands back the outcomes. Returns how far it came. Where `ends`, a message of
    /// the transport ends with them.
    pub(super) fn receive_bytes(
        self: &Arc<Self>,
        input: &[u8],
        ends: bool,
    ) -> portcullis_hub::Delivery {
        // Only this connection's driver comes here.
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let Scratch { turn, replies } = &mut *scratch;
        let began = self.hub.clock.now();
        let delivery = self.hub.turn_at(began, turn, |core, now, turn| {
            let delivery = core.deliver(self.peer, input, now, turn);
            let whole = delivery.consumed == input.len();
            if ends && !whole && !delivery.ended && !delivery.again {
                core.end_peer(self.peer, Goodbye::new(Reason::PartialMessage), now, turn);
            }
            delivery
        });
        if let Some(until) = delivery.paused_until {
            self.paused_until.store(until.as_micros(), Ordering::Relaxed);
        }
        if !turn.jobs.is_empty() {
            let now = self.start(&mut turn.jobs, input, replies, began);
            self.hand_back(turn, replies, now);
        }
        delivery
    }

    /// As [`Self::receive_bytes`], on a thread that must not be held up: only handlers marked `inline` run on it. The
    /// jobs of others are handed to `elsewhere`, with a copy of their arguments to which their ranges refer.
    pub(super) fn receive_message(
        self: &Arc<Self>,
        message: &[u8],
        elsewhere: impl FnOnce(Vec<Job>, Vec<u8>),
    ) {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let Scratch { turn, replies } = &mut *scratch;
        let began = self.hub.turn_with(turn, |core, now, turn| {
            core.deliver_message(self.peer, message, now, turn);
            // Whatever has come may run out; nobody but the hub keeps this peer's time.
            if !turn.touched.contains(&self.peer) {
                turn.touched.push(self.peer);
            }
            now
        });
        if turn.jobs.is_empty() {
            return;
        }
        if turn.jobs.iter().any(|job| job.mode() != Mode::Inline) {
            let (inline, mut others) =
                turn.jobs.drain(..).partition::<Vec<_>, _>(|job| job.mode() == Mode::Inline);
            turn.jobs.extend(inline);
            let mut bodies = Vec::new();
            for job in &mut others {
                let start = bodies.len();
                bodies.extend_from_slice(message.get(job.body.clone()).unwrap_or_default());
                job.body = start..bodies.len();
            }
            elsewhere(others, bodies);
        }
        if !turn.jobs.is_empty() {
            let complete: Arc<dyn Complete> = Arc::clone(self) as Arc<dyn Complete>;
            let clock = (&self.hub.clock, began);
            let start = &mut turn.jobs;
            let now = start_inline(start, message, replies, &complete, clock, |mode, go, span| {
                self.spawn(mode, go, span);
            });
            self.hand_back(turn, replies, now);
        }
    }

    /// Starts the handlers of a turn that began at `began` in order, each in place until it first waits; `replies` gets the
    /// outcomes of those that are done. Returns the time then.
    pub(super) fn start(
        self: &Arc<Self>,
        jobs: &mut Vec<Job>,
        input: &[u8],
        replies: &mut Replies,
        began: Time,
    ) -> Time {
        let complete: Arc<dyn Complete> = Arc::clone(self) as Arc<dyn Complete>;
        let pace = (&self.hub.pace, &self.hub.clock, began);
        start_all(jobs, input, replies, &complete, pace, |mode, running, span| {
            self.spawn(mode, running, span);
        })
    }

    fn spawn(&self, mode: Mode, running: Running, span: tracing::Span) {
        let runtime = &self.hub.runtime;
        match mode {
            Mode::Blocking => self.blocking.spawn(runtime, running, span),
            mode => spawn(runtime, mode, running.instrument(span)),
        }
    }

    fn hand_back(&self, turn: &mut Turn, replies: &mut Replies, now: Time) {
        if !replies.entries.is_empty() {
            log_panics(&replies.entries);
            self.hub.turn_at(now, turn, |core, now, turn| {
                core.complete(self.peer, replies, now, turn);
            });
        }
    }

    /// Moves what may leave, and tells all that an embedder asks then, under one lock.
    pub(super) fn transmit_embedded(&self, into: &mut Vec<u8>) -> Transmitted {
        let mut state = self.hub.lock();
        let moved = state.core.transmit(self.peer, into);
        if state.core.has_room(self.peer) {
            drop(state);
            self.hub.turn(|core, now, turn| core.resume(self.peer, now, turn));
            state = self.hub.lock();
        }
        let more = state.core.has_output(self.peer);
        let ended = state.core.ended(self.peer).is_some();
        drop(state);
        self.hub.tell_drains();
        Transmitted { moved, more, ended }
    }

    pub(super) fn farewell(&self) -> Goodbye {
        let goodbye = self.goodbye.lock().unwrap_or_else(PoisonError::into_inner);
        goodbye.clone().unwrap_or_else(|| Goodbye::new(Reason::Closed))
    }

    /// Forgets the connection: its transport is closed.
    pub(super) fn remove(&self) {
        let ended = self.hub.lock().core.ended(self.peer).cloned();
        self.hub.turn(|core, now, turn| core.remove(self.peer, now, turn));
        self.hub.lock().wakes.remove(&self.peer);
        *self.goodbye.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(ended.unwrap_or_else(|| Goodbye::new(Reason::Closed)));
        self.gone.notify_waiters();
        self.hub.emptied.notify_waiters();
    }
}

impl PeerHost {
    /// A turn of what needs no time: to read the clock costs as much as to send a small item.
    fn turn_without_time<R>(
        &self,
        work: impl FnOnce(&mut portcullis_hub::Hub, &mut Turn) -> R,
    ) -> R {
        let mut turn = Turn::default();
        self.hub.turn_at(Time::ZERO, &mut turn, |core, _, turn| work(core, turn))
    }
}

impl Host for PeerHost {
    fn now(&self) -> Time {
        self.hub.clock.now()
    }

    fn poll_send(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        body: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>> {
        self.turn_without_time(|core, turn| {
            core.poll_send(self.peer, leg, keep, context, body, turn)
        })
    }

    fn poll_send_all(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        count: usize,
        bodies: Bodies<'_>,
    ) -> Sent {
        self.turn_without_time(|core, turn| {
            core.poll_send_all(self.peer, leg, keep, context, count, bodies, turn)
        })
    }

    fn poll_take(&self, leg: Leg, context: &mut Context<'_>) -> Poll<Option<Taken>> {
        self.turn_without_time(|core, turn| core.poll_take(self.peer, leg, context, turn))
    }

    fn finish(&self, _: Leg) {
        // A handler's flow ends with its reply.
    }
}

impl Complete for PeerHost {
    fn complete(&self, replies: &mut Replies) {
        log_panics(&replies.entries);
        self.hub.turn(|core, now, turn| core.complete(self.peer, replies, now, turn));
    }
}

impl Core for Arc<PeerHost> {
    fn receive(&self, buffer: &mut RecvBuffer, framing: Framing) -> bool {
        let input = buffer.filled();
        let delivery = self.receive_bytes(input, framing == Framing::Messages);
        buffer.consume(delivery.consumed, delivery.needed);
        delivery.again && !delivery.ended
    }

    fn paused_until(&self) -> Option<Time> {
        let until = Time::from_micros(self.paused_until.load(Ordering::Relaxed));
        if until == Time::ZERO {
            return None;
        }
        if until <= self.hub.clock.now() {
            self.paused_until.store(0, Ordering::Relaxed);
            return None;
        }
        Some(until)
    }

    fn transmit(&self, into: &mut Vec<u8>) -> bool {
        let mut state = self.hub.lock();
        let some = state.core.transmit(self.peer, into);
        let room = state.core.has_room(self.peer);
        drop(state);
        if room {
            self.hub.turn(|core, now, turn| core.resume(self.peer, now, turn));
        }
        self.hub.tell_drains();
        some
    }

    fn poll_output(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.hub.lock();
        // In any case: whoever cannot write what there is waits for the end of the connection all the same.
        match state.wakes.get_mut(&self.peer) {
            Some(Wake::Task(Some(held))) if held.will_wake(context.waker()) => {}
            _ => {
                let wake = Wake::Task(Some(context.waker().clone()));
                state.wakes.insert(self.peer, wake);
            }
        }
        if state.core.has_output(self.peer) || state.core.ended(self.peer).is_some() {
            return Poll::Ready(());
        }
        state.core.untouch(self.peer);
        Poll::Pending
    }

    fn next_timeout(&self) -> Option<Time> {
        self.hub.lock().core.next_timeout(self.peer)
    }

    fn handle_timeout(&self) {
        self.hub.turn(|core, now, turn| core.handle_timeout(self.peer, now, turn));
    }

    fn has_ended(&self) -> bool {
        // Whoever is forgotten has ended, too: one of two threads may have removed the peer under the other.
        !self.hub.lock().core.is_connected(self.peer)
    }

    fn lost(&self, error: Option<io::Error>) {
        self.hub.turn(|core, now, turn| match error {
            Some(error) if error.kind() == io::ErrorKind::InvalidData => {
                let goodbye = Goodbye::because(Reason::MalformedFrame, error.to_string());
                core.end_peer(self.peer, goodbye, now, turn);
            }
            Some(error) => {
                let goodbye = Goodbye::because(Reason::Closed, format!("connection lost: {error}"));
                core.peer_left(self.peer, goodbye, now, turn);
            }
            None => {
                let goodbye = Goodbye::because(Reason::Closed, "the peer closed the connection");
                core.peer_left(self.peer, goodbye, now, turn);
            }
        });
    }
}
