//! The codec: positional, canonical and bounded (`docs/protocol.md`, section 2). Decoding is validation: a value that
//! was decoded keeps every promise of its contract. Frames and calls are not known here.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

#[doc(hidden)]
pub mod applies;
mod blob;
mod blobs;
mod builtin;
mod collections;
mod decoder;
mod element;
mod encoder;
mod error;
mod foreign;
pub(crate) mod json;
mod limit;
mod primitives;
mod typed_array;

pub use blob::{BLOBS_MAX, Blob, Body, Keep, Parts, from_parts};
pub use blobs::Blobs;
pub use builtin::{Duration, Json, SAFE_INT_MAX, SafeInt, Timestamp, Unknown, Uuid};
pub use decoder::Decoder;
pub(crate) use decoder::{f32_of, f64_of, unzigzag};
pub use element::Element;
pub use encoder::{Encoder, EntryPart};
pub use error::{CodecError, ErrorKind, Segment};
pub(crate) use foreign::check_url;
pub use limit::{Limit, Limited, check_each, decode_each};
pub use typed_array::TypedArray;
pub(crate) use typed_array::count_numbers;

use crate::schema::{SchemaBuilder, Type};

/// How deep structs, tables and enum variants with fields may nest in a body.
pub const DEPTH_MAX: u32 = 64;

/// A type that may cross a boundary. Derived by `#[portcullis::message]`; implemented here for the built-in types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a process boundary",
    label = "this type is not a Portcullis message",
    note = "put `#[portcullis::message]` on your own type; for a foreign one use `#[with(module)]` on the field",
    note = "`usize`/`isize` differ between machines: use `u32`, `u64` or `SafeInt`; `char`: use `String`"
)]
pub trait Message: Sized + Send + Sync + 'static {
    /// The fewest bytes that a value occupies: bounds counts before anything is allocated.
    const BYTES_MIN: usize;

    /// Appends the value; fails when it breaks its own declared limits.
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError>;

    /// Reads a value and checks everything that the contract says of it.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError>;

    /// Tells the schema what this type is.
    fn describe(schema: &mut SchemaBuilder) -> Type;

    /// Appends the items of a list, without the count. Overridden where items are raw bytes.
    fn encode_items(items: &[Self], out: &mut Encoder<'_>) -> Result<(), CodecError> {
        for (index, item) in items.iter().enumerate() {
            item.encode(out).map_err(|error| error.within(Segment::Index(index as u32)))?;
        }
        Ok(())
    }

    /// Reads `count` items, which the caller has checked against the bytes left.
    fn decode_items(count: usize, input: &mut Decoder<'_>) -> Result<Vec<Self>, CodecError> {
        let mut items = Vec::with_capacity(collections::reserve::<Self>(count));
        for index in 0..count {
            let item =
                Self::decode(input).map_err(|error| error.within(Segment::Index(index as u32)))?;
            items.push(item);
        }
        Ok(items)
    }

    /// What a list of this type is in the schema.
    fn describe_list(schema: &mut SchemaBuilder) -> Type {
        Type::List { item: Box::new(Self::describe(schema)), min: None, max: None }
    }
}

/// The whole body of one value.
pub fn to_bytes<T: Message>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    value.encode(&mut Encoder::new(&mut out))?;
    Ok(out)
}

/// One value from a whole body; bytes left over are an error.
pub fn from_bytes<T: Message>(body: &[u8]) -> Result<T, CodecError> {
    let mut input = Decoder::new(body);
    let value = T::decode(&mut input)?;
    input.finish()?;
    Ok(value)
}
