//! The built-in types of a contract that Rust itself does not have: safe integers, timestamps, UUIDs, JSON text,
//! and the unknown variant of a flexible enum.

use std::fmt;
use std::time::{Duration as StdDuration, UNIX_EPOCH};

pub use std::time::Duration;

use super::{CodecError, Decoder, Encoder, ErrorKind, Message, json};
use crate::schema::{Int, SchemaBuilder, Type};

/// 2^53 − 1: the largest integer that JavaScript's `number` holds without loss.
pub const SAFE_INT_MAX: i64 = (1 << 53) - 1;

fn safe(value: i64) -> Result<i64, CodecError> {
    if (-SAFE_INT_MAX..=SAFE_INT_MAX).contains(&value) {
        Ok(value)
    } else {
        Err(CodecError::new(ErrorKind::OutOfRange))
    }
}

/// An integer within ±(2^53 − 1): a `number` in TypeScript, where a plain `i64` is a `bigint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeInt(pub i64);

impl Message for SafeInt {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.signed(safe(self.0)?);
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        safe(input.signed(64)?).map(Self)
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::int(Int::Safe)
    }
}

/// A moment, in microseconds since 1970-01-01T00:00:00Z, within ±(2^53 − 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch; `None` outside ±(2^53 − 1).
    pub fn from_micros(micros: i64) -> Option<Self> {
        safe(micros).ok().map(Self)
    }

    /// Microseconds since the Unix epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// From the system's clock, which is read by the caller; moments before the epoch become the epoch.
    pub fn from_system(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or(StdDuration::ZERO);
        Self(i64::try_from(since.as_micros()).unwrap_or(SAFE_INT_MAX).min(SAFE_INT_MAX))
    }
}

impl Message for Timestamp {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.signed(self.0);
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        safe(input.signed(64)?).map(Self)
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Timestamp
    }
}

/// Whole microseconds cross; what is finer is cut off.
impl Message for Duration {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        let micros = i64::try_from(self.as_micros()).unwrap_or(i64::MAX);
        out.varint(safe(micros)?.unsigned_abs());
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let micros = input.varint(64)?;
        safe(i64::try_from(micros).unwrap_or(i64::MAX))?;
        Ok(Self::from_micros(micros))
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Duration
    }
}

/// A UUID as its 16 bytes. With the feature `uuid`, `uuid::Uuid` may stand in a contract instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Message for Uuid {
    const BYTES_MIN: usize = 16;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.raw(&self.0);
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        input.array().map(Self)
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Uuid
    }
}

/// A JSON text: for data whose shape the contract leaves open. Checked, and nested at most 64 deep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Json(String);

impl Json {
    /// Takes a JSON text; an error when it is none.
    pub fn new(text: impl Into<String>) -> Result<Self, CodecError> {
        let text = text.into();
        json::check(&text)?;
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Json {
    fn default() -> Self {
        Self("null".to_owned())
    }
}

impl Message for Json {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.string(&self.0);
        Ok(())
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Self::new(input.string()?)
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Json
    }
}

/// A variant that this build of a flexible enum does not know: kept, so that it encodes back to the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown {
    /// The variant's tag.
    pub tag: u32,
    /// The variant's fields, as they came.
    pub bytes: Vec<u8>,
}
