//! Who got a published value, and who did not (`docs/protocol.md`, section 7).

use crate::codec::{CodecError, Decoder, Encoder, ErrorKind, Message};
use crate::schema::{Fields, SchemaBuilder, Type, TypeBody, TypeDef, Variant};
use crate::session::NAME_BYTES_MAX;
use crate::wire::wire_struct;

wire_struct! {
    /// Who got a value, and who did not.
    pub struct DeliveryReport {
        /// Those in whose queue it stands.
        pub delivered: Vec<Recipient>,
        /// Those who did not get it in time.
        pub missed: Vec<Miss>,
    }
}

wire_struct! {
    /// A subscriber that has the value.
    pub struct Recipient {
        /// The number by which logs name the peer.
        pub peer: u32,
        /// Which window or worker it is.
        pub label: String [..NAME_BYTES_MAX],
    }
}

wire_struct! {
    /// A subscriber that does not have the value.
    pub struct Miss {
        /// The number by which logs name the peer.
        pub peer: u32,
        /// Which window or worker it is.
        pub label: String [..NAME_BYTES_MAX],
        /// Why.
        pub why: Why,
    }
}

/// Why a subscriber did not get a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Why {
    /// It was too slow, and the topic's policy dropped the value.
    #[default]
    Dropped,
    /// It unsubscribed or left before it had the value.
    Left,
    /// It had not answered when the time for the report ran out. It may get the value yet.
    TimedOut,
}

impl Message for Why {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.varint(match self {
            Self::Dropped => 0,
            Self::Left => 1,
            Self::TimedOut => 2,
        });
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        match input.varint(32)? {
            0 => Ok(Self::Dropped),
            1 => Ok(Self::Left),
            2 => Ok(Self::TimedOut),
            _ => Err(CodecError::new(ErrorKind::UnknownTag)),
        }
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        let variant = |(tag, name): (usize, &&str)| Variant {
            name: (*name).to_owned(),
            tag: tag as u32,
            docs: String::new(),
            fields: Fields::Unit,
        };
        let variants = ["Dropped", "Left", "TimedOut"].iter().enumerate().map(variant).collect();
        schema.named::<Self>("Why", |_| TypeDef {
            docs: String::new(),
            body: TypeBody::Enum(variants),
        })
    }
}
