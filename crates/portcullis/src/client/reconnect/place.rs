//! Where a lasting binding stands now: one binding for all that share it. While somebody waits for it, and only then, a task
//! asks the hub for it. The task is not the waiter's own future: one of those may be held without being polled, and the
//! others must not wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use portcullis_proto::error::Error;
use portcullis_proto::peer::{Binding, Target};
use portcullis_proto::rpc::Descriptor;
use portcullis_proto::status::RetryAdvice;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::handle::Reconnecting;
use super::state::connected;
use crate::backoff::{Waits, roll};

pub(super) struct Place {
    pub(super) reconnecting: Reconnecting,
    descriptor: &'static Descriptor,
    target: Target,
    present: Mutex<Present>,
}

/// What the hub has said in the end.
type Answer = Result<Binding, Error>;

struct Present {
    bound: Option<Bound>,
    /// Held by the task that asks; whoever listens to it waits.
    asking: Weak<watch::Sender<Option<Answer>>>,
    waits: Waits,
    /// The connection that the waits are of.
    connection: u64,
    /// Before it nothing is asked on that connection.
    due: Option<Instant>,
}

struct Bound {
    binding: Binding,
    since: Instant,
}

impl Place {
    pub(super) fn new(
        reconnecting: Reconnecting,
        descriptor: &'static Descriptor,
        target: Target,
    ) -> Self {
        let waits = Waits::new(reconnecting.backoff());
        let present = Present { bound: None, asking: Weak::new(), waits, connection: 0, due: None };
        Self { reconnecting, descriptor, target, present: Mutex::new(present) }
    }

    pub(super) fn interface(&self) -> &'static str {
        self.descriptor.name
    }

    /// The binding, if connection and instance are there.
    pub(super) fn present(&self) -> Option<Binding> {
        self.lock().binding()
    }

    /// Waits until connection and instance are there.
    ///
    /// # Errors
    ///
    /// What the hub refuses for good, or that there will be no connection any more.
    pub(super) async fn binding(self: &Arc<Self>) -> Answer {
        // Every turn waits for an answer; there is none when the task ended as everybody before had gone.
        loop {
            let mut waiting = match self.ask() {
                Ok(binding) => return Ok(binding),
                Err(waiting) => waiting,
            };
            let answer = waiting.wait_for(Option::is_some).await.map(|answer| answer.clone());
            match answer {
                Ok(Some(answer)) => return answer,
                // A runtime that shuts down runs no task: its clients have ended, too.
                Ok(None) | Err(_) => self.reconnecting.check()?,
            }
            tokio::task::yield_now().await;
        }
    }

    /// The binding, or where the answer will come.
    fn ask(self: &Arc<Self>) -> Result<Binding, watch::Receiver<Option<Answer>>> {
        let mut present = self.lock();
        if let Some(binding) = present.binding() {
            return Ok(binding);
        }
        if let Some(asking) = present.asking.upgrade() {
            return Err(asking.subscribe());
        }
        let (sender, waiting) = watch::channel(None);
        let sender = Arc::new(sender);
        present.asking = Arc::downgrade(&sender);
        drop(present);
        self.reconnecting.runtime().spawn(Arc::clone(self).answer(sender));
        Err(waiting)
    }

    /// Asks until there is an answer, or nobody waits for it.
    async fn answer(self: Arc<Self>, asking: Arc<watch::Sender<Option<Answer>>>) {
        let answer = tokio::select! {
            biased;
            () = asking.closed() => return,
            answer = self.bind() => answer,
        };
        let answer = answer.map_err(|error| error.on(self.descriptor.name).unsent());
        let mut present = self.lock();
        // Whoever comes later asks anew: what is granted may change.
        present.asking = Weak::new();
        if let Ok(binding) = &answer {
            present.bound = Some(Bound { binding: binding.clone(), since: Instant::now() });
        }
        drop(present);
        asking.send_replace(Some(answer));
    }

    async fn bind(&self) -> Answer {
        let mut states = self.reconnecting.watch();
        // Every turn waits for a connection, and on the same one also for the time of the next attempt.
        loop {
            let connection = connected(&mut states, 0).await?;
            if let Some(due) = self.due_on(connection.number) {
                tokio::select! {
                    () = sleep_until(due) => {}
                    _ = connection.peer.closed() => continue,
                }
            }
            match connection.peer.bind_untyped(self.descriptor, self.target.clone()).await {
                Ok(binding) => {
                    self.lock().due = None;
                    return Ok(binding);
                }
                Err(error) if error.status().retry() == RetryAdvice::Never => return Err(error),
                Err(_) => self.lock().put_off(),
            }
        }
    }

    /// Before when nothing is asked on that connection.
    fn due_on(&self, connection: u64) -> Option<Instant> {
        let mut present = self.lock();
        let gone = present.bound.take_if(|bound| bound.binding.is_gone());
        if present.connection != connection {
            present.connection = connection;
            present.waits = present.waits.anew();
            present.due = None;
        } else if let Some(Bound { since, .. }) = &gone {
            // One that was there for long is looked for at once; one that comes and goes, after a wait.
            if since.elapsed() >= self.reconnecting.backoff().steady {
                present.waits = present.waits.anew();
                present.due = None;
            } else {
                present.put_off();
            }
        }
        let due = present.due;
        drop(present);
        // Not under the lock: with its last clone it is given back.
        drop(gone);
        due
    }

    fn lock(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    fn binding(&self) -> Option<Binding> {
        let bound = self.bound.as_ref().filter(|bound| !bound.binding.is_gone())?;
        Some(bound.binding.clone())
    }

    fn put_off(&mut self) {
        self.due = Some(Instant::now() + self.waits.next(Duration::ZERO, roll()));
    }
}
