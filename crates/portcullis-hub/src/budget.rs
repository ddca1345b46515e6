//! How much a peer, or all peers of a user together, may have and do at once: what is set up, with its defaults. Keeping
//! the accounts is left to `account.rs`, rates to `rate.rs`.

use crate::config::{
    BINDINGS_MAX, EXPORTS_MAX, HANDSHAKE_MS, Kind, QUEUED_BYTES_MAX, REPORTS_MAX,
    RETAINED_BYTES_MAX, SUBSCRIPTIONS_MAX,
};
use crate::handling::{HANDLED_BYTES_MAX, NOTIFICATIONS_MAX};

/// How much of a server's calls one user's callers may have open, in percent of what the server takes.
pub const CALLEE_SHARE_PERCENT: u8 = 50;
/// Frames that a page may send in a second. Processes and main itself have no such bound unless their role says so.
pub const PAGE_FRAMES_PER_SECOND: u32 = 1_000_000;
/// Bytes that a page may send in a second. Processes and main itself have no such bound unless their role says so.
pub const PAGE_BYTES_PER_SECOND: u64 = 2 * 1024 * 1024 * 1024;
/// How long a rate may be saved up, in milliseconds of it: the burst, unless a budget says otherwise.
pub const BURST_MS: u32 = 1_000;
/// Most connections of a user that have not said hello yet.
pub const USER_HALF_OPEN_MAX: usize = 64;
/// Most connections of a user.
pub const USER_PEERS_MAX: usize = 1024;
/// Bytes of parcels of a user that no message has taken yet: those of four connections that send what the hub's session
/// takes at most.
pub const USER_PARCEL_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of the states that a user's peers have published, and that topics retain.
pub const USER_RETAINED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What is counted, and bounded for each peer and each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// Calls and streams that were opened and have not ended.
    Calls,
    /// Those of them that are streams.
    Streams,
    /// Subscriptions.
    Subscriptions,
    /// Bindings.
    Bindings,
    /// Interfaces that are served.
    Exports,
    /// Published values whose reports are out.
    Reports,
    /// Items of its streams, answers behind them, and values of events for it, that wait in the hub, in bytes.
    QueuedBytes,
    /// Parcels that no message has taken yet, in bytes: what they say that they have.
    ParcelBytes,
    /// States that it has published, and that their topics retain, in bytes.
    RetainedBytes,
    /// Arguments that handlers in main hold, in bytes.
    HandledBytes,
    /// Notifications that handlers in main work on.
    Notifications,
    /// Connections.
    Peers,
    /// Connections that have not said hello yet.
    HalfOpen,
}

impl Resource {
    /// How many there are.
    pub(crate) const COUNT: usize = 13;

    /// Every one, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Calls,
        Self::Streams,
        Self::Subscriptions,
        Self::Bindings,
        Self::Exports,
        Self::Reports,
        Self::QueuedBytes,
        Self::ParcelBytes,
        Self::RetainedBytes,
        Self::HandledBytes,
        Self::Notifications,
        Self::Peers,
        Self::HalfOpen,
    ];

    /// Whether bytes are counted: then one thing may always be there, however large it is.
    pub(crate) fn is_bytes(self) -> bool {
        matches!(
            self,
            Self::QueuedBytes | Self::ParcelBytes | Self::RetainedBytes | Self::HandledBytes
        )
    }

    /// The word by which errors and events name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Streams => "streams",
            Self::Subscriptions => "subscriptions",
            Self::Bindings => "bindings",
            Self::Exports => "exports",
            Self::Reports => "reports",
            Self::QueuedBytes => "queued_bytes",
            Self::ParcelBytes => "parcel_bytes",
            Self::RetainedBytes => "retained_bytes",
            Self::HandledBytes => "handled_bytes",
            Self::Notifications => "notifications",
            Self::Peers => "peers",
            Self::HalfOpen => "half_open",
        }
    }
}

/// A rate, and how much of it may be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub(crate) per_second: u64,
    pub(crate) burst: u64,
}

