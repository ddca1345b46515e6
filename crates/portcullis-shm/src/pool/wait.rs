//! Waiting for a slot, bounded: the owner sleeps on the bells of all receivers and its own, and looks again when one rings.
//! A receiver that rings for nothing makes it doze instead, so that it costs little.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::futex;

use super::owner::{Inner, Pool};
use super::receiver::Page;
use super::{Lease, LeaseError};

/// How often a wait may be woken for nothing before it sleeps through bells, looking again each millisecond.
const RINGS_MAX: u32 = 64;

/// Counts a thread that sleeps, so that frames which are dropped in this process wake it.
struct Sleeper<'a>(&'a Inner);

impl<'a> Sleeper<'a> {
    fn new(pool: &'a Inner) -> Self {
        pool.sleepers.fetch_add(1, Ordering::SeqCst);
        Self(pool)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        // Under the lock, as pages are told: who comes to sleep after this tells them again.
        let state = self.0.lock();
        if self.0.sleepers.fetch_sub(1, Ordering::SeqCst) == 1 {
            for borrower in state.receivers.iter().flatten() {
                borrower.page.withdraw();
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a wait that is bounded must read the clock")]
fn now() -> Instant {
    Instant::now()
}

pub(super) fn lease(pool: &Pool, len: usize, timeout: Duration) -> Result<Lease, LeaseError> {
    match pool.lease(len) {
        Err(LeaseError::Exhausted) => {}
        done => return done,
    }
    let started = now();
    let inner = &*pool.inner;
    let _sleeper = Sleeper::new(inner);
    for round in 0u32.. {
        let own = inner.bell.load(Ordering::Acquire);
        // After each page was told, returns ring; what came before is found by the lease below.
        let pages: Vec<(u32, Arc<Page>)> = {
            let state = inner.lock();
            let pages = state.receivers.iter().flatten().map(|borrower| borrower.page.clone());
            pages.map(|page| (page.announce(), page)).collect()
        };
        let done = pool.lease(len);
        if !matches!(done, Err(LeaseError::Exhausted)) {
            return done;
        }
        let left = timeout.saturating_sub(started.elapsed());
        if left.is_zero() {
            break;
        }
        if round < RINGS_MAX {
            let bells = pages.iter().map(|(seen, page)| (page.bell(), *seen));
            let words: Vec<_> = std::iter::once((&inner.bell, own)).chain(bells).collect();
            futex::wait_any(&words, left);
        } else {
            std::thread::sleep(left.min(futex::NAP));
        }
    }
    Err(LeaseError::Exhausted)
}
