//! What observers of a hub hear.

use portcullis_hub::HubEvent;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// The events of a hub, in order, from the moment of subscription.
#[derive(Debug)]
pub struct Events {
    pub(super) receiver: broadcast::Receiver<HubEvent>,
    pub(super) missed: u64,
}

impl Events {
    /// The next event; `None` when the hub is gone. A slow observer misses the oldest, see [`Self::missed`].
    pub async fn next(&mut self) -> Option<HubEvent> {
        next(&mut self.receiver, &mut self.missed).await
    }

    /// Events that were dropped because this observer was too slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// The next event of a source, for an observer that may be too slow and then misses the oldest; `None` when the source is gone.
pub(crate) async fn next<T: Clone>(
    receiver: &mut broadcast::Receiver<T>,
    missed: &mut u64,
) -> Option<T> {
    // Every turn that goes on has skipped events.
    loop {
        match receiver.recv().await {
            Ok(event) => return Some(event),
            Err(RecvError::Lagged(count)) => *missed += count,
            Err(RecvError::Closed) => return None,
        }
    }
}

/// Logs what a maintainer wants to find in the log of main.
pub(super) fn log(event: &HubEvent) {
    match event {
        HubEvent::Joined(peer) => {
            tracing::info!(peer = peer.peer.number(), label = %peer.label, role = %peer.role, "joined");
        }
        HubEvent::Left { peer, goodbye } if goodbye.reason.is_violation() => {
            tracing::warn!(peer = peer.peer.number(), label = %peer.label, role = %peer.role, %goodbye, "ended for a violation");
        }
        HubEvent::Left { peer, goodbye } => {
            tracing::info!(peer = peer.peer.number(), label = %peer.label, %goodbye, "left");
        }
        HubEvent::Unresponsive(peer) => {
            tracing::warn!(peer = peer.peer.number(), label = %peer.label, "unresponsive");
        }
        HubEvent::Responsive(peer) => {
            tracing::info!(peer = peer.peer.number(), label = %peer.label, "responsive again");
        }
        HubEvent::Denied { peer, label, role, channel, reason, count } => {
            let (peer, channel) = (peer.number(), channel.as_deref());
            // What a program of the application's own gets wrong, too, is no alarm; but it is what to look for when one is raised.
            tracing::info!(peer, %label, %role, channel, %reason, count, "denied");
        }
        HubEvent::Served { interface, instance, label } => {
            tracing::debug!(%interface, %instance, %label, "served");
        }
        HubEvent::Withdrawn { interface, instance, label } => {
            tracing::debug!(%interface, %instance, %label, "withdrawn");
        }
        _ => {}
    }
}
