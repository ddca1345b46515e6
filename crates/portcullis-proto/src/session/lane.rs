//! A way for blobs past the bytes of a connection: memory that both sides map (`docs/protocol.md`, section 15). What the
//! memory is and how its descriptors travel, the driver knows who sets a lane; the session writes and reads the frames.

use std::fmt;

use crate::codec::Blob;
use crate::goodbye::Goodbye;
use crate::wire::wire_struct;

/// Most pools of shared memory that a side maps for the other.
pub const POOLS_MAX: u16 = 16;

wire_struct! {
    /// The body of `pool`: what the memory is that its descriptors bring.
    #[derive(Copy)]
    pub struct PoolOffer {
        /// How many slots it has.
        pub slots: u32,
        /// Bytes of each.
        pub slot_bytes: u32,
    }
}

wire_struct! {
    /// The body of `lend`, beside what stands in its header.
    #[derive(Copy)]
    pub struct Lent {
        /// Which use of the slot it is.
        pub generation: u32,
    }
}

/// Bytes in a slot of a pool, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotLoan {
    /// The pool, by its number on this connection.
    pub pool: u32,
    /// The slot.
    pub slot: u32,
    /// Which use of the slot it is.
    pub generation: u32,
    /// How many bytes of it, from its start.
    pub length: u32,
}

/// A blob that is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lending {
    /// Where its bytes are.
    pub loan: SlotLoan,
    /// They were copied there: it was in no pool that could be lent as it is.
    pub copied: bool,
}

/// Which topic a lent blob is published on, by the numbers that the publisher uses: whoever may have one value of it may have
/// all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopicPlace {
    /// The instance.
    pub binding: u32,
    /// The topic.
    pub ordinal: u32,
}

/// Lends blobs to the other side of one connection, and borrows what that lends.
pub trait Lane: Send + fmt::Debug {
    /// Lends a blob; `None` when it has to go by copies: it is small, no slot is free, or its pool would be one more than the
    /// other side maps.
    fn lend(&mut self, blob: &Blob, pools_max: u16) -> Option<Lending>;

    /// The next pool that has to be offered before what was lent can be understood, with its number. Its descriptors leave
    /// with the bytes that are transmitted next. Asked after each [`Self::lend`], one that has lent nothing included.
    fn next_offer(&mut self) -> Option<(u32, PoolOffer)>;

    /// The other side offers a pool; its descriptors have come.
    ///
    /// # Errors
    ///
    /// A violation: the descriptors are not what the offer says, or did not come.
    fn open(&mut self, pool: u32, offer: PoolOffer) -> Result<(), Goodbye>;

    /// Borrows what the other side lends, once its message has come. What is published on a `topic` may be kept where all of its
    /// receivers can be lent it.
    ///
    /// # Errors
    ///
    /// A violation: there is no such pool, slot or generation, or it is lent already.
    fn borrow(&mut self, loan: SlotLoan, topic: Option<TopicPlace>) -> Result<Blob, Goodbye>;

    /// What was lent is not wanted any more.
    ///
    /// # Errors
    ///
    /// As with [`Self::borrow`].
    fn give_back(&mut self, loan: SlotLoan) -> Result<(), Goodbye>;

    /// Somebody may no longer have what he could: what is kept for receivers of topics from here on is kept where he cannot see it.
    fn part_with_receivers(&mut self);
}
