//! What the hub tells of itself, turned into figures (calls and bytes of each peer, those that have left included) and
//! into the lines of the message log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use camera_studio_contract::ChannelKind;
use portcullis::hub::{CallRecord, Hub, HubEvent, PeerInfo, PublishRecord};
use portcullis::{Status, schema};

use super::log::{Line, Log};
use crate::analysis::Histogram;

/// What was counted of one label.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerFigures {
    pub(super) role: String,
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    /// Blobs that came from it, each of which main has copied once, for all receivers.
    pub(super) blobs_in: u64,
    /// Blobs that were lent to it as they are.
    pub(super) blobs_lent: u64,
    /// How long its calls took, until the reply stood at the hub.
    pub(super) latency: Histogram,
}

/// Gathers the figures.
pub(super) struct Observer {
    hub: Hub,
    kinds: BTreeMap<String, ChannelKind>,
    log: Arc<Log>,
    past: Mutex<BTreeMap<String, PeerFigures>>,
}

impl Observer {
    /// Observes from now on, in a task of its own.
    pub(super) fn start(hub: &Hub, log: Arc<Log>) -> Arc<Self> {
        let observer = Arc::new(Self {
            hub: hub.clone(),
            kinds: kinds(camera_studio_contract::contract()),
            log,
            past: Mutex::default(),
        });
        let mut events = hub.events();
        let observing = Arc::clone(&observer);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                observing.observe(&event);
            }
        });
        observer
    }

    /// The figures of every label that was ever connected, up to now.
    pub(super) fn peers(&self) -> BTreeMap<String, PeerFigures> {
        let mut all = self.past.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for peer in self.hub.peers() {
            add(all.entry(peer.label.clone()).or_default(), &peer);
        }
        all
    }

    fn observe(&self, event: &HubEvent) {
        match event {
            HubEvent::Left { peer, .. } => {
                let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
                add(past.entry(peer.label.clone()).or_default(), peer);
            }
            HubEvent::Call(call) => self.called(call),
            HubEvent::Published(value) => self.published(value),
            HubEvent::Denied { label, channel, .. } => {
                let channel = channel.as_deref().unwrap_or("an unknown channel");
                let kind = self.kind(channel);
                let outcome = "permission_denied".to_owned();
                self.log.add(Line {
                    channel: channel.to_owned(),
                    kind,
                    from: label.clone(),
                    to: String::new(),
                    bytes: 0,
                    duration: None,
                    outcome,
                });
            }
            _ => {}
        }
    }

    fn called(&self, call: &CallRecord) {
        let duration_us = u64::try_from(call.duration.as_micros()).unwrap_or(u64::MAX);
        let kind = self.kind(&call.channel);
        if kind == ChannelKind::Call {
            let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
            past.entry(call.caller.clone()).or_default().latency.record(duration_us);
        }
        self.log.add(Line {
            channel: call.channel.to_string(),
            kind,
            from: call.caller.clone(),
            to: call.callee.clone(),
            bytes: call.bytes_in.saturating_add(call.bytes_out),
            duration: Some(call.duration),
            outcome: call.status.name().to_owned(),
        });
    }

    fn published(&self, value: &PublishRecord) {
        let to = match value.subscribers {
            1 => "1 subscriber".to_owned(),
            count => format!("{count} subscribers"),
        };
        let outcome = match value.missed {
            0 => Status::Ok.name().to_owned(),
            missed => format!("{missed} too slow"),
        };
        self.log.add(Line {
            channel: value.channel.to_string(),
            kind: self.kind(&value.channel),
            from: value.publisher.clone(),
            to,
            bytes: value.bytes,
            duration: None,
            outcome,
        });
    }

    fn kind(&self, channel: &str) -> ChannelKind {
        self.kinds.get(channel).copied().unwrap_or(ChannelKind::Call)
    }
}

fn add(figures: &mut PeerFigures, peer: &PeerInfo) {
    peer.role.clone_into(&mut figures.role);
    figures.calls += peer.counters.calls;
    figures.errors += peer.counters.errors;
    figures.bytes_in += peer.counters.bytes_in;
    figures.bytes_out += peer.counters.bytes_out;
    figures.blobs_in += peer.counters.blobs_in;
    figures.blobs_lent += peer.counters.blobs_lent;
}

/// The kind of every channel, by its full name.
fn kinds(schema: &schema::Schema) -> BTreeMap<String, ChannelKind> {
    let channels = schema.interfaces.iter().flat_map(|interface| {
        interface.channels.iter().map(|each| (format!("{}.{}", interface.name, each.name), each))
    });
    channels
        .map(|(name, channel)| {
            let kind = match channel.kind {
                schema::ChannelKind::Call => ChannelKind::Call,
                schema::ChannelKind::Notify => ChannelKind::Notification,
                schema::ChannelKind::Stream => ChannelKind::Stream,
                schema::ChannelKind::Event => ChannelKind::Event,
                schema::ChannelKind::State => ChannelKind::State,
            };
            (name, kind)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_its_kind() {
        let kinds = kinds(camera_studio_contract::contract());
        assert_eq!(kinds["studio.cameras.plug"], ChannelKind::Call);
        assert_eq!(kinds["studio.worker.adjust"], ChannelKind::Notification);
        assert_eq!(kinds["studio.log.history"], ChannelKind::Stream);
        assert_eq!(kinds["studio.live.frame"], ChannelKind::Event);
        assert_eq!(kinds["studio.settings.settings"], ChannelKind::State);
    }
}
