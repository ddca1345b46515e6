//! The serving side of an interface: from a request's bytes to a task that ends with one outcome.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::call::Call;
use super::descriptor::Descriptor;
use super::failure::Reply;
use super::stream::{Sink, Source};
use crate::codec::{Blob, Blobs, CodecError, Encoder, Message};
use crate::error::Error;
use crate::session::Leg;
use crate::status::Status;

/// An implementation of an interface; `#[portcullis::interface]` generates it around the application's own.
pub trait Service: Send + Sync + 'static {
    /// The interface that it serves.
    fn descriptor(&self) -> &'static Descriptor;

    /// Where the handler of a channel may run: known before its arguments are read, so that a driver can keep both off a
    /// thread that must not be held up.
    fn mode(&self, ordinal: u32) -> Mode {
        let _ = ordinal;
        Mode::Async
    }

    /// Decodes the arguments and starts the handler, without polling it. The handler keeps the service: whoever has a handle
    /// to give counts no other one.
    fn dispatch(self: Arc<Self>, request: Request<'_>) -> Dispatch;
}

/// A call on its way to its handler.
#[derive(Debug)]
pub struct Request<'a> {
    /// The channel.
    pub ordinal: u32,
    /// The arguments.
    pub body: &'a [u8],
    /// Their blobs.
    pub blobs: &'a [Blob],
    /// What the handler is told.
    pub call: Call,
    /// The call's id.
    pub id: u32,
}

impl Request<'_> {
    /// The flow of items to the caller.
    pub fn sink<T: Message>(&self) -> Sink<T> {
        Sink::new(Arc::clone(self.call.host()), Leg::Inbound(self.id)).of(&self.call)
    }

    /// The flow of items from the caller.
    pub fn source<T: Message>(&self) -> Source<T> {
        Source::new(Arc::clone(self.call.host()), Leg::Inbound(self.id)).of(&self.call)
    }
}

/// Where a handler may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Polled once in place, and spawned only if it is still pending.
    #[default]
    Async,
    /// It blocks: on a thread of a pool.
    Blocking,
    /// Always in place; on Electron's main thread, too.
    Inline,
}

/// What became of a request.
pub enum Dispatch {
    /// A handler that is to be polled.
    Task {
        /// Where.
        mode: Mode,
        /// The handler.
        task: Pin<Box<dyn Task>>,
    },
    /// The arguments break their contract.
    Malformed(CodecError),
    /// No such call.
    Unknown,
}

impl Dispatch {
    /// A handler's future.
    #[inline]
    pub fn task<F, R>(mode: Mode, future: F) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: Reply,
    {
        Self::Task { mode, task: Box::pin(Handler { future }) }
    }

    /// The arguments break their contract.
    pub fn malformed(error: CodecError) -> Self {
        Self::Malformed(error)
    }

    /// No such call.
    pub fn unknown() -> Self {
        Self::Unknown
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task { mode, .. } => f.debug_struct("Task").field("mode", mode).finish(),
            Self::Malformed(error) => f.debug_tuple("Malformed").field(error).finish(),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// How a handler ended.
#[derive(Debug)]
pub enum Outcome {
    /// The body was written: a reply, or the application's own error.
    Written(Status),
    /// It failed otherwise.
    Failed(Error),
    /// It panicked: the caller is told `internal`, the log gets the text.
    Panicked(String),
}

/// A running handler, its types erased.
pub trait Task: Send {
    /// Runs it as far as it goes; when it is done, its body stands at the end of `out`, and its blobs in `blobs`.
    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
        blobs: &mut Vec<Blob>,
    ) -> Poll<Result<Status, Error>>;
}

pin_project! {
    struct Handler<F> {
        #[pin]
        future: F,
    }
}

impl<F, R> Task for Handler<F>
where
    F: Future<Output = R> + Send,
    R: Reply,
{
    #[inline]
    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
        blobs: &mut Vec<Blob>,
    ) -> Poll<Result<Status, Error>> {
        let reply = self.project().future.poll(context);
        reply.map(|reply| reply.write(&mut Encoder::with_blobs(out, blobs)))
    }
}

