//! From jobs to outcomes: handlers are polled once in place, and what is still pending becomes a future for the driver
//! to spawn. Outcomes are handed back in batches, so that a burst of calls takes its session's lock once.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::call::Call;
use super::service::{Job, Mode, Outcome, Request, Started, Task, poll_task, start_service};
use crate::codec::{Blob, Body, CodecError};
use crate::error::Error;
use crate::status::Status;

/// How a handler ended, and for which call.
#[derive(Debug)]
pub struct Reply {
    /// The call; `None` for a notification, whose outcome nobody hears.
    pub id: Option<u32>,
    /// `interface.method`.
    pub channel: &'static str,
    /// Size of its arguments, in bytes as they came.
    pub args_bytes: usize,
    /// The number by which logs name the call.
    pub correlation: u64,
    /// The call itself. When it is cancelled it has ended, and `id` may be another's.
    pub call: Call,
    /// How it ended, or that its arguments break their contract.
    pub outcome: Result<Outcome, CodecError>,
    /// Where the body stands in [`Replies::bytes`].
    pub body: Range<usize>,
    /// The body's blobs.
    pub blobs: Vec<Blob>,
}

/// Outcomes of a burst of calls.
#[derive(Debug, Default)]
pub struct Replies {
    /// The bodies, one after the other.
    pub bytes: Vec<u8>,
    /// One for each handler that has ended.
    pub entries: Vec<Reply>,
}

impl Replies {
    /// Forgets all of them, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}

/// Takes outcomes to the session that waits for them.
pub trait Complete: Send + Sync + 'static {
    /// Ends the calls. Those that have ended by themselves are passed over.
    fn complete(&self, replies: &mut Replies);
}

/// Starts a job. `input` is what was delivered. What is still pending after the first poll comes back, to be spawned.
/// Each job has one reply, at once or later: one that was cancelled before it began, too.
#[inline]
#[must_use = "a handler that is not polled is dropped, and its call ends as cancelled"]
pub fn start_job(
    job: Job,
    input: &[u8],
    replies: &mut Replies,
    complete: &Arc<dyn Complete>,
) -> Option<(Mode, Running)> {
    let start = replies.bytes.len();
    let (channel, args_bytes) = (job.channel(), job.args_bytes());
    let Job { service, ordinal, id, body: args, blobs: args_blobs, call, in_place } = job;
    let mut blobs = Vec::new();
    let outcome = if call.is_cancelled() {
        // Its cancel came in the same burst, and the call has its outcome.
        Ok(cancelled())
    } else {
        let body = input.get(args).unwrap_or_default();
        let request =
            Request { ordinal, body, blobs: &args_blobs, call: call.clone(), id: id.unwrap_or(0) };
        match start_service(service, request, in_place, &mut replies.bytes, &mut blobs) {
            Started::Ready(outcome) => Ok(outcome),
            Started::Malformed(error) => Err(error),
            Started::Pending(mode, task) => {
                let (task, complete) = (Some(task), Arc::clone(complete));
                return Some((mode, Running { task, channel, id, args_bytes, call, complete }));
            }
        }
    };
    replies.entries.push(Reply {
        id,
        channel,
        args_bytes,
        correlation: call.correlation(),
        call,
        outcome,
        body: start..replies.bytes.len(),
        blobs,
    });
    None
}

/// A handler that goes on after its first poll. When its call is cancelled it is dropped, and the call ends.
pub struct Running {
    task: Option<Pin<Box<dyn Task>>>,
    channel: &'static str,
    id: Option<u32>,
    args_bytes: usize,
    call: Call,
    complete: Arc<dyn Complete>,
}

impl Running {
    /// The call that it serves.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// `interface.method`.
    pub fn channel(&self) -> &'static str {
        self.channel
    }

    fn settle(&mut self, outcome: Outcome, Body { bytes, blobs }: Body) {
        let body = 0..bytes.len();
        let entry = Reply {
            id: self.id,
            channel: self.channel,
            args_bytes: self.args_bytes,
            correlation: self.call.correlation(),
            call: self.call.clone(),
            outcome: Ok(outcome),
            body,
            blobs,
        };
        self.complete.complete(&mut Replies { bytes, entries: vec![entry] });
    }
}

fn cancelled() -> Outcome {
    Outcome::Failed(Error::new(Status::Cancelled, "the caller cancelled"))
}

impl Future for Running {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Registered first: a cancel between the look and the poll would be lost.
        self.call.token().register(context.waker());
        if self.call.is_cancelled() {
            self.task = None;
            self.settle(cancelled(), Body::default());
            return Poll::Ready(());
        }
        let Some(task) = &mut self.task else { return Poll::Ready(()) };
        let mut body = Body::default();
        match poll_task(task.as_mut(), context, &mut body.bytes, &mut body.blobs) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                self.task = None;
                self.settle(outcome, body);
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Running {
    /// A runtime that shuts down drops its tasks: the callers hear of it.
    fn drop(&mut self) {
        if self.task.take().is_some() {
            self.settle(cancelled(), Body::default());
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("channel", &self.channel).field("id", &self.id).finish()
    }
}
