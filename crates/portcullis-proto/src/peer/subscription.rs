//! A subscriber's end of a topic.

use std::fmt;
use std::task::{Context, Poll};

use super::binding::Binding;
use super::calling::Incoming;
use crate::codec::Message;
use crate::error::Error;

/// The values of a topic, in the order they were published. Drop it to unsubscribe.
#[must_use = "a subscription that is dropped is cancelled"]
pub struct Subscription<T> {
    incoming: Incoming<T, (), Error>,
    _binding: Binding,
}

impl<T: Message> Subscription<T> {
    pub(super) fn new(incoming: Incoming<T, (), Error>, binding: Binding) -> Self {
        Self { incoming, _binding: binding }
    }

    /// The next value; a state topic's last one comes first. `None` when the topic has ended.
    ///
    /// # Errors
    ///
    /// `permission_denied` when it is not granted, `unavailable` when the instance or the connection is gone,
    /// `resource_exhausted` when this subscriber was too slow and the topic's policy is to end it.
    pub async fn next(&mut self) -> Result<Option<T>, Error> {
        self.incoming.next().await
    }

    /// As [`Self::next`], for hand-written futures.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        self.incoming.poll_next(context)
    }

    /// Values that this subscriber missed before the one last taken.
    pub fn missed(&self) -> u32 {
        self.incoming.missed()
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("incoming", &self.incoming).finish()
    }
}
