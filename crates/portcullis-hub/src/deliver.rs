//! Bytes of a peer in, one frame after the other, until there is no whole one left or the peer has broken a rule.

use portcullis_proto::codec::{Parts, to_bytes};
use portcullis_proto::frame::{HEADER_BYTES, body_range};
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::rpc::{HandlerReply, Outcome, Replies, credited};
use portcullis_proto::session::{Event, Leg, Received};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::batch::Batch;
use crate::calls::Asked;
use crate::observe::HubEvent;
use crate::peer::PeerId;
use crate::work::{RelayOut, Work};
use crate::{Hub, Turn};

/// Bytes of lent blobs after which a turn ends and others have theirs; the message that goes beyond it is taken in whole.
pub const BORROWED_A_TURN_MAX: u64 = 1024 * 1024;

/// What a turn may cost, in the time that it takes to take in a byte of a frame: then others have theirs. The frame that goes
/// beyond it is taken in whole.
pub const TURN_COST_MAX: u64 = 16 * 1024;

/// What a frame costs besides its bytes; items and credit, of which streams have many, cost no more than those.
const FRAME_COST: u64 = 64;

/// What a request to the hub itself, or a subscription, costs besides: rights are looked up, somebody is found, something is
/// made that stays.
const CONTROL_COST: u64 = 1024;

/// How much of the delivered bytes was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Bytes that are done with.
    pub consumed: usize,
    /// Bytes that the frame at hand will have in all; a header's, when nothing is known of it.
    pub needed: usize,
    /// Whether the connection has ended.
    pub ended: bool,
    /// The peer has sent faster than its budget allows: nothing more is to be read from it until then.
    pub paused_until: Option<Time>,
    /// Enough was done for this peer in one turn: the rest of the bytes is to be delivered again, when others have had theirs.
    pub again: bool,
}

/// What a turn has taken in, besides bytes.
#[derive(Default)]
struct Came {
    frames: u64,
    /// See [`TURN_COST_MAX`].
    cost: u64,
    /// Bytes of blobs that were lent, and copied: for a rate they count as if they had come by the transport.
    lent: u64,
}

impl Came {
    fn take(&mut self, received: &Received<'_, RelayOut>) {
        let frames = u64::from(received.frames);
        self.frames += frames;
        self.cost += received.consumed as u64;
        self.cost += match received.event {
            Some(Event::Item { .. } | Event::Credit { .. }) => 0,
            // What its items would have by themselves.
            Some(Event::Row { row, .. }) => u64::from(row.count()) * HEADER_BYTES as u64,
            Some(Event::Request { binding: 0, .. } | Event::Subscribe { .. }) => CONTROL_COST,
            _ => frames * FRAME_COST,
        };
    }

    /// Whether the turn has had its share.
    fn is_enough(&self) -> bool {
        self.cost >= TURN_COST_MAX || self.lent > BORROWED_A_TURN_MAX
    }
}

impl Hub {
    /// Takes in what the transport of `peer` has brought. Jobs of the turn are started by the driver, with `input` at
    /// hand, and their outcomes come back by [`Self::complete`].
    pub fn deliver(&mut self, peer: PeerId, input: &[u8], now: Time, turn: &mut Turn) -> Delivery {
        self.deliver_from(peer, input, 0, now, turn)
    }

    /// As [`Self::deliver`] of what stands from `start` on. Places are counted from the beginning.
    fn deliver_from(
        &mut self,
        peer: PeerId,
        input: &[u8],
        start: usize,
        now: Time,
        turn: &mut Turn,
    ) -> Delivery {
        // Whoever keeps its time may be late.
        self.expire_grants(peer, now, turn);
        let mut came = Came::default();
        let delivery = self.take_in(peer, input, start, &mut came, now, turn);
        let bytes = came.lent.saturating_add((delivery.consumed - start) as u64);
        let paused_until = self.pace(peer, came.frames, bytes, now, turn);
        self.end_slow(now, turn);
        let ended = self.peers.get(peer.0).is_none_or(|state| state.ended.is_some());
        Delivery { ended, paused_until, ..delivery }
    }

