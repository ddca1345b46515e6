//! What the other side lends: its pools, mapped, and blobs of their slots. Main's are believed; of a peer's a copy is taken,
//! whose memory is used again for the next one.

use std::any::Any;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use portcullis_proto::codec::{Blob, Keep};
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::session::{POOLS_MAX, PoolOffer, SlotLoan};
use portcullis_shm::memory::{CreateError, OpenError};
use portcullis_shm::pool::{Borrowed, ForeignPool, Loan, Shape, Trusted, Untrusted};

use super::bad_pool;
use super::descriptors::Descriptors;

/// Buffers for copies that a connection keeps for the next ones.
const COPIES_KEPT: usize = 4;
/// Larger ones are given back at once, in bytes.
const COPY_BYTES_KEPT: usize = 16 * 1024 * 1024;

/// The pools of one connection, as their receiver sees them.
pub(super) struct Incoming {
    descriptors: Arc<Descriptors>,
    trusted: bool,
    pools: BTreeMap<u32, Foreign>,
    copies: Arc<Copies>,
}

enum Foreign {
    Main(ForeignPool<Trusted>),
    Peer(ForeignPool<Untrusted>),
}

impl Incoming {
    pub(super) fn new(descriptors: Arc<Descriptors>, trusted: bool) -> Self {
        Self { descriptors, trusted, pools: BTreeMap::new(), copies: Arc::default() }
    }

    pub(super) fn open(&mut self, pool: u32, offer: PoolOffer) -> Result<(), Goodbye> {
        if pool >= u32::from(POOLS_MAX) || self.pools.contains_key(&pool) {
            return Err(bad_pool(format!("a pool cannot have the number {pool}")));
        }
        let Some([frames, returns]) = self.descriptors.take() else {
            return Err(bad_pool(format!("pool {pool} came without its descriptors")));
        };
        let shape = Shape { slots: offer.slots, slot_bytes: offer.slot_bytes };
        let opened = open(frames, returns, shape, self.trusted);
        let opened = opened.map_err(|error| bad_pool(format!("pool {pool}: {error}")))?;
        self.pools.insert(pool, opened);
        Ok(())
    }

    pub(super) fn borrow(&mut self, loan: SlotLoan) -> Result<Blob, Goodbye> {
        let SlotLoan { pool, slot, generation, length } = loan;
        let numbers = Loan { slot, generation, len: length };
        let broken = |error: &dyn std::fmt::Display| bad_pool(format!("pool {pool}: {error}"));
        match self.pools.get(&pool) {
            None => Err(bad_pool(format!("there is no pool {pool}"))),
            Some(Foreign::Main(pool)) => {
                let borrowed = pool.borrow(numbers).map_err(|error| broken(&error))?;
                Ok(Blob::kept(Arc::new(OfMain(borrowed))))
            }
            Some(Foreign::Peer(pool)) => {
                let borrowed = pool.borrow(numbers).map_err(|error| broken(&error))?;
                let mut bytes = self.copies.take();
                borrowed.append_to(&mut bytes).map_err(|error| broken(&error))?;
                let home = Arc::downgrade(&self.copies);
                Ok(Blob::kept(Arc::new(Copied { bytes, home })))
            }
        }
    }
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
struct OfMain(Borrowed<Trusted>);

impl Keep for OfMain {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A copy of a peer's frame. Fresh memory for each would cost more than the copy.
struct Copied {
    bytes: Vec<u8>,
    home: Weak<Copies>,
}

impl Keep for Copied {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            home.put(std::mem::take(&mut self.bytes));
        }
    }
}

#[derive(Debug, Default)]
struct Copies(Mutex<Vec<Vec<u8>>>);

impl Copies {
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn put(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < COPIES_KEPT && bytes.capacity() <= COPY_BYTES_KEPT {
            kept.push(bytes);
        }
    }
}
