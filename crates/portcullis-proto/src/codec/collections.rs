//! `Message` for options, lists, arrays, maps and tuples.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use super::{CodecError, Decoder, Encoder, EntryPart, ErrorKind, Message, Segment};
use crate::schema::{SchemaBuilder, Type};

/// Memory that a list may reserve before its items are there; beyond it, it grows as they arrive.
const RESERVE_BYTES_MAX: usize = 64 * 1024;

/// How many items to reserve room for, when a message claims `count`.
pub(super) fn reserve<T>(count: usize) -> usize {
    let fits = RESERVE_BYTES_MAX.checked_div(size_of::<T>()).unwrap_or(count);
    count.min(fits)
}

impl<T: Message> Message for Option<T> {
    const BYTES_MIN: usize = 1;
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.byte(u8::from(self.is_some()));
        self.as_ref().map_or(Ok(()), |value| value.encode(out))
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        if input.flag()? { T::decode(input).map(Some) } else { Ok(None) }
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        Type::Option(Box::new(T::describe(schema)))
    }
}

impl<T: Message> Message for Vec<T> {
    const BYTES_MIN: usize = 1;
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.count(self.len());
        T::encode_items(self, out)
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let count = input.count(item_bytes_min::<T>())?;
        T::decode_items(count, input)
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        T::describe_list(schema)
    }
}

impl<T: Message, const N: usize> Message for [T; N] {
    const BYTES_MIN: usize = T::BYTES_MIN.saturating_mul(N);
    #[inline]
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        T::encode_items(self, out)
    }
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        const { assert!(T::BYTES_MIN > 0, "items of an array must occupy at least one byte") };
        if input.remaining() < Self::BYTES_MIN {
            return Err(CodecError::new(ErrorKind::Truncated));
        }
        let items = T::decode_items(N, input)?;
        <[T; N]>::try_from(items).map_err(|_| CodecError::new(ErrorKind::Truncated))
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        Type::Array { item: Box::new(T::describe(schema)), len: N as u32 }
    }
}

/// The fewest bytes that an item of a list occupies: never none, or a count would cost a peer nothing.
pub(super) const fn item_bytes_min<T: Message>() -> usize {
    const { assert!(T::BYTES_MIN > 0, "items of a list must occupy at least one byte") };
    T::BYTES_MIN
}

/// The fewest bytes that an entry of a map occupies.
pub(super) const fn entry_bytes_min<K: Message, V: Message>() -> usize {
    const { assert!(K::BYTES_MIN > 0, "keys of a map must occupy at least one byte") };
    K::BYTES_MIN.saturating_add(V::BYTES_MIN)
}

/// Reads the entries of a map in order and hands each to `insert`.
fn decode_entries<K: Message, V: Message>(
    input: &mut Decoder<'_>,
    insert: impl FnMut(K, V),
) -> Result<(), CodecError> {
    let count = input.count(entry_bytes_min::<K, V>())?;
    counted_entries(count, input, insert)
}

/// Reads `count` entries, which the caller has checked against the bytes left.
pub(super) fn counted_entries<K: Message, V: Message>(
    count: usize,
    input: &mut Decoder<'_>,
    mut insert: impl FnMut(K, V),
) -> Result<(), CodecError> {
    let mut last: Option<&[u8]> = None;
    for index in 0..count {
        let at_key = Segment::Key(index as u32);
        let (key, bytes) = match input.with_bytes(K::decode) {
            Ok(key) => key,
            Err(error) => return Err(error.within(at_key)),
        };
        if last.is_some_and(|last| last >= bytes) {
            return Err(CodecError::new(ErrorKind::MapOrder).within(at_key));
        }
        last = Some(bytes);
        let value = V::decode(input).map_err(|error| error.within(Segment::Entry(index as u32)))?;
        insert(key, value);
    }
    Ok(())
}

fn encode_entries<'a, K: Message, V: Message>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    out: &mut Encoder<'_>,
) -> Result<(), CodecError> {
    let entries: Vec<(&K, &V)> = entries.collect();
    out.sorted_entries(entries.len(), |index, part, out| {
        let Some((key, value)) = entries.get(index) else { return Ok(()) };
        match part {
            EntryPart::Key => {
                key.encode(out).map_err(|error| error.within(Segment::Key(index as u32)))
            }
            EntryPart::Value => {
                value.encode(out).map_err(|error| error.within(Segment::Entry(index as u32)))
            }
        }
    })
}

fn describe_map<K: Message, V: Message>(schema: &mut SchemaBuilder) -> Type {
    Type::Map {
        key: Box::new(K::describe(schema)),
        value: Box::new(V::describe(schema)),
        min: None,
        max: None,
    }
}

impl<K: Message + Ord, V: Message> Message for BTreeMap<K, V> {
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        encode_entries(self.iter(), out)
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let mut map = Self::new();
        decode_entries(input, |key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        describe_map::<K, V>(schema)
    }
}

impl<K, V, S> Message for HashMap<K, V, S>
where
    K: Message + Eq + Hash,
    V: Message,
    S: BuildHasher + Default + Send + Sync + 'static,
{
    const BYTES_MIN: usize = 1;
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        encode_entries(self.iter(), out)
    }
    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let mut map = Self::default();
        decode_entries(input, |key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
    fn describe(schema: &mut SchemaBuilder) -> Type {
        describe_map::<K, V>(schema)
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: Message),*> Message for ($($name,)*) {
            const BYTES_MIN: usize = 0usize$(.saturating_add($name::BYTES_MIN))*;
            #[inline]
            fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
                $(self.$index.encode(out).map_err(|error| error.field(stringify!($index)))?;)*
                Ok(())
            }
            #[inline]
            fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
                Ok(($($name::decode(input).map_err(|error| error.field(stringify!($index)))?,)*))
            }
            fn describe(schema: &mut SchemaBuilder) -> Type {
                Type::Tuple(vec![$($name::describe(schema)),*])
            }
        }
    )*};
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}
