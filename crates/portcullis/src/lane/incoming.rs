//! What the other side lends: its pools, mapped, and blobs of their slots. Main's are believed; of a peer's a copy is taken,
//! whose memory is used again for the next one.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use portcullis_proto::codec::Blob;
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::session::{POOLS_MAX, PoolOffer, SlotLoan, TopicPlace};
use portcullis_shm::memory::{CreateError, OpenError};
use portcullis_shm::pool::{BorrowError, Borrowed, ForeignPool, Loan, Shape, Trusted, Untrusted};

use super::descriptors::Descriptors;
use super::handles::{self, Handles, Hold};
use super::pool::{BlobPool, FillBlob};
use super::{LENT_BYTES_MIN, bad_pool, closer};

/// Bytes of all pools of a peer that the hub maps.
pub(super) const FOREIGN_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Topics of one peer whose blobs are lent on; those of others are copied for each receiver.
const RELAYS_MAX: usize = 2;
/// Least bytes of a slot for the blobs of a topic: few pools come one after the other for blobs that grow.
const RELAY_SLOT_BYTES_MIN: usize = 1024 * 1024;
/// Most bytes of such a slot.
const RELAY_SLOT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most bytes of the slots for one topic's blobs.
const RELAY_BYTES_MAX: usize = 6 * RELAY_SLOT_BYTES_MAX;
/// Most slots for the blobs of one topic: as many may be on their way to its subscribers, wait for them, or be held by them. One
/// that has stopped holds what was on its way to it; what waits is the same for all that have stopped.
const RELAY_SLOTS_MAX: usize = 16;
/// Buffers for copies that a connection keeps for the next ones.
const COPIES_KEPT: usize = 4;
/// Larger ones are given back at once, in bytes.
const COPY_BYTES_KEPT: usize = 16 * 1024 * 1024;

/// The pools of one connection, as their receiver sees them.
pub(super) struct Incoming {
    descriptors: Arc<Descriptors>,
    trusted: bool,
    pools: BTreeMap<u32, Foreign>,
    /// Bytes of all of them.
    bytes: u64,
    copies: Arc<Copies>,
    of_main: Arc<Handles<OfMain>>,
    copied: Arc<Handles<Copied>>,
    relays: Relays,
}

enum Foreign {
    Main(ForeignPool<Trusted>),
    Peer(ForeignPool<Untrusted>),
}

impl Incoming {
    pub(super) fn new(descriptors: Arc<Descriptors>, trusted: bool) -> Self {
        Self {
            descriptors,
            trusted,
            pools: BTreeMap::new(),
            bytes: 0,
            copies: Arc::default(),
            of_main: Arc::default(),
            copied: Arc::default(),
            relays: Relays::default(),
        }
    }

    pub(super) fn open(&mut self, pool: u32, offer: PoolOffer) -> Result<(), Goodbye> {
        if pool >= u32::from(POOLS_MAX) || self.pools.contains_key(&pool) {
            return Err(bad_pool(format!("a pool cannot have the number {pool}")));
        }
        let Some([frames, returns]) = self.descriptors.take::<2>() else {
            return Err(bad_pool(format!("pool {pool} came without its descriptors")));
        };
        let shape = Shape { slots: offer.slots, slot_bytes: offer.slot_bytes };
        let bytes = u64::from(offer.slots) * u64::from(offer.slot_bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        if !self.trusted && self.bytes > FOREIGN_BYTES_MAX {
            // Closed elsewhere: to close what a peer has made may take its time.
            closer::close(frames);
            closer::close(returns);
            let text = format!("pools of {} bytes exceed {FOREIGN_BYTES_MAX}", self.bytes);
            return Err(bad_pool(text));
        }
        let opened = open(frames, returns, shape, self.trusted);
        let opened = opened.map_err(|error| bad_pool(format!("pool {pool}: {error}")))?;
        self.pools.insert(pool, opened);
        Ok(())
    }

    pub(super) fn borrow(
        &mut self,
        loan: SlotLoan,
        topic: Option<TopicPlace>,
    ) -> Result<Blob, Goodbye> {
        let bad = bad_loan(loan);
        match self.pools.get(&loan.pool).ok_or_else(|| no_pool(loan))? {
            Foreign::Main(pool) => {
                let borrowed = pool.borrow(numbers(loan)).map_err(bad)?;
                Ok(handles::blob(OfMain { borrowed, home: Arc::clone(&self.of_main) }))
            }
            Foreign::Peer(pool) => {
                let borrowed = pool.borrow(numbers(loan)).map_err(bad)?;
                if let Some(mut slot) =
                    topic.and_then(|topic| self.relays.slot(topic, borrowed.len()))
                {
                    borrowed.copy_to(&mut slot).map_err(bad)?;
                    return Ok(slot.freeze());
                }
                let mut bytes = self.copies.take(borrowed.len());
                borrowed.append_to(&mut bytes).map_err(bad)?;
                let copies = Arc::downgrade(&self.copies);
                Ok(handles::blob(Copied { bytes, copies, home: Arc::clone(&self.copied) }))
            }
        }
    }

    /// Returns what nobody wants, without a look at it.
    pub(super) fn give_back(&mut self, loan: SlotLoan) -> Result<(), Goodbye> {
        let returned = match self.pools.get(&loan.pool).ok_or_else(|| no_pool(loan))? {
            Foreign::Main(pool) => pool.borrow(numbers(loan)).map(drop),
            Foreign::Peer(pool) => pool.borrow(numbers(loan)).map(drop),
        };
        returned.map_err(bad_loan(loan))
    }

    /// Those who have mapped the pools of topics keep them, and nothing new comes into these.
    pub(super) fn part_with_receivers(&mut self) {
        self.relays = Relays::default();
    }
}

/// A loan as its pool names it.
fn numbers(SlotLoan { slot, generation, length, .. }: SlotLoan) -> Loan {
    Loan { slot, generation, len: length }
}

fn no_pool(loan: SlotLoan) -> Goodbye {
    bad_pool(format!("there is no pool {}", loan.pool))
}

fn bad_loan(loan: SlotLoan) -> impl Fn(BorrowError) -> Goodbye + Copy {
    move |error| bad_pool(format!("pool {}: {error}", loan.pool))
}

fn open(
    frames: OwnedFd,
    returns: OwnedFd,
    shape: Shape,
    trusted: bool,
) -> Result<Foreign, OpenError> {
    if trusted {
        // A main in this very process (a test's, say) could be given slices of what it writes: then there are copies.
        let copies = frames.try_clone().and_then(|frames| Ok((frames, returns.try_clone()?)));
        match ForeignPool::open(frames, returns, shape) {
            Err(OpenError::Own) => {
                let (frames, returns) = copies.map_err(|source| {
                    OpenError::System(CreateError::System { operation: "dup", source })
                })?;
                return ForeignPool::open(frames, returns, shape).map(Foreign::Peer);
            }
            opened => return opened.map(Foreign::Main),
        }
    }
    ForeignPool::open(frames, returns, shape).map(Foreign::Peer)
}

/// A frame of main's, as it is.
struct OfMain {
    borrowed: Borrowed<Trusted>,
    home: Arc<Handles<Self>>,
}

impl Hold for OfMain {
    fn bytes(&self) -> &[u8] {
        &self.borrowed
    }

