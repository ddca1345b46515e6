//! The page on which a receiver returns what was lent to it: one word for each slot, which the receiver sets to the
//! generation that it is done with. The owner's ledger decides what to believe of it.
#![allow(unsafe_code, reason = "the page is shared")]

use crate::futex::FutexWord;
use crate::sync::{AtomicU32, Ordering, fence};

use super::ledger::WORDS;

/// The words of the page; all zero at first.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Returns {
    /// Whether the owner sleeps until something is returned.
    waiting: AtomicU32,
    /// Rung by the receiver when it is asked to: what the owner sleeps on.
    bell: FutexWord,
    reserved: [AtomicU32; 14],
    generations: [AtomicU32; WORDS],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Returns>() <= 4096);

// SAFETY: atomic integers alone.
#[cfg(not(loom))]
unsafe impl crate::memory::Shared for Returns {}

impl Returns {
    /// What a page is at first.
    #[cfg(not(loom))]
    #[expect(clippy::declare_interior_mutable_const, reason = "each use is a page of its own")]
    pub(super) const EMPTY: Self = Self {
        waiting: AtomicU32::new(0),
        bell: FutexWord::ZERO,
        reserved: [const { AtomicU32::new(0) }; 14],
        generations: [const { AtomicU32::new(0) }; WORDS],
    };

    #[cfg(loom)]
    pub(super) fn empty() -> Self {
        Self {
            waiting: AtomicU32::new(0),
            bell: FutexWord::zero(),
            reserved: std::array::from_fn(|_| AtomicU32::new(0)),
            generations: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }

    /// The receiver is done with a slot. All that it read of it happened before.
    pub(crate) fn give_back(&self, slot: u32, generation: u32) {
        let Some(word) = self.generations.get(slot as usize) else { return };
        word.store(generation, Ordering::Release);
        // Against `announce`: either this sees that the owner waits, or the owner sees the word.
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) != 0 {
            self.ring();
        }
    }

    pub(crate) fn ring(&self) {
        self.bell.fetch_add(1, Ordering::Release);
        self.bell.wake(i32::MAX as u32);
    }

    /// What the receiver last said of a slot, loaded once: whoever believes it checks this copy.
    pub(super) fn last_returned(&self, slot: u32) -> Option<u32> {
        Some(self.generations.get(slot as usize)?.load(Ordering::Acquire))
    }

    /// The owner is about to sleep: gives the bell's value to sleep on. Whoever sleeps collects once more after this.
    pub(super) fn announce(&self) -> u32 {
        let seen = self.bell.load(Ordering::Acquire);
        self.waiting.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        seen
    }

    /// The owner is awake.
    pub(super) fn withdraw(&self) {
        self.waiting.store(0, Ordering::Relaxed);
    }

    pub(super) fn bell(&self) -> &FutexWord {
        &self.bell
    }
}
