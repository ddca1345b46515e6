//! The state of one connection, the same for hub and peer: handshake, calls with their ids and outcomes, streams with
//! credit, the connection window, keep-alive (`docs/protocol.md`). Bytes and the time come in; bytes, events and the
//! next time-out come out. Who may do what, and what bodies mean, is decided above.
//!
//! Five entry points: [`Session::receive`], the senders (`request`, `reply`, `item`, …), [`Session::transmit`],
//! [`Session::next_timeout`] and [`Session::handle_timeout`].
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod arrivals;
mod calls;
mod credit;
mod event;
mod flow;
mod handshake;
mod lane;
mod outbox;
mod receive;
mod rows;
mod send;
mod shipping;
mod timeout;

pub use arrivals::{PARCEL_FRAME_BYTES_MAX, PARCEL_MS, ParcelRoom};
pub use event::{Event, Expired, Leg, Received, Shed};
pub use handshake::{
    CLIENT_BYTES_MAX, CallerTold, EARLIER_MAX, FRAME_BYTES_FLOOR, GOODBYE_BYTES_MAX, Hello, Limits,
    NAME_BYTES_MAX, OFFER_CHANNELS_MAX, OFFERS_MAX, Offer, PROTOCOL, Shape, WINDOW_BYTES_FLOOR,
    WINDOW_BYTES_MAX, Welcome,
};
pub use lane::{Lane, Lending, Lent, POOLS_MAX, PoolOffer, SlotLoan, TopicPlace};
pub use send::{Opening, SendError};
pub use shipping::BlobsSent;
pub use timeout::{GRACE_MS, QUIET_MS};

use std::collections::BTreeSet;
use std::time::Duration;

use crate::codec::Blob;
use crate::goodbye::{Goodbye, Reason};
use crate::time::Time;
use arrivals::Arrivals;
use calls::CallTable;
use flow::Flows;
use outbox::{HeldKey, Outbox, openers_behind};

/// Control frames that may come in one message beside its data, in bytes.
const CONTROL_BYTES_MAX: usize = 1024 * 1024;

/// Most parcels of a direction that no message has taken yet.
pub const PARCELS_MAX: usize = 64;

/// Which end of the connection a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In the main process: answers `welcome`.
    Hub,
    /// Everywhere else: says `hello`.
    Peer,
}

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The hub waits for `hello`; a peer waits for `welcome`.
    Greeting,
    /// Hello has come and the hub's answer is still out.
    Greeted,
    Open,
    /// Nothing is sent or taken in any more.
    Closed,
}

/// How a session is set up.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// What this side accepts.
    pub limits: Limits,
    /// Data that may wait for the other side's window, in bytes; more, and the session is over its bound.
    pub outbox_bytes_max: usize,
    /// Whether to ping a silent other side while it is awaited.
    pub keepalive: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { limits: Limits::DEFAULT, outbox_bytes_max: 32 * 1024 * 1024, keepalive: false }
    }
}

/// A call that the other side has opened: this side is the callee.
#[derive(Debug)]
struct Inbound<I> {
    data: I,
    flows: Flows,
    deadline: Option<Time>,
}

/// A call that this side has opened.
#[derive(Debug)]
struct Outbound<O> {
    /// `None` once this side has cancelled: what still comes is discarded.
    data: Option<O>,
    /// Set when the outcome of a cancelled call is wanted all the same.
    late: Option<Box<O>>,
    flows: Flows,
    deadline: Option<Time>,
    /// The frame that opens it, if that had to wait.
    opener: Option<HeldKey>,
    /// More of it waits behind that frame.
    followed: bool,
    /// Whether its end is due: see [`Session::awaited`].
    awaited: bool,
}

/// One connection. `I` belongs to each call that the other side opens, `O` to each that this side opens.
#[derive(Debug)]
pub struct Session<I, O> {
    side: Side,
    state: State,
    ours: Limits,
    theirs: Limits,
    inbound: CallTable<Inbound<I>>,
    outbound: CallTable<Outbound<O>>,
    outbox: Outbox,
    /// Parcels that no message has taken yet.
    arrivals: Arrivals,
    /// Bytes that were borrowed since the owner last asked.
    borrowed_bytes: u64,
    /// Blobs that have come with their messages.
    blobs_taken: u64,
    /// Blobs of the frame that is being written.
    blobs: Vec<Blob>,
    /// Data parsed and not yet acknowledged, in bytes.
    unacknowledged: u64,
    /// Calls of this side whose time runs from when the owner next says what time it is, and how long each may take.
    undated: Vec<(u32, Duration)>,
    /// No deadline is earlier than this.
    deadline_floor: Option<Time>,
    /// The next time-out has come nearer since the owner last asked.
    timeout_moved: bool,
    keepalive: bool,
    /// Calls of this side whose end is due.
    awaited: usize,
    /// When something was last heard, or waiting began.
    heard: Time,
    ping_sent: Option<Time>,
    /// Calls that were opened before the other side's limits were known, and do not fit them.
    refused: Vec<Refused<O>>,
    /// Hub: an item had credit, and found no room in the outbox.
    items_wait: bool,
    /// Calls that were given to a transport which broke before it had taken them.
    untaken: BTreeSet<u32>,
}

