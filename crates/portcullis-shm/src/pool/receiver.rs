//! The owner's handle on one receiver: lends frames to it, says what it holds, and reclaims all of it when it is dropped.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::{fmt, io};

use crate::Violation;
use crate::memory::{CreateError, Mapping, OpenError, Writers, page_bytes};

use super::ledger::Ledger;
use super::owner::{Borrower, Inner, RECEIVERS_MAX, State};
use super::returns::Returns;
use super::{Frame, LendError, Loan, SLOTS_MAX};

/// A page of returns, mapped.
#[derive(Debug)]
pub(super) struct Page(Mapping);

impl Page {
    fn create() -> Result<(OwnedFd, Self), CreateError> {
        let (descriptor, mapping) = Mapping::create(page_bytes(), Writers::Everybody)?;
        Ok((descriptor, Self(mapping)))
    }

    pub(super) fn open(descriptor: &impl AsFd) -> Result<Self, OpenError> {
        Mapping::open(descriptor, page_bytes(), Writers::Everybody).map(Self)
    }

    #[cfg(test)]
    pub(super) fn heap() -> (Self, Self) {
        let (owners, receivers) = Mapping::heap(page_bytes(), crate::memory::View::Write);
        (Self(owners), Self(receivers))
    }
}

impl std::ops::Deref for Page {
    type Target = Returns;

    fn deref(&self) -> &Returns {
        // Pages are created and opened by the functions above only, long enough and for writing.
        self.0.shared(0).unwrap_or(&NOWHERE)
    }
}

/// In place of a page that is too short, which there is not.
static NOWHERE: Returns = Returns::EMPTY;

/// One receiver of a pool, for its owner.
///
/// Dropping this says that the receiver is dead, or has no access any more to what it was lent: everything it holds is
/// reclaimed, and its slots are written anew. **A receiver that opened the pool as
/// [`Trusted`](super::Trusted) reads slices: drop its handle only when its process has ended.** One that copies reads a
/// mixture of old and new bytes in the worst case.
pub struct Receiver {
    pool: Arc<Inner>,
    index: usize,
    page: Arc<Page>,
    descriptor: Option<OwnedFd>,
}

impl Receiver {
    pub(super) fn new(pool: &Arc<Inner>, quota: u32) -> Result<Self, CreateError> {
        let (descriptor, page) = Page::create()?;
        Self::with(pool, quota, page, Some(descriptor))
    }

    pub(super) fn with(
        pool: &Arc<Inner>,
        quota: u32,
        page: Page,
        descriptor: Option<OwnedFd>,
    ) -> Result<Self, CreateError> {
        let page = Arc::new(page);
        let ledger = Ledger::new(pool.shape.slots, quota);
        let mut state = pool.lock();
        let index = match state.receivers.iter().position(Option::is_none) {
            Some(index) => index,
            None if state.receivers.len() < RECEIVERS_MAX => {
                state.receivers.push(None);
                state.receivers.len() - 1
            }
            None => {
                return Err(CreateError::Receivers { max: RECEIVERS_MAX });
            }
        };
        if let Some(place) = state.receivers.get_mut(index) {
            *place = Some(Borrower { ledger, page: page.clone() });
        }
        drop(state);
        Ok(Self { pool: pool.clone(), index, page, descriptor })
    }

    /// A duplicate of the descriptor of the page on which this receiver returns frames: for it alone.
    ///
    /// # Errors
    /// When this process has no more descriptors.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        match &self.descriptor {
            Some(descriptor) => descriptor.try_clone(),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Lends a frame: it stays as it is until the receiver returns it. The loan's numbers are what to send.
    ///
    /// # Errors
    /// [`LendError`].
    pub fn lend(&self, frame: &Frame) -> Result<Loan, LendError> {
        if !frame.is_of(&self.pool) {
            return Err(LendError::OtherPool);
        }
        let loan = frame.loan();
        let mut state = self.pool.lock();
        let done = self.write_down(&mut state, loan);
        if let Err(LendError::Full(_) | LendError::Held) = done {
            // It may have returned some meanwhile.
            state.collect();
            self.write_down(&mut state, loan)?;
        } else {
            done?;
        }
        state.keep(loan.slot);
        Ok(loan)
    }

    fn write_down(&self, state: &mut State, loan: Loan) -> Result<(), LendError> {
        let borrower = state.borrower(self.index).ok_or(LendError::OtherPool)?;
        borrower.ledger.lend(loan.slot, loan.generation, &self.page)
    }

    /// Takes a loan back of which the receiver **was never told**, because it was dropped before it left. False when there is
    /// no such loan.
    pub fn take_back(&self, loan: Loan) -> bool {
        let mut state = self.pool.lock();
        let ledger = state.borrower(self.index).map(|borrower| &mut borrower.ledger);
        let found = ledger.is_some_and(|ledger| ledger.take_back(loan.slot, loan.generation));
        let freed = found && state.release(loan.slot);
        drop(state);
        if freed {
            self.pool.freed();
        }
        found
    }

    /// Collects what was returned, looks at the whole page, and says how many frames the receiver still holds.
    ///
    /// # Errors
    /// The violation, if it ever committed one: end it, and drop this.
    pub fn check(&self) -> Result<u32, Violation> {
        let mut state = self.pool.lock();
        state.collect();
        let Some(Borrower { ledger, .. }) = state.borrower(self.index) else { return Ok(0) };
        if let Some(violation) = ledger.violation() {
            return Err(violation);
        }
        ledger.audit(&self.page)?;
        Ok(ledger.held())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        let borrower = state.receivers.get_mut(self.index).and_then(Option::take);
        let mut freed = false;
        for slot in borrower.iter().flat_map(|borrower| borrower.ledger.slots_held()) {
            freed |= state.release(slot);
        }
        drop(state);
        if freed {
            self.pool.freed();
        }
        // Whoever sleeps on this page's bell looks again at those that are left.
        self.page.ring();
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("index", &self.index).finish_non_exhaustive()
    }
}

const _: () = assert!(SLOTS_MAX * size_of::<u32>() < 4096);