/// Polls a handler and keeps its panic from going further.
pub fn poll_task(
    task: Pin<&mut dyn Task>,
    context: &mut Context<'_>,
    out: &mut Vec<u8>,
    blobs: &mut Vec<Blob>,
) -> Poll<Outcome> {
    let start = out.len();
    let outcome = match catch_unwind(AssertUnwindSafe(|| task.poll(context, out, blobs))) {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(Ok(status))) => return Poll::Ready(Outcome::Written(status)),
        Ok(Poll::Ready(Err(error))) => Outcome::Failed(error),
        Err(panic) => Outcome::Panicked(panic_text(&*panic)),
    };
    out.truncate(start);
    blobs.clear();
    Poll::Ready(outcome)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "a panic without a text".to_owned(),
    }
}

/// A request that waits for the lock to be gone before its handler is started.
pub struct Job {
    /// Who serves it.
    pub service: Arc<dyn Service>,
    /// The channel.
    pub ordinal: u32,
    /// The call; `None` for a notification.
    pub id: Option<u32>,
    /// Where the arguments stand in the bytes that were delivered.
    pub body: std::ops::Range<usize>,
    /// Their blobs.
    pub blobs: Blobs,
    /// What the handler is told.
    pub call: Call,
    /// Whether it may be polled in place: false for a method that was found to be slow.
    pub in_place: bool,
}

/// A handler after its first poll.
pub enum Started {
    /// It is done; its body stands at the end of the buffer.
    Ready(Outcome),
    /// It goes on; the caller polls it again with a waker of its own.
    Pending(Mode, Pin<Box<dyn Task>>),
    /// The arguments break their contract.
    Malformed(CodecError),
}

impl Job {
    /// `interface.method`, for logs and errors.
    pub fn channel(&self) -> &'static str {
        self.service.descriptor().channel(self.ordinal)
    }

    /// Where the handler may run.
    pub fn mode(&self) -> Mode {
        self.service.mode(self.ordinal)
    }

    /// Size of its arguments as they came, in bytes.
    pub fn args_bytes(&self) -> usize {
        self.body.len().saturating_add(Blob::total(&self.blobs))
    }
}

/// Starts the handler of a request, and polls it once if it may be in place.
#[inline]
pub(super) fn start_service(
    service: Arc<dyn Service>,
    request: Request<'_>,
    in_place: bool,
    out: &mut Vec<u8>,
    blobs: &mut Vec<Blob>,
) -> Started {
    // A conversion that a contract names (`#[with]`) is the application's code, too.
    let dispatch = catch_unwind(AssertUnwindSafe(|| service.dispatch(request)));
    match dispatch {
        Ok(Dispatch::Task { mode: Mode::Blocking, task }) => Started::Pending(Mode::Blocking, task),
        Ok(Dispatch::Task { mode: Mode::Async, task }) if !in_place => {
            Started::Pending(Mode::Async, task)
        }
        Ok(Dispatch::Task { mode, mut task }) => {
            let mut context = Context::from_waker(std::task::Waker::noop());
            match poll_task(task.as_mut(), &mut context, out, blobs) {
                Poll::Ready(outcome) => Started::Ready(outcome),
                Poll::Pending => Started::Pending(mode, task),
            }
        }
        Ok(Dispatch::Malformed(error)) => Started::Malformed(error),
        Ok(Dispatch::Unknown) => Started::Ready(Outcome::Failed(Error::new(
            Status::Unimplemented,
            "the server does not serve this",
        ))),
        Err(panic) => Started::Ready(Outcome::Panicked(panic_text(&*panic))),
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("channel", &self.channel())
            .field("id", &self.id)
            .field("body", &self.body)
            .finish()
    }
}
