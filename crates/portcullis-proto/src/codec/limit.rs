//! Declared limits of a field (`#[limit(…)]`): checked on the way out as on the way in. On the way in a length or
//! count is judged as soon as it is read, so that a peer cannot make anybody hold what is going to be refused.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::collections::{counted_entries, entry_bytes_min, item_bytes_min, reserve};
use super::{CodecError, Decoder, ErrorKind, Message, SafeInt, Segment};

/// What a `#[limit(…)]` says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limit {
    /// Length in bytes of a text or bytes, or count of items; both ends inclusive.
    pub len: Option<(u32, u32)>,
    /// Range of an integer, inclusive.
    pub int: Option<(i128, i128)>,
    /// Range of a float, inclusive; NaN is outside of every range.
    pub float: Option<(f64, f64)>,
    /// The limit of each item of a list.
    pub each: Option<&'static Limit>,
}

impl Limit {
    /// No limit at all.
    pub const NONE: Self = Self { len: None, int: None, float: None, each: None };
}

/// A value that a limit can be declared for.
#[diagnostic::on_unimplemented(
    message = "`#[limit]` does not apply to `{Self}`",
    note = "limits apply to numbers (a range), text, bytes, lists, typed arrays and maps (`len`), and options of these"
)]
pub trait Limited: Sized {
    /// Checks the value against `limit`.
    fn check(&self, limit: &Limit) -> Result<(), CodecError>;

    /// Reads a value and checks it against `limit`: a length or count before what it counts.
    /// The limit of each item of a list is not looked at, see [`decode_each`].
    #[inline]
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError>
    where
        Self: Message,
    {
        let value = Self::decode(input)?;
        value.check(limit)?;
        Ok(value)
    }
}

#[inline]
pub(crate) fn check_len(len: usize, limit: &Limit) -> Result<(), CodecError> {
    let Some((min, max)) = limit.len else { return Ok(()) };
    if len < min as usize {
        return Err(CodecError::new(ErrorKind::TooShort));
    }
    if len > max as usize {
        return Err(CodecError::new(ErrorKind::TooLong));
    }
    Ok(())
}

fn check_int(value: i128, limit: &Limit) -> Result<(), CodecError> {
    match limit.int {
        Some((min, max)) if !(min..=max).contains(&value) => {
            Err(CodecError::new(ErrorKind::OutOfRange))
        }
        _ => Ok(()),
    }
}

macro_rules! limited_ints {
    ($($type:ident)*) => {$(
        impl Limited for $type {
            #[inline]
            fn check(&self, limit: &Limit) -> Result<(), CodecError> {
                check_int(i128::from(*self), limit)
            }
        }
    )*};
}

limited_ints! { u8 u16 u32 u64 i8 i16 i32 i64 }

impl Limited for SafeInt {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_int(i128::from(self.0), limit)
    }
}

impl Limited for f64 {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        match limit.float {
            Some((min, max)) if !(min..=max).contains(self) => {
                Err(CodecError::new(ErrorKind::OutOfRange))
            }
            _ => Ok(()),
        }
    }
}

impl Limited for f32 {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        f64::from(*self).check(limit)
    }
}

impl Limited for String {
    #[inline]
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
    #[inline]
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        let length = input.count(1)?;
        check_len(length, limit)?;
        input.owned_text(length)
    }
}

#[cfg(feature = "bytes")]
impl Limited for bytes::Bytes {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        let length = input.count(1)?;
        check_len(length, limit)?;
        input.raw(length).map(Self::copy_from_slice)
    }
}

/// The count only: items have a limit of their own, see [`check_each`] and [`decode_each`].
impl<T: Message> Limited for Vec<T> {
    #[inline]
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
    #[inline]
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        let count = input.count(item_bytes_min::<T>())?;
        check_len(count, limit)?;
        T::decode_items(count, input)
    }
}

/// Checks every item of a list (`#[limit(each(…))]`).
pub fn check_each<T: Limited>(items: &[T], limit: &Limit) -> Result<(), CodecError> {
    for (index, item) in items.iter().enumerate() {
        item.check(limit).map_err(|error| error.within(Segment::Index(index as u32)))?;
    }
    Ok(())
}

/// Reads a list and checks its count and every item (`#[limit(len …, each(…))]`): the count before the items, each
/// item as soon as it is read.
pub fn decode_each<T: Message + Limited>(
    input: &mut Decoder<'_>,
    limit: &Limit,
) -> Result<Vec<T>, CodecError> {
    let count = input.count(item_bytes_min::<T>())?;
    check_len(count, limit)?;
    let each = limit.each.unwrap_or(&Limit::NONE);
    let mut items = Vec::with_capacity(reserve::<T>(count));
    for index in 0..count {
        let item = T::decode_limited(input, each)
            .map_err(|error| error.within(Segment::Index(index as u32)))?;
        items.push(item);
    }
    Ok(items)
}

impl<K: Message + Ord, V: Message> Limited for BTreeMap<K, V> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        let count = input.count(entry_bytes_min::<K, V>())?;
        check_len(count, limit)?;
        let mut map = Self::new();
        counted_entries(count, input, |key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}

impl<K, V, S> Limited for HashMap<K, V, S>
where
    K: Message + Eq + Hash,
    V: Message,
    S: BuildHasher + Default + Send + Sync + 'static,
{
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        let count = input.count(entry_bytes_min::<K, V>())?;
        check_len(count, limit)?;
        let mut map = Self::default();
        counted_entries(count, input, |key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}

impl<T: Limited + Message> Limited for Option<T> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        self.as_ref().map_or(Ok(()), |value| value.check(limit))
    }
    #[inline]
    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        if input.flag()? { T::decode_limited(input, limit).map(Some) } else { Ok(None) }
    }
}

macro_rules! limited_pointers {
    ($($pointer:ident)*) => {$(
        impl<T: Limited + Message> Limited for $pointer<T> {
            fn check(&self, limit: &Limit) -> Result<(), CodecError> {
                T::check(self, limit)
            }
            #[inline]
            fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
                T::decode_limited(input, limit).map($pointer::new)
            }
        }
    )*};
}

limited_pointers! { Box Arc }
