//! Where a lasting binding stands now: one binding for all that share it, made again by whoever needs it first.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_proto::error::Error;
use portcullis_proto::peer::{Binding, Target};
use portcullis_proto::rpc::Descriptor;
use portcullis_proto::status::RetryAdvice;
use tokio::time::{Instant, sleep_until};

use super::handle::Reconnecting;
use super::state::connected;
use crate::backoff::{Waits, roll};

pub(super) struct Place {
    pub(super) reconnecting: Reconnecting,
    descriptor: &'static Descriptor,
    target: Target,
    present: Mutex<Present>,
    /// Held by the one who binds, for all who wait; when he gives up, the next one goes on where he was.
    binder: tokio::sync::Mutex<Binder>,
}

#[derive(Default)]
struct Present {
    bound: Option<Bound>,
    /// What the hub said for good, to those who had asked by then; and how often it has.
    refused: Option<Error>,
    refusals: u64,
}

struct Bound {
    binding: Binding,
    since: Instant,
}

struct Binder {
    waits: Waits,
    /// The connection that the waits are of.
    connection: u64,
    /// Before it nothing is asked.
    due: Option<Instant>,
}

impl Place {
    pub(super) fn new(
        reconnecting: Reconnecting,
        descriptor: &'static Descriptor,
        target: Target,
    ) -> Self {
        let binder = Binder { waits: Waits::new(reconnecting.backoff()), connection: 0, due: None };
        Self {
            reconnecting,
            descriptor,
            target,
            present: Mutex::default(),
            binder: tokio::sync::Mutex::new(binder),
        }
    }

    pub(super) fn interface(&self) -> &'static str {
        self.descriptor.name
    }

    /// The binding, if connection and instance are there.
    pub(super) fn present(&self) -> Option<Binding> {
        let present = self.lock();
        let bound = present.bound.as_ref().filter(|bound| !bound.binding.is_gone())?;
        Some(bound.binding.clone())
    }

    /// Waits until connection and instance are there.
    ///
    /// # Errors
    ///
    /// What the hub refuses for good, or that there will be no connection any more.
    pub(super) async fn binding(&self) -> Result<Binding, Error> {
        let refusals = self.lock().refusals;
        if let Some(binding) = self.present() {
            return Ok(binding);
        }
        let mut binder = self.binder.lock().await;
        if let Some(binding) = self.present() {
            return Ok(binding);
        }
        if let Some(refused) = self.refused_since(refusals) {
            return Err(refused);
        }
        let bound = self.bind(&mut binder).await;
        let mut present = self.lock();
        match bound {
            Ok(binding) => {
                present.refused = None;
                let bound = Bound { binding: binding.clone(), since: Instant::now() };
                present.bound = Some(bound);
                Ok(binding)
            }
            Err(error) => {
                let error = error.on(self.descriptor.name).unsent();
                present.refusals += 1;
                present.refused = Some(error.clone());
                Err(error)
            }
        }
    }

    async fn bind(&self, binder: &mut Binder) -> Result<Binding, Error> {
        let mut states = self.reconnecting.watch();
        // Every turn waits for a connection, and on the same one also for the time of the next attempt.
        loop {
            let connection = connected(&mut states, 0).await?;
            let left = self.take_gone();
            if binder.connection != connection.number {
                let waits = binder.waits.anew();
                *binder = Binder { waits, connection: connection.number, due: None };
            } else if let Some(since) = left {
                binder.instance_left(since, self.reconnecting.backoff().steady);
            }
            if let Some(due) = binder.due {
                tokio::select! {
                    () = sleep_until(due) => {}
                    _ = connection.peer.closed() => continue,
                }
            }
            match connection.peer.bind_untyped(self.descriptor, self.target.clone()).await {
                Ok(binding) => {
                    binder.due = None;
                    return Ok(binding);
                }
                Err(error) if error.status().retry() == RetryAdvice::Never => return Err(error),
                Err(_) => binder.put_off(),
            }
        }
    }

    /// Takes away a binding whose instance or connection has left. Returns since when it was there.
    fn take_gone(&self) -> Option<Instant> {
        let bound = self.lock().bound.take_if(|bound| bound.binding.is_gone())?;
        // Here the lock is gone: to drop the last clone takes that of the peer.
        Some(bound.since)
    }

    fn refused_since(&self, refusals: u64) -> Option<Error> {
        let present = self.lock();
        present.refused.clone().filter(|_| present.refusals > refusals)
    }

    fn lock(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Binder {
    /// An instance that was there for long is looked for at once; one that comes and goes, after a wait.
    fn instance_left(&mut self, since: Instant, steady: Duration) {
        if since.elapsed() >= steady {
            self.due = None;
            self.waits = self.waits.anew();
        } else {
            self.put_off();
        }
    }

    fn put_off(&mut self) {
        self.due = Some(Instant::now() + self.waits.next(Duration::ZERO, roll()));
    }
}
