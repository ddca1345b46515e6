//! Streams of every kind, and topics.

use std::sync::OnceLock;

use portcullis::{Call, Sink, Source};
use sample_contract::{Flows, FlowsError, Picture, Summary, Topics, TopicsPublisher};

use crate::seen::Seen;

/// Of so many numbers that are counted two are sent alone, and the others at once. It divides the credit of a stream.
const ROW: u32 = 8;

/// Streams numbers, texts and pictures.
#[derive(Debug, Default)]
pub struct FlowsService {
    seen: Seen,
}

impl FlowsService {
    /// A service that leaves its traces in `seen`.
    pub fn new(seen: &Seen) -> Self {
        Self { seen: seen.clone() }
    }
}

impl Flows for FlowsService {
    async fn count(
        &self,
        _: &Call,
        count: u32,
        fail_after: Option<u32>,
        mut out: Sink<u32>,
    ) -> Result<Summary, FlowsError> {
        let _running = self.seen.running();
        let mut summary = Summary::default();
        let end = fail_after.map_or(count, |after| after.min(count));
        while summary.items < end {
            // Each goes alone for once, and then some share a frame.
            let first = summary.items;
            let length = if first % ROW < 2 { 1 } else { ROW - 2 };
            let row: Vec<u32> = (first..end.min(first.saturating_add(length))).collect();
            if out.send_all(&row).await.is_err() {
                return Ok(summary);
            }
            for number in row {
                self.seen.sent.add();
                summary.items += 1;
                summary.sum += u64::from(number);
            }
        }
        match fail_after {
            Some(after) if after < count => Err(FlowsError::Broken { after }),
            _ => Ok(summary),
        }
    }

    async fn sum(&self, _: &Call, mut input: Source<u32>) -> Summary {
        let _running = self.seen.running();
        let mut summary = Summary::default();
        while let Ok(Some(number)) = input.next().await {
            self.seen.taken.add();
            summary.items += 1;
            summary.sum += u64::from(number);
        }
        summary
    }

    async fn mirror(&self, _: &Call, mut input: Source<String>, mut out: Sink<String>) {
        let _running = self.seen.running();
        while let Ok(Some(text)) = input.next().await {
            self.seen.taken.add();
            if out.send(&text).await.is_err() {
                return;
            }
        }
    }

    async fn pictures(&self, _: &Call, count: u32, bytes: u32, mut out: Sink<Picture>) -> Summary {
        let _running = self.seen.running();
        let mut summary = Summary::default();
        for sequence in 0..count {
            let picture = Picture { sequence, pixels: vec![sequence as u8; bytes as usize] };
            if out.send(&picture).await.is_err() {
                break;
            }
            self.seen.sent.add();
            summary.items += 1;
            tokio::task::yield_now().await;
        }
        summary
    }

    async fn stall(&self, _: &Call, mut out: Sink<u8>) {
        let _running = self.seen.running();
        if out.send(&1).await.is_ok() {
            std::future::pending().await
        }
    }
}

/// Publishes when it is called.
#[derive(Debug, Default)]
pub struct TopicsService {
    publisher: OnceLock<TopicsPublisher>,
}

impl TopicsService {
    /// Says what to publish with: the publisher exists only once the service is served.
    pub fn publish_with(&self, publisher: TopicsPublisher) {
        // Served once, so that the first one is the right one.
        let _ = self.publisher.set(publisher);
    }
}

impl Topics for TopicsService {
    async fn emit(&self, _: &Call, number: u32, times: u32) {
        let Some(publisher) = self.publisher.get() else { return };
        for _ in 0..times {
            // What this service publishes keeps its contract; its caller counts what arrives.
            let _ = publisher.ticked(&number);
            let _ = publisher.kept(&number);
            let _ = publisher.strict(&number);
        }
    }
}
