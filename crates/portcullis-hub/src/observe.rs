//! What can be seen of a hub from outside: peers, events, calls and counters.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::session::BlobsSent;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::Hub;
use crate::audit::DenyReason;
use crate::config::Kind;
use crate::instance::{Instance, Server};
use crate::peer::{PeerId, PeerState};
use crate::work::Meta;

/// A peer, as main admitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// Its number.
    pub peer: PeerId,
    /// Which window or worker it is.
    pub label: String,
    /// What it may do.
    pub role: String,
    /// What is at the other end.
    pub kind: Kind,
    /// What it has done so far.
    pub counters: PeerCounters,
}

/// What was counted for one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerCounters {
    /// Calls and streams that it has opened and that have ended.
    pub calls: u64,
    /// Those of them that failed, the application's own errors included.
    pub errors: u64,
    /// Requests and publications that were denied.
    pub denied: u64,
    /// Notifications that were dropped because too much was under way.
    pub dropped: u64,
    /// Requests that were refused and values that were dropped because a budget was used up.
    pub refused: u64,
    /// How often it was told to wait because it sent faster than its budget allows.
    pub paused: u64,
    /// How long it was told to wait, in milliseconds.
    pub paused_ms: u64,
    /// Bytes that came from it.
    pub bytes_in: u64,
    /// Bytes that left for it.
    pub bytes_out: u64,
    /// Blobs that came from it. Main has copied each once, for all who get it: out of memory that it lends and may change, or
    /// out of the bytes of its connection.
    pub blobs_in: u64,
    /// Blobs that were lent to it as they are: main has copied nothing for it.
    pub blobs_lent: u64,
    /// Blobs that were copied into memory shared with it alone, once, and lent from there.
    pub blobs_placed: u64,
    /// Blobs that were copied for it, as bytes of its connection.
    pub blobs_copied: u64,
    /// How often main has copied blobs for it alone: once for each that was placed or copied, and for each that was copied as
    /// often again as its link copies what it sends. What the system copies, and what the peer does, is not in it.
    pub blob_copies: u64,
    /// Values of topics that were sent to it.
    pub values: u64,
    /// Values of topics that it missed because it was too slow.
    pub missed: u64,
}

/// What was counted for the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HubCounters {
    /// Connections admitted.
    pub admitted: u64,
    /// Connections ended, by reason.
    pub ended: BTreeMap<Reason, u64>,
    /// Calls and streams that have ended.
    pub calls: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// Values published.
    pub published: u64,
    /// Requests and publications that were denied.
    pub denied: u64,
    /// Requests that were refused and values that were dropped because a budget was used up.
    pub refused: u64,
    /// Connections that were not admitted because their user's budget was used up.
    pub turned_away: u64,
}

impl HubCounters {
    /// Connections that ended because the peer broke the protocol.
    pub fn violations(&self) -> u64 {
        self.ended.iter().filter(|(reason, _)| reason.is_violation()).map(|(_, count)| count).sum()
    }
}

/// Something that observers may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HubEvent {
    /// A peer has said hello and was taken in.
    Joined(PeerInfo),
    /// A peer's connection has ended.
    Left {
        /// The peer.
        peer: PeerInfo,
        /// Why.
        goodbye: Goodbye,
    },
    /// A page does not answer while it is awaited; it is left alone.
    Unresponsive(PeerInfo),
    /// A page that did not answer does again.
    Responsive(PeerInfo),
    /// An interface is served now.
    Served {
        /// Its name.
        interface: Arc<str>,
        /// The instance's name.
        instance: String,
        /// The label of the server; empty for main.
        label: String,
    },
    /// An interface is no longer served.
    Withdrawn {
        /// Its name.
        interface: Arc<str>,
        /// The instance's name.
        instance: String,
        /// The label of the server; empty for main.
        label: String,
    },
    /// A call or stream has ended. Only when the hub was told to observe calls.
    Call(CallRecord),
    /// A value was published. Only when the hub was told to observe calls.
    Published(PublishRecord),
    /// Requests or publications of a peer were denied, or ended because their grant did. The first of each channel and
    /// reason is told at once, then whenever their number has doubled, and what is left when the peer leaves; the counts of
    /// all events add up to the counter.
    Denied {
        /// Who asked.
        peer: PeerId,
        /// Its label.
        label: String,
        /// Its role.
        role: String,
        /// What for, an interface or a channel, as far as it exists.
        channel: Option<Arc<str>>,
        /// Why. The peer itself is not told.
        reason: DenyReason,
        /// How many, since they were told last.
        count: u64,
    },
    /// A budget of a peer's or its user's was used up: something was refused, or the peer has to wait. Told of each peer
    /// for the first time, and then whenever the number has doubled.
    Throttled {
        /// Whose.
        label: String,
        /// The fixed word for what was used up: a [`crate::Resource`]'s name, `frames`, `bytes` or `callee_share`.
        budget: &'static str,
        /// How often that has happened to this peer so far.
        times: u64,
    },
}

