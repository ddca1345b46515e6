//! The writing end of one direction: records are staged, and published together by one store and at most one wake-up.

use std::time::Duration;

use crate::Violation;
use crate::sync::Ordering;

use super::bell::Bell;
use super::lane::Lane;
use super::spin::Spin;
use super::waiting::{Closer, Waited, Waiter, publish};
use super::{LENGTH_BYTES, footprint};

/// Why a record was not put into the ring. Nothing of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// With its length it is more than half of the ring: cut it, or send it otherwise.
    #[error("a record of {bytes} bytes does not fit in half a ring of {capacity}")]
    TooLong {
        /// Bytes of the record.
        bytes: usize,
        /// Bytes of the ring.
        capacity: u32,
    },
    /// There is no room now, after the time that was given if one was.
    #[error("the ring is full")]
    Full,
    /// This side is closed.
    #[error("the ring is closed")]
    Closed,
    /// The other side broke the protocol: end it.
    #[error(transparent)]
    Violation(#[from] Violation),
}

/// The one writer of a direction.
#[derive(Debug)]
pub struct Producer {
    lane: Lane,
    /// Where the next record goes; private, and ahead of what is published by what is staged.
    staged: u32,
    published: u32,
    /// The other side's index, as it was last checked.
    tail: u32,
    waiter: Waiter,
    /// What tells the reader of records, if it does not sleep on the index.
    bell: Option<Bell>,
}

/// How far the reader of a ring was when its writer last looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u32);

/// Waits for room in a ring without its writing end.
#[derive(Debug)]
pub struct RoomWaiter {
    lane: Lane,
    waiter: Waiter,
}

impl RoomWaiter {
    /// Waits until the reader has come further than `seen`. The ring must have been full then: a reader looks for a waiting writer
    /// only where more than half of the ring has come since it last did.
    ///
    /// # Errors
    /// [`Violation`] of the other side.
    pub fn wait(&mut self, seen: Seen, timeout: Option<Duration>) -> Result<Waited, Violation> {
        self.waiter.wait(&self.lane, seen.0, timeout)
    }
}

impl Producer {
    pub(super) fn new(lane: Lane, spin: Spin) -> Self {
        let waiter = Waiter::new(spin, |lane| &lane.header().tail);
        Self { lane, staged: 0, published: 0, tail: 0, waiter, bell: None }
    }

    /// From now on the reader does not sleep on the index: it is told by its bell.
    pub fn tell_by(&mut self, bell: Bell) {
        self.bell = Some(bell);
    }

    /// Puts one record into the ring, and wakes the other side if it sleeps.
    ///
    /// # Errors
    /// [`PushError`].
    pub fn push(&mut self, record: &[u8]) -> Result<(), PushError> {
        self.stage(&[record])?;
        self.publish();
        Ok(())
    }

    /// The same, but waits for room, at most for `timeout` if there is one.
    ///
    /// # Errors
    /// [`PushError`]; [`PushError::Full`] when the time is over.
    pub fn push_wait(&mut self, record: &[u8], timeout: Option<Duration>) -> Result<(), PushError> {
        match self.stage(&[record]) {
            Err(PushError::Full) => {}
            done => {
                self.publish();
                return done;
            }
        }
        match self.wait(record.len(), timeout)? {
            Waited::Ready => self.push(record),
            Waited::TimedOut => Err(PushError::Full),
            Waited::Closed => Err(PushError::Closed),
        }
    }

    /// Writes one record, made of these parts, that the other side does not see until [`publish`](Self::publish).
    ///
    /// # Errors
    /// [`PushError`]; what was staged before is as it was.
    pub fn stage(&mut self, parts: &[&[u8]]) -> Result<(), PushError> {
        let len = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        let need = self.footprint(len)?;
        if need > self.room() {
            self.look()?;
            if need > self.room() {
                return Err(PushError::Full);
            }
        }
        // It fits in 32 bits, since its footprint does.
        self.lane.write(self.staged, &(len as u32).to_le_bytes());
        let mut at = self.staged.wrapping_add(LENGTH_BYTES);
        for part in parts {
            self.lane.write(at, part);
            at = at.wrapping_add(part.len() as u32);
        }
        self.staged = self.staged.wrapping_add(need);
        Ok(())
    }

    /// Shows the other side all that was staged, and wakes it if it sleeps: once for all of it.
    pub fn publish(&mut self) {
        if self.staged == self.published {
            return;
        }
        self.published = self.staged;
        publish(&self.lane.header().head, self.published, self.bell.as_ref());
    }

    /// The longest record that fits now, in bytes; none if not even an empty one does. For who cuts a stream into records.
    ///
    /// # Errors
    /// [`Violation`] of the other side.
    pub fn longest(&mut self) -> Result<Option<usize>, Violation> {
        self.look()?;
        // Both are multiples of the alignment, so the length and its record fill them.
        let bytes = self.room().min(self.lane.capacity() / 2);
        Ok(bytes.checked_sub(LENGTH_BYTES).map(|bytes| bytes as usize))
    }

    /// Publishes what is staged, and waits until there is room for a record of so many bytes.
    ///
    /// # Errors
    /// [`PushError::TooLong`] and [`PushError::Violation`].
    pub fn wait(&mut self, len: usize, timeout: Option<Duration>) -> Result<Waited, PushError> {
        self.publish();
        let need = self.footprint(len)?;
        loop {
            self.look()?;
            if need <= self.room() {
                return Ok(Waited::Ready);
            }
            // Each move of the tail makes room, so this ends after one turn for each record in the ring at the latest.
            match self.waiter.wait(&self.lane, self.tail, timeout)? {
                Waited::Ready => {}
                ended => return Ok(ended),
            }
        }
    }

    /// What ends waits of this end from elsewhere.
    #[must_use]
    pub fn closer(&self) -> Closer {
        Closer::new(&self.waiter, &self.lane)
    }

    /// What another thread waits by until there is room, while this end stays with whoever writes. Only one thread waits for room
    /// at a time.
    #[must_use]
    pub fn room_waiter(&self) -> RoomWaiter {
        RoomWaiter { lane: self.lane.clone(), waiter: self.waiter.share(Spin::Never) }
    }

    /// How far the other side had come when this one last looked: what a [`RoomWaiter`] waits for a change of.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen(self.tail)
    }

    /// Bytes that a record takes.
    fn footprint(&self, len: usize) -> Result<u32, PushError> {
        let capacity = self.lane.capacity();
        let need = footprint(len).filter(|need| *need <= capacity / 2);
        need.ok_or(PushError::TooLong { bytes: len, capacity })
    }

    fn room(&self) -> u32 {
        // Both are this side's own, and `look` keeps their distance within the capacity.
        self.lane.capacity() - self.staged.wrapping_sub(self.tail)
    }

    /// Takes over the other side's index, once it is checked.
    fn look(&mut self) -> Result<(), Violation> {
        let tail = self.lane.header().tail.index.load(Ordering::Acquire);
        let moved = tail.wrapping_sub(self.tail);
        let most = self.published.wrapping_sub(self.tail);
        if moved > most || !moved.is_multiple_of(super::ALIGNMENT) {
            return Err(Violation::Index { from: self.tail, to: tail });
        }
        self.tail = tail;
        Ok(())
    }
}
