//! What a caller holds: the future of a call's outcome, and the items of a stream. Dropping either cancels.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::cell::{CellKey, Ending};
use super::report::DeliveryReport;
use super::shared::Shared;
use crate::codec::{Message, Parts, from_parts};
use crate::error::{Error, Retry};
use crate::rpc::{CallError, ChannelInfo, Items, Wakes, poll_take_all};
use crate::session::Leg;
use crate::status::Status;

/// A call that was made. Await it for its outcome; drop it to cancel.
#[must_use = "a call that is dropped is cancelled"]
pub struct Calling<T, F> {
    peer: Arc<Shared>,
    channel: &'static ChannelInfo,
    /// The error when it could not be made; `None` once its outcome was taken.
    cell: Result<Option<CellKey>, Option<Error>>,
    reply: PhantomData<fn() -> (T, F)>,
}

impl<T, F> Calling<T, F> {
    pub(super) fn new(
        peer: Arc<Shared>,
        channel: &'static ChannelInfo,
        opened: Result<CellKey, Error>,
    ) -> Self {
        Self { peer, channel, cell: opened.map(Some).map_err(Some), reply: PhantomData }
    }
}

impl<T, F> Calling<T, F> {
    /// What it calls.
    pub fn channel(&self) -> &'static ChannelInfo {
        self.channel
    }
}

impl<T: Message, F: CallError> Calling<T, F> {
    #[inline]
    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Result<T, F>> {
        let key = match &mut self.cell {
            Ok(Some(key)) => *key,
            Ok(None) => {
                return Poll::Ready(Err(
                    Error::new(Status::Cancelled, "polled after its end").into()
                ));
            }
            Err(error) => {
                let error = error.take();
                let error =
                    error.unwrap_or_else(|| Error::new(Status::Cancelled, "polled after its end"));
                return Poll::Ready(Err(error.into()));
            }
        };
        let mut core = self.peer.lock();
        let Some(cell) = core.cells.get(key) else { return Poll::Pending };
        let outcome = match cell.ending {
            Ending::Open => {
                let replaced = Wakes::replace(&mut cell.waker, context.waker());
                drop(core);
                drop(replaced);
                return Poll::Pending;
            }
            Ending::Answered(Status::Ok) => from_parts::<T>(&cell.body, &cell.blobs)
                .map_err(|error| unreadable(self.channel, &error.to_string()).into()),
            Ending::Answered(Status::Application) => {
                Err(F::from_application(&cell.body, &cell.blobs)
                    .unwrap_or_else(|error| unreadable(self.channel, &error.to_string()).into()))
            }
            Ending::Answered(status) => {
                Err(Error::from_end(status, &cell.body).on(self.channel.name).into())
            }
            Ending::Refused(status) => {
                Err(Error::from_end(status, &cell.body).on(self.channel.name).unsent().into())
            }
            Ending::Expired { sent } => {
                let text = "the time for the call ran out";
                Err(local_error(self.channel, Status::DeadlineExceeded, sent, text).into())
            }
            Ending::Lost { sent } => {
                let why = core.ended.as_ref().map_or_else(String::new, ToString::to_string);
                let text = format!("the connection ended before the answer came ({why})");
                Err(local_error(self.channel, Status::Unavailable, sent, text).into())
            }
        };
        let waker = core.cells.release(key);
        drop(core);
        drop(waker);
        self.cell = Ok(None);
        Poll::Ready(outcome)
    }
}

/// An error that this side has found by itself.
#[cold]
fn local_error(
    channel: &ChannelInfo,
    status: Status,
    sent: bool,
    text: impl Into<String>,
) -> Error {
    let error = Error::new(status, text).on(channel.name);
    let error = if sent { error } else { error.unsent() };
    // What was never sent is safe to make again, idempotent or not.
    if status.retry_helps(channel.idempotent || !sent) {
        error.retrying(Retry::Later)
    } else {
        error
    }
}

/// The hub has checked the reply, so the two builds disagree.
#[cold]
fn unreadable(channel: &ChannelInfo, error: &str) -> Error {
    Error::new(Status::Internal, format!("the answer breaks its contract: {error}"))
        .on(channel.name)
}

impl<T: Message, F: CallError> Future for Calling<T, F> {
    type Output = Result<T, F>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_outcome(context)
    }
}

