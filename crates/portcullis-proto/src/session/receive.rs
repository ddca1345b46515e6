//! The receiving half: one frame in, at most one event out. Everything a frame can break is checked here.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::Found;
use super::lane::{Lane, Lent, SlotLoan, TopicPlace};
use super::{
    Event, GOODBYE_BYTES_MAX, Inbound, Outbound, Received, Refused, Session, Shed, Side, State,
    unexpected,
};
use crate::codec::{Blob, Blobs, Message, from_bytes};
use crate::frame::{self, FLAG_ABANDON, FLAG_ACK, FLAG_ROW, Frame, Head, Kind, Parcels, Parsed};
use crate::goodbye::{Goodbye, Reason};
use crate::session::flow::Flows;
use crate::status::Status;
use crate::time::Time;

/// Frames that are no event and are taken in at once; then whoever counts what comes has a look.
const FRAMES_IN_A_ROW_MAX: u32 = 128;
/// Their bytes; the frame that goes beyond them is taken in whole.
const BYTES_IN_A_ROW_MAX: usize = 16 * 1024;

impl<I: Default, O> Session<I, O> {
    /// Takes frames from `input` until one of them is an event. On a violation nothing more may be taken in: call
    /// [`Session::close`] with it.
    pub fn receive<'a>(&mut self, input: &'a [u8], now: Time) -> Result<Received<'a, O>, Goodbye> {
        let (mut consumed, mut frames) = (0, 0u32);
        if !input.is_empty() {
            // Half a frame is a sign of life, too.
            self.heard = now;
            self.ping_sent = None;
        }
        // Every turn uses up at least a header.
        loop {
            if frames >= FRAMES_IN_A_ROW_MAX || consumed >= BYTES_IN_A_ROW_MAX {
                return Ok(Received { consumed, frames, event: None, needed: 0 });
            }
            let rest = input.get(consumed..).unwrap_or_default();
            if rest.is_empty() || self.state == State::Closed {
                return Ok(Received { consumed, frames, event: None, needed: frame::HEADER_BYTES });
            }
            match frame::parse(rest, self.ours.frame_bytes)? {
                Parsed::Incomplete { needed } => {
                    return Ok(Received { consumed, frames, event: None, needed });
                }
                Parsed::Skip { length } => {
                    if self.state == State::Greeting {
                        return Err(unexpected("an optional frame came before the handshake"));
                    }
                    consumed += length;
                    frames = frames.saturating_add(1);
                }
                Parsed::Frame { frame, length } => {
                    consumed += length;
                    frames = frames.saturating_add(1);
                    if frame.head.kind.is_data() {
                        self.count_data(length)?;
                    }
                    let Frame { head, body, parcels } = frame;
                    self.check_state(head.kind)?;
                    // Only items define it.
                    if head.flags & FLAG_ROW != 0 {
                        let (row, leg) = self.take_row(head, body)?;
                        frames = frames.saturating_add(row.count() - 1);
                        let Some(leg) = leg else { continue };
                        let event = Some(Event::Row { leg, missed: head.ordinal, row });
                        return Ok(Received { consumed, frames, event, needed: 0 });
                    }
                    // Taken whatever becomes of their message, so that their numbers are free again.
                    let Some(blobs) = self.take_blobs(head, parcels)? else {
                        let event = self.take_shed(head, body.len())?;
                        return Ok(Received { consumed, frames, event, needed: 0 });
                    };
                    let Head { id, binding, ordinal, budget, .. } = head;
                    // Calls and streams have many of these: they are made where they go, which halves what it costs to be handed on.
                    let event = match head.kind {
                        Kind::Item => {
                            let bytes = body.len().saturating_add(Blob::total(&blobs));
                            let Some(leg) = self.spend_item(head, bytes)? else { continue };
                            let token = (head.flags & FLAG_ACK != 0).then_some(budget);
                            Some(Event::Item { leg, missed: ordinal, token, body, blobs })
                        }
                        Kind::Request => {
                            let (budget_ms, deadline) = (budget, now.after_ms(budget));
                            if !self.admit(id, (budget != 0).then_some(deadline))? {
                                continue;
                            }
                            Some(Event::Request { id, binding, ordinal, budget_ms, body, blobs })
                        }
                        Kind::End => match self.take_end(id, ordinal)? {
                            Some((status, data)) => {
                                Some(Event::End { id, status, body, blobs, data })
                            }
                            None => continue,
                        },
                        _ => self.take(head, body, blobs, now)?,
                    };
                    if event.is_some() {
                        return Ok(Received { consumed, frames, event, needed: 0 });
                    }
                }
            }
        }
    }

    /// Charges a data frame to our window, and acknowledges in time.
    fn count_data(&mut self, length: usize) -> Result<(), Goodbye> {
        self.unacknowledged += length as u64;
        let window = u64::from(self.ours.window_bytes);
        let outstanding = self.unacknowledged + self.outbox.acknowledging();
        if outstanding > window + u64::from(self.ours.frame_bytes) {
            return Err(Goodbye::new(Reason::WindowExceeded));
        }
        if self.unacknowledged >= window / 2 {
            let bytes = u32::try_from(self.unacknowledged).unwrap_or(u32::MAX);
            self.outbox.acknowledge(bytes);
            self.unacknowledged -= u64::from(bytes);
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        head: Head,
        body: &'a [u8],
        blobs: Blobs,
        now: Time,
    ) -> Result<Option<Event<'a, O>>, Goodbye> {
        let Head { binding, ordinal, id, budget, .. } = head;
        match head.kind {
            Kind::Hello => self.take_hello(body).map(Some),
            Kind::Welcome => self.take_welcome(body, now).map(Some),
            Kind::Goodbye => Ok(Some(self.take_goodbye(ordinal, body))),
            Kind::Ping => {
                bodiless(head.kind, body)?;
                if self.outbox.is_over() {
                    // Whoever asks and takes no answer gets no more.
                    return Err(Goodbye::new(Reason::SlowConsumer));
                }
                self.outbox.control(Head { id, ..Head::new(Kind::Pong) }, &[]);
                Ok(None)
            }
            Kind::Pong => {
                bodiless(head.kind, body)?;
                Ok(None)
            }
            Kind::Window => {
                bodiless(head.kind, body)?;
                if !self.outbox.add_window(budget, now) {
                    let text = "more was acknowledged than is on its way";
                    return Err(Goodbye::because(Reason::WindowExceeded, text));
                }
                Ok(None)
            }
            Kind::Notify => Ok(Some(Event::Notify { binding, ordinal, body, blobs })),
            Kind::Subscribe => {
                bodiless(head.kind, body)?;
                if !self.admit(id, None)? {
                    return Ok(None);
                }
                Ok(Some(Event::Subscribe { id, binding, ordinal }))
            }
            Kind::Publish => {
                if id != 0 && !self.admit(id, None)? {
                    return Ok(None);
                }
                let id = (id != 0).then_some(id);
                Ok(Some(Event::Publish { id, binding, ordinal, budget_ms: budget, body, blobs }))
            }
            // Taken in before.
            Kind::Item | Kind::Request | Kind::End => Ok(None),
            Kind::Ack => {
                bodiless(head.kind, body)?;
                Ok(self.inbound_call(id)?.then_some(Event::Ack { id, token: budget }))
            }
            Kind::Credit => {
                bodiless(head.kind, body)?;
                self.take_credit(head)
            }
            Kind::Finish => {
                bodiless(head.kind, body)?;
                self.take_finish(id)
            }
            Kind::Cancel => {
                bodiless(head.kind, body)?;
                Ok(self.inbound_call(id)?.then_some(Event::Cancel { id }))
            }
            Kind::Caller => {
                let told = known_body("caller", body)?;
                Ok(Some(Event::Caller { peer: binding, told }))
            }
            Kind::Unbound => {
                bodiless(head.kind, body)?;
                Ok(Some(Event::Unbound { binding }))
            }
            Kind::Parcel => {
                self.take_parcel(head, body, now)?;
                Ok(None)
            }
            Kind::Lend => {
                self.take_lent(head, body, now)?;
                Ok(None)
            }
            Kind::Pool => {
                let offer = known_body("pool", body)?;
                self.lane()?.open(binding, offer)?;
                Ok(None)
            }
        }
    }

    fn take_lent(&mut self, head: Head, body: &[u8], now: Time) -> Result<(), Goodbye> {
        let Lent { generation } = known_body("lend", body)?;
        let Head { binding: pool, ordinal: slot, budget: length, id, .. } = head;
        self.lane()?;
        self.arrivals.lent(id, SlotLoan { pool, slot, generation, length }, now)
    }

    fn take_parcel(&mut self, head: Head, body: &[u8], now: Time) -> Result<(), Goodbye> {
        if head.flags & FLAG_ABANDON == 0 {
            return self.arrivals.parcel(head, body, now);
        }
        match self.arrivals.abandon(head.id, body)? {
            Some(loan) => self.lane()?.give_back(loan),
            None => Ok(()),
        }
    }

    /// The blobs of a message; `None` when they were not kept.
    #[inline]
    fn take_blobs(&mut self, head: Head, parcels: Parcels<'_>) -> Result<Option<Blobs>, Goodbye> {
        if parcels.is_empty() {
            return Ok(Some(Blobs::new()));
        }
        let Head { kind, binding, ordinal, .. } = head;
        let topic = (kind == Kind::Publish).then_some(TopicPlace { binding, ordinal });
        let (outbox, borrowed) = (&mut self.outbox, &mut self.borrowed_bytes);
        let blobs = self.arrivals.take(parcels, |loan| {
            *borrowed += u64::from(loan.length);
            outbox.lane().ok_or_else(no_lane)?.borrow(loan, topic)
        })?;
        // Those that were not kept are nobody's.
        self.blobs_taken += blobs.as_ref().map_or(0, |blobs| blobs.len() as u64);
        Ok(blobs)
    }

    /// A message whose blobs were not kept: it is in order, and leads to nothing.
    #[cold]
    fn take_shed<'a>(
        &mut self,
        head: Head,
        body_bytes: usize,
    ) -> Result<Option<Event<'a, O>>, Goodbye> {
        let id = head.id;
        let shed = match head.kind {
            Kind::Item => self.spend_item(head, body_bytes)?.map(Shed::Item),
            Kind::End => self.take_outcome(id)?.map(Shed::End),
            Kind::Notify => Some(Shed::OneWay),
            Kind::Publish if id == 0 => Some(Shed::OneWay),
            // Others have no blobs.
            _ => self.admit(id, None)?.then_some(Shed::Call(id)),
        };
        Ok(shed.map(Event::Shed))
    }

    fn lane(&mut self) -> Result<&mut dyn Lane, Goodbye> {
        self.outbox.lane().ok_or_else(no_lane)
    }

    /// Which frames may come in which state, and from which side.
    #[inline]
    fn check_state(&self, kind: Kind) -> Result<(), Goodbye> {
        let from_peer = self.side == Side::Hub;
        let fits_side = match kind {
            Kind::Hello | Kind::Subscribe | Kind::Publish | Kind::Ack => from_peer,
            Kind::Welcome | Kind::Unbound | Kind::Caller => !from_peer,
            _ => true,
        };
        if !fits_side {
            return Err(out_of_place(kind, "from the wrong side"));
        }
        let greets = matches!(kind, Kind::Hello | Kind::Welcome);
        match self.state {
            State::Greeting if !greets && kind != Kind::Goodbye => {
                Err(out_of_place(kind, "before the handshake"))
            }
            State::Greeted | State::Open | State::Closed if greets => {
                Err(out_of_place(kind, "a second time"))
            }
            _ => Ok(()),
        }
    }

    fn take_hello<'a>(&mut self, body: &[u8]) -> Result<Event<'a, O>, Goodbye> {
        let hello: super::Hello = known_body("hello", body)?;
        hello.limits.check()?;
        self.their_limits_are(hello.limits);
        self.state = State::Greeted;
        Ok(Event::Hello(Box::new(hello)))
    }

    fn take_welcome<'a>(&mut self, body: &[u8], now: Time) -> Result<Event<'a, O>, Goodbye> {
        let welcome: super::Welcome = known_body("welcome", body)?;
        welcome.limits.check()?;
        self.their_limits_are(welcome.limits);
        self.refuse_larger();
        self.outbox.add_window(welcome.limits.window_bytes, now);
        self.state = State::Open;
        Ok(Event::Welcome(Box::new(welcome)))
    }

    fn their_limits_are(&mut self, limits: super::Limits) {
        self.theirs = limits;
        self.outbox.limits_are(limits);
        self.outbound.set_slots_max(limits.calls);
        for (_, call) in self.outbound.iter_mut() {
            if call.flows.send.is_some() {
                // Opened before the handshake was done: there was no credit yet.
                call.flows.send =
                    Some(super::flow::SendFlow::new(limits.stream_items, limits.stream_bytes));
            }
        }
    }

    /// Takes back what was written before the other side's limits were known, and is larger than its frames may be.
    fn refuse_larger(&mut self) {
        let too_large = |call: &Outbound<O>| call.opener.and_then(|key| self.outbox.too_large(key));
        let sizes = self.outbound.iter_mut();
        let sizes: BTreeMap<u32, (usize, usize)> =
            sizes.filter_map(|(id, call)| Some((id, too_large(call)?))).collect();
        self.outbox.drop_larger();
        let gone = |key| self.outbox.held_size(key) == Some(0);
        let refused = self.outbound.iter_mut();
        let refused = refused.filter(|(_, call)| call.opener.is_some_and(gone));
        let refused: BTreeSet<u32> = refused.map(|(id, _)| id).collect();
        // What follows a call that never left would name one that the other side has never heard of.
        self.outbox.drop_of_calls(&refused);
        for id in refused {
            let data = self.forget(id).and_then(|call| call.data);
            let (bytes, room) = sizes.get(&id).copied().unwrap_or_default();
            self.refused.extend(data.map(|data| Refused { data, bytes, room }));
        }
    }

    fn take_goodbye<'a>(&mut self, code: u32, body: &[u8]) -> Event<'a, O> {
        self.state = State::Closed;
        let text = body.get(..GOODBYE_BYTES_MAX.min(body.len())).unwrap_or_default();
        // It goes to logs, where it must not look like lines of their own.
        let message = String::from_utf8_lossy(text).replace(char::is_control, "?");
        let reason = Reason::from_code(code).unwrap_or(Reason::Closed);
        Event::Goodbye(Goodbye { reason, message })
    }

    /// Opens a call of the other side. False when it was refused for its slot, which has been answered.
    #[inline]
    fn admit(&mut self, id: u32, deadline: Option<Time>) -> Result<bool, Goodbye> {
        let call = || Inbound { data: I::default(), flows: Flows::default(), deadline };
        match self.inbound.admit(id, call) {
            Found::Open(()) => {
                self.note_deadline(deadline);
                Ok(true)
            }
            Found::Beyond => {
                self.refuse(id);
                Ok(false)
            }
            Found::Ended | Found::Unknown => {
                Err(Goodbye::because(Reason::DuplicateId, format!("id {id:#x} is not free")))
            }
        }
    }

    /// Whether `id` is an open call of the other side; an error when it never can have been.
    fn inbound_call(&mut self, id: u32) -> Result<bool, Goodbye> {
        match self.inbound.find(id) {
            Found::Open(_) => Ok(true),
            Found::Ended | Found::Beyond => Ok(false),
            Found::Unknown => Err(unknown_id(id)),
        }
    }

    /// How a call of this side has ended, and what belonged to it, if its outcome is wanted.
    fn take_end(&mut self, id: u32, code: u32) -> Result<Option<(Status, O)>, Goodbye> {
        let Some(call) = self.outbound.get(id) else { return Err(unknown_id(id)) };
        let status = Status::from_code(code);
        if status.is_none() && call.data.is_some() {
            // The call stays: its caller is told when the connection has ended.
            let text = format!("status {code} is not known");
            return Err(Goodbye::because(Reason::MalformedPayload, text));
        }
        let data = self.take_outcome(id)?;
        Ok(status.zip(data))
    }

    /// A call of this side has ended: what belonged to it, if its outcome is wanted.
    fn take_outcome(&mut self, id: u32) -> Result<Option<O>, Goodbye> {
        let Some(call) = self.outbound.get(id) else { return Err(unknown_id(id)) };
        if call.followed {
            self.outbox.withdraw_of_ended(id);
        }
        Ok(self.forget(id).and_then(|call| call.data.or(call.late.map(|late| *late))))
    }
}

fn known_body<T: Message>(name: &str, body: &[u8]) -> Result<T, Goodbye> {
    from_bytes(body).map_err(|error| {
        Goodbye::because(Reason::MalformedPayload, format!("the body of `{name}`: {error}"))
    })
}

fn bodiless(kind: Kind, body: &[u8]) -> Result<(), Goodbye> {
    if body.is_empty() {
        return Ok(());
    }
    let text = format!("`{}` has no body", kind.name());
    Err(Goodbye::because(Reason::MalformedFrame, text))
}

#[cold]
fn out_of_place(kind: Kind, how: &str) -> Goodbye {
    unexpected(&format!("`{}` came {how}", kind.name()))
}

#[cold]
fn no_lane() -> Goodbye {
    Goodbye::because(Reason::BadPool, "this side maps no pools")
}

#[cold]
pub(super) fn unknown_id(id: u32) -> Goodbye {
    Goodbye::because(Reason::UnknownId, format!("id {id:#x} belongs to no call"))
}