impl Rate {
    /// So many units a second, on average, of which so many may come at once.
    pub const fn new(per_second: u64, burst: u64) -> Self {
        Self { per_second, burst }
    }
}

/// How much a peer of a role may have and do at once ([`crate::Role::budget`]), or all peers of a user together
/// ([`crate::HubConfig::user_budget`]). What is not said is the default: of the hub for a peer, no bound for a user but
/// [`USER_PEERS_MAX`], [`USER_HALF_OPEN_MAX`], [`USER_PARCEL_BYTES_MAX`] and [`USER_RETAINED_BYTES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    pub(crate) counts: [Option<usize>; Resource::COUNT],
    pub(crate) frames: Option<Rate>,
    pub(crate) bytes: Option<Rate>,
    pub(crate) callee_share_percent: Option<u8>,
    pub(crate) handshake_ms: Option<u32>,
}

impl Budget {
    /// A budget that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn count(mut self, resource: Resource, max: usize) -> Self {
        if let Some(count) = self.counts.get_mut(resource as usize) {
            *count = Some(max);
        }
        self
    }

    /// Frames a second, on average, and how many may come at once beyond that. A page has [`PAGE_FRAMES_PER_SECOND`] and
    /// [`BURST_MS`] of it, others have no bound. Beyond it reading pauses, or, where the transport cannot wait, calls
    /// are refused and notifications dropped.
    #[must_use]
    pub fn frames_per_second(mut self, frames: u32, burst: u32) -> Self {
        self.frames = Some(Rate::new(frames.into(), burst.into()));
        self
    }

    /// Bytes a second, on average, headers and what is lent in pools included, and how many may come at once beyond that. A
    /// page has [`PAGE_BYTES_PER_SECOND`] and [`BURST_MS`] of it, others have no bound.
    ///
    /// Where the transport cannot wait (a message port), eight bursts more end the peer: let at least its largest message come
    /// at once.
    #[must_use]
    pub fn bytes_per_second(mut self, bytes: u64, burst: u64) -> Self {
        self.bytes = Some(Rate::new(bytes, burst));
        self
    }

    /// Calls and streams that it has opened and that have not ended; what the hub's session takes, unless said.
    #[must_use]
    pub fn calls(self, max: usize) -> Self {
        self.count(Resource::Calls, max)
    }

    /// Those of them that are streams; as many as calls, unless said.
    #[must_use]
    pub fn streams(self, max: usize) -> Self {
        self.count(Resource::Streams, max)
    }

    /// How much of a server's calls its user may have open at once, in percent of what the server takes:
    /// [`CALLEE_SHARE_PERCENT`], unless said. At least one call. In a user's budget it says nothing.
    #[must_use]
    pub fn callee_share_percent(mut self, percent: u8) -> Self {
        self.callee_share_percent = Some(percent.min(100));
        self
    }

    /// Subscriptions: [`SUBSCRIPTIONS_MAX`], unless said.
    #[must_use]
    pub fn subscriptions(self, max: usize) -> Self {
        self.count(Resource::Subscriptions, max)
    }

    /// Bindings: [`BINDINGS_MAX`], unless said.
    #[must_use]
    pub fn bindings(self, max: usize) -> Self {
        self.count(Resource::Bindings, max)
    }

    /// Interfaces that it serves: [`EXPORTS_MAX`], unless said.
    #[must_use]
    pub fn exports(self, max: usize) -> Self {
        self.count(Resource::Exports, max)
    }

    /// Published values whose reports are out: [`REPORTS_MAX`], unless said.
    #[must_use]
    pub fn reports(self, max: usize) -> Self {
        self.count(Resource::Reports, max)
    }

    /// Items of its streams, answers behind them, and values of events for it that wait in the hub, in bytes:
    /// [`QUEUED_BYTES_MAX`], unless said. One may always wait. Beyond it streams are refused more, and events act by their overflow policies.
    #[must_use]
    pub fn queued_bytes(self, max: usize) -> Self {
        self.count(Resource::QueuedBytes, max)
    }

    /// Parcels that no message has taken yet, in bytes: what the hub's session takes, unless said, and
    /// [`USER_PARCEL_BYTES_MAX`] for a user. One may always wait. A parcel beyond it is not kept, and its message is refused.
    #[must_use]
    pub fn parcel_bytes(self, max: usize) -> Self {
        self.count(Resource::ParcelBytes, max)
    }

    /// States that it has published and that topics retain, in bytes: [`RETAINED_BYTES_MAX`], unless said, and
    /// [`USER_RETAINED_BYTES_MAX`] for a user. One may always be there. A state beyond it is refused, and the one before
    /// stays.
    #[must_use]
    pub fn retained_bytes(self, max: usize) -> Self {
        self.count(Resource::RetainedBytes, max)
    }

    /// Arguments that handlers in main hold, in bytes as they came: [`HANDLED_BYTES_MAX`], unless said. One call is always
    /// taken.
    #[must_use]
    pub fn handled_bytes(self, max: usize) -> Self {
        self.count(Resource::HandledBytes, max)
    }

    /// Notifications that handlers in main work on: [`NOTIFICATIONS_MAX`], unless said.
    #[must_use]
    pub fn notifications(self, max: usize) -> Self {
        self.count(Resource::Notifications, max)
    }

    /// How long it has for its `hello`, in milliseconds: [`HANDSHAKE_MS`], unless said. In a user's budget it says nothing.
    #[must_use]
    pub fn handshake_ms(mut self, ms: u32) -> Self {
        self.handshake_ms = Some(ms);
        self
    }

    /// Connections of a user: [`USER_PEERS_MAX`], unless said. In a role's budget it says nothing.
    #[must_use]
    pub fn peers(self, max: usize) -> Self {
        self.count(Resource::Peers, max)
    }

    /// Connections of a user that have not said hello yet: [`USER_HALF_OPEN_MAX`], unless said. In a role's budget it says
    /// nothing.
    #[must_use]
    pub fn half_open(self, max: usize) -> Self {
        self.count(Resource::HalfOpen, max)
    }

    /// What this says, and where it says nothing, what `other` says.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut counts = self.counts;
        for (count, other) in counts.iter_mut().zip(other.counts) {
            *count = count.or(other);
        }
        Self {
            counts,
            frames: self.frames.or(other.frames),
            bytes: self.bytes.or(other.bytes),
            callee_share_percent: self.callee_share_percent.or(other.callee_share_percent),
            handshake_ms: self.handshake_ms.or(other.handshake_ms),
        }
    }

    /// What a peer of that kind may, where neither its role nor the hub says anything.
    pub(crate) fn of_peer(kind: Kind) -> Self {
        let budget = Self::new()
            .subscriptions(SUBSCRIPTIONS_MAX)
            .bindings(BINDINGS_MAX)
            .exports(EXPORTS_MAX)
            .reports(REPORTS_MAX)
            .queued_bytes(QUEUED_BYTES_MAX)
            .retained_bytes(RETAINED_BYTES_MAX)
            .handled_bytes(HANDLED_BYTES_MAX)
            .notifications(NOTIFICATIONS_MAX)
            .callee_share_percent(CALLEE_SHARE_PERCENT)
            .handshake_ms(HANDSHAKE_MS);
        if kind != Kind::Page {
            return budget;
        }
        let (frames, bytes) = (PAGE_FRAMES_PER_SECOND, PAGE_BYTES_PER_SECOND);
        let burst = |rate: u64| rate * u64::from(BURST_MS) / 1_000;
        budget
            .frames_per_second(frames, u32::try_from(burst(frames.into())).unwrap_or(u32::MAX))
            .bytes_per_second(bytes, burst(bytes))
    }

    /// What a user may, where the application says nothing.
    pub(crate) fn of_user() -> Self {
        Self::new()
            .peers(USER_PEERS_MAX)
            .half_open(USER_HALF_OPEN_MAX)
            .parcel_bytes(USER_PARCEL_BYTES_MAX)
            .retained_bytes(USER_RETAINED_BYTES_MAX)
    }
}
