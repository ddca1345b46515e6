//! When a process that has ended is started again, after which wait, and when that is given up: rules without clock, chance
//! or I/O, which come in as arguments. Who starts and ends processes is `keeper`. The same rules in TypeScript stand in the
//! Electron adapter; both replay `tests/vectors/supervisor/restarts.json`.

use std::collections::VecDeque;
use std::time::Duration;

/// The wait before the first restart.
pub const RESTART_INITIAL: Duration = Duration::from_millis(100);
/// The longest wait before a restart.
pub const RESTART_WAIT_MAX: Duration = Duration::from_secs(5);
/// Each wait is so many times the one before.
pub const RESTART_FACTOR: u32 = 2;
/// By so many percent a wait is shortened at most, so that processes which have ended together do not come back together.
pub const RESTART_JITTER_PERCENT: u8 = 20;
/// A process that was ready for so long was well: the next wait is the first one again.
pub const RESTART_STEADY: Duration = Duration::from_secs(10);
/// Restarts of a process within [`RESTARTS_WITHIN`] after which it is given up, unless told.
pub const RESTARTS: u32 = 10;
/// The time in which [`RESTARTS`] are counted, unless told.
pub const RESTARTS_WITHIN: Duration = Duration::from_secs(60);
/// Most restarts that can be allowed within a time; more is taken as this.
pub const RESTARTS_MAX: u32 = 1_000;

/// A roll of chance is below this.
pub(super) const ROLLS: u32 = 1_000;

/// Which ends of a process are followed by a restart. The words are Erlang's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// All, but for those that main has asked for.
    #[default]
    Permanent,
    /// All but that and an exit with code 0.
    Transient,
    /// None.
    Temporary,
}

/// The rules by which a process is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// After which ends.
    pub restart: Restart,
    /// The wait before the first restart.
    pub initial: Duration,
    /// The longest wait.
    pub max: Duration,
    /// Each wait is so many times the one before.
    pub factor: u32,
    /// By so many percent, 100 at most, each wait is shortened at most, at random.
    pub jitter_percent: u8,
    /// A process that was ready for so long begins with the first wait again.
    pub steady: Duration,
    /// So many restarts …
    pub restarts: u32,
    /// … within this time, and the next one is not made.
    pub within: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            restart: Restart::default(),
            initial: RESTART_INITIAL,
            max: RESTART_WAIT_MAX,
            factor: RESTART_FACTOR,
            jitter_percent: RESTART_JITTER_PERCENT,
            steady: RESTART_STEADY,
            restarts: RESTARTS,
            within: RESTARTS_WITHIN,
        }
    }
}

/// How a process has ended, as far as the rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, without a fault.
    Normal,
    /// With a fault, a signal, or because it had to be killed.
    Abnormal,
    /// In a way that the next one would share: built from another contract, say.
    Hopeless,
    /// Because main wanted it.
    Asked,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Another start, after this wait.
    Restart(Duration),
    /// Nothing: all is as it should be.
    Rest,
    /// Nothing, although there should be one: it was restarted too often, or it would not help.
    GiveUp,
}

/// The restarts of one process so far.
#[derive(Clone, Debug)]
pub(super) struct Restarts {
    policy: RestartPolicy,
    /// Waits since the process was last well.
    streak: u32,
    /// When the restarts were that still count, the oldest first; at most [`RESTARTS_MAX`].
    recent: VecDeque<u64>,
}

impl Restarts {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self { policy, streak: 0, recent: VecDeque::new() }
    }

    /// The process has ended at `now` (since any moment, always the same) after it was ready for `ready`; `roll` is any
    /// number below [`ROLLS`].
    pub(super) fn ended(
        &mut self,
        now: Duration,
        ready: Duration,
        ending: Ending,
        roll: u32,
    ) -> Decision {
        match (ending, self.policy.restart) {
            (Ending::Hopeless, _) => return Decision::GiveUp,
            (Ending::Asked, _) | (_, Restart::Temporary) | (Ending::Normal, Restart::Transient) => {
                return Decision::Rest;
            }
            (Ending::Abnormal | Ending::Normal, _) => {}
        }
        let now = millis(now);
        let within = millis(self.policy.within);
        while self.recent.front().is_some_and(|then| now.saturating_sub(*then) >= within) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.policy.restarts.min(RESTARTS_MAX) as usize {
            return Decision::GiveUp;
        }
        self.recent.push_back(now);
        if ready >= self.policy.steady {
            self.streak = 0;
        }
        let wait = self.wait(roll);
        self.streak = self.streak.saturating_add(1);
        Decision::Restart(Duration::from_millis(wait))
    }

    /// The wait that is due, in milliseconds.
    fn wait(&self, roll: u32) -> u64 {
        let max = millis(self.policy.max);
        let mut wait = millis(self.policy.initial).min(max);
        for _ in 0..self.streak {
            let next = wait.saturating_mul(u64::from(self.policy.factor.max(1))).min(max);
            // It grows no more, however many turns are left.
            if next == wait {
                break;
            }
            wait = next;
        }
        let jitter = u64::from(self.policy.jitter_percent.min(100));
        let share = jitter * u64::from(roll.min(ROLLS - 1));
        wait - wait.saturating_mul(share) / (100 * u64::from(ROLLS))
    }
}

/// Whole milliseconds, a hundred years at most: what both languages count exactly.
fn millis(time: Duration) -> u64 {
    const LONGEST: u64 = 100 * 366 * 24 * 3_600 * 1_000;
    u64::try_from(time.as_millis()).map_or(LONGEST, |ms| ms.min(LONGEST))
}

#[cfg(test)]
mod tests;
