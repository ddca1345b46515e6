//! Declared limits of a field (`#[limit(…)]`): checked on the way out as on the way in.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use super::{CodecError, ErrorKind, SafeInt, Segment};

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

/// A value that a limit can be declared for.
#[diagnostic::on_unimplemented(
    message = "`#[limit]` does not apply to `{Self}`",
    note = "limits apply to numbers (a range), text, bytes, lists and maps (`len`), and options of these"
)]
pub trait Limited {
    /// Checks the value against `limit`.
    fn check(&self, limit: &Limit) -> Result<(), CodecError>;
}

fn check_len(len: usize, limit: &Limit) -> Result<(), CodecError> {
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
}

#[cfg(feature = "bytes")]
impl Limited for bytes::Bytes {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
}

/// The count only: items have a limit of their own, see [`check_each`].
impl<T> Limited for Vec<T> {
    #[inline]
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
}

/// Checks every item of a list (`#[limit(each(…))]`).
pub fn check_each<T: Limited>(items: &[T], limit: &Limit) -> Result<(), CodecError> {
    for (index, item) in items.iter().enumerate() {
        item.check(limit).map_err(|error| error.within(Segment::Index(index as u32)))?;
    }
    Ok(())
}

impl<K, V> Limited for BTreeMap<K, V> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
}

impl<K, V, S: BuildHasher> Limited for HashMap<K, V, S> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
}

impl<T: Limited> Limited for Option<T> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        self.as_ref().map_or(Ok(()), |value| value.check(limit))
    }
}

impl<T: Limited> Limited for Box<T> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        T::check(self, limit)
    }
}

impl<T: Limited> Limited for Arc<T> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        T::check(self, limit)
    }
}
