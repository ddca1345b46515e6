//! The sending half: each function writes one frame straight into the outbox.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use super::flow::{Flows, RecvFlow, SendFlow};
use super::outbox::{HeldKey, Writing};
use super::{
    CallerTold, Ended, GOODBYE_BYTES_MAX, Hello, Leg, Limits, Outbound, Session, Side, State,
    Welcome,
};
use crate::codec::{Blob, CodecError, Encoder, Message};
use crate::error::FailureBody;
use crate::frame::{self, FLAG_ACK, HEADER_BYTES, Head, Kind};
use crate::goodbye::Goodbye;
use crate::status::Status;
use crate::text::beginning;
use crate::time::Time;

/// Why a frame was not sent. Nothing of it has left, and the session goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The connection has ended.
    Closed,
    /// The call has ended, or was cancelled.
    CallEnded,
    /// As many calls are open as the other side allows.
    TooManyCalls,
    /// More waits for the other side than may.
    OutboxFull,
    /// The stream has no credit now.
    NoCredit,
    /// The value breaks its contract.
    Codec(CodecError),
    /// The frame, or its blobs together, would be larger than the other side accepts.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The limit.
        limit: u32,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection has ended"),
            Self::CallEnded => f.write_str("the call has ended"),
            Self::TooManyCalls => f.write_str("too many calls are open"),
            Self::OutboxFull => f.write_str("too much waits to be sent"),
            Self::NoCredit => f.write_str("the stream has no credit"),
            Self::Codec(error) => error.fmt(f),
            Self::TooLarge { bytes, limit } => {
                write!(f, "{bytes} bytes in one message exceed the limit of {limit}")
            }
        }
    }
}

impl std::error::Error for SendError {}

/// What a call is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// `Request`, `Subscribe`, or `Publish` with a report.
    pub kind: Kind,
    /// The instance.
    pub binding: u32,
    /// The channel.
    pub ordinal: u32,
    /// When the caller gives up; `None` for a subscription.
    pub deadline: Option<Time>,
    /// How much earlier the callee is told to be done, in milliseconds.
    pub slack_ms: u32,
    /// Whether items go to the callee.
    pub up: bool,
    /// Whether items come from the callee.
    pub down: bool,
}

impl Opening {
    /// Whether a time is promised for the answer: a topic may be silent for ever.
    fn is_awaited(&self) -> bool {
        self.kind != Kind::Subscribe
    }
}

/// Calls that wait for [`Session::date`]; of those beyond, each asks for the time.
const UNDATED_MAX: usize = 128;

impl<I, O> Session<I, O> {
    /// Peer: introduces this side.
    pub fn hello(&mut self, hello: &Hello) -> Result<(), SendError> {
        let mut body = Vec::new();
        hello.encode(&mut Encoder::new(&mut body)).map_err(SendError::Codec)?;
        self.outbox.control(Head::new(Kind::Hello), &body);
        Ok(())
    }

    /// Hub: takes the peer in.
    pub fn welcome(&mut self, welcome: &Welcome) -> Result<(), SendError> {
        let mut body = Vec::new();
        welcome.encode(&mut Encoder::new(&mut body)).map_err(SendError::Codec)?;
        self.outbox.control(Head::new(Kind::Welcome), &body);
        // Nothing waits for a peer that was not welcome yet, so that it does not matter what time it is.
        self.outbox.add_window(self.theirs.window_bytes, Time::ZERO);
        self.state = State::Open;
        Ok(())
    }

    pub(super) fn say_goodbye(&mut self, goodbye: &Goodbye) {
        let text = beginning(&goodbye.message, GOODBYE_BYTES_MAX);
        let head = Head { ordinal: goodbye.reason.code(), ..Head::new(Kind::Goodbye) };
        self.outbox.control(head, text.as_bytes());
    }