impl<T, F> Drop for Calling<T, F> {
    fn drop(&mut self) {
        let Ok(Some(key)) = self.cell else { return };
        // What belonged to it is dropped once the lock is gone: a service that was to be served may hold clients.
        let now = self.peer.now();
        let _given_up = self.peer.with(|core| core.give_up(key, now));
    }
}

impl<T, F> fmt::Debug for Calling<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calling").field("channel", &self.channel.name).finish()
    }
}

/// A stream of items from the callee, and the reply that it ends with. Drop it to cancel.
#[must_use = "a stream that is dropped is cancelled"]
pub struct Incoming<D, T, F> {
    calling: Calling<T, F>,
    id: u32,
    missed: u32,
    /// Items that were taken together and are handed out one by one.
    taken: Items,
    items: PhantomData<fn() -> D>,
}

impl<D: Message, T: Message, F: CallError> Incoming<D, T, F> {
    pub(super) fn new(calling: Calling<T, F>, id: u32) -> Self {
        Self { calling, id, missed: 0, taken: Items::default(), items: PhantomData }
    }

    /// The next item; `None` when the stream has ended well: [`Self::reply`] then has what it ended with.
    ///
    /// # Errors
    ///
    /// What the stream ended with, when it did not end well.
    pub async fn next(&mut self) -> Result<Option<D>, F> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`Self::next`], for hand-written futures.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<D>, F>> {
        if self.taken.is_empty() {
            match self.poll_items(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return self.poll_failure(context),
                Poll::Ready(Some(())) => {}
            }
        }
        let read = |parts: Parts<'_>, missed| (from_parts(parts.bytes, parts.blobs), missed);
        let Some((item, missed)) = self.taken.take_with(read) else {
            return self.poll_failure(context);
        };
        self.missed = missed;
        let channel = self.calling.channel;
        Poll::Ready(item.map(Some).map_err(|error| unreadable(channel, &error.to_string()).into()))
    }

    /// Takes what has come, at least one item; `None` when nothing more will.
    fn poll_items(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        let Ok(Some(key)) = self.calling.cell else { return Poll::Ready(None) };
        let (id, taken) = (self.id, &mut self.taken);
        self.calling.peer.with(|core| {
            let Some(cell) = core.cells.get(key) else { return Poll::Ready(None) };
            if cell.ending == Ending::Open {
                let leg = Leg::Outbound(id);
                let wakes = &mut core.retired.wakes;
                return poll_take_all(&mut core.session, leg, context, taken, wakes);
            }
            if let Some(left) = &mut cell.left_over {
                *taken = left.take_rest();
            }
            Poll::Ready((!taken.is_empty()).then_some(()))
        })
    }

    /// The items are all taken: an ending that is not `ok` is reported now; a good one waits for [`Self::reply`].
    fn poll_failure(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<D>, F>> {
        if let Ok(Some(key)) = self.calling.cell {
            let mut core = self.calling.peer.lock();
            if let Some(cell) = core.cells.get(key)
                && cell.ending == Ending::Answered(Status::Ok)
            {
                return Poll::Ready(Ok(None));
            }
        } else if self.calling.cell == Ok(None) {
            return Poll::Ready(Ok(None));
        }
        match self.calling.poll_outcome(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(None)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Items that were dropped before the one last taken.
    pub fn missed(&self) -> u32 {
        self.missed
    }

    /// What the stream ends with. Items that were not taken are dropped.
    ///
    /// # Errors
    ///
    /// What the stream ended with, when it did not end well.
    pub async fn reply(mut self) -> Result<T, F> {
        // Items are taken, so that their sender is not held up.
        while self.next().await?.is_some() {}
        poll_fn(|context| self.calling.poll_outcome(context)).await
    }
}

impl<D, T, F> fmt::Debug for Incoming<D, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("calling", &self.calling).finish()
    }
}

/// A published value whose delivery report is awaited. Dropping it changes nothing for the value.
#[must_use = "the report comes by awaiting it"]
pub struct Reporting(Pin<Box<dyn Future<Output = Result<DeliveryReport, Error>> + Send>>);

impl Reporting {
    /// A report that comes from `future`.
    pub fn new(
        future: impl Future<Output = Result<DeliveryReport, Error>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(future))
    }

    pub(super) fn calling(calling: Calling<DeliveryReport, Error>) -> Self {
        Self(Box::pin(calling))
    }

    pub(super) fn failed(error: Error) -> Self {
        Self(Box::pin(std::future::ready(Err(error))))
    }
}

impl Future for Reporting {
    type Output = Result<DeliveryReport, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Reporting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporting")
    }
}
