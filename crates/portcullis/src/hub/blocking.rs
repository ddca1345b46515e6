//! Handlers that block, of one connection: only so many of them have a thread at once, so that no peer takes all threads
//! of the pool. Those that wait for one are as many as the peer's open calls: a cancelled one waits no longer.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use portcullis_proto::rpc::{Call, Mode, Running};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, Span};

use crate::client::spawn;

/// Blocking handlers of a connection that run at once. The pool of a tokio runtime has 512 threads.
const BLOCKING_MAX: usize = 64;

pub(super) struct Blocking(Arc<Semaphore>);

impl Default for Blocking {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BLOCKING_MAX)))
    }
}

impl Blocking {
    /// Gives a handler a thread, as soon as there is one.
    pub(super) fn spawn(&self, runtime: &Handle, running: Running, span: Span) {
        if let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() {
            start(runtime, running, span, permit);
            return;
        }
        let permits = Arc::clone(&self.0);
        let on = runtime.clone();
        let call = running.call().clone();
        runtime.spawn(async move {
            // Dropped when it was cancelled: its call has its outcome.
            if let Some(permit) = turn_of(call, permits).await {
                start(&on, running, span, permit);
            }
        });
    }
}

fn start(runtime: &Handle, running: Running, span: Span, permit: OwnedSemaphorePermit) {
    let work = async move {
        running.instrument(span).await;
        drop(permit);
    };
    spawn(runtime, Mode::Blocking, work);
}

/// Waits for a permit; `None` when nobody waits for the call any more.
async fn turn_of(call: Call, permits: Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    let mut permit = pin!(permits.acquire_owned());
    poll_fn(|context| {
        // Registered first: a cancel between the look and the end of this poll would be lost.
        call.token().register(context.waker());
        if call.is_cancelled() {
            return Poll::Ready(None);
        }
        permit.as_mut().poll(context).map(Result::ok)
    })
    .await
}
