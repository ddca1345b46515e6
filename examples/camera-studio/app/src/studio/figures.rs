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
use super::receivers::{Receiver, Receivers};
use super::roles;

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
    /// Pictures that main has copied once, out of memory that a camera may change, for all receivers together.
    copied_for_all: u64,
    receivers: Vec<ReceiverSummary>,
}

#[derive(Debug, Serialize)]
struct ReceiverSummary {
    label: String,
    received: u64,
    /// Over the whole run, like the next.
    frames_per_second: f64,
    bytes_per_second: f64,
    /// Pictures that are missing between those that it got, whoever has left them out.
    dropped: u64,
    /// Those of them that main has dropped for it, by the topic's policy.
    missed: u64,
    /// Pictures that it was lent as they are.
    lent: u64,
    /// How often pictures were copied for it alone, by main and by itself.
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
        )
    }

    /// How pictures reach each receiver that is there: a line for each.
    pub(super) fn receiver_lines(&self) -> Vec<String> {
        let receivers = self.receivers.all();
        let present = receivers.iter().filter(|(_, receiver)| receiver.present);
        present.map(|(label, receiver)| receiver_line(label, receiver)).collect()
    }

    /// The summary, up to now.
    pub(super) fn summary(&self, ran: Duration, kill: Option<Outcome>) -> Summary {
        let figures = self.observer.peers();
        let a_second = |count: u64| count as f64 / ran.as_secs_f64().max(f64::EPSILON);
        let receivers = self.receivers.all().into_iter().map(|(label, receiver)| {
            let totals = receiver.totals();
            ReceiverSummary {
                received: totals.received,
                frames_per_second: a_second(totals.received),
                bytes_per_second: a_second(totals.bytes),
                dropped: totals.dropped,
                missed: totals.missed,
                lent: figures.get(&label).map_or(0, |peer| peer.blobs_lent),
                copies: totals.copies,
                copies_per_frame: ratio(totals.copies, totals.received),
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
                copied_for_all: figures.values().filter(is_camera).map(|peer| peer.blobs_in).sum(),
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
            "ran for {seconds:.1} s: {} pictures published, {} copied once for all receivers, {} dropped by the cameras, {} violations, {} denied",
            self.frames.sent,
            self.frames.copied_for_all,
            self.frames.dropped_at_source,
            self.violations,
            self.denied
        )];
        lines.extend(self.frames.receivers.iter().map(|each| {
            format!(
                "  {:<12} received {:>7}  {:>5.1}/s  {:>11}/s  missed {:>5}  copies {:.1}  p50 {:>8}  p99 {:>8}",
                each.label,
                each.received,
                each.frames_per_second,
                megabytes(each.bytes_per_second as u64),
                each.missed,
                each.copies_per_frame,
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

/// How pictures reach a receiver: what it has received and missed so far, its last second, and how often each picture was copied
/// for it alone.
fn receiver_line(label: &str, receiver: &Receiver) -> String {
    let (last, totals) = (&receiver.last, receiver.totals());
    format!(
        "        {label:<12} received {:>7}  {:>5.1}/s  {:>11}/s  missed {:>5}  copies {:.1}",
        totals.received,
        last.frames_per_second,
        megabytes(last.bytes_per_second as u64),
        totals.missed,
        ratio(totals.copies, totals.received),
    )
}

fn is_camera(peer: &&PeerFigures) -> bool {
    peer.role == roles::CAMERA
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
