//! What a tap is told of one message.

use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::codec::Parts;
use portcullis_proto::schema::Schema;
use portcullis_proto::schema::shown::{Excerpt, Shown, show_failure};
use portcullis_proto::status::Status;

use crate::catalog::InterfaceIndex;
use crate::work::Meta;

/// Bytes of a body that a record keeps, from its beginning.
pub const TAP_BODY_BYTES_MAX: usize = 16 * 1024;

/// Names a tap of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TapId(pub(super) u64);

/// A record, and the taps that want it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tapped {
    /// Those that want it.
    pub taps: Vec<TapId>,
    /// The message.
    pub record: TapRecord,
}

impl Tapped {
    /// The call has got another number, by which its callee knows it too.
    pub(crate) fn renumber(&mut self, meta: &Meta, number: u64) {
        if self.record.correlation == meta.correlation {
            self.record.correlation = number;
        }
    }
}

/// A message that has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapRecord {
    /// What it is.
    pub kind: TapKind,
    /// `interface.channel`.
    pub channel: Arc<str>,
    /// The sender's label; empty for main.
    pub from: String,
    /// The receiver's label, empty for main; `None` where there is not one: of a topic's value, of what was denied.
    pub to: Option<String>,
    /// Bytes of the body and its blobs.
    pub bytes: u32,
    /// The number by which errors and logs name the call, 0 where it has none.
    pub correlation: u64,
    pub(super) body: Option<TapBody>,
    pub(super) place: (InterfaceIndex, u32),
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TapKind {
    /// A call or stream begins.
    Request,
    /// A call or stream has ended.
    Outcome {
        /// How.
        status: Status,
        /// Since its request.
        duration: Duration,
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TapBody {
    bytes: Vec<u8>,
    cut: bool,
    blobs: Vec<u32>,
}

impl TapBody {
    pub(super) fn of(body: Parts<'_>) -> Self {
        let kept = body.bytes.get(..TAP_BODY_BYTES_MAX).unwrap_or(body.bytes);
        Self {
            bytes: kept.to_vec(),
            cut: kept.len() < body.bytes.len(),
            blobs: body.blobs.iter().map(|blob| u32_of(blob.len())).collect(),
        }
    }
}

impl TapRecord {
    /// Its body as JSON, of about `bytes_max` bytes at most, with what is secret left out; `None` where it has none. `schema` is
    /// that of the hub.
    pub fn show(&self, schema: &Schema, bytes_max: usize) -> Option<Shown> {
        let TapBody { bytes, cut, blobs } = self.body.as_ref()?;
        let body = Excerpt { bytes, cut: *cut, blobs };
        let (interface, ordinal) = self.place;
        let channel = schema.interfaces.get(interface)?.channel(ordinal)?;
        let value = |ty| Some(schema.show_value(ty, body, bytes_max));
        match self.kind {
            TapKind::Request | TapKind::Notification | TapKind::Value { .. } => {
                Some(schema.show_args(channel, body, bytes_max))
            }
            TapKind::ItemUp => value(channel.up.as_ref()?),
            TapKind::ItemDown => value(channel.down.as_ref()?),
            TapKind::Outcome { status: Status::Ok, .. } => value(&channel.reply),
            TapKind::Outcome { status: Status::Application, .. } => value(channel.error.as_ref()?),
            TapKind::Outcome { .. } => Some(show_failure(body, bytes_max)),
            TapKind::Denied => None,
        }
    }

    /// About how much memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        let body = self.body.as_ref().map_or(0, |body| body.bytes.len() + body.blobs.len() * 4);
        let labels = self.from.len() + self.to.as_ref().map_or(0, String::len);
        size_of::<Self>() + labels + body
    }
}

pub(super) fn u32_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
