//! Handlers that block: of one connection, and of one label, only so many have a thread at once, so that no peer takes all
//! threads of the pool, nor one that leaves its handlers behind and connects anew. Those that wait for one are as many as the
//! peer's open calls: a cancelled one waits no longer.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Poll;

use portcullis_proto::rpc::{Call, Mode, Running};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, Span};

use crate::client::spawn;

/// Blocking handlers of a connection that run at once. The pool of a tokio runtime has 512 threads.
const BLOCKING_MAX: usize = 64;

/// Those of all connections that one label has, and has had: a handler that blocks goes on when its peer has left.
const BLOCKING_LABEL_MAX: usize = 128;

/// What the connections of each label share.
#[derive(Default)]
pub(super) struct Labels(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Labels {
    /// For a new connection.
    pub(super) fn blocking(&self, label: &str) -> Blocking {
        let mut labels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // As many stay as there are connections, and handlers of former ones.
        labels.retain(|_, shared| shared.strong_count() > 0);
        let shared = labels.get(label).and_then(Weak::upgrade).unwrap_or_else(|| {
            let shared = Arc::new(Semaphore::new(BLOCKING_LABEL_MAX));
            labels.insert(label.to_owned(), Arc::downgrade(&shared));
            shared
        });
        Blocking { own: Arc::new(Semaphore::new(BLOCKING_MAX)), shared }
    }
}

/// What one connection may have.
pub(super) struct Blocking {
    own: Arc<Semaphore>,
    shared: Arc<Semaphore>,
}

/// Both have to let a handler start.
type Permits = [OwnedSemaphorePermit; 2];

impl Blocking {
    /// Gives a handler a thread, as soon as there is one.
    pub(super) fn spawn(&self, runtime: &Handle, running: Running, span: Span) {
        let (own, shared) = (Arc::clone(&self.own), Arc::clone(&self.shared));
        let now = Arc::clone(&own).try_acquire_owned().ok();
        let now = now.zip(Arc::clone(&shared).try_acquire_owned().ok());
        if let Some((own, shared)) = now {
            start(runtime, running, span, [own, shared]);
            return;
        }
        let permits = async move {
            let own = own.acquire_owned().await.ok()?;
            Some([own, shared.acquire_owned().await.ok()?])
        };
        let on = runtime.clone();
        let call = running.call().clone();
        runtime.spawn(async move {
            // Dropped when it was cancelled: its call has its outcome.
            if let Some(permits) = turn_of(call, permits).await {
                start(&on, running, span, permits);
            }
        });
    }
}

fn start(runtime: &Handle, running: Running, span: Span, permits: Permits) {
    let work = async move {
        running.instrument(span).await;
        drop(permits);
    };
    spawn(runtime, Mode::Blocking, work);
}

/// Waits for the permits; `None` when nobody waits for the call any more.
async fn turn_of(call: Call, permits: impl Future<Output = Option<Permits>>) -> Option<Permits> {
    let mut permits = pin!(permits);
    poll_fn(|context| {
        // Registered first: a cancel between the look and the end of this poll would be lost.
        call.token().register(context.waker());
        if call.is_cancelled() {
            return Poll::Ready(None);
        }
        permits.as_mut().poll(context)
    })
    .await
}
