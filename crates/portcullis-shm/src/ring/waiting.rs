//! Waiting until the other side's index changes: look, then sleep, bounded by a time-out, by a [`Closer`], and by how often
//! the other side may wake this one for nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::Violation;
use crate::futex::Woken;
use crate::sync::{AtomicBool, Ordering, fence};

use super::bell::Bell;
use super::header::End;
use super::lane::Lane;
use super::spin::{Spin, Spinner};

/// How often one wait may be woken for nothing before the other side counts as hostile. An honest one wakes after it has
/// moved its index, and can be late with that once for each move.
pub const FRUITLESS_MAX: u32 = 64;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There is something to take, or room to put something.
    Ready,
    /// The time is over.
    TimedOut,
    /// A [`Closer`] has closed this side. What is in the ring can still be taken.
    Closed,
}

/// Ends the waits of one side of a ring from any thread: whoever learns that the other process died, or ends it, closes.
/// It needs no cooperation of the other side. A clone closes the same side.
#[derive(Clone, Debug)]
pub struct Closer {
    state: Arc<Closing>,
    lane: Lane,
    end: fn(&Lane) -> &End,
}

/// In private memory.
#[derive(Debug)]
pub(super) struct Closing {
    closed: AtomicBool,
    /// Whether the one thread that uses this side is asleep, or about to be.
    asleep: AtomicBool,
}

impl Closer {
    pub(super) fn new(waiter: &Waiter, lane: &Lane) -> Self {
        Self { state: waiter.closing.clone(), lane: lane.clone(), end: waiter.end }
    }

    /// Ends the wait that is under way and all that come. Returns when the waiting thread has seen it.
    pub fn close(&self) {
        self.state.closed.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        // A thread that has looked already and is about to sleep is not reached by one call, so it is called until it is
        // awake. The word that it sleeps on is the other side's, so changing it would be no help.
        while self.state.asleep.load(Ordering::SeqCst) {
            (self.end)(&self.lane).index.wake(1);
            pause();
        }
    }

    /// Whether this side is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.closed.load(Ordering::SeqCst)
    }
}

#[cfg(not(loom))]
fn pause() {
    std::thread::sleep(Duration::from_micros(50));
}

#[cfg(loom)]
fn pause() {
    loom::thread::yield_now();
}

/// What one side needs to wait for the other.
#[derive(Debug)]
pub(super) struct Waiter {
    spinner: Spinner,
    closing: Arc<Closing>,
    /// Which end of the lane the other side moves.
    end: fn(&Lane) -> &End,
}

impl Waiter {
    pub(super) fn new(spin: Spin, end: fn(&Lane) -> &End) -> Self {
        let closing = Closing { closed: AtomicBool::new(false), asleep: AtomicBool::new(false) };
        Self { spinner: Spinner::new(spin), closing: Arc::new(closing), end }
    }

    /// Another for the same side: what closes one closes both. Only one of them waits at a time.
    pub(super) fn share(&self, spin: Spin) -> Self {
        Self { spinner: Spinner::new(spin), closing: Arc::clone(&self.closing), end: self.end }
    }

    /// Marks that this side waits until the other's index is another than `seen`, without sleeping. True when it is already.
    pub(super) fn arm(&self, lane: &Lane, seen: u32) -> bool {
        let end = (self.end)(lane);
        let moved = mark_and_look(end, seen);
        if moved {
            end.waiting.swap(0, Ordering::Relaxed);
        }
        moved
    }

    /// Waits until the other side's index is another than `seen`.
    pub(super) fn wait(
        &mut self,
        lane: &Lane,
        seen: u32,
        timeout: Option<Duration>,
    ) -> Result<Waited, Violation> {
        let end = (self.end)(lane);
        let closing = &*self.closing;
        let moved = || end.index.load(Ordering::Acquire) != seen;
        if moved() || self.spinner.look(moved) {
            return Ok(Waited::Ready);
        }
        closing.asleep.store(true, Ordering::SeqCst);
        let done = sleep(end, seen, timeout, closing);
        end.waiting.swap(0, Ordering::Relaxed);
        closing.asleep.store(false, Ordering::SeqCst);
        done
    }
}

fn sleep(
    end: &End,
    seen: u32,
    timeout: Option<Duration>,
    closing: &Closing,
) -> Result<Waited, Violation> {
    let mut clock = Clock::start(timeout);
    let mut fruitless = 0;
    loop {
        if mark_and_look(end, seen) {
            return Ok(Waited::Ready);
        }
        if closing.closed.load(Ordering::SeqCst) {
            return Ok(Waited::Closed);
        }
        let Some(left) = clock.left() else { return Ok(Waited::TimedOut) };
        if end.index.wait(seen, left) == Woken::Called {
            fruitless += 1;
        }
        if fruitless > FRUITLESS_MAX && end.index.load(Ordering::Acquire) == seen {
            return Err(Violation::WakeStorm(fruitless));
        }
    }
}

/// Marks that this side waits for a change of the index, and says whether it is there already.
fn mark_and_look(end: &End, seen: u32) -> bool {
    // An exchange, not a store: it comes after whatever the other side took off before.
    end.waiting.swap(mark(seen), Ordering::Relaxed);
    // Against `publish`: either the other side sees the mark, or this one sees the index.
    fence(Ordering::SeqCst);
    end.index.load(Ordering::Acquire) != seen
}

/// Publishes an index, and tells the other side if it waits on an earlier one: by its bell, or if it has none, where it sleeps.
pub(super) fn publish(end: &End, index: u32, bell: Option<&Bell>) {
    end.index.store(index, Ordering::Release);
    fence(Ordering::SeqCst);
    let marked = end.waiting.load(Ordering::Relaxed);
    if marked != 0 && marked != mark(index) {
        // The mark is taken off, so that a burst of indices wakes once and not for each; but only the mark that was seen. The
        // sleeper may have found this index by itself, and sleep until the next: that mark must stay.
        let _ = end.waiting.compare_exchange(marked, 0, Ordering::Relaxed, Ordering::Relaxed);
        match bell {
            Some(bell) => bell.ring(),
            None => end.index.wake(1),
        }
    }
}

/// The mark of who sleeps until the index is another than this: never 0, and another for each index.
fn mark(seen: u32) -> u32 {
    seen | 1
}

/// The time of one wait, which is read only if there is a limit.
struct Clock {
    limit: Option<(std::time::Instant, Duration)>,
    /// It was read just now.
    fresh: bool,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a wait that is bounded must read the clock")]
    fn start(timeout: Option<Duration>) -> Self {
        let limit = timeout.map(|timeout| (std::time::Instant::now(), timeout));
        Self { limit, fresh: true }
    }

    /// What is left; none when the time is over, and no time when there is no limit.
    #[expect(clippy::option_option, reason = "over, or so much of what may be endless")]
    fn left(&mut self) -> Option<Option<Duration>> {
        let Some((started, timeout)) = self.limit else { return Some(None) };
        let fresh = std::mem::replace(&mut self.fresh, false);
        let left = if fresh { timeout } else { timeout.saturating_sub(started.elapsed()) };
        (!left.is_zero()).then_some(Some(left))
    }
}
