//! What the code of `#[portcullis::message]` asserts about the types of a declaration while it is compiled: that a
//! limit is of the right kind and can be kept, that what is counted occupies bytes, and that what is counted without a limit
//! takes no memory out of proportion to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Limit, Message, SafeInt};

/// A type whose values have a length.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no length to limit",
    label = "`len` does not apply to this type",
    note = "`len` limits text, bytes, lists, typed arrays and maps, and options of these; a number has a `range = 0..=100`",
    note = "the limit of your own message belongs to the fields inside it"
)]
pub trait Len {}

/// A type whose values hold items.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no items to limit",
    label = "`items` does not apply to this type",
    note = "`items` limits lists, typed arrays and maps, and options of these; text has a `len <= 128`"
)]
pub trait Items: Len {}

/// A type whose values have a range.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no range to limit",
    label = "`range` does not apply to this type",
    note = "a range limits integers and floats, and options of these; text, bytes, lists and maps have a `len <= 128`"
)]
pub trait Range {
    /// The range of the type itself, where it is an integer.
    const INT: Option<(i128, i128)>;
}

impl Len for String {}
impl Len for super::Blob {}
impl<T: super::Element> Len for super::TypedArray<T> {}
impl<T: super::Element> Items for super::TypedArray<T> {}
impl<T> Len for Vec<T> {}
impl<T> Items for Vec<T> {}
impl<K, V> Len for BTreeMap<K, V> {}
impl<K, V> Items for BTreeMap<K, V> {}
impl<K, V, S> Len for HashMap<K, V, S> {}
impl<K, V, S> Items for HashMap<K, V, S> {}
#[cfg(feature = "bytes")]
impl Len for bytes::Bytes {}

macro_rules! ranges {
    ($($type:ident)*) => {$(
        impl Range for $type {
            const INT: Option<(i128, i128)> = Some(($type::MIN as i128, $type::MAX as i128));
        }
    )*};
}

ranges! { u8 u16 u32 u64 i8 i16 i32 i64 }

impl Range for SafeInt {
    const INT: Option<(i128, i128)> =
        Some((-(super::SAFE_INT_MAX as i128), super::SAFE_INT_MAX as i128));
}

impl Range for f32 {
    const INT: Option<(i128, i128)> = None;
}

impl Range for f64 {
    const INT: Option<(i128, i128)> = None;
}

macro_rules! through {
    ($($outer:ident)*) => {$(
        impl<T: Len> Len for $outer<T> {}
        impl<T: Items> Items for $outer<T> {}
        impl<T: Range> Range for $outer<T> {
            const INT: Option<(i128, i128)> = T::INT;
        }
    )*};
}

through! { Option Box Arc }

/// Asserts that `len` applies to `T`, and that a value within the limit exists.
pub const fn len<T: Len>(limit: &Limit) {
    if let Some((min, max)) = limit.len {
        assert!(min <= max, "nothing lies within this limit: the smaller end comes first");
    }
}

/// Asserts that `items` applies to `T`, and that a value within the limit exists.
pub const fn items<T: Items>(limit: &Limit) {
    len::<T>(limit);
}

/// Asserts that `range` applies to `T`, and that the range lies inside the type's own.
#[allow(clippy::panic, reason = "evaluated by the compiler alone")]
pub const fn range<T: Range>(limit: &Limit) {
    match (T::INT, limit.int, limit.float) {
        (Some((least, greatest)), Some((low, high)), _) => {
            assert!(low <= high, "nothing lies in this range: the smaller end comes first");
            assert!(least <= low && high <= greatest, "this range leaves the range of its type");
        }
        (Some(_), None, _) => panic!("the range of an integer has whole numbers as its ends"),
        (None, _, Some((low, high))) => {
            assert!(low.is_finite() && high.is_finite(), "the ends of a range are finite");
            assert!(low <= high, "nothing lies in this range: the smaller end comes first");
        }
        (None, _, None) => panic!("a range has two ends"),
    }
}

/// Asserts that an item of a list or array, or a key of a map, occupies at least one byte.
pub const fn item<T: Message>() {
    assert!(
        T::BYTES_MIN > 0,
        "an item of a list or array, or a key of a map, must occupy at least one byte: send a count instead"
    );
}

/// Memory that an item of a list, or an entry of a map, may take for each byte that it occupies at least, where no limit bounds
/// how many there are. One that takes more (a large value that may be absent, say) does not compile.
pub const ITEM_MEMORY_BYTES_MAX: usize = 64;

/// Asserts what [`item`] does, and that so many items as a body can hold take no memory out of proportion to it.
pub const fn unlimited_item<T: Message>() {
    item::<T>();
    assert!(
        in_proportion(size_of::<T>(), T::BYTES_MIN),
        "an item of this list can be much larger in memory than on the wire, so that a small message could fill the memory: limit how many there are (`#[limit(items <= 1000)]`; in a reply or an item of a stream, on a field of a message), or put what is large and may be absent into a `Box`"
    );
}

/// Asserts the same of a key and of the entries of a map.
pub const fn unlimited_entry<K: Message, V: Message>() {
    item::<K>();
    assert!(
        in_proportion(size_of::<(K, V)>(), K::BYTES_MIN.saturating_add(V::BYTES_MIN)),
        "an entry of this map can be much larger in memory than on the wire, so that a small message could fill the memory: limit how many there are (`#[limit(items <= 1000)]`; in a reply or an item of a stream, on a field of a message), or put what is large and may be absent into a `Box`"
    );
}

const fn in_proportion(memory_bytes: usize, bytes_min: usize) -> bool {
    memory_bytes <= bytes_min.saturating_mul(ITEM_MEMORY_BYTES_MAX)
}
