//! Blobs in every kind of channel, and typed arrays.

use portcullis::codec::Blob;
use portcullis::{Call, Sink, Source, TypedArray};

/// A message with blobs.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// What it is called.
    pub name: String,
    /// The points.
    #[limit(len <= 67_108_864)]
    pub points: Blob,
    /// Pictures of it.
    #[limit(items <= 4)]
    pub pictures: Vec<Blob>,
    /// A small picture.
    #[limit(len <= 65_536)]
    pub preview: Option<Blob>,
}

/// Numbers of every kind that a typed array holds.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// Eight bits with a sign.
    pub i8s: TypedArray<i8>,
    /// Sixteen with a sign.
    pub i16s: TypedArray<i16>,
    /// Sixteen.
    pub u16s: TypedArray<u16>,
    /// Thirty-two with a sign.
    pub i32s: TypedArray<i32>,
    /// Thirty-two.
    pub u32s: TypedArray<u32>,
    /// Sixty-four with a sign.
    pub i64s: TypedArray<i64>,
    /// Sixty-four.
    pub u64s: TypedArray<u64>,
    /// Single floats.
    #[limit(items <= 16_777_216)]
    pub f32s: TypedArray<f32>,
    /// A few double floats.
    #[limit(items = 2..=8)]
    pub f64s: Option<TypedArray<f64>>,
    /// Channels.
    #[limit(items <= 4)]
    pub channels: Vec<TypedArray<f32>>,
}

/// Why a scan is not taken.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobsError {
    /// What would have been needed stands beside.
    Rejected {
        /// The scan as it is.
        seen: Blob,
    },
}

/// Blobs.
#[portcullis::interface(name = "sample.blobs", version = 1)]
pub trait Blobs {
    /// Sends a scan back, or rejects it when it has no name.
    #[call(deadline = "30s")]
    async fn echo(&self, cx: &Call, scan: Scan) -> Result<Scan, BlobsError>;

    /// A small call beside large ones.
    #[call(idempotent)]
    async fn small(&self, cx: &Call, number: u32) -> u32;

    /// Hands a scan over without an answer; it is published as `scanned`.
    #[notify]
    async fn hand_over(&self, cx: &Call, scan: Scan);

    /// Sends `count` blobs of `bytes` bytes, each filled with its number.
    #[stream]
    async fn frames(&self, cx: &Call, count: u32, bytes: u32, out: Sink<Blob>);

    /// Adds up the bytes of what it is sent.
    #[stream]
    async fn total(&self, cx: &Call, input: Source<Blob>) -> u64;

    /// Sends samples back.
    #[call(deadline = "30s")]
    async fn mirror(&self, cx: &Call, samples: Samples) -> Samples;

    /// Sends `count` arrays of `length` numbers, the first of which counts up from 0, and each further one is greater by 0.5.
    #[stream]
    async fn waves(&self, cx: &Call, count: u32, length: u32, out: Sink<TypedArray<f32>>);

    /// A scan was handed over.
    #[event]
    fn scanned(scan: Scan);

    /// The last blob.
    #[state]
    fn latest(value: Blob);
}
