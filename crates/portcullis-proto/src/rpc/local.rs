//! Calls that are served in this process: what a session keeps for each, and how its handler gets at the flows.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use smallvec::SmallVec;

use super::call::Call;
use super::items::{Items, Taken};
use super::wakes::Wakes;
use crate::codec::{Blobs, Body, CodecError, Encoder, Parts};
use crate::row::Row;
use crate::session::{Leg, SendError, Session};
use crate::status::Status;
use crate::time::Time;

/// Writes the body of an item.
pub type WriteBody<'a> = &'a mut dyn FnMut(&mut Encoder<'_>) -> Result<(), CodecError>;

/// Writes the body of the item with this place in a row of them.
pub type Bodies<'a> = &'a mut dyn FnMut(usize, &mut Encoder<'_>) -> Result<(), CodecError>;

/// How a row of items has gone: how many were sent, and what became of the one behind them.
pub type Sent = (usize, Poll<Result<(), SendError>>);

/// What a handler's flows reach their session through. One for each connection.
pub trait Host: Send + Sync {
    /// The time.
    fn now(&self) -> Time;

    /// Sends an item as soon as there is credit; or, with `keep`, at once into a queue of that many, whose oldest goes.
    fn poll_send(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        body: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>>;

    /// The same for `count` items in a row, of which those are sent that may be now: what it costs to get at the
    /// connection is paid once for all of them. `Ready` of nothing when all were sent.
    fn poll_send_all(
        &self,
        leg: Leg,
        keep: Option<u32>,
        context: &mut Context<'_>,
        count: usize,
        bodies: Bodies<'_>,
    ) -> Sent {
        send_each(count, bodies, |body| self.poll_send(leg, keep, context, body))
    }

    /// Takes the next item; `None` at the end of the flow.
    fn poll_take(&self, leg: Leg, context: &mut Context<'_>) -> Poll<Option<Taken>>;

    /// Says that no more items go to the callee.
    fn finish(&self, leg: Leg);
}

/// What a session keeps for a call that a handler in this process serves, or for a stream that a client reads.
#[derive(Debug, Default)]
pub struct LocalCall {
    /// Set once the handler has started.
    pub call: Option<Call>,
    /// Items that have come and were not taken; bounded by the credit given.
    items: Items,
    finished: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Items and bytes taken, for which credit was not yet given back.
    taken: (u32, u32),
    /// Items that wait for credit, of a flow that drops its oldest; bounded by its depth.
    outgoing: VecDeque<Body>,
    /// Items dropped since the last one that left.
    dropped: u32,
    /// How the call ends once those items have left.
    end: Option<Box<(Status, Body)>>,
    /// No more items follow those.
    finish: bool,
}

impl LocalCall {
    /// An item has come.
    pub fn push(&mut self, missed: u32, body: &[u8], blobs: Blobs, wakes: &mut Wakes) {
        self.items.push(Taken { body: SmallVec::from_slice(body), blobs, missed });
        wakes.wake(&mut self.reader);
    }

    /// Items have come together.
    pub fn push_row(&mut self, missed: u32, row: Row<'_>, wakes: &mut Wakes) {
        self.items.push_row(missed, row);
        wakes.wake(&mut self.reader);
    }

    /// Items that have come and were not taken, in bytes.
    pub fn queued_bytes(&self) -> usize {
        self.items.bytes()
    }

    /// Nothing can be taken now: the end of the flow, or whom to wake when something comes.
    fn wait<T>(&mut self, context: &Context<'_>, wakes: &mut Wakes) -> Poll<Option<T>> {
        if self.finished {
            return Poll::Ready(None);
        }
        wakes.put(&mut self.reader, context.waker());
        Poll::Pending
    }

    /// The flow has ended; what is queued can still be taken.
    pub fn end_of_items(&mut self, wakes: &mut Wakes) {
        self.finished = true;
        wakes.wake(&mut self.reader);
    }

    fn keep(&mut self, depth: u32, body: Body) {
        if self.outgoing.len() >= depth as usize {
            self.outgoing.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.outgoing.push_back(body);
    }

    /// Keeps the outcome of a call until the items before it have left. False when none waits: it may leave now.
    pub fn hold_end(&mut self, status: Status, body: Parts<'_>) -> bool {
        let waits = !self.outgoing.is_empty();
        if waits {
            self.end = Some(Box::new((status, body.to_body())));
        }
        waits
    }

    /// There is credit again, or none is needed any more.
    pub fn wake_writer(&mut self, wakes: &mut Wakes) {
        wakes.wake(&mut self.writer);
    }

    /// The call has its outcome, and this is to be dropped: whoever waits is its handler, which is done.
    pub fn retire(&mut self, wakes: &mut Wakes) {
        wakes.forget(&mut self.reader);
        wakes.forget(&mut self.writer);
    }

    /// Takes the items of a flow that has ended.
    pub fn take_rest(&mut self) -> Items {
        std::mem::take(&mut self.items)
    }
}

/// A session's data that may be a local call.
pub trait Locals {
    /// The local call, if it is one.
    fn local(&mut self) -> Option<&mut LocalCall>;
}

/// Which local call a leg is.
fn local<I: Locals, O: Locals>(session: &mut Session<I, O>, leg: Leg) -> Option<&mut LocalCall> {
    match leg {
        Leg::Inbound(id) => session.inbound_mut(id)?.local(),
        Leg::Outbound(id) => session.outbound_mut(id)?.local(),
    }
}

/// Sends one after the other, each in a frame of its own, up to the first that cannot be sent now.
pub fn send_each(
    count: usize,
    bodies: Bodies<'_>,
    mut send: impl FnMut(WriteBody<'_>) -> Poll<Result<(), SendError>>,
) -> Sent {
    for place in 0..count {
        let sent = send(&mut |out| bodies(place, out));
        if !matches!(sent, Poll::Ready(Ok(()))) {
            return (place, sent);
        }
    }
    (count, Poll::Ready(Ok(())))
}

/// Sends an item when there is credit, or remembers whom to wake. From its first item down on, a stream has no deadline.
pub fn poll_send<I: Locals, O: Locals>(
    session: &mut Session<I, O>,
    leg: Leg,
    keep: Option<u32>,
    context: &mut Context<'_>,
    body: WriteBody<'_>,
    wakes: &mut Wakes,
) -> Poll<Result<(), SendError>> {
    let Some(may_send) = session.may_send(leg) else {
        return Poll::Ready(Err(SendError::CallEnded));
    };
    let Some(call) = local(session, leg) else { return Poll::Ready(Err(SendError::CallEnded)) };
    let sent = match keep {
        _ if may_send && call.outgoing.is_empty() => {
            let missed = std::mem::take(&mut call.dropped);
            Poll::Ready(session.item_with_credit(leg, missed, None, body))
        }
        Some(depth) => {
            match Body::write(body) {
                Ok(item) => call.keep(depth, item),
                Err(error) => return Poll::Ready(Err(SendError::Codec(error))),
            }
            Poll::Ready(Ok(()))
        }
        None => {
            wakes.put(&mut call.writer, context.waker());
            Poll::Pending
        }
    };
    if matches!(sent, Poll::Ready(Ok(()))) {
        begun(session, leg);
    }
    sent
}

/// An item has left. If it is the first one down, the stream has no deadline any more.
fn begun<I: Locals, O: Locals>(session: &mut Session<I, O>, leg: Leg) {
    if let Leg::Inbound(_) = leg
        && session.clear_deadline(leg)
        && let Some(call) = local(session, leg).and_then(|local| local.call.as_ref())
    {
        call.begun();
    }
}

/// Sends items as [`poll_send`] does, those for which there is credit in rows. Returns how many were sent.
#[allow(clippy::too_many_arguments, reason = "those of `poll_send`, and how many")]
pub fn poll_send_all<I: Locals, O: Locals>(
    session: &mut Session<I, O>,
    leg: Leg,
    keep: Option<u32>,
    context: &mut Context<'_>,
    count: usize,
    bodies: Bodies<'_>,
    wakes: &mut Wakes,
) -> Sent {
    let mut sent = 0;
    if let Some(call) = local(session, leg)
        && call.outgoing.is_empty()
    {
        let missed = call.dropped;
        let (some, wrong) = session.items(leg, missed, count, &mut *bodies);
        if some > 0 {
            if let Some(call) = local(session, leg) {
                call.dropped = 0;
            }
            begun(session, leg);
        }
        if let Err(error) = wrong {
            return (some, Poll::Ready(Err(error)));
        }
        sent = some;
    }
    // For the rest there is no credit: it is kept, or waits.
    while sent < count {
        match poll_send(session, leg, keep, context, &mut |out| bodies(sent, out), wakes) {
            Poll::Ready(Ok(())) => sent += 1,
            other => return (sent, other),
        }
    }
    (sent, Poll::Ready(Ok(())))
}

/// Credit has come for a leg: what waits for it leaves, and its sender goes on. Returns the outcome of the call that
/// waited behind, for the owner to send.
#[must_use = "an outcome that is not sent leaves its caller waiting"]
pub fn credited<I: Locals, O: Locals>(
    session: &mut Session<I, O>,
    leg: Leg,
    wakes: &mut Wakes,
) -> Option<Box<(Status, Body)>> {
    // Every turn spends credit.
    while session.may_send(leg) == Some(true) {
        let call = local(session, leg)?;
        let Some(item) = call.outgoing.pop_front() else { break };
        let missed = std::mem::take(&mut call.dropped);
        let sent = session.item(leg, missed, None, |out| out.body(item.parts()));
        if sent.is_err()
            && let Some(call) = local(session, leg)
        {
            // An item larger than a frame may be is dropped like one that is too late.
            call.dropped = missed.saturating_add(1);
        }
    }
    let call = local(session, leg)?;
    call.wake_writer(wakes);
    if !call.outgoing.is_empty() {
        return None;
    }
    let end = call.end.take();
    if std::mem::take(&mut call.finish) {
        finish_local(session, leg);
    }
    end
}

/// Takes the items that are there into `into`, which is empty: at most half of what credit was given for at first, and
/// [`TAKEN_BYTES_MAX`], but one in any case. Gives credit back as [`poll_take`] does. `None` at the end of the flow.
pub fn poll_take_all<I: Locals, O: Locals>(
    session: &mut Session<I, O>,
    leg: Leg,
    context: &mut Context<'_>,
    into: &mut Items,
    wakes: &mut Wakes,
) -> Poll<Option<()>> {
    let items_max = session.our_limits().stream_items.div_ceil(2) as usize;
    let Some(call) = local(session, leg) else { return Poll::Ready(None) };
    if call.items.len() <= items_max && call.items.bytes() <= TAKEN_BYTES_MAX {
        // All of them, without touching any.
        std::mem::swap(&mut call.items, into);
    } else {
        call.items.move_to(into, items_max, TAKEN_BYTES_MAX);
    }
    if into.is_empty() {
        return call.wait(context, wakes);
    }
    let (items, bytes) = &mut call.taken;
    *items = items.saturating_add(u32::try_from(into.len()).unwrap_or(u32::MAX));
    *bytes = bytes.saturating_add(u32::try_from(into.bytes()).unwrap_or(u32::MAX));
    give_credit(session, leg);
    Poll::Ready(Some(()))
}

/// Bytes of items that a reader takes at once: as much as one read of a socket brings, so that a burst is handed on as a
/// whole, and little waits outside of what is counted.
pub const TAKEN_BYTES_MAX: usize = 64 * 1024;

/// Takes an item and gives credit back once half of what was given at first is used; or remembers whom to wake.
pub fn poll_take<I: Locals, O: Locals>(
    session: &mut Session<I, O>,
    leg: Leg,
    context: &mut Context<'_>,
    wakes: &mut Wakes,
) -> Poll<Option<Taken>> {
    let Some(call) = local(session, leg) else { return Poll::Ready(None) };
    let Some(item) = call.items.take() else {
        return call.wait(context, wakes);
    };
    let (items, bytes) = &mut call.taken;
    *items += 1;
    *bytes = bytes.saturating_add(u32::try_from(item.size()).unwrap_or(u32::MAX));
    give_credit(session, leg);
    Poll::Ready(Some(item))
}

/// Gives credit back for what was taken, once that is half of what was given at first.
fn give_credit<I: Locals, O: Locals>(session: &mut Session<I, O>, leg: Leg) {
    let limits = *session.our_limits();
    let Some(call) = local(session, leg) else { return };
    let (items, bytes) = call.taken;
    if items >= limits.stream_items.div_ceil(2) || bytes >= limits.stream_bytes / 2 {
        call.taken = (0, 0);
        session.credit(leg, items, bytes);
    }
}

/// Ends the up flow of a call of this side, once the items that wait have left.
pub fn finish_local<I: Locals, O: Locals>(session: &mut Session<I, O>, leg: Leg) {
    if let Leg::Outbound(id) = leg {
        if let Some(call) = local(session, leg)
            && !call.outgoing.is_empty()
        {
            call.finish = true;
            return;
        }
        // A call that has ended needs no finish.
        let _ = session.finish(id);
    }
}

/// Stops the work of a call: its handler is cancelled, its flows end.
pub fn stop_local(local: &mut LocalCall, wakes: &mut Wakes) {
    if let Some(call) = &local.call {
        call.token().cancel(wakes);
    }
    local.outgoing.clear();
    local.end = None;
    local.items.clear();
    local.end_of_items(wakes);
    local.wake_writer(wakes);
}
