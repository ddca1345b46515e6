//! The bodies of `hello` and `welcome`, and the limits that each side announces (`docs/protocol.md`, sections 3 and 11).

use crate::goodbye::{Goodbye, Reason};
use crate::wire::wire_struct;

/// The protocol version that this build speaks.
pub const PROTOCOL: u16 = 1;
/// Least frame size that a side may announce.
pub const FRAME_BYTES_FLOOR: u32 = 4 * 1024;
/// Least connection window that a side may announce.
pub const WINDOW_BYTES_FLOOR: u32 = 4 * 1024;
/// Greatest connection window that a side may announce: a peer that takes nothing has so much lie on its way at most.
pub const WINDOW_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// Longest role, label, interface or instance name in the protocol's own bodies, in bytes.
pub const NAME_BYTES_MAX: u32 = 128;
/// Longest name that a client may give itself, in bytes.
pub const CLIENT_BYTES_MAX: u32 = 64;
/// Most interfaces that a hello may offer.
pub const OFFERS_MAX: u32 = 256;
/// Most channels of an offered interface.
pub const OFFER_CHANNELS_MAX: u32 = 1024;
/// Most earlier shapes of an interface that a build gets along with.
pub const EARLIER_MAX: u32 = 32;
/// Longest text of a goodbye, in bytes.
pub const GOODBYE_BYTES_MAX: usize = 1024;

wire_struct! {
    /// What a side accepts from the other.
    #[derive(Copy)]
    pub struct Limits {
        /// Largest frame, header included, in bytes.
        pub frame_bytes: u32,
        /// Data that may be on its way without being acknowledged, in bytes.
        pub window_bytes: u32,
        /// Calls that the other side may have open at once.
        pub calls: u16,
        /// Items that each stream towards this side may send at first.
        pub stream_items: u32,
        /// Bytes of items that each stream towards this side may send at first.
        pub stream_bytes: u32,
        /// Bytes of blobs that may be on their way to this side, or wait here for their message.
        pub blob_bytes: u32,
        /// Pools of shared memory that this side maps; 0 when it maps none.
        pub pools: u16,
    }
}

impl Limits {
    /// What a side announces unless it is told otherwise.
    pub const DEFAULT: Self = Self {
        frame_bytes: 16 * 1024 * 1024,
        window_bytes: 4 * 1024 * 1024,
        calls: 1024,
        stream_items: 16,
        stream_bytes: 1024 * 1024,
        blob_bytes: 64 * 1024 * 1024,
        pools: 0,
    };

    /// Refuses limits under which nothing could work.
    pub(super) fn check(&self) -> Result<(), Goodbye> {
        if self.frame_bytes < FRAME_BYTES_FLOOR
            || !(WINDOW_BYTES_FLOOR..=WINDOW_BYTES_MAX).contains(&self.window_bytes)
            || self.calls == 0
            || self.stream_items == 0
            || self.stream_bytes == 0
        {
            return Err(Goodbye::because(
                Reason::MalformedPayload,
                "an announced limit is below its floor, or above its ceiling",
            ));
        }
        Ok(())
    }
}

wire_struct! {
    /// What a server is told of the peer whose calls follow.
    pub struct CallerTold {
        /// Which window or worker it is.
        pub label: String [..NAME_BYTES_MAX],
        /// What it may do.
        pub role: String [..NAME_BYTES_MAX],
    }
}

wire_struct! {
    /// The shape of an interface, as a build knows it.
    pub struct Shape {
        /// Its hash.
        pub hash: [u8; 16],
        /// Hashes of earlier shapes that were proven compatible with it.
        pub earlier: Vec<[u8; 16]> [..EARLIER_MAX],
    }
}

impl Shape {
    /// Whether builds of the two shapes may talk: they are one, or the newer build knows the older one's.
    pub fn fits(&self, other: &Self) -> bool {
        self.hash == other.hash
            || self.earlier.contains(&other.hash)
            || other.earlier.contains(&self.hash)
    }
}

wire_struct! {
    /// One interface that a client was built with.
    pub struct Offer {
        /// Its name.
        pub name: String [..NAME_BYTES_MAX],
        /// The version its author declared.
        pub version: u16,
        /// Its shape.
        pub shape: Shape,
        /// The digest of each channel, so that a mismatch can name what differs.
        pub channels: Vec<u32> [..OFFER_CHANNELS_MAX],
    }
}

wire_struct! {
    /// The first frame of a peer.
    pub struct Hello {
        /// Lowest protocol version it speaks.
        pub protocol_min: u16,
        /// Highest protocol version it speaks.
        pub protocol_max: u16,
        /// What it calls itself: for logs only, never believed.
        pub client: String [..CLIENT_BYTES_MAX],
        /// What it accepts.
        pub limits: Limits,
        /// What it was built with.
        pub interfaces: Vec<Offer> [..OFFERS_MAX],
    }
}

wire_struct! {
    /// The hub's answer.
    pub struct Welcome {
        /// The protocol version from here on.
        pub protocol: u16,
        /// What the hub accepts.
        pub limits: Limits,
        /// The number by which reports and logs name this peer.
        pub peer: u32,
        /// Which window or worker main says it is.
        pub label: String [..NAME_BYTES_MAX],
        /// What main lets it do.
        pub role: String [..NAME_BYTES_MAX],
    }
}
