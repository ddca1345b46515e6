//! Blobs in every kind of channel, and typed arrays.

use std::sync::OnceLock;

use portcullis::codec::Blob;
use portcullis::{Call, Sink, Source, TypedArray};
use sample_contract::{Blobs, BlobsError, BlobsPublisher, Samples, Scan};

use crate::seen::Seen;

/// Sends blobs back and forth.
#[derive(Debug, Default)]
pub struct BlobsService {
    seen: Seen,
    publisher: OnceLock<BlobsPublisher>,
}

impl BlobsService {
    /// A service that leaves its traces in `seen`.
    pub fn new(seen: &Seen) -> Self {
        Self { seen: seen.clone(), publisher: OnceLock::new() }
    }

    /// Says what to publish with: the publisher exists only once the service is served.
    pub fn publish_with(&self, publisher: BlobsPublisher) {
        // Served once, so that the first one is the right one.
        let _ = self.publisher.set(publisher);
    }
}

impl Blobs for BlobsService {
    async fn echo(&self, _: &Call, scan: Scan) -> Result<Scan, BlobsError> {
        let _running = self.seen.running();
        if scan.name.is_empty() {
            return Err(BlobsError::Rejected { seen: scan.points });
        }
        Ok(scan)
    }

    async fn small(&self, _: &Call, number: u32) -> u32 {
        number
    }

    async fn hand_over(&self, _: &Call, scan: Scan) {
        let Some(publisher) = self.publisher.get() else { return };
        // What was received keeps its contract; its caller counts what arrives.
        let _ = publisher.latest(&scan.points);
        let _ = publisher.scanned(&scan);
    }

    async fn frames(&self, _: &Call, count: u32, bytes: u32, mut out: Sink<Blob>) {
        let _running = self.seen.running();
        for number in 0..count {
            let frame = Blob::from(vec![number as u8; bytes as usize]);
            if out.send(&frame).await.is_err() {
                return;
            }
            self.seen.sent.add();
        }
    }

    async fn mirror(&self, _: &Call, samples: Samples) -> Samples {
        samples
    }

    async fn waves(&self, _: &Call, count: u32, length: u32, mut out: Sink<TypedArray<f32>>) {
        let _running = self.seen.running();
        for number in 0..count {
            let wave = (0..length).map(|place| number as f32 + place as f32 / 2.0);
            if out.send(&wave.collect::<Vec<_>>().into()).await.is_err() {
                return;
            }
            self.seen.sent.add();
        }
    }

    async fn total(&self, _: &Call, mut input: Source<Blob>) -> u64 {
        let _running = self.seen.running();
        let mut total = 0;
        while let Ok(Some(blob)) = input.next().await {
            self.seen.taken.add();
            total += blob.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        total
    }
}
