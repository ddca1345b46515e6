//! Typed arrays: many numbers of one kind, whose bytes are a blob (`docs/protocol.md`, section 15). So they travel as blobs
//! do, and are looked at where they are; only whether their bytes are whole numbers is checked.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::limit::check_len;
use super::{
    Blob, CodecError, Decoder, Element, Encoder, ErrorKind, Keep, Limit, Limited, Message,
};
use crate::schema::{SchemaBuilder, Type};

/// Numbers of one kind, one behind the other, that travel beside their message as a [`Blob`]: samples, points, a spectrum.
/// A clone is the same numbers. Any NaN may be among them; two arrays are equal when their bytes are.
///
/// ```
/// use portcullis_proto::codec::TypedArray;
///
/// let samples = TypedArray::from(vec![0.5_f32, -1.0]);
/// assert_eq!(samples.len(), 2);
/// assert_eq!(samples.iter().sum::<f32>(), -0.5);
/// ```
#[derive(Clone)]
pub struct TypedArray<T: Element> {
    /// Whole numbers, little-endian.
    bytes: Blob,
    element: PhantomData<T>,
}

impl<T: Element> TypedArray<T> {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.bytes.len().checked_div(size_of::<T>()).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The number at `index`.
    pub fn get(&self, index: usize) -> Option<T> {
        let start = index.checked_mul(size_of::<T>())?;
        let end = start.checked_add(size_of::<T>())?;
        self.bytes.get(start..end).map(T::from_le)
    }

    /// The numbers, one after the other, wherever their bytes are.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + DoubleEndedIterator + '_ {
        self.bytes.chunks_exact(size_of::<T>()).map(T::from_le)
    }

    /// The numbers without a copy, where the machine is little-endian and the bytes are aligned for them. Memory that the
    /// allocator gave or that is lent from a pool is, as a rule; [`Self::iter`] and [`Self::to_vec`] need neither.
    pub fn as_slice(&self) -> Option<&[T]> {
        if cfg!(target_endian = "big") {
            return None;
        }
        bytemuck::try_cast_slice(&self.bytes).ok()
    }

    /// A copy of the numbers.
    pub fn to_vec(&self) -> Vec<T> {
        match self.as_slice() {
            Some(numbers) => numbers.to_vec(),
            None => self.iter().collect(),
        }
    }

    /// The bytes, little-endian.
    pub fn as_blob(&self) -> &Blob {
        &self.bytes
    }
}

/// How many numbers of `size` bytes a blob holds; an error when it ends inside of one.
pub(crate) fn count_numbers(bytes: usize, size: usize) -> Result<usize, CodecError> {
    match (bytes.checked_div(size), bytes.checked_rem(size)) {
        (Some(count), Some(0)) => Ok(count),
        _ => Err(CodecError::new(ErrorKind::Truncated)),
    }
}

/// Memory of numbers that is a blob as it is.
struct Numbers<T>(Vec<T>);

impl<T: Element> Keep for Numbers<T> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Without a copy, on a machine that is little-endian.
impl<T: Element> From<Vec<T>> for TypedArray<T> {
    fn from(numbers: Vec<T>) -> Self {
        if cfg!(target_endian = "big") {
            return numbers.into_iter().collect();
        }
        Self { bytes: Blob::kept(Arc::new(Numbers(numbers))), element: PhantomData }
    }
}

impl<T: Element> From<&[T]> for TypedArray<T> {
    fn from(numbers: &[T]) -> Self {
        numbers.to_vec().into()
    }
}

impl<T: Element> FromIterator<T> for TypedArray<T> {
    fn from_iter<I: IntoIterator<Item = T>>(numbers: I) -> Self {
        let mut bytes = Vec::new();
        numbers.into_iter().for_each(|number| number.push_le(&mut bytes));
        Self { bytes: bytes.into(), element: PhantomData }
    }
}

/// Of a slot of shared memory, say, that numbers were written into; an error when the bytes end inside a number.
impl<T: Element> TryFrom<Blob> for TypedArray<T> {
    type Error = CodecError;

    fn try_from(bytes: Blob) -> Result<Self, CodecError> {
        count_numbers(bytes.len(), size_of::<T>())?;
        Ok(Self { bytes, element: PhantomData })
    }
}

impl<T: Element> Default for TypedArray<T> {
    fn default() -> Self {
        Self { bytes: Blob::default(), element: PhantomData }
    }
}

/// By their bytes: a NaN is equal to itself, and 0 is not to −0.
impl<T: Element> PartialEq for TypedArray<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T: Element> Eq for TypedArray<T> {}

impl<T: Element> fmt::Debug for TypedArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedArray({} of {})", self.len(), T::NUMBER.name())
    }
}

impl<T: Element> Message for TypedArray<T> {
    const BYTES_MIN: usize = 1;

    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.blob(&self.bytes)
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        input.blob()?.clone().try_into()
    }

    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::TypedArray { item: T::NUMBER, min: None, max: None }
    }
}

impl<T: Element> Limited for TypedArray<T> {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }
}
