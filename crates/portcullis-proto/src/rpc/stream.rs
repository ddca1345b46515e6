//! The two ends of a flow of items: [`Sink`] sends, [`Source`] takes. Credit makes a fast sender wait for a slow taker.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::call::Call;
use super::local::{Bodies, Host, WriteBody};
use crate::codec::Message;
use crate::error::Error;
use crate::session::{Leg, SendError};
use crate::status::Status;

/// Items of a flow that drops that are sent in a row; then others of the same thread have their turn, so that one who
/// never waits hears that its call was cancelled.
pub const SENT_IN_A_ROW_MAX: u32 = 64;

/// Sends the items of a stream, in order.
pub struct Sink<T> {
    host: Arc<dyn Host>,
    leg: Leg,
    /// Set where the oldest item goes when the other side is too slow: how many wait at most.
    keep: Option<u32>,
    /// Items sent since it last let others have their turn.
    in_a_row: u32,
    /// The call that a handler serves. When it has ended, the leg may be another's.
    call: Option<Call>,
    items: PhantomData<fn(T)>,
}

impl<T: Message> Sink<T> {
    /// The sending end of `leg`.
    pub fn new(host: Arc<dyn Host>, leg: Leg) -> Self {
        Self { host, leg, keep: None, in_a_row: 0, call: None, items: PhantomData }
    }

    pub(super) fn of(mut self, call: &Call) -> Self {
        self.call = Some(call.clone());
        self
    }

    /// The same, but it never waits for the other side: when that is too slow, `depth` items are kept and the oldest goes.
    #[must_use]
    pub fn dropping(mut self, depth: u32) -> Self {
        self.keep = Some(depth.max(1));
        self
    }

    /// Sends an item, as soon as the other side has room for it.
    ///
    /// # Errors
    ///
    /// `invalid_argument` when the item breaks its contract (nothing was sent), `cancelled` when nobody takes items any
    /// more, `resource_exhausted` when it is larger than a frame may be.
    pub async fn send(&mut self, item: &T) -> Result<(), Error> {
        if self.keep.is_some() {
            poll_fn(|context| self.poll_turn(context)).await;
        }
        poll_fn(|context| self.poll_send(context, item)).await
    }

    /// Sends these items, in order, each as soon as the other side has room for it. For many small ones this is several
    /// times as fast as one after the other, since up to [`SENT_IN_A_ROW_MAX`] leave together.
    ///
    /// # Errors
    ///
    /// As [`Self::send`], of the first item that cannot be sent; those before it were.
    pub async fn send_all(&mut self, items: &[T]) -> Result<(), Error> {
        for row in items.chunks(SENT_IN_A_ROW_MAX as usize) {
            if self.keep.is_some() {
                // A whole row is one's turn.
                poll_fn(|context| self.poll_turn(context)).await;
                self.in_a_row = SENT_IN_A_ROW_MAX;
            }
            let mut rest = row;
            poll_fn(|context| self.poll_send_all(context, &mut rest)).await?;
        }
        Ok(())
    }

    /// Sends an item if the other side has room for it now; false when it has not.
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    pub fn try_send(&mut self, item: &T) -> Result<bool, Error> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match self.poll_send(&mut context, item) {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Ok(false),
        }
    }

    /// Pending once for every so many items.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.in_a_row < SENT_IN_A_ROW_MAX {
            self.in_a_row += 1;
            return Poll::Ready(());
        }
        self.in_a_row = 0;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_send(&self, context: &mut Context<'_>, item: &T) -> Poll<Result<(), Error>> {
        if self.call.as_ref().is_some_and(Call::is_cancelled) {
            return Poll::Ready(Err(nobody_takes()));
        }
        let body: WriteBody<'_> = &mut |out| item.encode(out);
        self.host.poll_send(self.leg, self.keep, context, body).map_err(refused)
    }

    /// Sends what may be sent of the items, and shortens them by it.
    fn poll_send_all(
        &self,
        context: &mut Context<'_>,
        items: &mut &[T],
    ) -> Poll<Result<(), Error>> {
        if self.call.as_ref().is_some_and(Call::is_cancelled) {
            return Poll::Ready(Err(nobody_takes()));
        }
        let all = *items;
        let bodies: Bodies<'_> = &mut |place, out| match all.get(place) {
            Some(item) => item.encode(out),
            None => Ok(()),
        };
        let (sent, next) = self.host.poll_send_all(self.leg, self.keep, context, all.len(), bodies);
        *items = all.get(sent..).unwrap_or_default();
        next.map_err(refused)
    }
}

fn nobody_takes() -> Error {
    Error::new(Status::Cancelled, "nobody takes items any more")
}

fn refused(error: SendError) -> Error {
    match error {
        SendError::CallEnded => nobody_takes(),
        other => other.into(),
    }
}

impl<T> Sink<T> {
    /// Says that this was the last item. Dropping the sink says the same.
    pub fn finish(self) {}
}

impl<T> Drop for Sink<T> {
    fn drop(&mut self) {
        self.host.finish(self.leg);
    }
}

impl<T> fmt::Debug for Sink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sink").field(&self.leg).finish()
    }
}

/// Takes the items that a caller sends.
pub struct Source<T> {
    host: Arc<dyn Host>,
    leg: Leg,
    /// As with [`Sink`].
    call: Option<Call>,
    items: PhantomData<fn() -> T>,
}

impl<T: Message> Source<T> {
    /// The taking end of `leg`.
    pub fn new(host: Arc<dyn Host>, leg: Leg) -> Self {
        Self { host, leg, call: None, items: PhantomData }
    }

    pub(super) fn of(mut self, call: &Call) -> Self {
        self.call = Some(call.clone());
        self
    }

    /// The next item; `None` after the last one.
    ///
    /// # Errors
    ///
    /// `invalid_argument` when an item breaks its contract: the flow ends there.
    pub async fn next(&mut self) -> Result<Option<T>, Error> {
        let taken = poll_fn(|context| {
            if self.call.as_ref().is_some_and(Call::is_cancelled) {
                return Poll::Ready(None);
            }
            self.host.poll_take(self.leg, context)
        })
        .await;
        taken.map(|item| item.read()).transpose().map_err(|error| Error::invalid(&error))
    }
}

impl<T> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.leg).finish()
    }
}
