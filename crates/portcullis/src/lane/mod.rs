//! Blobs past the bytes of a connection, on Linux: pools of shared memory that one side owns and the other maps
//! (`docs/protocol.md`, section 15). The memory itself is `portcullis-shm`'s; here it is decided what is lent to whom, and
//! whose words and memory are believed.

pub(crate) mod closer;
mod descriptors;
mod handles;
mod incoming;
mod outgoing;
mod pool;

use std::fmt;
use std::sync::Arc;

use portcullis_proto::codec::Blob;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::session::{Lane, Lending, PoolOffer, SlotLoan, TopicPlace};

pub(crate) use descriptors::Descriptors;
pub use pool::{BlobPool, FillBlob, LeaseError};

use crate::link::LinkedWith;
use incoming::Incoming;
use outgoing::Outgoing;

/// Blobs of fewer bytes than this are copied: that costs less than to lend them.
pub const LENT_BYTES_MIN: usize = 16 * 1024;

/// The lane of one connection over a Unix socket.
pub(crate) struct ShmLane {
    outgoing: Outgoing,
    incoming: Incoming,
}

impl ShmLane {
    /// A lane whose descriptors go and come by `descriptors`.
    pub(crate) fn new(descriptors: &Arc<Descriptors>, other: &LinkedWith) -> Self {
        let process = match other {
            LinkedWith::Hub => None,
            LinkedWith::Peer(process) => Some(Arc::clone(process)),
        };
        Self {
            outgoing: Outgoing::new(Arc::clone(descriptors), process),
            incoming: Incoming::new(Arc::clone(descriptors), matches!(other, LinkedWith::Hub)),
        }
    }
}

impl Lane for ShmLane {
    fn lend(&mut self, blob: &Blob, pools_max: u16) -> Option<Lending> {
        if blob.len() < LENT_BYTES_MIN { None } else { self.outgoing.lend(blob, pools_max) }
    }

    fn next_offer(&mut self) -> Option<(u32, PoolOffer)> {
        self.outgoing.next_offer()
    }

    fn open(&mut self, pool: u32, offer: PoolOffer) -> Result<(), Goodbye> {
        self.incoming.open(pool, offer)
    }

    fn borrow(&mut self, loan: SlotLoan, topic: Option<TopicPlace>) -> Result<Blob, Goodbye> {
        self.incoming.borrow(loan, topic)
    }

    fn give_back(&mut self, loan: SlotLoan) -> Result<(), Goodbye> {
        self.incoming.give_back(loan)
    }

    fn part_with_receivers(&mut self) {
        self.incoming.part_with_receivers();
    }
}

impl fmt::Debug for ShmLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShmLane")
    }
}

fn bad_pool(text: impl Into<String>) -> Goodbye {
    Goodbye::because(Reason::BadPool, text)
}
