//! Wakers that are touched only when no lock is held. Waking one, or dropping it, may run any code: that of a task whose
//! last handle it is, which drops the calls that it waited for.

use std::task::Waker;

use smallvec::SmallVec;

/// Wakers that a turn has to do with: those that are due, and those that nobody needs any more. Whoever drops this wakes
/// the ones and drops the others, and holds no lock around the session meanwhile.
#[derive(Debug, Default)]
pub struct Wakes {
    due: SmallVec<[Waker; 4]>,
    gone: Vec<Waker>,
}

impl Wakes {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty() && self.gone.is_empty()
    }

    /// Whoever waits there is woken.
    #[inline]
    pub fn wake(&mut self, slot: &mut Option<Waker>) {
        // Of a row of items all but the first find that nobody waits any more.
        if let Some(waker) = slot.take() {
            self.due.push(waker);
        }
    }

    /// Whoever waited there does not wait any more.
    pub fn forget(&mut self, slot: &mut Option<Waker>) {
        self.gone.extend(slot.take());
    }

    /// Whom to wake from now on.
    pub fn put(&mut self, slot: &mut Option<Waker>, waker: &Waker) {
        self.gone.extend(Self::replace(slot, waker));
    }

    /// The same for whoever has nothing else to do with wakers: whom it was to wake before comes back, to be dropped without
    /// the lock.
    #[inline]
    #[must_use]
    pub fn replace(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
        if slot.as_ref().is_some_and(|held| held.will_wake(waker)) {
            return None;
        }
        slot.replace(waker.clone())
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        self.due.drain(..).for_each(Waker::wake);
    }
}
