//! What the studio prints and writes about itself: a line a second, and the summary at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis::hub::{Hub, Kind};
use serde::Serialize;

use super::cameras::Studio;
use super::children::Restarts;
use super::demonstration::Outcome;
use super::observer::{Observer, PeerFigures};
use super::receivers::Receivers;
use super::roles;

/// How often main copies a picture that is not lent: into what waits for the connection of its receiver.
const COPIES_NATIVE: u64 = 1;
/// For a page, also into the message of its WebSocket, and into the buffer that is written to its socket.
const COPIES_PAGE: u64 = 3;

/// Where the figures come from.
pub(super) struct Figures {
    pub(super) hub: Hub,
    pub(super) cameras: Arc<Studio>,
    pub(super) receivers: Arc<Receivers>,
    pub(super) observer: Arc<Observer>,
    pub(super) restarts: Restarts,
    /// Frames and bytes at the line before.
    pub(super) before: (u64, u64),
}

/// The summary of a run.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    duration_ms: u64,
    peers: Vec<PeerSummary>,
    frames: Frames,
    /// How often each process was started again after it had ended by itself.
    restarts: BTreeMap<String, u32>,
    /// What the kill in the middle did; nothing when the run was too short.
    kill: Option<Outcome>,
    /// Connections that were ended because the peer broke the protocol.
    violations: u64,
    /// Requests and publications that were not granted.
    denied: u64,
}

#[derive(Debug, Serialize)]
struct PeerSummary {
    label: String,
    role: String,
    calls: u64,
    errors: u64,
    bytes: u64,
    /// Of its calls, as the hub saw them; nothing when it made none.
    latency_p50_us: Option<u64>,
    latency_p99_us: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Frames {
    /// Pictures that cameras have published.
    sent: u64,
    /// Pictures that cameras have dropped, because main did not take them in time.
    dropped_at_source: u64,
    receivers: Vec<ReceiverSummary>,
}

#[derive(Debug, Serialize)]
struct ReceiverSummary {
    label: String,
    received: u64,
    dropped: u64,
    /// Pictures that it was lent: main has copied none of them for it.
    lent: u64,
    /// How often main has copied a picture for it.
    copies: u64,
    copies_per_frame: f64,
    /// From capture to its handler, over its last life.
    latency_p50_us: u64,
    latency_p99_us: u64,
}

impl Figures {
    /// The line of a second.
    pub(super) fn line(&mut self, since_start: Duration) -> String {
        let peers = self.hub.peers();
        let connected = peers.iter().filter(|peer| peer.kind != Kind::Main).count();
        let counters = self.hub.counters();
        let bytes: u64 =
            self.observer.peers().values().map(|peer| peer.bytes_in + peer.bytes_out).sum();
        let frames = self.cameras.progress().published;
        let (frames_before, bytes_before) = std::mem::replace(&mut self.before, (frames, bytes));
        // The slowest receiver's: the others are better.
        let receivers = self.receivers.all();
        let present = || receivers.values().filter(|each| each.present).map(|each| &each.last);
        let p50_us = present().map(|each| each.latency_p50_us).max().unwrap_or(0);
        let p99_us = present().map(|each| each.latency_p99_us).max().unwrap_or(0);
        format!(
            "{:4} s  peers {connected}  calls {}  frames {frames} (+{})  p50 {}  p99 {}  bytes {} (+{})  errors {}  open {}",
            since_start.as_secs(),
            counters.calls,
            frames.saturating_sub(frames_before),
            milliseconds(p50_us),
            milliseconds(p99_us),
            megabytes(bytes),
            megabytes(bytes.saturating_sub(bytes_before)),
            counters.errors,
            self.hub.open_work(),
        ) + &self.copies_a_picture()
    }

    /// How often a picture is copied for each receiver that is there.
    fn copies_a_picture(&self) -> String {
        let figures = self.observer.peers();
        let receivers = self.receivers.all();
        let mut text = String::new();
        for (label, receiver) in receivers.iter().filter(|(_, receiver)| receiver.present) {
            let (_, copies) = figures.get(label).map(copies_for).unwrap_or_default();
            let copies = ratio(copies, receiver.totals().received);
            text +=
                &format!("{} {label} {copies:.1}", if text.is_empty() { "  copies" } else { "," });
        }
        text
    }

    /// The summary, up to now.
    pub(super) fn summary(&self, ran: Duration, kill: Option<Outcome>) -> Summary {
        let figures = self.observer.peers();
        let receivers = self.receivers.all().into_iter().map(|(label, receiver)| {
            let totals = receiver.totals();
            let (lent, copies) = figures.get(&label).map(copies_for).unwrap_or_default();
            ReceiverSummary {
                received: totals.received,
                dropped: totals.dropped,
                lent,
                copies,
                copies_per_frame: ratio(copies, totals.received),
                latency_p50_us: receiver.last.total_latency_p50_us,
                latency_p99_us: receiver.last.total_latency_p99_us,
                label,
            }
        });
        let counters = self.hub.counters();
        let progress = self.cameras.progress();
        Summary {
            duration_ms: u64::try_from(ran.as_millis()).unwrap_or(u64::MAX),
            frames: Frames {
                sent: progress.published,
                dropped_at_source: progress.dropped,
                receivers: receivers.collect(),
            },
            peers: figures
                .iter()
                .map(|(label, peer)| PeerSummary {
                    label: label.clone(),
                    role: peer.role.clone(),
                    calls: peer.calls,
                    errors: peer.errors,
                    bytes: peer.bytes_in + peer.bytes_out,
                    latency_p50_us: peer.latency.percentile_us(50.0),
                    latency_p99_us: peer.latency.percentile_us(99.0),
                })
                .collect(),
            restarts: self.restarts.all(),
            kill,
            violations: counters.violations(),
            denied: counters.denied,
        }
    }
}

impl Summary {
    /// As people read it.
    pub(super) fn lines(&self) -> Vec<String> {
        let seconds = Duration::from_millis(self.duration_ms).as_secs_f64();
        let mut lines = vec![format!(
            "ran for {seconds:.1} s: {} pictures published, {} dropped by the cameras, {} violations, {} denied",
            self.frames.sent, self.frames.dropped_at_source, self.violations, self.denied
        )];
        lines.extend(self.frames.receivers.iter().map(|each| {
            format!(
                "  {:<12} received {:>7}  dropped {:>5}  copies {:>7}  p50 {:>8}  p99 {:>8}",
                each.label,
                each.received,
                each.dropped,
                each.copies,
                milliseconds(each.latency_p50_us),
                milliseconds(each.latency_p99_us),
            )
        }));
        let restarts = self.restarts.iter().map(|(label, count)| format!("{label} {count}"));
        let restarts: Vec<String> = restarts.collect();
        if !restarts.is_empty() {
            lines.push(format!("restarts: {}", restarts.join(", ")));
        }
        lines
    }
}

/// Pictures that a receiver was lent, and how often others were copied for it.
fn copies_for(peer: &PeerFigures) -> (u64, u64) {
    let page = roles::WINDOWS.contains(&peer.role.as_str());
    let copies = if page { COPIES_PAGE } else { COPIES_NATIVE };
    (peer.blobs_lent, peer.blobs_copied.saturating_mul(copies))
}

fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

fn milliseconds(us: u64) -> String {
    format!("{:.2} ms", us as f64 / 1e3)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
