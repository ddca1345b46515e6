//! The numbers that a typed array may hold, and how one stands in its bytes.

use std::fmt;

use crate::schema::Number;

/// A number of fixed size that a [`TypedArray`](super::TypedArray) may hold: `i8` to `i64`, `u16` to `u64`, `f32`, `f64`.
#[diagnostic::on_unimplemented(
    message = "a typed array holds no `{Self}`",
    label = "this is no number of a typed array",
    note = "it holds `i8`, `i16`, `u16`, `i32`, `u32`, `i64`, `u64`, `f32` or `f64`; for `u8` there is `Blob`, for anything else a list"
)]
pub trait Element: Sealed + PartialEq + Default + fmt::Debug + Send + Sync + 'static {
    /// What it is called in the schema.
    const NUMBER: Number;

    /// Reads it from its bytes, little-endian; fewer than it has are read as 0.
    fn from_le(bytes: &[u8]) -> Self;

    /// Appends its bytes, little-endian.
    fn push_le(self, out: &mut Vec<u8>);
}

/// Only the types of this file are elements: that each has its size, and no byte that is no part of it, is relied on.
pub trait Sealed: bytemuck::Pod {}

macro_rules! elements {
    ($($type:ident $number:ident)*) => {$(
        impl Sealed for $type {}

        impl Element for $type {
            const NUMBER: Number = Number::$number;

            #[inline]
            fn from_le(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or_else(Self::default, |bytes| Self::from_le_bytes(*bytes))
            }

            #[inline]
            fn push_le(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

elements! { i8 I8 i16 I16 u16 U16 i32 I32 u32 U32 i64 I64 u64 U64 f32 F32 f64 F64 }
