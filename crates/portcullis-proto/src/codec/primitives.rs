//! `Message` for the unit, bool, integers, floats, text and pointers.

use std::sync::Arc;

use super::decoder::{F32_NAN, F64_NAN};
use super::{CodecError, Decoder, Encoder, Message};
use crate::schema::{Float, Int, SchemaBuilder, Type};

impl Message for () {
    const BYTES_MIN: usize = 0;
    #[inline]
    fn encode(&self, _: &mut Encoder<'_>) -> Result<(), CodecError> {
        Ok(())
    }
    #[inline]
    fn decode(_: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(())
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Unit
    }
}

impl Message for bool {
    const BYTES_MIN: usize = 1;
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.byte(u8::from(*self));
        Ok(())
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        input.flag()
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Bool
    }
}

impl Message for u8 {
    const BYTES_MIN: usize = 1;
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.byte(*self);
        Ok(())
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        input.byte()
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::int(Int::U8)
    }
    #[inline]
    fn encode_items(items: &[Self], out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.raw(items);
        Ok(())
    }
    #[inline]
    fn decode_items(count: usize, input: &mut Decoder<'_>) -> Result<Vec<Self>, CodecError> {
        input.raw(count).map(<[u8]>::to_vec)
    }
    fn describe_list(_: &mut SchemaBuilder) -> Type {
        Type::Bytes { min: None, max: None }
    }
}

impl Message for i8 {
    const BYTES_MIN: usize = 1;
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.byte(*self as u8);
        Ok(())
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        input.byte().map(|byte| byte as i8)
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::int(Int::I8)
    }
}

macro_rules! integers {
    ($($type:ident $variant:ident $write:ident $read:ident $wide:ident;)*) => {$(
        impl Message for $type {
            const BYTES_MIN: usize = 1;
            #[inline]
            fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
                out.$write($wide::from(*self));
                Ok(())
            }
            #[inline]
            fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
                // The reader has checked the width.
                input.$read($type::BITS).map(|value| value as $type)
            }
            fn describe(_: &mut SchemaBuilder) -> Type {
                Type::int(Int::$variant)
            }
        }
    )*};
}

integers! {
    u16 U16 varint varint u64;
    u32 U32 varint varint u64;
    u64 U64 varint varint u64;
    i16 I16 signed signed i64;
    i32 I32 signed signed i64;
    i64 I64 signed signed i64;
}

macro_rules! floats {
    ($($type:ident $bits:ident $variant:ident $size:literal $nan:ident;)*) => {$(
        impl Message for $type {
            const BYTES_MIN: usize = $size;
            #[inline]
            fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
                let bits: $bits = if self.is_nan() { $nan } else { self.to_bits() };
                out.raw(&bits.to_le_bytes());
                Ok(())
            }
            #[inline]
            fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
                input.$type()
            }
            fn describe(_: &mut SchemaBuilder) -> Type {
                Type::Float { float: Float::$variant, min: None, max: None }
            }
        }
    )*};
}

floats! {
    f32 u32 F32 4 F32_NAN;
    f64 u64 F64 8 F64_NAN;
}

impl Message for String {
    const BYTES_MIN: usize = 1;
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.string(self);
        Ok(())
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let length = input.count(1)?;
        input.owned_text(length)
    }
    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::String { min: None, max: None }
    }
}

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<T: Message> Message for $pointer<T> {
            const BYTES_MIN: usize = T::BYTES_MIN;
            #[inline]
            fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
                T::encode(self, out)
            }
            #[inline]
            fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
                T::decode(input).map($pointer::new)
            }
            fn describe(schema: &mut SchemaBuilder) -> Type {
                T::describe(schema)
            }
        }
    )*};
}

pointers! { Box Arc }
