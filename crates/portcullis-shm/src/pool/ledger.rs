//! The owner's record of what one receiver holds, and the only judge of what that receiver claims to have returned: it
//! believes a generation for a slot that it lent with that generation, and nothing else.

use crate::Violation;

use super::returns::Returns;

/// The most slots of a pool.
pub const SLOTS_MAX: usize = 256;

/// Words of a page of returns; in models, as few as will do.
pub(super) const WORDS: usize = if cfg!(loom) { 2 } else { SLOTS_MAX };

const WORD_BITS: usize = u64::BITS as usize;

/// Why a frame was not lent to a receiver. The frame, the pool and all other receivers are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LendError {
    /// The receiver holds as many frames as it may: wait for it, or drop this one as the channel's policy says.
    #[error("the receiver holds {0} frames, all that it may")]
    Full(u32),
    /// It holds this very frame already.
    #[error("the receiver holds this frame already")]
    Held,
    /// It had this very frame, and has returned it: the numbers of a loan name one loan.
    #[error("the receiver has returned this frame already")]
    Returned,
    /// The frame is of another pool than the receiver.
    #[error("the frame is of another pool")]
    OtherPool,
    /// The receiver broke the protocol: end it, and drop its handle.
    #[error(transparent)]
    Violation(#[from] Violation),
}

/// What one receiver holds.
#[derive(Debug)]
pub(super) struct Ledger {
    entries: Box<[Entry]>,
    /// One bit for each slot that is on loan.
    held: [u64; SLOTS_MAX.div_ceil(WORD_BITS)],
    count: u32,
    quota: u32,
    violation: Option<Violation>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// The generation that is on loan, where the bit is set.
    lent: u32,
    /// What stood on the page when it was last believed.
    returned: u32,
}

impl Ledger {
    /// For a pool of so many slots, of which the receiver may hold `quota` at once.
    pub(super) fn new(slots: u32, quota: u32) -> Self {
        Self {
            entries: vec![Entry::default(); slots as usize].into(),
            held: [0; SLOTS_MAX.div_ceil(WORD_BITS)],
            count: 0,
            quota,
            violation: None,
        }
    }

    /// Frames that are on loan, as far as was collected.
    pub(super) fn held(&self) -> u32 {
        self.count
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation
    }

    /// Whether this generation of the slot could be mistaken for one that was returned long ago (they wrap).
    pub(super) fn confuses(&self, slot: u32, generation: u32) -> bool {
        self.entries.get(slot as usize).is_some_and(|entry| entry.returned == generation)
    }

    /// Writes down a loan.
    pub(super) fn lend(
        &mut self,
        slot: u32,
        generation: u32,
        returns: &Returns,
    ) -> Result<(), LendError> {
        if let Some(violation) = self.violation {
            return Err(violation.into());
        }
        if self.has(slot) {
            return Err(LendError::Held);
        }
        if self.confuses(slot, generation) {
            return Err(LendError::Returned);
        }
        if self.count >= self.quota {
            return Err(LendError::Full(self.count));
        }
        // What is written there before the loan exists cannot be its return.
        self.check_unlent(slot, returns)?;
        let Some(entry) = self.entries.get_mut(slot as usize) else {
            return Err(LendError::OtherPool);
        };
        entry.lent = generation;
        self.mark(slot, true);
        Ok(())
    }

    /// Forgets a loan of which the receiver was never told. False when there is no such loan.
    pub(super) fn take_back(&mut self, slot: u32, generation: u32) -> bool {
        let lent = self.entries.get(slot as usize).is_some_and(|entry| entry.lent == generation);
        let found = lent && self.has(slot);
        if found {
            self.mark(slot, false);
        }
        found
    }

    /// Believes what was rightly returned, and tells each slot. After a violation nothing is believed any more.
    pub(super) fn collect(
        &mut self,
        returns: &Returns,
        mut freed: impl FnMut(u32),
    ) -> Result<(), Violation> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        for slot in self.slots_held() {
            let Some(generation) = returns.last_returned(slot) else { continue };
            let Some(entry) = self.entries.get_mut(slot as usize) else { continue };
            if generation == entry.returned {
                continue;
            }
            if generation != entry.lent {
                return Err(self.violated(Violation::ForeignReturn { slot, generation }));
            }
            entry.returned = generation;
            self.mark(slot, false);
            freed(slot);
        }
        Ok(())
    }

    /// Looks at what [`collect`](Self::collect) has no need to look at: the words of slots that are not on loan.
    pub(super) fn audit(&mut self, returns: &Returns) -> Result<(), Violation> {
        for slot in 0..self.entries.len() as u32 {
            if !self.has(slot) {
                self.check_unlent(slot, returns)?;
            }
        }
        Ok(())
    }

    /// The slots that are on loan, lowest first.
    pub(super) fn slots_held(&self) -> impl Iterator<Item = u32> + use<> {
        self.held.into_iter().zip(0..).flat_map(|(mut bits, word)| {
            std::iter::from_fn(move || {
                let bit = bits.trailing_zeros();
                bits &= bits.checked_sub(1)?;
                Some(word * u64::BITS + bit)
            })
        })
    }

    fn check_unlent(&mut self, slot: u32, returns: &Returns) -> Result<(), Violation> {
        let expected = self.entries.get(slot as usize).map(|entry| entry.returned);
        match returns.last_returned(slot) {
            Some(generation) if Some(generation) != expected => {
                Err(self.violated(Violation::ForeignReturn { slot, generation }))
            }
            _ => Ok(()),
        }
    }

    fn violated(&mut self, violation: Violation) -> Violation {
        *self.violation.get_or_insert(violation)
    }

    fn has(&self, slot: u32) -> bool {
        let word = self.held.get(slot as usize / WORD_BITS).copied().unwrap_or(0);
        word >> (slot as usize % WORD_BITS) & 1 == 1
    }

    fn mark(&mut self, slot: u32, held: bool) {
        let Some(word) = self.held.get_mut(slot as usize / WORD_BITS) else { return };
        let bit = 1 << (slot as usize % WORD_BITS);
        if held {
            *word |= bit;
            self.count += 1;
        } else {
            *word &= !bit;
            self.count = self.count.saturating_sub(1);
        }
    }
}
