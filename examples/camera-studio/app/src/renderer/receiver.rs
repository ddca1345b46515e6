//! Counts the pictures that a renderer gets, and streams the counts to main once a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camera_studio_contract::{CameraId, Frame, ReportsClient, Statistics};
use portcullis::peer::{Peer, Target};

use crate::analysis::{self, Arrival};
use crate::clock;

/// How often main is told.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Counts arrivals; a task of its own reports them for as long as the connection stands.
pub(super) struct Receiver(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    statistics: analysis::Statistics,
    camera: Option<CameraId>,
}

impl Receiver {
    pub(super) async fn start(peer: &Peer) -> Result<Self, portcullis::Error> {
        let reports: ReportsClient = peer.bind(Target::Any).await?;
        let counts = Arc::new(Mutex::new(Counts::default()));
        tokio::spawn(report(reports, Arc::clone(&counts)));
        Ok(Self(counts))
    }

    /// Counts a picture, right before which main has dropped `missed` of them for this process.
    pub(super) fn arrived(&self, frame: &Frame, missed: u32) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.camera.replace(frame.camera) != Some(frame.camera) {
            counts.statistics.begin();
        }
        counts.statistics.record(Arrival {
            sequence: frame.sequence,
            captured_us: clock::micros(frame.captured),
            received_us: clock::now_us(),
            bytes: frame.data.len() as u64,
            missed: missed.into(),
            // What is not lent was put together here, out of the bytes of the connection.
            copies: u64::from(!frame.data.is_lent()),
        });
    }
}

/// One stream after the other: each ends when its deadline has come.
async fn report(reports: ReportsClient, counts: Arc<Mutex<Counts>>) {
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    loop {
        let (mut items, _calling) = reports.report();
        // The first tick comes at once: it tells main that this renderer is there.
        loop {
            ticks.tick().await;
            let statistics = summary(&counts);
            if items.send(&statistics).await.is_err() {
                break;
            }
        }
    }
}

fn summary(counts: &Mutex<Counts>) -> Statistics {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let report = counts.statistics.report(clock::now_us());
    let total = |percent| counts.statistics.latency().percentile_us(percent).unwrap_or(0);
    Statistics {
        // Main writes it.
        receiver: String::new(),
        frames_per_second: report.rate,
        bytes_per_second: report.bytes_per_second,
        received: report.received,
        dropped: report.dropped,
        missed: report.missed,
        copies: report.copies,
        bytes: report.bytes,
        latency_p50_us: report.latency_p50_us.unwrap_or(0),
        latency_p99_us: report.latency_p99_us.unwrap_or(0),
        total_latency_p50_us: total(50.0),
        total_latency_p99_us: total(99.0),
    }
}