impl<I, O> Session<I, O> {
    /// A session at `side` of a new connection.
    pub fn new(side: Side, config: Config, now: Time) -> Self {
        Self {
            side,
            state: State::Greeting,
            ours: config.limits,
            theirs: Limits::DEFAULT,
            inbound: CallTable::new(config.limits.calls),
            outbound: CallTable::new(Limits::DEFAULT.calls),
            outbox: Outbox::new(config.outbox_bytes_max, &config.limits),
            arrivals: Arrivals::new(config.limits.blob_bytes),
            blobs: Vec::new(),
            borrowed_bytes: 0,
            blobs_taken: 0,
            unacknowledged: 0,
            undated: Vec::new(),
            deadline_floor: None,
            timeout_moved: false,
            keepalive: config.keepalive,
            awaited: 0,
            heard: now,
            ping_sent: None,
            refused: Vec::new(),
            items_wait: false,
            untaken: BTreeSet::new(),
        }
    }

    /// Whether the handshake is done and nobody has said goodbye.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// What the other side accepts; the defaults until it has said so.
    pub fn their_limits(&self) -> &Limits {
        &self.theirs
    }

    /// The most bytes of a message, on a transport that keeps them whole: all data that may be on its way, and control
    /// frames beside it.
    pub fn message_bytes_max(&self) -> usize {
        let data = u64::from(self.ours.window_bytes) + u64::from(self.ours.frame_bytes);
        usize::try_from(data).unwrap_or(usize::MAX).saturating_add(CONTROL_BYTES_MAX)
    }

    /// What this side accepts.
    pub fn our_limits(&self) -> &Limits {
        &self.ours
    }

    /// Calls open in both directions: (opened by the other side, opened by this one, those being cancelled included).
    pub fn calls_open(&self) -> (usize, usize) {
        (self.inbound.len(), self.outbound.len())
    }

    /// Takes the calls of this side that were opened before the other side's limits were known and are larger than its
    /// frames may be: they never left. With each, how large its frame was, in bytes. Look for them behind a `welcome`.
    pub fn take_refused(&mut self) -> Vec<Refused<O>> {
        std::mem::take(&mut self.refused)
    }

    /// Lets blobs go past the bytes of the connection, and says so to the other side. Before anything is sent or received.
    pub fn set_lane(&mut self, lane: Box<dyn Lane>) {
        self.ours.pools = POOLS_MAX;
        self.outbox.set_lane(lane);
    }

    /// Counts parcels that come, until their messages do, and drops what finds no room or waits longer than [`PARCEL_MS`]:
    /// its message becomes [`Event::Shed`]. Before anything is received.
    pub fn count_parcels(&mut self, room: Box<dyn ParcelRoom>) {
        self.arrivals.count_in(room);
    }

    /// Somebody may no longer have what he could: see [`Lane::part_with_receivers`].
    pub fn part_with_receivers(&mut self) {
        if let Some(lane) = self.outbox.lane() {
            lane.part_with_receivers();
        }
    }

    /// Bytes of blobs that have come, and whose messages have not.
    pub fn arriving_bytes(&self) -> usize {
        self.arrivals.bytes()
    }

