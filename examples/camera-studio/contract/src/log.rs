//! The message log: what the hub saw, without the contents.

use std::time::Duration;

use portcullis::{Call, Sink, Timestamp};

use crate::NAME_BYTES_MAX;

/// The most messages of one batch.
pub const LOG_BATCH_RECORDS_MAX: u32 = 256;

/// The kind of a channel.
#[portcullis::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// A request and its reply.
    Call,
    /// A message without a reply.
    Notification,
    /// Items between a request and its end.
    Stream,
    /// A message for all who have subscribed.
    Event,
    /// A value for all who have subscribed, of which the last one is kept.
    State,
}

/// One message.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// When the hub saw it.
    pub at: Timestamp,
    /// The channel's full name: `studio.cameras.list`, say.
    #[limit(len <= NAME_BYTES_MAX)]
    pub channel: String,
    /// The channel's kind.
    pub kind: ChannelKind,
    /// The label of the peer that sent it.
    #[limit(len <= NAME_BYTES_MAX)]
    pub from: String,
    /// The label of the peer that it was for, or how many there were.
    #[limit(len <= NAME_BYTES_MAX)]
    pub to: String,
    /// Bytes of its arguments and its reply, or of the value.
    pub bytes: u32,
    /// From the request to its end; nothing for what has no reply.
    pub duration: Option<Duration>,
    /// `ok`, or the name of the status, or how many were too slow for it.
    #[limit(len <= NAME_BYTES_MAX)]
    pub outcome: String,
}

/// Some messages, the oldest first.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogBatch {
    /// The messages.
    #[limit(items <= LOG_BATCH_RECORDS_MAX)]
    pub records: Vec<LogRecord>,
    /// How many more there were since the last batch than it has room for.
    pub omitted: u32,
}

/// The message log. Served by main.
#[portcullis::interface(name = "studio.log", version = 1)]
pub trait MessageLog {
    /// The messages before now, the oldest first: what a log window shows first. Ends with how many there were.
    #[stream]
    async fn history(&self, cx: &Call, out: Sink<LogBatch>) -> Result<u32, portcullis::Error>;

    /// What happened since the last batch. Messages of this channel are left out.
    #[event(overflow = "drop_oldest", depth = 64)]
    fn recorded(batch: LogBatch);
}
