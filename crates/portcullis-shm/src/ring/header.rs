//! The shared words of one direction: two indices, and who sleeps on which. Indices count bytes since the beginning and wrap.
#![allow(unsafe_code, reason = "the words are shared")]

use crate::futex::FutexWord;
use crate::sync::AtomicU32;

/// All zero at first. What one side writes all the time is on a cache line of its own, and so is the mark of who sleeps until
/// it changes: whoever publishes an index looks at the mark without waiting for another core.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Header {
    pub(super) head: End,
    pub(super) tail: End,
}

/// One index.
#[repr(C, align(128))]
#[derive(Debug)]
pub(super) struct End {
    /// Bytes published (head) or consumed (tail) so far.
    pub(super) index: FutexWord,
    /// The mark of the other side when it sleeps until the index changes, else 0.
    pub(super) waiting: AtomicU32,
}

// SAFETY: atomic integers and padding alone.
#[cfg(not(loom))]
unsafe impl crate::memory::Shared for Header {}

#[cfg(loom)]
impl Header {
    pub(super) fn zero() -> Self {
        let end = || End { index: FutexWord::zero(), waiting: AtomicU32::new(0) };
        Self { head: end(), tail: end() }
    }
}
