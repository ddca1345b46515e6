//! A subscription that outlives connections and instances.

use std::fmt;

use portcullis_proto::codec::Message;
use portcullis_proto::error::Error;
use portcullis_proto::peer::Subscription;
use portcullis_proto::rpc::Client;
use portcullis_proto::status::Status;
use tokio::time::Instant;

use super::lasting::Lasting;
use crate::backoff::{Waits, roll};

/// Makes the subscription.
type Subscribe<C, T> = Box<dyn Fn(&C) -> Subscription<T> + Send>;

/// What comes next of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// A value.
    Value(T),
    /// The subscription was made anew, on another connection or instance: values may have been missed before the next one.
    Anew,
}

/// The values of a topic over all connections and instances, in the order they were published. Drop it to unsubscribe.
///
/// It is made anew by whoever waits for its next value: who does not ask, subscribes to nothing.
#[must_use = "a subscription that is dropped is cancelled"]
pub struct LastingSubscription<C, T> {
    lasting: Lasting<C>,
    subscribe: Subscribe<C, T>,
    phase: Phase<T>,
    waits: Waits,
    /// Before it, it is not made anew.
    due: Instant,
    missed: u32,
}

enum Phase<T> {
    /// It was not made yet.
    New,
    Live(Subscription<T>, Instant),
    /// It was made before, and is to be made again.
    Gap,
    Over,
}

impl<C: Client, T: Message> LastingSubscription<C, T> {
    pub(super) fn new(lasting: Lasting<C>, subscribe: Subscribe<C, T>) -> Self {
        let waits = lasting.waits();
        let due = Instant::now();
        Self { lasting, subscribe, phase: Phase::New, waits, due, missed: 0 }
    }

    /// The next value, or that the subscription was made anew: told once for each time, before the first value of it; a
    /// state topic's last value comes right behind. `None` when the topic has ended, or an error was returned before.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    ///
    /// # Errors
    ///
    /// What is final: `permission_denied`, `contract_mismatch`, `resource_exhausted` when this subscriber was too slow and
    /// the topic's policy is to end it, `unavailable` when the connection has ended for good.
    pub async fn next(&mut self) -> Result<Option<Next<T>>, Error> {
        // Every turn waits for a value, or for the moment to subscribe.
        loop {
            match &mut self.phase {
                Phase::Over => return Ok(None),
                Phase::Live(live, since) => match live.next().await {
                    Ok(Some(value)) => {
                        self.missed = live.missed();
                        return Ok(Some(Next::Value(value)));
                    }
                    Err(error) if error.status() == Status::Unavailable => {
                        let wait = self.waits.next(since.elapsed(), roll());
                        self.due = Instant::now() + wait;
                        self.phase = Phase::Gap;
                    }
                    Ok(None) => self.phase = Phase::Over,
                    Err(error) => {
                        self.phase = Phase::Over;
                        return Err(error);
                    }
                },
                Phase::New | Phase::Gap => {
                    let anew = matches!(self.phase, Phase::Gap);
                    match self.lasting.binding(self.due).await {
                        Ok(binding) => {
                            let live = (self.subscribe)(&C::from_binding(binding));
                            self.phase = Phase::Live(live, Instant::now());
                        }
                        Err(error) => {
                            self.phase = Phase::Over;
                            return Err(error);
                        }
                    }
                    if anew {
                        return Ok(Some(Next::Anew));
                    }
                }
            }
        }
    }

    /// Values of the present subscription that were missed before the one last taken, as this subscriber was slow. What was
    /// missed while there was none, nobody has counted.
    pub fn missed(&self) -> u32 {
        self.missed
    }
}

impl<C, T> fmt::Debug for LastingSubscription<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastingSubscription")
            .field("lasting", &self.lasting)
            .finish_non_exhaustive()
    }
}
