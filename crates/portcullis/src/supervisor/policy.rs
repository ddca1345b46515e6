//! When a process that has ended is started again, after which wait, and when that is given up: rules without clock, chance
//! or I/O, which come in as arguments. Who starts and ends processes is `keeper`. The same rules in TypeScript stand in the
//! Electron adapter; both replay `tests/vectors/supervisor/restarts.json`.

use std::collections::VecDeque;
use std::time::Duration;

use crate::backoff::{
    Backoff, WAIT_FACTOR, WAIT_INITIAL, WAIT_JITTER_PERCENT, WAIT_MAX, WAIT_STEADY, Waits, millis,
};

/// Restarts of a process within [`RESTARTS_WITHIN`] after which it is given up, unless told.
pub const RESTARTS: u32 = 10;
/// The time in which [`RESTARTS`] are counted, unless told.
pub const RESTARTS_WITHIN: Duration = Duration::from_secs(60);
/// Most restarts that can be allowed within a time; more is taken as this.
pub const RESTARTS_MAX: u32 = 1_000;

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
            initial: WAIT_INITIAL,
            max: WAIT_MAX,
            factor: WAIT_FACTOR,
            jitter_percent: WAIT_JITTER_PERCENT,
            steady: WAIT_STEADY,
            restarts: RESTARTS,
            within: RESTARTS_WITHIN,
        }
    }
}

impl RestartPolicy {
    fn backoff(&self) -> Backoff {
        let Self { initial, max, factor, jitter_percent, steady, .. } = *self;
        Backoff { initial, max, factor, jitter_percent, steady }
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
    waits: Waits,
    /// When the restarts were that still count, the oldest first; at most [`RESTARTS_MAX`].
    recent: VecDeque<u64>,
}

impl Restarts {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self { policy, waits: Waits::new(policy.backoff()), recent: VecDeque::new() }
    }

    /// The process has ended at `now` (since any moment, always the same) after it was ready for `ready`; `roll` is any
    /// number below [`crate::backoff::ROLLS`].
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
        Decision::Restart(self.waits.next(ready, roll))
    }
}

#[cfg(test)]
mod tests;
