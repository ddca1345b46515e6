//! What travels of a shared state: values with their versions, and the refusal of a change that was made from an old one.

use portcullis_proto::codec::{CodecError, Decoder, Encoder, Message, SafeInt};
use portcullis_proto::schema::{SchemaBuilder, Type};

/// Which of the values of a shared state. Versions of one epoch are in order; those of two epochs are not, only different.
#[crate::message]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StateVersion {
    /// Drawn by chance when the owner made the state: after a restart it is another one.
    pub epoch: u32,
    /// Counts the changes of this epoch, from 0.
    #[limit(range = 0..=9007199254740991)]
    pub number: SafeInt,
}

impl StateVersion {
    /// Whether a value of this version is news to whoever knows `known`. Values of a subscription are in order, so that
    /// another epoch is always a later one.
    pub fn is_news_to(self, known: Option<Self>) -> bool {
        known.is_none_or(|known| self.epoch != known.epoch || self.number > known.number)
    }

    /// Whether whoever knows this version may make a change again, when that from `base` was answered with `now`: knows
    /// that one, or a state of an owner that came after.
    pub fn has_reached(self, base: Self, now: Self) -> bool {
        if self.epoch == now.epoch { self.number >= now.number } else { self.epoch != base.epoch }
    }

    /// The version of the next change.
    pub(super) fn next(self) -> Self {
        // A million changes a second would take 285 years to get to the end.
        let number = self.number.0.saturating_add(1).min(portcullis_proto::codec::SAFE_INT_MAX);
        Self { number: SafeInt(number), ..self }
    }
}

/// A value of a shared state and its version; as a change: a new value, and the version that it was made from. In the schema
/// and in other languages it is a tuple of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Versioned<T> {
    /// The version.
    pub version: StateVersion,
    /// The value.
    pub value: T,
}

impl<T: Message> Message for Versioned<T> {
    const BYTES_MIN: usize = StateVersion::BYTES_MIN.saturating_add(T::BYTES_MIN);

    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        self.version.encode(out).map_err(|error| error.field("0"))?;
        self.value.encode(out).map_err(|error| error.field("1"))
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let (version, value) = Message::decode(input)?;
        Ok(Self { version, value })
    }

    fn describe(schema: &mut SchemaBuilder) -> Type {
        <(StateVersion, T)>::describe(schema)
    }
}

/// The change was made from a version that is not the last any more: nothing was changed.
#[crate::message]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The version of the state now.
    pub now: StateVersion,
}
