//! A subscription: the values that wait for its credit, within its bounds and its peer's budget. What becomes of those that may
//! not wait is left to `topics.rs`.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use portcullis_proto::codec::Body;

use crate::account::Account;
use crate::budget::Resource;
use crate::config::SUBSCRIPTION_BYTES_MAX;
use crate::instance::InstanceId;

/// A subscription.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) instance: InstanceId,
    pub(crate) ordinal: u32,
    /// Values that wait for credit; bounded by the topic's depth, and in bytes.
    pub(crate) queue: VecDeque<Waiting>,
    pub(crate) queued_bytes: usize,
    /// What waits is what the topic itself holds, once for all: it takes nothing of the subscriber's budget.
    pub(crate) retained: bool,
    /// Values missed since the last one that left or waits.
    pub(crate) missed: u32,
    /// Reports that wait for this subscriber, by token.
    pub(crate) awaited: BTreeSet<u32>,
}

/// A value that waits for a subscriber's credit.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) value: Arc<Body>,
    /// Names its report, where there is one.
    pub(crate) token: Option<u32>,
    /// Values missed right before it.
    pub(crate) missed: u32,
}

impl Subscriber {
    /// Whether one more value may wait; then its bytes are counted.
    pub(crate) fn may_wait(&mut self, depth: usize, bytes: usize, account: &Account) -> bool {
        let too_large = self.queued_bytes.saturating_add(bytes) > SUBSCRIPTION_BYTES_MAX;
        if self.queue.len() >= depth || (too_large && !self.queue.is_empty()) {
            return false;
        }
        let counted = self.retained || account.take(Resource::QueuedBytes, bytes).is_ok();
        if counted {
            self.queued_bytes += bytes;
        }
        counted
    }

    pub(crate) fn pop(&mut self, account: &Account) -> Option<Waiting> {
        let popped = self.queue.pop_front()?;
        self.queued_bytes -= popped.value.size();
        if !self.retained {
            account.give(Resource::QueuedBytes, popped.value.size());
        }
        Some(popped)
    }

    /// What waits of its peer's budget.
    pub(crate) fn counted_bytes(&self) -> usize {
        if self.retained { 0 } else { self.queued_bytes }
    }

    /// Values were missed right before the next one that leaves: the first that waits, or else the next to come.
    pub(crate) fn missed_before_next(&mut self, before: u32, values: u32) {
        let waiting = self.queue.front_mut().map(|next| &mut next.missed);
        let missed = waiting.unwrap_or(&mut self.missed);
        *missed = missed.saturating_add(before).saturating_add(values);
    }
}
