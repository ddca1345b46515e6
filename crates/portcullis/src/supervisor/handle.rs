//! A supervisor and the processes it keeps, as an application holds them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_hub::PeerId;
use tokio::sync::{Notify, broadcast, watch};

use super::exit::Exit;
use super::keeper::Keeper;
use super::spec::Spec;
use super::status::{Phase, SUPERVISOR_EVENTS_MAX, Status, SupervisorEvent, SupervisorEvents};
use crate::hub::Hub;

/// Keeps processes running. Cheap to clone; all clones are the same supervisor.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    hub: Hub,
    events: broadcast::Sender<SupervisorEvent>,
    /// Those that have not ended; each is a peer of the hub, which bounds their number.
    kept: Mutex<Vec<(Arc<Orders>, watch::Receiver<Status>)>>,
}

/// What a process is told by whoever holds it.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) stop: watch::Sender<bool>,
    pub(super) kill: Notify,
}

/// A process that is kept running. It is stopped when this is dropped.
#[must_use = "the process is stopped when this is dropped"]
pub struct Supervised {
    label: String,
    orders: Arc<Orders>,
    status: watch::Receiver<Status>,
}

impl Supervisor {
    /// A supervisor of processes that are peers of `hub`.
    pub fn new(hub: &Hub) -> Self {
        Self(Arc::new(Inner {
            hub: hub.clone(),
            events: broadcast::channel(SUPERVISOR_EVENTS_MAX).0,
            kept: Mutex::default(),
        }))
    }

    /// Starts a process and keeps it running, on the hub's runtime. Returns at once; what goes wrong is told as any end.
    pub fn start(&self, spec: Spec) -> Supervised {
        let label = spec.admission.label.clone();
        let orders = Arc::new(Orders { stop: watch::channel(false).0, kill: Notify::new() });
        let (sender, status) = watch::channel(Status::default());
        let hub = &self.0.hub;
        let keeper =
            Keeper::new(hub.clone(), spec, Arc::clone(&orders), sender, self.0.events.clone());
        hub.runtime().spawn(keeper.run());
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(_, status)| !status.borrow().phase.is_last());
        kept.push((Arc::clone(&orders), status.clone()));
        drop(kept);
        Supervised { label, orders, status }
    }

    /// What happens to all its processes, from now on.
    pub fn events(&self) -> SupervisorEvents {
        SupervisorEvents { receiver: self.0.events.subscribe(), missed: 0 }
    }

    /// Stops all processes at once, each within the bound of its [`Spec`]. Those that were started later stay.
    pub async fn stop(&self) {
        let kept = std::mem::take(&mut *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner));
        for (orders, _) in &kept {
            orders.stop.send_replace(true);
        }
        for (_, mut status) in kept {
            last(&mut status).await;
        }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Supervisor").field("kept", &kept).finish_non_exhaustive()
    }
}

impl Supervised {
    /// Its label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How it stands now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until it stands otherwise than this handle has said last. `None` once nothing follows.
    pub async fn changed(&mut self) -> Option<Status> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    ///
    /// How it ended last, when it is not started again; `None` when its runtime is gone.
    pub async fn ready(&mut self) -> Result<PeerId, Option<Exit>> {
        let there = |status: &Status| status.peer.is_some() || status.phase.is_last();
        let status = self.status.wait_for(there).await.map_err(|_| None)?;
        status.peer.ok_or_else(|| status.exit.clone())
    }

    /// Kills its process at once, as a crash would; what follows is what follows a crash. Returns its number, or nothing
    /// while there is none.
    pub fn kill(&self) -> Option<u32> {
        self.orders.kill.notify_waiters();
        self.status.borrow().process
    }

    /// Stops it: within a bound its work may finish, it is told, and then it is made to end; see [`Spec::stop_within`].
    /// Returns how it has ended last.
    pub async fn stop(&self) -> Option<Exit> {
        self.orders.stop.send_replace(true);
        last(&mut self.status.clone()).await
    }
}

/// Waits until nothing follows.
async fn last(status: &mut watch::Receiver<Status>) -> Option<Exit> {
    let ended = status.wait_for(|status| status.phase.is_last()).await;
    // The runtime is gone otherwise, and its processes with it.
    ended.ok().and_then(|status| status.exit.clone())
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.orders.stop.send_replace(true);
    }
}

impl fmt::Debug for Supervised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase: Phase = self.status.borrow().phase;
        f.debug_struct("Supervised").field("label", &self.label).field("phase", &phase).finish()
    }
}
