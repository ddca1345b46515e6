//! How long to wait before what has ended is tried again: rules without a clock, chance or I/O, which come in as arguments.
//! Processes that are started again and connections that are made again keep the same ones.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first wait.
pub const WAIT_INITIAL: Duration = Duration::from_millis(100);
/// The longest wait before a process is started, or a connection made again.
pub const WAIT_MAX: Duration = Duration::from_secs(5);
/// Each wait is so many times the one before.
pub const WAIT_FACTOR: u32 = 2;
/// By so many percent a wait is shortened at most, so that those which have ended together do not come back together.
pub const WAIT_JITTER_PERCENT: u8 = 20;
/// What stood for so long was well: the next wait is the first one again.
pub const WAIT_STEADY: Duration = Duration::from_secs(10);

/// A roll of chance is below this.
pub(crate) const ROLLS: u32 = 1_000;

/// The rules of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub initial: Duration,
    /// The longest wait.
    pub max: Duration,
    /// Each wait is so many times the one before.
    pub factor: u32,
    /// By so many percent, 100 at most, each wait is shortened at most, at random.
    pub jitter_percent: u8,
    /// What stood for so long begins with the first wait again.
    pub steady: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: WAIT_INITIAL,
            max: WAIT_MAX,
            factor: WAIT_FACTOR,
            jitter_percent: WAIT_JITTER_PERCENT,
            steady: WAIT_STEADY,
        }
    }
}

/// The waits of one thing so far.
#[derive(Clone, Debug)]
pub(crate) struct Waits {
    rules: Backoff,
    /// Waits since it was last well.
    streak: u32,
}

impl Waits {
    pub(crate) fn new(rules: Backoff) -> Self {
        Self { rules, streak: 0 }
    }

    /// The wait that is due now that it has ended after it `stood` for so long; `roll` is any number below [`ROLLS`].
    pub(crate) fn next(&mut self, stood: Duration, roll: u32) -> Duration {
        if stood >= self.rules.steady {
            self.streak = 0;
        }
        let wait = self.wait(roll);
        self.streak = self.streak.saturating_add(1);
        Duration::from_millis(wait)
    }

    /// None so far, by the same rules.
    pub(crate) fn anew(&self) -> Self {
        Self::new(self.rules)
    }

    /// The wait that is due, in milliseconds.
    fn wait(&self, roll: u32) -> u64 {
        let Backoff { initial, max, factor, jitter_percent, .. } = self.rules;
        let max = millis(max);
        let mut wait = millis(initial).min(max);
        for _ in 0..self.streak {
            let next = wait.saturating_mul(u64::from(factor.max(1))).min(max);
            // It grows no more, however many turns are left.
            if next == wait {
                break;
            }
            wait = next;
        }
        let jitter = u64::from(jitter_percent.min(100));
        let share = jitter * u64::from(roll.min(ROLLS - 1));
        wait - wait.saturating_mul(share) / (100 * u64::from(ROLLS))
    }
}

/// Whole milliseconds, a hundred years at most: what both languages count exactly.
pub(crate) fn millis(time: Duration) -> u64 {
    const LONGEST: u64 = 100 * 366 * 24 * 3_600 * 1_000;
    u64::try_from(time.as_millis()).map_or(LONGEST, |ms| ms.min(LONGEST))
}

/// Chance, for waits: nothing secret hangs on it.
pub(crate) fn roll() -> u32 {
    let drawn = RandomState::new().hash_one(0_u8) % u64::from(ROLLS);
    u32::try_from(drawn).unwrap_or_default()
}