    fn take_in(
        &mut self,
        peer: PeerId,
        input: &[u8],
        start: usize,
        came: &mut Came,
        now: Time,
        turn: &mut Turn,
    ) -> Delivery {
        let stays = |consumed, needed| Delivery { consumed, needed, ..Delivery::default() };
        let stopped = |consumed| Delivery { ended: true, ..stays(consumed, HEADER_BYTES) };
        let mut consumed = start;
        // Every turn uses up a frame, or ends the loop.
        loop {
            let Some(state) = self.peers.get_mut(peer.0).filter(|state| state.ended.is_none())
            else {
                return stopped(consumed);
            };
            came.lent += state.session.take_borrowed_bytes();
            if came.is_enough() && consumed < input.len() {
                self.touch(peer, turn);
                return Delivery { again: true, ..stays(consumed, HEADER_BYTES) };
            }
            if state.session.is_over_bound() {
                // What it asks for it does not take: it gets no more.
                self.touch(peer, turn);
                return stopped(consumed);
            }
            let rest = input.get(consumed..).unwrap_or_default();
            let received = match state.session.receive(rest, now) {
                Ok(received) => received,
                Err(goodbye) => {
                    self.dismiss(peer, goodbye, now, turn);
                    return stopped(consumed);
                }
            };
            consumed += received.consumed;
            state.counters.bytes_in += received.consumed as u64;
            if std::mem::replace(&mut state.silent, false) {
                let info = state.info(peer);
                turn.events.push(HubEvent::Responsive(info));
            }
            let needed = received.needed;
            came.take(&received);
            let one = (u64::from(received.frames), received.consumed as u64);
            // Where the transport can wait, a whole read is counted at its end.
            let taken = if state.waits {
                Ok(false)
            } else {
                self.too_fast(peer, received.event.as_ref(), one, now, turn)
            };
            let Some(event) = received.event else {
                if let Err(goodbye) = taken {
                    self.dismiss(peer, goodbye, now, turn);
                    return stopped(consumed);
                }
                if needed == 0 {
                    continue;
                }
                if self.has_output(peer) {
                    self.touch(peer, turn);
                }
                self.resume(peer, now, turn);
                return stays(consumed, needed);
            };
            let done = match taken {
                Ok(true) => Ok(()),
                Ok(false) => self.event(peer, event, consumed, now, turn),
                Err(goodbye) => Err(goodbye),
            };
            if let Err(goodbye) = done {
                self.dismiss(peer, goodbye, now, turn);
                return stopped(consumed);
            }
        }
    }

    /// A message of a message transport: it holds whole frames, or its sender breaks the protocol.
    pub fn deliver_message(&mut self, peer: PeerId, message: &[u8], now: Time, turn: &mut Turn) {
        let bytes_max = self.peers.get(peer.0).map_or(0, |state| state.session.message_bytes_max());
        if message.len() > bytes_max {
            let text = format!("a message is larger than {bytes_max} bytes");
            self.end_peer(peer, Goodbye::because(Reason::WindowExceeded, text), now, turn);
            return;
        }
        let mut delivery = self.deliver(peer, message, now, turn);
        // Every turn uses up a frame, or is the last. Nobody would come back for what is left of a message.
        while delivery.again && !delivery.ended {
            delivery = self.deliver_from(peer, message, delivery.consumed, now, turn);
        }
        if !delivery.ended && delivery.consumed < message.len() {
            self.end_peer(peer, Goodbye::new(Reason::PartialMessage), now, turn);
        }
    }

    // Into the loop around it: a request is dealt with where the session has made it.
    #[inline(always)]
    fn event(
        &mut self,
        peer: PeerId,
        event: Event<'_, RelayOut>,
        consumed: usize,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        match event {
            Event::Request { id, binding, ordinal, budget_ms, body, blobs } => {
                let range = body_range(consumed, body.len(), blobs.len());
                let body = Parts { bytes: body, blobs: &blobs };
                let asked = Asked { binding, ordinal, budget_ms, body, range };
                if binding == 0 {
                    return self.control(peer, id, ordinal, body, now, turn);
                }
                self.request(peer, id, &asked, now, turn)
            }
            Event::Notify { binding, ordinal, body, blobs } => {
                let range = body_range(consumed, body.len(), blobs.len());
                let body = Parts { bytes: body, blobs: &blobs };
                let asked = Asked { binding, ordinal, budget_ms: 0, body, range };
                self.notify(peer, &asked, turn)
            }
            Event::Subscribe { id, binding, ordinal } => {
                self.subscribe(peer, id, binding, ordinal, now, turn)
            }
            Event::Publish { id, binding, ordinal, budget_ms, body, blobs } => {
                let body = Parts { bytes: body, blobs: &blobs };
                let asked = Asked { binding, ordinal, budget_ms, body, range: 0..0 };
                self.take_published(peer, id, &asked, now, turn)
            }
            Event::Item { leg, missed, body, blobs, .. } => {
                let item = Parts { bytes: body, blobs: &blobs };
                self.items(peer, leg, missed, Batch::One(item), now, turn)
            }
            Event::Row { leg, missed, row } => {
                self.items(peer, leg, missed, Batch::Row(row), now, turn)
            }
            Event::Credit { leg, .. } => {
                self.credit(peer, leg, now, turn);
                Ok(())
            }
            Event::Ack { id, token } => {
                self.acknowledged(peer, id, token, turn);
                Ok(())
            }
            Event::Finish { id } => {
                self.finish_up(peer, id, now, turn);
                Ok(())
            }
            Event::Cancel { id } => {
                self.cancelled(peer, id, Status::Cancelled, "the caller cancelled", now, turn);
                Ok(())
            }
            Event::End { status, body, blobs, data, .. } => {
                let body = Parts { bytes: body, blobs: &blobs };
                self.relayed_end(peer, &data, status, body, now, turn)
            }
            Event::Shed(shed) => {
                self.shed(peer, shed, now, turn);
                Ok(())
            }
            Event::Hello(hello) => self.greet(peer, &hello, turn),
            // The peer has ended the connection in so many words.
            Event::Goodbye(goodbye) => {
                self.peer_left(peer, goodbye, now, turn);
                Ok(())
            }
            // The session of a hub refuses these.
            Event::Welcome(_) | Event::Unbound { .. } | Event::Caller { .. } => Ok(()),
        }
    }

