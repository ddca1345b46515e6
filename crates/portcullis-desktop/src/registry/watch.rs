//! The task that follows the hub: peers that join, leave, fall silent and come back, and the time of those that do not.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis::hub::{Events, Goodbye, HubEvent, PeerInfo, Reason};
use tokio::time::sleep_until;

use super::host::Host;
use super::shared::Shared;

/// Follows the hub until it is gone.
pub(super) async fn run<H: Host>(shared: Arc<Shared>, host: Arc<H>, mut events: Events) {
    reconcile(&shared, &*host);
    let mut missed = 0;
    // Every turn waits for an event or a time-out.
    loop {
        let due = shared.table().next_due();
        let expired = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = events.next() => match event {
                Some(event) => take(&shared, &*host, event),
                None => return,
            },
            () = expired => shared.change(|table, moment| table.expire(moment)),
            () = shared.due_changed.notified() => {}
        }
        // When the hub was faster than this task, what it missed is read from the list of peers.
        if events.missed() != missed {
            missed = events.missed();
            reconcile(&shared, &*host);
        }
    }
}

fn take(shared: &Shared, host: &impl Host, event: HubEvent) {
    match event {
        HubEvent::Joined(peer) => join(shared, host, &peer),
        HubEvent::Left { peer, goodbye } => {
            shared.forget_hold(peer.peer.number());
            shared.change(|table, moment| table.left(peer.peer, &goodbye, moment));
        }
        HubEvent::Unresponsive(peer) => {
            shared.change(|table, _| table.responds(peer.peer, false));
        }
        HubEvent::Responsive(peer) => shared.change(|table, _| table.responds(peer.peer, true)),
        _ => {}
    }
}

fn join(shared: &Shared, host: &impl Host, peer: &PeerInfo) {
    let Some(kind) = host.kind_of(peer) else { return };
    // A peer that has joined twice in a row of events and lists is there once.
    let shown = shared.change(|table, moment| {
        table.peers().contains(&peer.peer) || table.joined(&kind, peer, moment)
    });
    if !shown {
        tracing::warn!(label = %peer.label, "more windows than the registry shows");
    }
}

/// Makes the windows agree with the peers that are connected now.
fn reconcile(shared: &Shared, host: &impl Host) {
    let peers = shared.hub.peers();
    let there: BTreeSet<_> = peers.iter().map(|peer| peer.peer).collect();
    shared.keep_holds(|number| there.iter().any(|peer| peer.number() == number));
    let lost = Goodbye::new(Reason::Closed);
    shared.change(|table, moment| {
        for peer in table.peers().into_iter().filter(|peer| !there.contains(peer)) {
            table.left(peer, &lost, moment);
        }
    });
    for peer in &peers {
        join(shared, host, peer);
    }
}
