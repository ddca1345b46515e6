//! The hub's own interface, on binding 0 (`docs/protocol.md`, section 4): names of its calls and their bodies.

use crate::codec::{CodecError, Decoder, Encoder, ErrorKind, Message};
use crate::schema::{Fields, SchemaBuilder, Type, TypeBody, TypeDef, Variant};
use crate::session::{NAME_BYTES_MAX, Shape};
use crate::wire::{check_len, wire_struct};

/// The name of the hub's own interface.
pub const HUB_INTERFACE: &str = "portcullis.hub";

/// The ordinals of the hub's own calls.
pub mod hub_ordinal {
    /// [`super::Bind`] → [`super::Bound`].
    pub const BIND: u32 = 0;
    /// A binding's number → nothing.
    pub const RELEASE: u32 = 1;
    /// [`super::Serve`] → [`super::Served`].
    pub const SERVE: u32 = 2;
    /// An export's number → nothing.
    pub const WITHDRAW: u32 = 3;
}

wire_struct! {
    /// Asks for a binding.
    pub struct Bind {
        /// The interface's name.
        pub interface: String [..NAME_BYTES_MAX],
        /// Its shape, as the client was built with it.
        pub shape: Shape,
        /// Which instance.
        pub target: Target,
    }
}

wire_struct! {
    /// A binding was given.
    pub struct Bound {
        /// Its number.
        pub binding: u32,
        /// The label of the server; empty for main.
        pub label: String [..NAME_BYTES_MAX],
        /// The instance's name.
        pub instance: String [..NAME_BYTES_MAX],
    }
}

wire_struct! {
    /// Announces that the peer serves an interface.
    pub struct Serve {
        /// The interface's name.
        pub interface: String [..NAME_BYTES_MAX],
        /// Its shape, as the server was built with it.
        pub shape: Shape,
        /// The instance's name; may be empty.
        pub instance: String [..NAME_BYTES_MAX],
    }
}

wire_struct! {
    /// The hub has taken the announcement.
    #[derive(Copy)]
    pub struct Served {
        /// The number that requests to this instance will carry.
        pub export: u32,
    }
}

/// Which instance of an interface to bind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Target {
    /// The first one there is.
    #[default]
    Any,
    /// The one that the window or worker with this label serves.
    Label(String),
    /// The one with this name.
    Instance(String),
}

fn name(input: &mut Decoder<'_>, variant: &'static str) -> Result<String, CodecError> {
    input.enter()?;
    let text = String::decode(input).map_err(|error| error.field("0").field(variant))?;
    check_len(&text, NAME_BYTES_MAX, "0").map_err(|error| error.field(variant))?;
    input.leave();
    Ok(text)
}

impl Message for Target {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        let (tag, text, variant) = match self {
            Self::Any => {
                out.varint(0);
                return Ok(());
            }
            Self::Label(text) => (1, text, "Label"),
            Self::Instance(text) => (2, text, "Instance"),
        };
        out.varint(tag);
        out.enter()?;
        check_len(text, NAME_BYTES_MAX, "0").map_err(|error| error.field(variant))?;
        text.encode(out)?;
        out.leave();
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        match input.varint(32)? {
            0 => Ok(Self::Any),
            1 => name(input, "Label").map(Self::Label),
            2 => name(input, "Instance").map(Self::Instance),
            _ => Err(CodecError::new(ErrorKind::UnknownTag)),
        }
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        let variant = |name: &str, tag, fields| Variant {
            name: name.to_owned(),
            tag,
            docs: String::new(),
            fields,
        };
        let text = Type::String { min: None, max: Some(NAME_BYTES_MAX) };
        schema.named::<Self>("Target", |_| TypeDef {
            docs: String::new(),
            body: TypeBody::Enum(vec![
                variant("Any", 0, Fields::Unit),
                variant("Label", 1, Fields::Tuple(vec![text.clone()])),
                variant("Instance", 2, Fields::Tuple(vec![text])),
            ]),
        })
    }
}