/// A call or stream that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// `interface.method`.
    pub channel: Arc<str>,
    /// The caller's label.
    pub caller: String,
    /// The callee's label; empty for main.
    pub callee: String,
    /// Size of the arguments, in bytes.
    pub bytes_in: u32,
    /// Size of the reply, in bytes.
    pub bytes_out: u32,
    /// From the request's arrival to the outcome.
    pub duration: Duration,
    /// How it ended.
    pub status: Status,
    /// The number by which errors and logs name it.
    pub correlation: u64,
}

/// A value that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishRecord {
    /// `interface.topic`.
    pub channel: Arc<str>,
    /// The publisher's label; empty for main.
    pub publisher: String,
    /// Size of the value, in bytes.
    pub bytes: u32,
    /// How many subscribe.
    pub subscribers: u32,
    /// How many of them missed a value for it, because they were too slow.
    pub missed: u32,
}

impl PeerState {
    pub(crate) fn info(&self, peer: PeerId) -> PeerInfo {
        let BlobsSent { lent, placed, copied } = self.session.blobs_sent();
        let counters = PeerCounters {
            blobs_in: self.session.blobs_taken(),
            blobs_lent: lent,
            blobs_placed: placed,
            blobs_copied: copied,
            blob_copies: placed + copied.saturating_mul(1 + u64::from(self.link_copies)),
            ..self.counters
        };
        PeerInfo {
            peer,
            label: self.caller.label.clone(),
            role: self.caller.role.clone(),
            kind: self.kind,
            counters,
        }
    }
}

impl Hub {
    /// Counts a call that has ended, and records it if anyone observes.
    #[inline]
    pub(crate) fn call_ended(
        &mut self,
        caller: PeerId,
        meta: &Meta,
        status: Status,
        bytes_out: usize,
        now: Time,
        events: &mut Vec<HubEvent>,
    ) {
        let failed = status != Status::Ok;
        self.counters.calls += 1;
        self.counters.errors += u64::from(failed);
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        state.counters.calls += 1;
        state.counters.errors += u64::from(failed);
        if self.config.observe_calls {
            self.record_call(caller, meta, status, bytes_out, now, events);
        }
    }

    #[cold]
    fn record_call(
        &self,
        caller: PeerId,
        meta: &Meta,
        status: Status,
        bytes_out: usize,
        now: Time,
        events: &mut Vec<HubEvent>,
    ) {
        let Some(state) = self.peers.get(caller.0) else { return };
        let caller = state.caller.label.clone();
        let callee = meta.callee.and_then(|callee| self.peers.get(callee.0));
        let callee = callee.map(|callee| callee.caller.label.clone()).unwrap_or_default();
        let Some(channel) = self.catalog.full_name(meta.interface, meta.ordinal) else { return };
        events.push(HubEvent::Call(CallRecord {
            channel: Arc::clone(channel),
            caller,
            callee,
            bytes_in: meta.bytes_in,
            bytes_out: u32::try_from(bytes_out).unwrap_or(u32::MAX),
            duration: now.since(meta.started),
            status,
            correlation: meta.correlation,
        }));
    }

    /// Records a value that was published, if anyone observes.
    pub(crate) fn published(
        &self,
        channel: Option<&Arc<str>>,
        publisher: Option<PeerId>,
        bytes: usize,
        (subscribers, missed): (usize, u32),
        events: &mut Vec<HubEvent>,
    ) {
        let (true, Some(channel)) = (self.config.observe_calls, channel) else { return };
        let publisher = publisher.and_then(|peer| self.peers.get(peer.0));
        events.push(HubEvent::Published(PublishRecord {
            channel: Arc::clone(channel),
            publisher: publisher.map(|peer| peer.caller.label.clone()).unwrap_or_default(),
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            subscribers: u32::try_from(subscribers).unwrap_or(u32::MAX),
            missed,
        }));
    }

    pub(crate) fn instance_event(&self, instance: &Instance, served: bool) -> Option<HubEvent> {
        let interface = Arc::clone(&self.catalog.interface(instance.interface)?.name);
        let label = match instance.server {
            Server::Main(_) => String::new(),
            Server::Peer { .. } => instance.label.clone(),
        };
        let instance = instance.name.clone();
        Some(if served {
            HubEvent::Served { interface, instance, label }
        } else {
            HubEvent::Withdrawn { interface, instance, label }
        })
    }
}