    /// Bytes that the other side has lent and this one has borrowed, since this was last asked: what borrowing copies costs time.
    pub fn take_borrowed_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.borrowed_bytes)
    }

    /// How many blobs have come, with their messages.
    pub fn blobs_taken(&self) -> u64 {
        self.blobs_taken
    }

    /// How many blobs have left, and how.
    pub fn blobs_sent(&self) -> BlobsSent {
        self.outbox.blobs_sent()
    }

    /// Bytes that wait to leave.
    pub fn outbox_bytes(&self) -> usize {
        self.outbox.bytes()
    }

    /// Whether something can be transmitted now.
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether more waits for the other side than its outbox may hold: the owner decides what to do about it.
    pub fn is_over_bound(&self) -> bool {
        self.outbox.is_over()
    }

    /// Whether so much waits for the other side that nothing should be added that it has not asked for: a flood of some
    /// third one's must not push it over its bound.
    pub fn is_crowded(&self) -> bool {
        self.outbox.is_crowded()
    }

    /// Whether items have waited for room in the outbox, and there is some now. Asked before they go on, since this
    /// forgets it.
    pub fn take_room(&mut self) -> bool {
        self.has_room() && std::mem::take(&mut self.items_wait)
    }

    /// Whether items wait for room in the outbox that is there now.
    pub fn has_room(&self) -> bool {
        self.items_wait && !self.outbox.is_crowded()
    }

    /// Moves what may leave now to the end of `into`; false when there is nothing.
    pub fn transmit(&mut self, into: &mut Vec<u8>) -> bool {
        self.outbox.transmit(into)
    }

    /// What belongs to an open call of the other side.
    pub fn inbound_mut(&mut self, id: u32) -> Option<&mut I> {
        self.inbound.get(id).map(|call| &mut call.data)
    }

    /// What belongs to an open call of this side that was not cancelled.
    pub fn outbound_mut(&mut self, id: u32) -> Option<&mut O> {
        self.outbound.get(id).and_then(|call| call.data.as_mut())
    }

    /// Every open call of the other side.
    pub fn inbound_iter(&mut self) -> impl Iterator<Item = (u32, &mut I)> {
        self.inbound.iter_mut().map(|(id, call)| (id, &mut call.data))
    }

    /// Every open call of this side that was not cancelled.
    pub fn outbound_iter(&mut self) -> impl Iterator<Item = (u32, &mut O)> {
        self.outbound.iter_mut().filter_map(|(id, call)| Some((id, call.data.as_mut()?)))
    }

    /// Ends the connection without a word (the transport is gone), and hands back what belonged to open calls.
    pub fn abort(&mut self) -> Ended<I, O> {
        self.end(true)
    }

    fn end(&mut self, in_silence: bool) -> Ended<I, O> {
        self.state = State::Closed;
        let unsent = self.unsent();
        self.outbox.clear(in_silence);
        self.arrivals.clear();
        self.undated.clear();
        self.deadline_floor = None;
        self.awaited = 0;
        Ended {
            inbound: self.inbound.drain().into_iter().map(|(id, call)| (id, call.data)).collect(),
            outbound: self
                .outbound
                .drain()
                .into_iter()
                .filter_map(|(id, call)| Some((id, call.data?)))
                .collect(),
            unsent,
        }
    }

    /// The transport is broken, and has taken `taken` bytes of what [`Self::transmit`] gave last, all of which is `given`.
    pub fn untaken(&mut self, given: &[u8], taken: usize) {
        self.untaken = openers_behind(given, taken);
    }

    /// The calls of this side that were opened in vain: the other side has not seen the whole frame.
    fn unsent(&mut self) -> BTreeSet<u32> {
        let mut unsent = self.outbox.ready_openers();
        unsent.append(&mut self.untaken);
        for (id, call) in self.outbound.iter_mut() {
            if call.opener.is_some_and(|opener| self.outbox.withdraw(opener)) {
                unsent.insert(id);
            }
        }
        unsent
    }

    /// Ends the connection with a goodbye, which still leaves by [`Self::transmit`].
    pub fn close(&mut self, goodbye: &Goodbye) -> Ended<I, O> {
        let said = self.state == State::Closed;
        let ended = self.end(said);
        if !said {
            self.say_goodbye(goodbye);
        }
        ended
    }
}

/// A call that never left, since the other side does not take what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<O> {
    /// What the owner had attached.
    pub data: O,
    /// Bytes of its body, or of its blobs, where these are too many.
    pub bytes: usize,
    /// How many the other side takes.
    pub room: usize,
}

/// What belonged to the calls that were open when a connection ended.
#[derive(Debug)]
pub struct Ended<I, O> {
    /// Calls that the other side had opened: their work is to be stopped.
    pub inbound: Vec<(u32, I)>,
    /// Calls that this side had opened: their callers are to be told.
    pub outbound: Vec<(u32, O)>,
    /// Those of them that had not left: the other side knows nothing of them.
    pub unsent: BTreeSet<u32>,
}

/// A violation that no look at the peer's bytes explains: it names the state.
#[cold]
fn unexpected(what: &str) -> Goodbye {
    Goodbye::because(Reason::UnexpectedFrame, what.to_owned())
}