    /// An item may be sent again on a leg.
    pub(crate) fn credit(&mut self, peer: PeerId, leg: Leg, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        match leg {
            Leg::Inbound(id) => match state.session.inbound_mut(id).map(|call| &call.work) {
                Some(Work::Local(_)) => {
                    let wakes = &mut turn.retired.wakes;
                    if let Some(end) = credited(&mut state.session, leg, wakes) {
                        let (status, body) = *end;
                        self.pass_on_end(peer, id, status, body.parts(), now, turn);
                    }
                }
                Some(Work::Relay(_)) => self.flush_down(peer, id, now, turn),
                Some(Work::Subscription(_)) => self.flush_values(peer, id, turn),
                _ => {}
            },
            Leg::Outbound(id) => self.flush_up(peer, id, now, turn),
        }
    }

    /// Ends calls of main's own services with the outcomes of their handlers. Panics are for the driver to log, by the
    /// correlation number of each.
    pub fn complete(&mut self, peer: PeerId, replies: &mut Replies, now: Time, turn: &mut Turn) {
        let bytes = std::mem::take(&mut replies.bytes);
        let (mut held, mut notifications) = (0, 0);
        for reply in &replies.entries {
            held += reply.args_bytes;
            notifications += usize::from(reply.id.is_none());
        }
        self.handled(peer, held, notifications);
        for reply in replies.entries.drain(..) {
            if let Err(error) = &reply.outcome {
                let text = format!("the arguments of `{}`: {error}", reply.channel);
                self.dismiss(peer, Goodbye::because(Reason::MalformedPayload, text), now, turn);
                break;
            }
            self.complete_one(peer, reply, &bytes, now, turn);
        }
        replies.bytes = bytes;
        replies.clear();
        self.touch(peer, turn);
        self.end_slow(now, turn);
    }

    fn complete_one(
        &mut self,
        peer: PeerId,
        reply: HandlerReply,
        bytes: &[u8],
        now: Time,
        turn: &mut Turn,
    ) {
        let (Some(id), Ok(outcome)) = (reply.id, &reply.outcome) else { return };
        // Its call may have ended long ago, and the peer have opened another under the same id.
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        let Some(inbound) = state.session.inbound_mut(id) else { return };
        if inbound.meta.is_none_or(|meta| meta.correlation != reply.correlation) {
            return;
        }
        // Items may still wait for credit; the outcome comes behind them.
        let mut held = |status, body: Parts<'_>| match &mut inbound.work {
            Work::Local(local) => local.hold_end(status, body),
            _ => false,
        };
        match outcome {
            Outcome::Written(status) => {
                let bytes = bytes.get(reply.body.clone()).unwrap_or_default();
                let body = Parts { bytes, blobs: &reply.blobs };
                if !held(*status, body) {
                    let handled = self.write_end(peer, id, *status, body, now, turn);
                    if let (Some(call), Some(state)) = (handled, self.peers.get_mut(peer.0)) {
                        state.spares.keep_call(call, reply.call);
                    }
                }
            }
            Outcome::Failed(error) => {
                let body = to_bytes(&error.body().bounded()).unwrap_or_default();
                if held(error.status(), (&body).into()) {
                    return;
                }
                self.fail_call_as_said(peer, id, error.status(), error.body().clone(), now, turn);
            }
            Outcome::Panicked(_) => {
                let failure = portcullis_proto::error::FailureBody::new(
                    "the handler failed; the log of the main process says why",
                );
                self.fail_call(peer, id, Status::Internal, failure, now, turn);
            }
        }
    }
}
