//! Streams in each direction and with each policy.

use portcullis::{Call, Sink, Source};

/// An item with bytes.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Counts the pictures.
    pub sequence: u32,
    /// The pixels.
    pub pixels: Vec<u8>,
}

/// What a stream ends with.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many items there were.
    pub items: u32,
    /// Their sum.
    pub sum: u64,
}

/// How a stream may fail on request.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowsError {
    /// After so many items.
    Broken {
        /// The items sent before.
        after: u32,
    },
}

/// Streams.
#[portcullis::interface(name = "sample.flows", version = 2)]
pub trait Flows {
    /// Sends the numbers from 0 up to `count`, and fails with its own error after `fail_after`.
    #[stream(deadline = "5s")]
    async fn count(
        &self,
        cx: &Call,
        count: u32,
        fail_after: Option<u32>,
        out: Sink<u32>,
    ) -> Result<Summary, FlowsError>;

    /// Adds up what it is sent.
    #[stream]
    async fn sum(&self, cx: &Call, input: Source<u32>) -> Summary;

    /// Sends every item back.
    #[stream]
    async fn mirror(&self, cx: &Call, input: Source<String>, out: Sink<String>);

    /// Sends pictures of `bytes` bytes as fast as it can; when the caller is slow, the oldest goes.
    #[stream(overflow = "drop_oldest", depth = 4, capability = "watch")]
    async fn pictures(&self, cx: &Call, count: u32, bytes: u32, out: Sink<Picture>) -> Summary;

    /// Sends one item and then nothing, until it is cancelled.
    #[stream]
    async fn stall(&self, cx: &Call, out: Sink<u8>);
}
