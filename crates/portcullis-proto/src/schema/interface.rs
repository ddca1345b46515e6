//! What a contract's interfaces are in the schema.

use serde::{Deserialize, Serialize};

use super::{Field, Hash, Type};
use crate::session::Shape;

/// A named, versioned group of channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// The name on the wire, `studio.cameras`.
    pub name: String,
    /// The version that its author declares.
    pub version: u16,
    /// The Rust trait's name, which generated code uses: `Cameras`.
    pub trait_name: String,
    /// Documentation, as Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Hash of the canonical shape.
    pub hash: Hash,
    /// Hashes of earlier shapes that were proven compatible with this one: those of the contract's lock file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Hash>,
    /// The channels; the position is the ordinal.
    pub channels: Vec<Channel>,
}

impl Interface {
    /// What a build that has this interface says of its shape.
    pub fn shape(&self) -> Shape {
        Shape { hash: self.hash.0, earlier: self.earlier.iter().map(|hash| hash.0).collect() }
    }

    /// The channel with that ordinal.
    pub fn channel(&self, ordinal: u32) -> Option<&Channel> {
        self.channels.get(ordinal as usize)
    }
}

/// One call, notification, stream or topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// The name, in snake case.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Documentation, as Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Arguments of a call, notification or stream; the one value of a topic.
    pub args: Vec<Field>,
    /// What a call or stream ends with.
    pub reply: Type,
    /// The application's own error, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Type>,
    /// Items that the caller sends, in a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<Type>,
    /// Items that the callee sends, in a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Type>,
    /// How long a call may take when the caller says nothing; to the first item, in a stream.
    pub deadline_ms: u32,
    /// Whether a call that was lost may be made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// What happens to a receiver that is too slow.
    pub overflow: Overflow,
    /// Values that a subscription keeps for a slow receiver.
    pub depth: u32,
    /// The name by which policies grant it; by default its own.
    pub capability: String,
}

impl Channel {
    /// The types of all that it carries.
    pub(super) fn types(&self) -> impl Iterator<Item = &Type> {
        let args = self.args.iter().map(|field| &field.ty);
        args.chain([&self.reply]).chain(&self.error).chain(&self.up).chain(&self.down)
    }
}

/// The kinds of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// One request, one reply.
    Call,
    /// One request without a reply.
    Notify,
    /// A request that opens flows of items, and one reply at its end.
    Stream,
    /// Publish and subscribe, nothing retained.
    Event,
    /// Publish and subscribe, the last value retained.
    State,
}

impl ChannelKind {
    /// The fixed word for it, as the schema's file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Notify => "notify",
            Self::Stream => "stream",
            Self::Event => "event",
            Self::State => "state",
        }
    }

    /// Whether it is published and subscribed to.
    pub fn is_topic(self) -> bool {
        matches!(self, Self::Event | Self::State)
    }
}

/// What happens to a receiver that is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The sender waits (streams only).
    Wait,
    /// The oldest value that is waiting goes.
    DropOldest,
    /// The value that comes now goes.
    DropNewest,
    /// Only the newest value is kept (state topics).
    Conflate,
    /// The subscription ends with `resource_exhausted`.
    Disconnect,
}
