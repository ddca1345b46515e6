//! Where a follower's values come from: a subscription, or one that outlives connections.

use std::future::Future;

use portcullis_proto::codec::Message;
use portcullis_proto::error::Error;
use portcullis_proto::peer::Subscription;
use portcullis_proto::rpc::Client;

use super::version::Versioned;
use crate::client::reconnect::{LastingSubscription, Next};

/// What [`SharedCopy::follow`](super::SharedCopy::follow) takes: a [`Subscription`], or a [`LastingSubscription`].
pub trait Values<T>: sealed::Sealed + Send + 'static {
    /// The next value; `None` when there is no other.
    #[doc(hidden)]
    fn next_value(&mut self) -> impl Future<Output = Result<Option<Versioned<T>>, Error>> + Send;
}

mod sealed {
    pub trait Sealed {}
}

impl<T> sealed::Sealed for Subscription<Versioned<T>> {}

impl<T: Message> Values<T> for Subscription<Versioned<T>> {
    async fn next_value(&mut self) -> Result<Option<Versioned<T>>, Error> {
        self.next().await
    }
}

impl<C, T> sealed::Sealed for LastingSubscription<C, Versioned<T>> {}

impl<C: Client + 'static, T: Message> Values<T> for LastingSubscription<C, Versioned<T>> {
    async fn next_value(&mut self) -> Result<Option<Versioned<T>>, Error> {
        // That it began anew is told by the value behind it: its epoch is another one if the owner is.
        while let Some(next) = self.next().await? {
            if let Next::Value(value) = next {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}
