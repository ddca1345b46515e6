//! Events, peers and counters as JSON, for JavaScript. The names are those of `packages/node/src/events.ts`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis::Hub;
use portcullis::hub::{Events, HubCounters, HubEvent, Kind, PeerInfo};
use serde_json::{Map, Value, json};

use crate::wakeups::Wakeups;

/// Events that wait for JavaScript before the oldest are dropped.
const EVENTS_MAX: usize = 4096;
/// Events that are taken at once.
const BATCH_MAX: usize = 256;

/// Events on their way to JavaScript.
#[derive(Default)]
pub(crate) struct Reports {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<HubEvent>,
    missed: u64,
}

impl Reports {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event, behind `missed` that nobody could keep.
    fn push(&self, event: HubEvent, missed: u64) {
        let mut waiting = self.lock();
        waiting.missed += missed;
        if waiting.events.len() >= EVENTS_MAX {
            waiting.events.pop_front();
            waiting.missed += 1;
        }
        waiting.events.push_back(event);
    }

    /// Some events as a JSON array, the oldest first, with an entry `missed` in front where some were dropped; and
    /// whether there are more.
    pub(crate) fn take(&self) -> (String, bool) {
        let mut waiting = self.lock();
        let mut events = Vec::new();
        let missed = std::mem::take(&mut waiting.missed);
        if missed > 0 {
            events.push(json!({ "type": "missed", "count": missed }));
        }
        let count = waiting.events.len().min(BATCH_MAX);
        let batch: Vec<HubEvent> = waiting.events.drain(..count).collect();
        let more = !waiting.events.is_empty();
        drop(waiting);
        events.extend(batch.iter().filter_map(event));
        (Value::from(events).to_string(), more)
    }

    /// Gathers a hub's events until it is gone.
    pub(crate) async fn gather(self: Arc<Self>, mut events: Events, wakeups: Arc<Wakeups>) {
        let mut missed = 0;
        // Every turn waits for an event.
        while let Some(event) = events.next().await {
            let before = std::mem::replace(&mut missed, events.missed());
            self.push(event, missed - before);
            wakeups.events();
        }
    }
}

fn event(event: &HubEvent) -> Option<Value> {
    Some(match event {
        HubEvent::Joined(info) => json!({ "type": "joined", "peer": peer(info) }),
        HubEvent::Left { peer: info, goodbye } => json!({
            "type": "left",
            "peer": peer(info),
            "reason": goodbye.reason.name(),
            "message": goodbye.message,
        }),
        HubEvent::Unresponsive(info) => json!({ "type": "unresponsive", "peer": peer(info) }),
        HubEvent::Served { interface, instance, label } => json!({
            "type": "served", "interface": **interface, "instance": instance, "label": label,
        }),
        HubEvent::Withdrawn { interface, instance, label } => json!({
            "type": "withdrawn", "interface": **interface, "instance": instance, "label": label,
        }),
        HubEvent::Denied { peer, label, role, channel, reason, count } => json!({
            "type": "denied",
            "peer": peer.number(),
            "label": label,
            "role": role,
            "channel": channel.as_deref(),
            "reason": reason.name(),
            "count": count,
        }),
        HubEvent::Throttled { label, budget, times } => json!({
            "type": "throttled", "label": label, "budget": budget, "times": times,
        }),
        HubEvent::Call(call) => json!({
            "type": "call",
            "channel": *call.channel,
            "caller": call.caller,
            "callee": call.callee,
            "bytesIn": call.bytes_in,
            "bytesOut": call.bytes_out,
            "durationMs": call.duration.as_secs_f64() * 1e3,
            "status": call.status.name(),
            "correlation": call.correlation,
        }),
        HubEvent::Published(publication) => json!({
            "type": "published",
            "channel": *publication.channel,
            "publisher": publication.publisher,
            "bytes": publication.bytes,
            "subscribers": publication.subscribers,
            "missed": publication.missed,
        }),
        // A later hub may know of more.
        _ => return None,
    })
}

fn peer(info: &PeerInfo) -> Value {
    let counters = &info.counters;
    json!({
        "peer": info.peer.number(),
        "label": info.label,
        "role": info.role,
        "kind": match info.kind {
            Kind::Native => "native",
            Kind::Page => "page",
            Kind::Main => "main",
        },
        "counters": {
            "calls": counters.calls,
            "errors": counters.errors,
            "denied": counters.denied,
            "dropped": counters.dropped,
            "refused": counters.refused,
            "paused": counters.paused,
            "pausedMs": counters.paused_ms,
            "bytesIn": counters.bytes_in,
            "bytesOut": counters.bytes_out,
            "blobsIn": counters.blobs_in,
            "blobsLent": counters.blobs_lent,
            "blobsPlaced": counters.blobs_placed,
            "blobsCopied": counters.blobs_copied,
            "blobCopies": counters.blob_copies,
            "values": counters.values,
            "missed": counters.missed,
        },
    })
}

/// Every peer, as a JSON array.
pub(crate) fn peers(hub: &Hub) -> String {
    Value::from(hub.peers().iter().map(peer).collect::<Vec<_>>()).to_string()
}

/// What the hub has counted, as a JSON object.
pub(crate) fn counters(counters: &HubCounters) -> String {
    let ended: Map<String, Value> = counters
        .ended
        .iter()
        .map(|(reason, count)| (reason.name().to_owned(), Value::from(*count)))
        .collect();
    json!({
        "admitted": counters.admitted,
        "ended": ended,
        "calls": counters.calls,
        "errors": counters.errors,
        "published": counters.published,
        "denied": counters.denied,
        "refused": counters.refused,
        "turnedAway": counters.turned_away,
        "violations": counters.violations(),
    })
    .to_string()
}
