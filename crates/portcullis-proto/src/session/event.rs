//! What a session tells its owner.

use super::{CallerTold, Hello, Welcome};
use crate::codec::Blobs;
use crate::frame::FLAG_CALLEE;
use crate::goodbye::Goodbye;
use crate::row::Row;
use crate::status::Status;

/// One call, named from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leg {
    /// Opened by the other side: this side is the callee.
    Inbound(u32),
    /// Opened by this side.
    Outbound(u32),
}

impl Leg {
    /// How an item or credit that this side sends names the call: by its id, and who of the two is its callee.
    #[inline]
    pub(super) fn id_and_flags(self) -> (u32, u8) {
        match self {
            Self::Inbound(id) => (id, FLAG_CALLEE),
            Self::Outbound(id) => (id, 0),
        }
    }
}

/// What a frame meant. Bodies are borrowed from the receive buffer and not yet checked against a contract. What is rare and
/// large is boxed: an event is moved more often than it is made.
#[derive(Debug)]
pub enum Event<'a, O> {
    /// Hub: a peer has introduced itself; answer with `welcome` or `close`.
    Hello(Box<Hello>),
    /// Peer: the connection stands.
    Welcome(Box<Welcome>),
    /// The other side has ended the connection.
    Goodbye(Goodbye),
    /// A call was opened. Call `accept` (streams), `reply` or `fail` with its id.
    Request {
        /// Its id, for all that follows.
        id: u32,
        /// The instance.
        binding: u32,
        /// The channel.
        ordinal: u32,
        /// Remaining time in milliseconds, or 0 for the channel's own deadline.
        budget_ms: u32,
        /// The arguments.
        body: &'a [u8],
        /// Its blobs.
        blobs: Blobs,
    },
    /// A one-way message.
    Notify {
        /// The instance.
        binding: u32,
        /// The channel.
        ordinal: u32,
        /// The arguments.
        body: &'a [u8],
        /// Its blobs.
        blobs: Blobs,
    },
    /// Hub: a subscription was opened.
    Subscribe {
        /// Its id, for all that follows.
        id: u32,
        /// The instance.
        binding: u32,
        /// The topic.
        ordinal: u32,
    },
    /// Hub: a value for a topic.
    Publish {
        /// The call that waits for the delivery report, if any.
        id: Option<u32>,
        /// The instance.
        binding: u32,
        /// The topic.
        ordinal: u32,
        /// How long to wait for the report, in milliseconds.
        budget_ms: u32,
        /// The value.
        body: &'a [u8],
        /// Its blobs.
        blobs: Blobs,
    },
    /// An item of a stream or topic. Its credit is spent.
    Item {
        /// The call.
        leg: Leg,
        /// Values of a topic that were dropped before this one.
        missed: u32,
        /// Set when the sender wants to know that it arrived: call `ack`.
        token: Option<u32>,
        /// The item.
        body: &'a [u8],
        /// Its blobs.
        blobs: Blobs,
    },
    /// Items of a stream that came together, none of which has blobs. Their credit is spent.
    Row {
        /// The call.
        leg: Leg,
        /// Items that were dropped before the first one.
        missed: u32,
        /// The items.
        row: Row<'a>,
    },
    /// Hub: a subscriber has the item.
    Ack {
        /// The subscription.
        id: u32,
        /// The token of the item.
        token: u32,
    },
    /// More may be sent.
    Credit {
        /// The call.
        leg: Leg,
        /// Items granted.
        items: u32,
        /// Bytes granted.
        bytes: u32,
    },
    /// The caller has sent its last item.
    Finish {
        /// The call.
        id: u32,
    },
    /// The caller gives up: stop the work and end the call.
    Cancel {
        /// The call.
        id: u32,
    },
    /// A call of this side has its outcome; or one that it had given up, and of which it said [`Session::expect_late`].
    /// The id is free again.
    ///
    /// [`Session::expect_late`]: super::Session::expect_late
    End {
        /// The call.
        id: u32,
        /// How it went.
        status: Status,
        /// The reply, the application's error, or a `FailureBody`.
        body: &'a [u8],
        /// Its blobs.
        blobs: Blobs,
        /// What the owner had attached.
        data: O,
    },
    /// Hub: a message came whose blobs were not kept, since there was no room for them or since it came too late: tell who
    /// waits for something.
    Shed(Shed<O>),
    /// Requests and notifications behind this one come from that peer, as the hub admitted it.
    Caller {
        /// Its number.
        peer: u32,
        /// Its label and role.
        told: CallerTold,
    },
    /// The instance behind a binding has left.
    Unbound {
        /// The binding.
        binding: u32,
    },
}

/// What is left of a message whose blobs were not kept ([`ParcelRoom`]).
///
/// [`ParcelRoom`]: super::ParcelRoom
#[derive(Debug)]
pub enum Shed<O> {
    /// A call, subscription or reported value was opened under this id: end it.
    Call(u32),
    /// A notification, or a value without a report.
    OneWay,
    /// An item. Its credit is spent.
    Item(Leg),
    /// The outcome of a call of this side, to which this belonged.
    End(O),
}

/// What a look into the receive buffer gave.
#[derive(Debug)]
pub struct Received<'a, O> {
    /// Bytes that are done with; call again with the rest.
    pub consumed: usize,
    /// Whole frames among them, that of `event` included; a row counts as its items.
    pub frames: u32,
    /// `None`: the rest is not a whole frame yet, or many frames in a row were no event (`needed` is 0 then).
    pub event: Option<Event<'a, O>>,
    /// When `event` is `None`: bytes that the frame at hand will have; 0 to call again with the rest.
    pub needed: usize,
}

/// A deadline that has passed, or the other side found silent.
#[derive(Debug)]
pub enum Expired<O> {
    /// A call of this side: it is being cancelled. Tell its caller.
    Outbound {
        /// The call.
        id: u32,
        /// What the owner had attached.
        data: O,
        /// Whether it had left; what had not was taken back, and never will.
        sent: bool,
    },
    /// A call of the other side: stop the work, then `fail` it.
    Inbound {
        /// The call.
        id: u32,
    },
    /// The other side was silent for too long while it was awaited.
    Silent,
}
