//! What is lent to the other side: slots of pools that the application fills, and copies in a pool of this connection's own.

use std::collections::VecDeque;
use std::sync::Arc;

use portcullis_proto::codec::Blob;
use portcullis_proto::session::{Lending, PoolOffer, SlotLoan};
use portcullis_shm::pool::{Frame, Pool, Receiver};

use super::descriptors::Descriptors;
use super::handles::Handle;
use super::pool::{BlobPool, Pooled};
use crate::link::ProcessSlot;

/// Slots of the pool into which a connection copies blobs that are in no pool.
const OWN_SLOTS: usize = 4;
/// Most bytes of one blob that are copied into that pool; larger ones leave by copies over the socket.
const OWN_SLOT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Least bytes of its slots: blobs of a connection are often alike, and a pool that is too small is given up.
const OWN_SLOT_BYTES_MIN: usize = 256 * 1024;

/// The pools of one connection, as their owner sees them.
pub(super) struct Outgoing {
    descriptors: Arc<Descriptors>,
    /// In the order of their numbers; a pool's number is never given to another.
    pools: Vec<Option<Lent>>,
    /// The place of this connection's own pool in `pools`.
    own: Option<usize>,
    offers: VecDeque<(u32, PoolOffer)>,
    process: Option<ProcessSlot>,
}

struct Lent {
    pool: Owner,
    /// `None` only while it is dropped.
    receiver: Option<Receiver>,
}

enum Owner {
    /// The application's: others may be lent the same.
    Application(BlobPool),
    /// Of this connection alone.
    Own(Pool),
}

impl Owner {
    fn pool(&self) -> &Pool {
        match self {
            Self::Application(pool) => pool.pool(),
            Self::Own(pool) => pool,
        }
    }
}

impl Outgoing {
    pub(super) fn new(descriptors: Arc<Descriptors>, process: Option<ProcessSlot>) -> Self {
        Self { descriptors, pools: Vec::new(), own: None, offers: VecDeque::new(), process }
    }

    pub(super) fn next_offer(&mut self) -> Option<(u32, PoolOffer)> {
        self.offers.pop_front()
    }

    pub(super) fn lend(&mut self, blob: &Blob, pools_max: u16) -> Option<Lending> {
        let handle = blob.keeper().and_then(|keeper| keeper.as_any().downcast_ref());
        match handle.and_then(Handle::<Pooled>::held) {
            Some(Pooled { frame, pool }) => {
                let number = self.number_of(pool, pools_max)?;
                Some(Lending { loan: self.lend_frame(number, frame)?, copied: false })
            }
            None => {
                let number = self.own_for(blob.len(), pools_max)?;
                let frame = self.pools.get(number)?.as_ref()?.pool.pool().frame(blob).ok()?;
                Some(Lending { loan: self.lend_frame(number, &frame)?, copied: true })
            }
        }
    }

    /// The number of an application's pool, which is offered when it is new.
    fn number_of(&mut self, pool: &BlobPool, pools_max: u16) -> Option<usize> {
        let known = self.pools.iter().position(|lent| {
            let owner = lent.as_ref().map(|lent| &lent.pool);
            matches!(owner, Some(Owner::Application(known)) if known.is(pool))
        });
        known.or_else(|| {
            self.forget_retired();
            self.offer(Owner::Application(pool.clone()), pools_max)
        })
    }

    /// Gives up pools into which nothing new comes: a topic's whose publisher has gone, say.
    fn forget_retired(&mut self) {
        for lent in &mut self.pools {
            let retired = lent.as_ref().is_some_and(
                |lent| matches!(&lent.pool, Owner::Application(pool) if pool.is_retired()),
            );
            if retired
                && let Some(mut lent) = lent.take()
                && let (Owner::Application(pool), Some(receiver)) =
                    (&lent.pool, lent.receiver.take())
            {
                pool.part(receiver, self.process.clone());
            }
        }
    }

    /// The number of this connection's own pool, whose slots hold so many bytes.
    fn own_for(&mut self, bytes: usize, pools_max: u16) -> Option<usize> {
        if bytes > OWN_SLOT_BYTES_MAX {
            return None;
        }
        if let Some(number) = self.own {
            let lent = self.pools.get(number)?.as_ref()?;
            if lent.pool.pool().shape().slot_bytes as usize >= bytes {
                return Some(number);
            }
            if self.pools.len() >= usize::from(pools_max) {
                return None;
            }
            // The other side keeps the memory while it holds something of it.
            *self.pools.get_mut(number)? = None;
            self.own = None;
        }
        let slot_bytes = bytes.next_power_of_two().clamp(OWN_SLOT_BYTES_MIN, OWN_SLOT_BYTES_MAX);
        let pool = Pool::new(OWN_SLOTS, slot_bytes);
        let pool = pool.inspect_err(|error| tracing::debug!(%error, "no pool: blobs are copied"));
        self.own = self.offer(Owner::Own(pool.ok()?), pools_max);
        self.own
    }

    fn offer(&mut self, pool: Owner, pools_max: u16) -> Option<usize> {
        let number = self.pools.len();
        if number >= usize::from(pools_max) {
            return None;
        }
        let shape = pool.pool().shape();
        // Nobody has the application's pool for himself.
        let quota = match pool {
            Owner::Application(_) => shape.slots.div_ceil(2),
            Owner::Own(_) => shape.slots,
        };
        let made = pool.pool().receiver(quota).map_err(|error| error.to_string());
        let made = made.and_then(|receiver| {
            let both = || Ok([pool.pool().descriptor()?, receiver.descriptor()?]);
            Ok((both().map_err(|error: std::io::Error| error.to_string())?, receiver))
        });
        let (descriptors, receiver) = made
            .inspect_err(|error| tracing::debug!(error, "a pool is not offered: blobs are copied"))
            .ok()?;
        self.descriptors.hand_over(descriptors);
        let offer = PoolOffer { slots: shape.slots, slot_bytes: shape.slot_bytes };
        self.offers.push_back((u32::try_from(number).ok()?, offer));
        self.pools.push(Some(Lent { pool, receiver: Some(receiver) }));
        Some(number)
    }

    /// Lends a frame. Whoever holds all that it may, or has or had this very frame, gets a copy.
    fn lend_frame(&mut self, number: usize, frame: &Frame) -> Option<SlotLoan> {
        let lent = self.pools.get(number)?.as_ref()?;
        // The last quarter of an application's pool is its own: receivers that keep what they have cannot take it.
        if let Owner::Application(pool) = &lent.pool
            && pool.free() < pool.pool().shape().slots.div_ceil(4) as usize
        {
            return None;
        }
        let receiver = lent.receiver.as_ref()?;
        let loan = receiver.lend(frame).ok()?;
        Some(SlotLoan {
            pool: u32::try_from(number).ok()?,
            slot: loan.slot,
            generation: loan.generation,
            length: loan.len,
        })
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        for lent in self.pools.iter_mut().flatten() {
            // Of a pool of its own nobody writes a slot again: what the other side still reads stays as it is.
            if let (Owner::Application(pool), Some(receiver)) = (&lent.pool, lent.receiver.take()) {
                pool.part(receiver, self.process.clone());
            }
        }
    }
}
