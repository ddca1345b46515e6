//! `portcullis.tap`: what is asked for, what is shown, and why not.

use portcullis::{Call, Failure, Json, Sink, Timestamp};

/// The longest label, in bytes.
pub const LABEL_BYTES_MAX: u32 = 128;

/// The longest name or pattern of a channel, in bytes.
pub const CHANNEL_BYTES_MAX: u32 = 512;

/// The most labels, and the most patterns, of a filter.
pub const NAMES_MAX: u32 = 16;

/// The most messages of a batch.
pub const BATCH_MAX: u32 = 32;

/// The longest fixed word for how a call ended, or for what is wrong with a body, in bytes.
pub const WORD_BYTES_MAX: u32 = 64;

/// Which messages are wanted. What names nothing wants all.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TapFilter {
    /// Messages from or to peers with one of these labels; `main` is main itself, too.
    #[limit(items <= NAMES_MAX, each(len <= LABEL_BYTES_MAX))]
    pub peers: Vec<String>,
    /// Channels, as `interface.channel`; with a `*` at the end, all that begin so.
    #[limit(items <= NAMES_MAX, each(len <= CHANNEL_BYTES_MAX))]
    pub channels: Vec<String>,
}

/// What a message is.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TapKind {
    /// A call or stream begins.
    Request,
    /// A call or stream has ended.
    Outcome {
        /// How, by the fixed word.
        #[limit(len <= WORD_BYTES_MAX)]
        status: String,
        /// Since its request.
        duration: std::time::Duration,
    },
    /// A notification.
    Notification,
    /// An item of a stream, from the caller.
    ItemUp,
    /// An item of a stream, to the caller.
    ItemDown,
    /// A topic's value.
    Value {
        /// How many subscribe.
        subscribers: u32,
        /// How many of them missed a value for it, because they were too slow.
        missed: u32,
    },
    /// A request, subscription, notification or value that was denied. Its body was not looked at.
    Denied,
}

/// How much of a body is shown.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TapExtent {
    /// All of it; of long texts, bytes and blobs their lengths.
    Whole,
    /// Its beginning.
    Cut,
    /// It breaks the contract where this ends.
    Malformed {
        /// What is wrong, by the fixed word.
        #[limit(len <= WORD_BYTES_MAX)]
        error: String,
    },
}

/// A body.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct TapBody {
    /// As JSON, with `{"$secret":true}` in place of what the contract marks as secret.
    pub json: Json,
    /// How much of it that is.
    pub extent: TapExtent,
}

/// A message that has passed the hub.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct TapMessage {
    /// When, by main's clock.
    pub at: Timestamp,
    /// What it is.
    pub kind: TapKind,
    /// `interface.channel`.
    #[limit(len <= CHANNEL_BYTES_MAX)]
    pub channel: String,
    /// The sender's label; `main` for main.
    #[limit(len <= LABEL_BYTES_MAX)]
    pub from: String,
    /// The receiver's label, where there is one receiver.
    #[limit(len <= LABEL_BYTES_MAX)]
    pub to: Option<String>,
    /// Bytes of the body and its blobs.
    pub bytes: u32,
    /// The number by which errors and logs name the call; 0 where it has none.
    pub correlation: u64,
    /// The body, where there is one.
    pub body: Option<TapBody>,
}

/// Messages in their order.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TapBatch {
    /// How many were dropped before these, because the reader was too slow.
    pub missed: u64,
    /// The messages. The first batch, sent at once, has none.
    #[limit(items <= BATCH_MAX)]
    pub messages: Vec<TapMessage>,
}

/// Why nothing is shown.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TapError {
    /// No channel that can be tapped fits the pattern.
    NoSuchChannel {
        /// The pattern.
        #[limit(len <= CHANNEL_BYTES_MAX)]
        pattern: String,
        /// The name in the contract that is nearest to it.
        #[limit(len <= CHANNEL_BYTES_MAX)]
        nearest: Option<String>,
    },
    /// As many taps are there as a hub has.
    TooManyTaps {
        /// How many that is.
        taps_max: u32,
    },
}

/// The messages of a running hub. Served by main, where the application has switched it on.
///
/// Whoever may call it sees what all others say to each other: grant it to a role that nobody but a developer has.
#[portcullis::interface(name = "portcullis.tap", version = 1)]
pub trait Tap {
    /// The messages that fit `filter` from now on, until the caller has enough. Who reads too slowly misses the oldest, and is
    /// told how many.
    #[stream(deadline = "10s")]
    async fn watch(
        &self,
        cx: &Call,
        filter: TapFilter,
        out: Sink<TapBatch>,
    ) -> Result<(), Failure<TapError>>;
}