    /// Opens a call and attaches `data` to it.
    #[inline]
    pub fn open(
        &mut self,
        opening: Opening,
        now: Time,
        data: O,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<u32, SendError> {
        let due = opening.deadline.map(|deadline| deadline.before_ms(opening.slack_ms));
        let budget = due.map_or(0, |due| due.budget_ms(now).max(1));
        let id = self.open_with(opening, budget, || due, data, body)?;
        self.note_deadline(opening.deadline);
        if opening.is_awaited() {
            self.begin_to_wait(now);
        }
        Ok(id)
    }

    /// Opens a call that may take `within` from when [`Self::date`] says what time it is: before it leaves. To read the clock
    /// for each call of a burst costs as much as to write it. The time is asked at once where something depends on it, as the
    /// moment does at which it ends at the latest, if the opening says one.
    #[inline]
    pub fn open_within(
        &mut self,
        opening: Opening,
        within: Duration,
        clock: impl Fn() -> Time,
        data: O,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<u32, SendError> {
        let latest = opening.deadline;
        let end = |now: Time| latest.map_or(now + within, |latest| latest.min(now + within));
        let many = self.undated.len() >= UNDATED_MAX;
        let asked = (latest.is_some() || self.awaited == 0 || many).then(&clock);
        let now = asked.unwrap_or_default();
        let budget = end(now).budget_ms(now).max(1);
        let deadline = Cell::new(asked.map(end));
        // What has to wait for the other side is told anew, when it leaves, how long it has.
        let due = || {
            deadline.set(deadline.get().or_else(|| Some(end(clock()))));
            deadline.get()
        };
        let id = self.open_with(opening, budget, due, data, body)?;
        match deadline.get() {
            Some(deadline) => self.set_outbound_deadline(id, deadline),
            None => self.undated.push((id, within)),
        }
        match asked {
            Some(now) => self.begin_to_wait(now),
            None => self.awaited += 1,
        }
        Ok(id)
    }

    #[inline]
    fn open_with(
        &mut self,
        opening: Opening,
        budget: u32,
        due: impl FnOnce() -> Option<Time>,
        data: O,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<u32, SendError> {
        self.check_room()?;
        let Opening { kind, binding, ordinal, deadline, slack_ms: _, up, down } = opening;
        // Before the handshake is done nobody has given credit.
        let credit = |granted| if self.state == State::Greeting { 0 } else { granted };
        let Limits { stream_items, stream_bytes, .. } = self.theirs;
        let flows = Flows {
            send: up.then(|| SendFlow::new(credit(stream_items), credit(stream_bytes))),
            recv: down.then(|| RecvFlow::new(self.ours.stream_items, self.ours.stream_bytes)),
        };
        let awaited = opening.is_awaited();
        let call = || Outbound {
            data: Some(data),
            late: None,
            flows,
            deadline,
            opener: None,
            followed: false,
            awaited,
        };
        let id = self.outbound.open(call).ok_or(SendError::TooManyCalls)?;
        let head = Head { binding, ordinal, id, budget, ..Head::new(kind) };
        let opener = match self.data_frame(head, due, body) {
            Ok((_, opener)) => opener,
            Err(error) => {
                self.outbound.remove(id);
                return Err(error);
            }
        };
        if let Some(call) = self.outbound.get(id) {
            call.opener = opener;
        }
        Ok(id)
    }

    /// Whether anything may be said that the other side has not asked for.
    fn check_room(&self) -> Result<(), SendError> {
        if self.state == State::Closed {
            return Err(SendError::Closed);
        }
        if self.outbox.is_over() { Err(SendError::OutboxFull) } else { Ok(()) }
    }

    /// Frees the id of a call of this side.
    pub(super) fn forget(&mut self, id: u32) -> Option<Outbound<O>> {
        let call = self.outbound.remove(id)?;
        self.awaited = self.awaited.saturating_sub(usize::from(call.awaited));
        Some(call)
    }

    /// Sends a one-way message (`Notify`, or `Publish` without a report).
    pub fn one_way(
        &mut self,
        kind: Kind,
        binding: u32,
        ordinal: u32,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), SendError> {
        self.check_room()?;
        self.data_frame(Head { binding, ordinal, ..Head::new(kind) }, || None, body).map(|_| ())
    }

    /// Says which flows a call of the other side has. Before it, items of that call are violations.
    pub fn accept(&mut self, id: u32, up: bool, down: bool) {
        let (ours, theirs) = (self.ours, self.theirs);
        if let Some(call) = self.inbound.get(id) {
            call.flows.send = down.then(|| SendFlow::new(theirs.stream_items, theirs.stream_bytes));
            call.flows.recv = up.then(|| RecvFlow::new(ours.stream_items, ours.stream_bytes));
        }
    }

    /// Whether an item may be sent now; `None` when the call has ended or the flow does not exist. Credit alone does not
    /// bound what a peer lets wait: at the hub there must be room, too, see [`Self::take_room`].
    pub fn may_send(&mut self, leg: Leg) -> Option<bool> {
        let credit = self.flows(leg)?.send.map(SendFlow::may_send)?;
        if credit && self.side == Side::Hub && self.outbox.is_crowded() {
            self.items_wait = true;
            return Some(false);
        }
        Some(credit)
    }

    /// Sends an item.
    pub fn item(
        &mut self,
        leg: Leg,
        missed: u32,
        token: Option<u32>,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), SendError> {
        match self.may_send(leg) {
            Some(true) => self.item_with_credit(leg, missed, token, body),
            Some(false) => Err(SendError::NoCredit),
            None => Err(SendError::CallEnded),
        }
    }

    /// Sends an item, for which there is credit.
    #[inline]
    pub(crate) fn item_with_credit(
        &mut self,
        leg: Leg,
        missed: u32,
        token: Option<u32>,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), SendError> {
        let (id, callee) = leg.id_and_flags();
        let flags = callee | if token.is_some() { FLAG_ACK } else { 0 };
        let budget = token.unwrap_or(0);
        let head = Head { flags, ordinal: missed, id, budget, ..Head::new(Kind::Item) };
        let (bytes, held) = self.data_frame(head, || None, body)?;
        if let Some(flow) = self.flows(leg).and_then(|flows| flows.send.as_mut()) {
            flow.spend(bytes);
        }
        if held.is_some() {
            self.note_followed(leg);
        }
        Ok(())
    }

    /// Part of a call is held: what opens it cannot be taken back by itself any more.
    pub(super) fn note_followed(&mut self, leg: Leg) {
        if let Leg::Outbound(id) = leg
            && let Some(call) = self.outbound.get(id)
        {
            call.followed = true;
        }
    }

    /// Peer: tells the hub that an item of a subscription has arrived.
    pub fn ack(&mut self, id: u32, token: u32) {
        self.outbox.control(Head { id, budget: token, ..Head::new(Kind::Ack) }, &[]);
    }

    /// Lets the other side send more on a stream.
    pub fn credit(&mut self, leg: Leg, items: u32, bytes: u32) {
        let Some(flow) = self.flows(leg).and_then(|flows| flows.recv.as_mut()) else { return };
        flow.add(items, bytes);
        let (id, flags) = leg.id_and_flags();
        let head = Head { flags, ordinal: items, id, budget: bytes, ..Head::new(Kind::Credit) };
        self.outbox.control(head, &[]);
    }

    /// Says that no more items go to the callee.
    pub fn finish(&mut self, id: u32) -> Result<(), SendError> {
        let call = self.outbound.get(id).ok_or(SendError::CallEnded)?;
        if call.data.is_none() || call.flows.send.take().is_none() {
            return Err(SendError::CallEnded);
        }
        self.data_frame(Head { id, ..Head::new(Kind::Finish) }, || None, |_| Ok(()))?;
        self.note_followed(Leg::Outbound(id));
        Ok(())
    }

    /// Gives up a call of this side. Returns what was attached to it; `None` when it has ended or was cancelled before.
    pub fn cancel(&mut self, id: u32) -> Option<O> {
        let call = self.outbound.get(id)?;
        let data = call.data.take()?;
        call.flows = Flows::default();
        call.deadline = None;
        let opener = if call.followed { None } else { call.opener };
        if opener.is_some_and(|opener| self.outbox.withdraw(opener)) {
            // It never left: nothing will be answered.
            self.forget(id);
        } else {
            let head = Head { id, ..Head::new(Kind::Cancel) };
            // An empty body breaks nothing, and a closed session has no calls.
            let _ = self.data_frame(head, || None, |_| Ok(()));
        }
        Some(data)
    }

    /// Wants the outcome of a call that was given up, to undo what it may have done: it comes as an `End` with `data`.
    /// Nothing comes when the connection ends before. False when the call never left: it has no outcome.
    pub fn expect_late(&mut self, id: u32, data: O) -> bool {
        let call = self.outbound.get(id).filter(|call| call.data.is_none());
        call.map(|call| call.late = Some(Box::new(data))).is_some()
    }

    /// Ends a call of the other side with a body. Returns what was attached to it.
    #[inline]
    pub fn reply(
        &mut self,
        id: u32,
        status: Status,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<I, SendError> {
        if self.inbound.get(id).is_none() {
            return Err(SendError::CallEnded);
        }
        let head = Head { ordinal: status.code(), id, ..Head::new(Kind::End) };
        self.data_frame(head, || None, body)?;
        self.inbound.remove(id).map(|call| call.data).ok_or(SendError::CallEnded)
    }

    /// Ends a call of the other side with an error. Returns what was attached to it; `None` when it has ended before.
    pub fn fail(&mut self, id: u32, status: Status, failure: &FailureBody) -> Option<I> {
        let failure = failure.bounded();
        self.reply(id, status, |out| failure.encode(out)).ok()
    }

    /// Hub: says who makes the calls that follow.
    pub fn caller(&mut self, peer: u32, told: &CallerTold) {
        let head = Head { binding: peer, ..Head::new(Kind::Caller) };
        // Labels and roles were checked when they were given.
        let _ = self.data_frame(head, || None, |out| told.encode(out));
    }

    /// Hub: tells a peer that the instance behind a binding has left.
    pub fn unbound(&mut self, binding: u32) {
        let _ = self.data_frame(Head { binding, ..Head::new(Kind::Unbound) }, || None, |_| Ok(()));
    }

    /// Answers a call whose slot is beyond the limit.
    pub(super) fn refuse(&mut self, id: u32) {
        let status = Status::ResourceExhausted;
        let failure = FailureBody::new("too many calls are open on this connection");
        let head = Head { ordinal: status.code(), id, ..Head::new(Kind::End) };
        let _ = self.data_frame(head, || None, |out| failure.encode(out));
    }

    pub(super) fn flows(&mut self, leg: Leg) -> Option<&mut Flows> {
        match leg {
            Leg::Inbound(id) => self.inbound.get(id).map(|call| &mut call.flows),
            Leg::Outbound(id) => {
                let call = self.outbound.get(id)?;
                call.data.is_some().then_some(&mut call.flows)
            }
        }
    }

    /// Writes a data frame; returns the size of its body with its blobs, and its key if it has to wait. With
    /// `due`, its budget is then what is left until that moment when it leaves.
    #[inline]
    fn data_frame(
        &mut self,
        head: Head,
        due: impl FnOnce() -> Option<Time>,
        body: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(usize, Option<HeldKey>), SendError> {
        if self.state == State::Closed {
            return Err(SendError::Closed);
        }
        let (writing, out) = self.outbox.begin(head);
        if !self.blobs.is_empty() {
            self.blobs.clear();
        }
        if let Err(error) = body(&mut Encoder::with_blobs(out, &mut self.blobs)) {
            self.outbox.abandon(writing);
            return Err(SendError::Codec(error));
        }
        let bytes = self.outbox.size(writing);
        let blob_bytes = Blob::total(&self.blobs);
        let fits = |bytes, limit| {
            if bytes > limit as usize { Err(SendError::TooLarge { bytes, limit }) } else { Ok(()) }
        };
        if let Err(error) =
            fits(bytes + frame::numbers_bytes(self.blobs.len()), self.theirs.frame_bytes)
                .and_then(|()| fits(blob_bytes, self.theirs.blob_bytes))
        {
            self.outbox.abandon(writing);
            return Err(error);
        }
        Ok((bytes - HEADER_BYTES + blob_bytes, self.commit(writing, due)))
    }

    /// A data frame is whole: it leaves, or waits under the key that comes back.
    #[inline]
    pub(super) fn commit(
        &mut self,
        writing: Writing,
        due: impl FnOnce() -> Option<Time>,
    ) -> Option<HeldKey> {
        let waited = self.outbox.is_held();
        let held = self.outbox.commit(writing, &mut self.blobs, due);
        self.timeout_moved |= held.is_some() && !waited && self.keepalive;
        held
    }
}

impl<I, O> Ended<I, O> {
    /// Whether no call was open.
    pub fn is_empty(&self) -> bool {
        self.inbound.is_empty() && self.outbound.is_empty()
    }
}