    fn is_lent(&self) -> bool {
        true
    }

    fn home(&self) -> &Handles<Self> {
        &self.home
    }
}

/// A copy of a peer's frame. Fresh memory for each would cost more than the copy.
struct Copied {
    bytes: Vec<u8>,
    copies: Weak<Copies>,
    home: Arc<Handles<Self>>,
}

impl Hold for Copied {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn home(&self) -> &Handles<Self> {
        &self.home
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        if let Some(copies) = self.copies.upgrade() {
            copies.put(std::mem::take(&mut self.bytes));
        }
    }
}

/// A pool for each topic that the other side publishes blobs on: copied once, a blob is lent to all subscribers, who may all
/// see the same.
#[derive(Debug, Default)]
struct Relays(BTreeMap<TopicPlace, BlobPool>);

impl Relays {
    /// A slot for a blob of a topic; `None` when it has to be copied elsewhere.
    fn slot(&mut self, topic: TopicPlace, bytes: usize) -> Option<FillBlob> {
        if !(LENT_BYTES_MIN..=RELAY_SLOT_BYTES_MAX).contains(&bytes) {
            return None;
        }
        let fits = |pool: &BlobPool| pool.pool().shape().slot_bytes as usize >= bytes;
        if !self.0.get(&topic).is_some_and(fits) {
            if self.0.len() >= RELAYS_MAX && !self.0.contains_key(&topic) {
                return None;
            }
            // Those who hold something of a pool that was too small keep its memory.
            let slot_bytes =
                bytes.next_power_of_two().clamp(RELAY_SLOT_BYTES_MIN, RELAY_SLOT_BYTES_MAX);
            let slots = (RELAY_BYTES_MAX / slot_bytes).min(RELAY_SLOTS_MAX);
            let pool = BlobPool::new(slots, slot_bytes);
            let pool = pool.inspect_err(|error| tracing::debug!(%error, "no pool for a topic"));
            if let Some(before) = self.0.insert(topic, pool.ok()?) {
                before.retire();
            }
        }
        self.0.get(&topic)?.lease(bytes).ok()
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        self.0.values().for_each(BlobPool::retire);
    }
}

#[derive(Debug, Default)]
struct Copies(Mutex<Vec<Vec<u8>>>);

impl Copies {
    /// A buffer that is not much larger than what comes into it: what is held is counted by what is in it.
    fn take(&self, bytes: usize) -> Vec<u8> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |buffer: &Vec<u8>| (bytes..=bytes.saturating_mul(2)).contains(&buffer.capacity());
        match kept.iter().position(fits) {
            Some(place) => kept.swap_remove(place),
            None => Vec::with_capacity(bytes),
        }
    }

    fn put(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.capacity() > COPY_BYTES_KEPT {
            return;
        }
        if kept.len() >= COPIES_KEPT {
            kept.remove(0);
        }
        kept.push(bytes);
    }
}
