//! Finds handlers that hold up the other frames of their connection: one whose first poll takes long, again and again, is
//! no longer polled in place.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What the first poll of a handler may take.
pub(crate) const IN_PLACE_MAX: Duration = Duration::from_micros(100);
/// What a slow poll counts; a fast one that is watched takes one back. The machine itself makes a poll slow now and then,
/// by giving the processor to another thread in the middle of it: that alone never sums up.
const STRIKE: u32 = 32;
/// The sum at which a method is no longer polled in place: three slow polls in a row, or one of every 32 for long.
const STRIKES_MAX: u32 = 3 * STRIKE - 8;
/// Bursts that are watched call by call, after one that took long.
const WATCHED_BURSTS: u32 = 64;
/// Methods that are kept an eye on: more than contracts have.
const METHODS_MAX: usize = 1024;

/// What is known of the pace of handlers.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Bursts that are still to be watched call by call.
    watching: AtomicU32,
    any_slow: AtomicBool,
    /// Some method has strikes.
    any_strike: AtomicBool,
    methods: Mutex<Vec<Method>>,
}

#[derive(Debug)]
struct Method {
    channel: &'static str,
    strikes: u32,
}

impl Method {
    fn is_slow(&self) -> bool {
        self.strikes >= STRIKES_MAX
    }
}

impl Pace {
    /// Whether each call of the next burst is to be timed.
    pub(crate) fn watches(&self) -> bool {
        self.watching.load(Ordering::Relaxed) > 0
    }

    /// A burst has taken that long in all.
    pub(crate) fn burst(&self, took: Duration) {
        if took > IN_PLACE_MAX {
            self.watching.store(WATCHED_BURSTS, Ordering::Relaxed);
        } else if self.watches() {
            self.watching.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A call was polled in place and took that long.
    pub(crate) fn polled(&self, channel: &'static str, took: Duration) {
        let slow = took > IN_PLACE_MAX;
        if !slow && !self.any_strike.load(Ordering::Relaxed) {
            return;
        }
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let known = methods.iter().position(|method| method.channel == channel);
        let index = match known {
            Some(index) => index,
            None if slow && methods.len() < METHODS_MAX => {
                methods.push(Method { channel, strikes: 0 });
                methods.len() - 1
            }
            None => return,
        };
        let Some(method) = methods.get_mut(index) else { return };
        if method.is_slow() {
            return;
        }
        if !slow {
            method.strikes = method.strikes.saturating_sub(1);
            return;
        }
        method.strikes += STRIKE;
        self.any_strike.store(true, Ordering::Relaxed);
        if method.is_slow() {
            self.any_slow.store(true, Ordering::Relaxed);
            tracing::warn!(
                channel,
                took_us = took.as_micros() as u64,
                "a handler holds up its connection: from now on calls of it are spawned; `#[call(blocking)]` says so from the start"
            );
        }
    }

    /// Whether a method is no longer polled in place.
    pub(crate) fn is_slow(&self, channel: &str) -> bool {
        self.any_slow.load(Ordering::Relaxed)
            && self
                .methods
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .any(|method| method.is_slow() && method.channel == channel)
    }

    /// The methods that are no longer polled in place.
    pub(crate) fn slow(&self) -> Vec<&'static str> {
        let methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let slow = methods.iter().filter(|method| method.is_slow());
        slow.map(|method| method.channel).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_slow_after_three_strikes() {
        let pace = Pace::default();
        let channel = "a.b";
        assert!(!pace.watches());
        pace.burst(IN_PLACE_MAX * 2);
        assert!(pace.watches());
        for strike in 1..=3 {
            assert!(!pace.is_slow("a.b"), "{strike}");
            pace.polled(channel, IN_PLACE_MAX);
            pace.polled(channel, IN_PLACE_MAX * 2);
        }
        assert!(pace.is_slow("a.b"));
        assert!(!pace.is_slow("a.c"));
        assert_eq!(pace.slow(), [channel]);
    }

    #[test]
    fn a_method_that_is_rarely_held_up_by_the_machine_stays_in_place() {
        let pace = Pace::default();
        let channel = "a.b";
        for poll in 0..100_000 {
            let took = if poll % 40 == 0 { IN_PLACE_MAX * 100 } else { Duration::from_micros(1) };
            pace.polled(channel, took);
        }
        assert!(!pace.is_slow("a.b"));
        for _ in 0..3 {
            pace.polled(channel, IN_PLACE_MAX * 2);
        }
        assert!(pace.is_slow("a.b"));
    }

    #[test]
    fn a_method_that_is_slow_at_every_tenth_call_is_found() {
        let pace = Pace::default();
        let channel = "a.b";
        let found = (0..100).find(|poll| {
            let took = if poll % 10 == 0 { IN_PLACE_MAX * 2 } else { Duration::from_micros(1) };
            pace.polled(channel, took);
            pace.is_slow("a.b")
        });
        assert_eq!(found, Some(30));
    }

    #[test]
    fn watching_ends_by_itself() {
        let pace = Pace::default();
        pace.burst(IN_PLACE_MAX * 2);
        for _ in 0..WATCHED_BURSTS {
            assert!(pace.watches());
            pace.burst(IN_PLACE_MAX);
        }
        assert!(!pace.watches());
    }
}
