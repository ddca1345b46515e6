//! The reading end of one direction: takes records out, many at once, and gives their room back by one store.

use std::time::Duration;

use crate::Violation;
use crate::sync::Ordering;

use super::lane::Lane;
use super::spin::Spin;
use super::waiting::{Closer, Waited, Waiter, publish};
use super::{ALIGNMENT, LENGTH_BYTES, footprint};

/// The most records that one call takes out.
pub const BATCH_RECORDS_MAX: usize = 1024;

/// The one reader of a direction.
#[derive(Debug)]
pub struct Consumer {
    lane: Lane,
    /// Where the next record begins; private. The other side is told by `release`.
    taken: u32,
    released: u32,
    /// What was released when this side last looked whether the other waits for room.
    announced: u32,
    /// The other side's index, as it was last checked.
    head: u32,
    waiter: Waiter,
}

impl Consumer {
    pub(super) fn new(lane: Lane, spin: Spin) -> Self {
        let waiter = Waiter::new(spin, |lane| &lane.header().head);
        Self { lane, taken: 0, released: 0, announced: 0, head: 0, waiter }
    }

    /// Takes one record, behind what the vector holds; gives its length, or none when the ring is empty.
    ///
    /// # Errors
    /// [`Violation`] of the other side; the vector is as it was.
    pub fn pop(&mut self, into: &mut Vec<u8>) -> Result<Option<usize>, Violation> {
        let taken = self.take(into, usize::MAX);
        self.release();
        taken
    }

    /// Takes the records that are there, one behind the other: as many as fit in about `bytes_max` (one is always taken), and
    /// at most [`BATCH_RECORDS_MAX`]. Gives how many they were.
    ///
    /// # Errors
    /// [`Violation`] of the other side; the vector holds what came before it.
    pub fn pop_batch(&mut self, into: &mut Vec<u8>, bytes_max: usize) -> Result<usize, Violation> {
        let full = into.len().saturating_add(bytes_max);
        let mut count = 0;
        let done = loop {
            let room = if count == 0 { usize::MAX } else { full.saturating_sub(into.len()) };
            match self.take(into, room) {
                Ok(Some(_)) => count += 1,
                Ok(None) => break Ok(count),
                Err(violation) => break Err(violation),
            }
            if count == BATCH_RECORDS_MAX {
                break Ok(count);
            }
        };
        self.release();
        done
    }

    /// Waits until there is a record, at most for `timeout` if there is one.
    ///
    /// # Errors
    /// [`Violation`] of the other side.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<Waited, Violation> {
        if self.taken != self.head {
            return Ok(Waited::Ready);
        }
        self.waiter.wait(&self.lane, self.head, timeout)
    }

    /// Marks that this end waits for a record, without sleeping: the other side rings its [`Bell`](super::Bell) then, once. True
    /// when there is something already.
    pub fn arm(&mut self) -> bool {
        self.taken != self.head || self.waiter.arm(&self.lane, self.head)
    }

    /// What ends waits of this end from elsewhere.
    #[must_use]
    pub fn closer(&self) -> Closer {
        Closer::new(&self.waiter, &self.lane)
    }

    /// Takes the next record if it has at most `bytes_max` bytes.
    fn take(&mut self, into: &mut Vec<u8>, bytes_max: usize) -> Result<Option<usize>, Violation> {
        if self.taken == self.head {
            self.look()?;
            if self.taken == self.head {
                return Ok(None);
            }
        }
        let available = self.head.wrapping_sub(self.taken);
        let len = self.lane.read_len(self.taken);
        let room = footprint(len as usize).filter(|footprint| *footprint <= available);
        let Some(footprint) = room else {
            return Err(Violation::RecordLength { bytes: len, available });
        };
        if len as usize > bytes_max {
            return Ok(None);
        }
        self.lane.read(self.taken.wrapping_add(LENGTH_BYTES), len, into);
        self.taken = self.taken.wrapping_add(footprint);
        Ok(Some(len as usize))
    }

    /// Tells the other side how far this one is.
    fn release(&mut self) {
        if self.taken == self.released {
            return;
        }
        self.released = self.taken;
        let tail = &self.lane.header().tail;
        // To look costs a fence. A writer waits only if its record, of half the ring at most, did not fit beside what it had
        // published: then more than half of the ring has come since this side looked.
        if self.head.wrapping_sub(self.announced) > self.lane.capacity() / 2 {
            publish(tail, self.released, None);
            self.announced = self.released;
        } else {
            tail.index.store(self.released, Ordering::Release);
        }
    }

    /// Takes over the other side's index, once it is checked.
    fn look(&mut self) -> Result<(), Violation> {
        let head = self.lane.header().head.index.load(Ordering::Acquire);
        let moved = head.wrapping_sub(self.head);
        // What is taken but not released yet is still the ring's: it cannot hold more than its capacity.
        let most = self.lane.capacity() - self.head.wrapping_sub(self.released);
        if moved > most || !moved.is_multiple_of(ALIGNMENT) {
            return Err(Violation::Index { from: self.head, to: head });
        }
        self.head = head;
        Ok(())
    }
}
