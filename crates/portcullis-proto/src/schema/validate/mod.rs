//! The validator: interprets a schema that it holds as a flat list of nodes, and says of a body what the generated
//! decoder would say, without building the value. It is how the hub checks what it relays between peers whose
//! messages it knows only as data. Who may send what is not its business.
//!
//! Two things that a contract's Rust code does are not in its schema, and not checked here: the conversions that
//! `#[with(…)]` names (they may refuse a value with `bad_value`), and, when this crate is built without its feature
//! `url`, the parsing of URLs. Without it, a URL must be text that begins with a scheme in small letters and a colon,
//! and holds printable ASCII alone: less than a URL library asks for, and never more.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod compile;
mod flat;
mod node;
mod plain;
mod run;

use std::collections::BTreeMap;
use std::time::Duration;

use node::{Label, Node};

use super::{ChannelKind, Hash, Overflow, Schema};

/// A schema, ready to check bodies.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names that paths of errors show, each once.
    names: Vec<Box<str>>,
    nodes: Vec<Node>,
    /// How each node is called where it stands in a run; as long as `nodes`.
    labels: Vec<Label>,
    /// Sorted by name.
    interfaces: Vec<InterfacePlan>,
    types: BTreeMap<String, Root>,
}

/// What a body can be checked against: a place in one [`Plan`], and of no meaning in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Root {
    /// The node that says what the body is.
    node: u32,
    /// The row of nodes that say the same, where the body is plain; else none.
    row: u32,
    row_len: u32,
}

impl Plan {
    /// The plan of a schema. What an unchecked schema leaves open (a name without a type, say) has no values.
    pub fn compile(schema: &Schema) -> Self {
        compile::compile(schema)
    }

    /// The named type `name`, to check a body that is one value of it.
    pub fn named_type(&self, name: &str) -> Option<Root> {
        self.types.get(name).copied()
    }

    /// The interface called `name`.
    pub fn interface(&self, name: &str) -> Option<&InterfacePlan> {
        let place = self.interfaces.binary_search_by(|each| each.name.as_str().cmp(name)).ok()?;
        self.interfaces.get(place)
    }

    /// All interfaces, by name.
    pub fn interfaces(&self) -> &[InterfacePlan] {
        &self.interfaces
    }
}

/// What a plan knows of an interface.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InterfacePlan {
    /// The name on the wire.
    pub name: String,
    /// The version that its author declares.
    pub version: u16,
    /// Hash of the canonical shape.
    pub hash: Hash,
    /// The channels; the position is the ordinal.
    pub channels: Vec<ChannelPlan>,
}

impl InterfacePlan {
    /// The channel with that ordinal.
    pub fn channel(&self, ordinal: u32) -> Option<&ChannelPlan> {
        self.channels.get(ordinal as usize)
    }
}

/// What a plan knows of a channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChannelPlan {
    /// The name within its interface.
    pub name: String,
    /// The name with its interface: `studio.cameras.list`.
    pub full_name: String,
    /// The name by which policies grant it.
    pub capability: String,
    /// What it is.
    pub kind: ChannelKind,
    /// The body of a request or notification: its arguments, one after the other. Of a topic: its one value.
    pub args: Root,
    /// What a call or stream ends with.
    pub reply: Root,
    /// The application's own error, where it has one.
    pub error: Option<Root>,
    /// Items from the caller, in a stream.
    pub up: Option<Root>,
    /// Items from the callee, in a stream.
    pub down: Option<Root>,
    /// How long a call may take when the caller says nothing; to the first item, in a stream.
    pub deadline: Duration,
    /// Whether a call that was lost may be made again.
    pub idempotent: bool,
    /// What happens to a receiver that is too slow.
    pub overflow: Overflow,
    /// Values that a subscription keeps for a slow receiver.
    pub depth: u32,
}
