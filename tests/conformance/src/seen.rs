//! What handlers leave behind, for scenarios to look at and to wait for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Counts, and lets others wait for a count.
#[derive(Clone, Debug)]
pub struct Counter(watch::Sender<u32>);

impl Default for Counter {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// How many so far.
    pub fn get(&self) -> u32 {
        *self.0.borrow()
    }

    /// Waits until there are at least `count`.
    pub async fn reach(&self, count: u32) {
        let mut counts = self.0.subscribe();
        // The sender lives as long as `self`.
        let _ = counts.wait_for(|now| *now >= count).await;
    }
}

/// What the handlers of a scenario have done.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Long-running handlers that were started.
    pub started: Counter,
    /// Long-running handlers that are gone: done, or dropped by a cancel.
    pub stopped: Counter,
    /// Items that were sent.
    pub sent: Counter,
    /// Items that were taken.
    pub taken: Counter,
    /// Notifications that came.
    pub told: Counter,
    remaining: Arc<Mutex<Option<Duration>>>,
}

impl Seen {
    /// A handler runs for as long as this lives.
    pub fn running(&self) -> Running {
        self.started.add();
        Running(self.stopped.clone())
    }

    /// A handler was told how long it has.
    pub fn note_remaining(&self, remaining: Option<Duration>) {
        *self.remaining.lock().unwrap_or_else(PoisonError::into_inner) = remaining;
    }

    /// How long the last handler that noted it was told it has.
    pub fn remaining(&self) -> Option<Duration> {
        *self.remaining.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handler that runs.
#[derive(Debug)]
pub struct Running(Counter);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.add();
    }
}
