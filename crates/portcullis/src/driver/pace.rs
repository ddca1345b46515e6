//! Finds handlers that hold up the other frames of their connection: one whose first poll takes long, again and again, is
//! no longer polled in place.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the first poll of a handler may take.
pub(crate) const IN_PLACE_MAX: Duration = Duration::from_micros(100);
/// Slow polls after which a method is no longer polled in place: one alone may be the machine's fault.
const STRIKES: u32 = 3;
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
    methods: Mutex<Vec<Method>>,
}

#[derive(Debug)]
struct Method {
    channel: Arc<str>,
    strikes: u32,
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
    pub(crate) fn polled(&self, channel: &Arc<str>, took: Duration) {
        if took <= IN_PLACE_MAX {
            return;
        }
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let known = methods.iter().position(|method| method.channel == *channel);
        let index = match known {
            Some(index) => index,
            None if methods.len() < METHODS_MAX => {
                methods.push(Method { channel: Arc::clone(channel), strikes: 0 });
                methods.len() - 1
            }
            None => return,
        };
        let Some(method) = methods.get_mut(index) else { return };
        method.strikes += 1;
        if method.strikes == STRIKES {
            self.any_slow.store(true, Ordering::Relaxed);
            tracing::warn!(
                %channel, took_us = took.as_micros() as u64,
                "a handler holds up its connection: from now on it is spawned; `#[call(blocking)]` says so from the start"
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
                .any(|method| method.strikes >= STRIKES && &*method.channel == channel)
    }

    /// The methods that are no longer polled in place.
    pub(crate) fn slow(&self) -> Vec<Arc<str>> {
        let methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let slow = methods.iter().filter(|method| method.strikes >= STRIKES);
        slow.map(|method| Arc::clone(&method.channel)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_slow_after_three_strikes() {
        let pace = Pace::default();
        let channel: Arc<str> = Arc::from("a.b");
        assert!(!pace.watches());
        pace.burst(IN_PLACE_MAX * 2);
        assert!(pace.watches());
        for strike in 1..=3 {
            assert!(!pace.is_slow("a.b"), "{strike}");
            pace.polled(&channel, IN_PLACE_MAX);
            pace.polled(&channel, IN_PLACE_MAX * 2);
        }
        assert!(pace.is_slow("a.b"));
        assert!(!pace.is_slow("a.c"));
        assert_eq!(pace.slow(), [channel]);
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
