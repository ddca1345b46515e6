//! Blobs: large bytes that stand beside a body, not in it. A body holds the place of each, so that a transport may carry
//! the bytes as it likes (`docs/protocol.md`, section 15). How they travel is not known here.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::limit::check_len;
use super::{Blobs, CodecError, Decoder, Encoder, Limit, Limited, Message};
use crate::schema::{SchemaBuilder, Type};

/// Most blobs that the body of one message may have.
pub const BLOBS_MAX: usize = 16;

/// Large bytes in a message: a camera's frame, a file. A clone is the same bytes.
///
/// Made of bytes, it is carried by copies; of a slot of shared memory, it is lent to receivers that can map it.
#[derive(Clone)]
pub struct Blob(Inner);

#[derive(Clone)]
enum Inner {
    /// `None` of no bytes.
    Owned(Option<Arc<Vec<u8>>>),
    Kept(Arc<dyn Keep>),
}

/// Memory that somebody else keeps while a blob of it is there: a slot of a pool, which the last clone gives back.
pub trait Keep: Send + Sync + 'static {
    /// The bytes. They do not change while this is there.
    fn bytes(&self) -> &[u8];

    /// Whether another process has lent the memory, so that the bytes are read where that process has written them.
    fn is_lent(&self) -> bool {
        false
    }

    /// For whoever made it to know it again.
    fn as_any(&self) -> &dyn Any;

    /// The last blob of it has been dropped: what is left of it may be used again, for the next one.
    ///
    /// Do not rely on it to give the memory back: of two clones that are dropped by two threads at the same time, neither may
    /// be seen to be the last, and then this is only dropped.
    fn released(self: Arc<Self>) {}
}

impl Blob {
    /// A blob of memory that `keep` keeps.
    pub fn kept(keep: Arc<dyn Keep>) -> Self {
        Self(Inner::Kept(keep))
    }

    /// Who keeps its memory; `None` when the blob owns its bytes.
    pub fn keeper(&self) -> Option<&Arc<dyn Keep>> {
        match &self.0 {
            Inner::Owned(_) => None,
            Inner::Kept(keep) => Some(keep),
        }
    }

    /// Whether its bytes are read where another process has written them: nothing of them was copied for this one. False for
    /// what came as bytes of a connection, and for what was made here.
    pub fn is_lent(&self) -> bool {
        self.keeper().is_some_and(|keeper| keeper.is_lent())
    }

    /// The bytes, without a copy when nobody else holds them.
    pub fn into_vec(mut self) -> Vec<u8> {
        match &mut self.0 {
            Inner::Owned(bytes) => bytes.take().map(Arc::unwrap_or_clone).unwrap_or_default(),
            Inner::Kept(keep) => keep.bytes().to_vec(),
        }
    }

    /// Bytes of all of them, as streams and budgets count them.
    #[inline]
    pub fn total(blobs: &[Self]) -> usize {
        blobs.iter().map(|blob| blob.len()).fold(0, usize::saturating_add)
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Inner::Owned(bytes) => bytes.as_deref().map_or(&[], Vec::as_slice),
            Inner::Kept(keep) => keep.bytes(),
        }
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        // Of a handle that is nobody else's, nobody can make another meanwhile.
        if let Inner::Kept(keep) = &mut self.0
            && Arc::get_mut(keep).is_some()
            && let Inner::Kept(keep) = std::mem::replace(&mut self.0, Inner::Owned(None))
        {
            keep.released();
        }
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Inner::Owned(Some(Arc::new(bytes))))
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl Default for Blob {
    fn default() -> Self {
        Self(Inner::Owned(None))
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Blob {}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.len())
    }
}

impl Message for Blob {
    const BYTES_MIN: usize = 1;

    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), CodecError> {
        out.blob(self)
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        input.blob().cloned()
    }

    fn describe(_: &mut SchemaBuilder) -> Type {
        Type::Blob { min: None, max: None }
    }
}

impl Limited for Blob {
    fn check(&self, limit: &Limit) -> Result<(), CodecError> {
        check_len(self.len(), limit)
    }

    fn decode_limited(input: &mut Decoder<'_>, limit: &Limit) -> Result<Self, CodecError> {
        let blob = input.blob()?;
        check_len(blob.len(), limit)?;
        Ok(blob.clone())
    }
}

/// A body and its blobs, as they are kept between an encoder and a decoder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The values; blobs are numbers in it.
    pub bytes: Vec<u8>,
    /// The blobs, in the order of their numbers.
    pub blobs: Vec<Blob>,
}

impl Body {
    /// The body that `write` writes.
    pub fn write(
        write: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<Self, CodecError> {
        let mut body = Self::default();
        write(&mut Encoder::with_blobs(&mut body.bytes, &mut body.blobs))?;
        Ok(body)
    }

    /// The body, borrowed.
    pub fn parts(&self) -> Parts<'_> {
        Parts { bytes: &self.bytes, blobs: &self.blobs }
    }

    /// Bytes of both, as streams and budgets count them.
    pub fn size(&self) -> usize {
        self.parts().size()
    }

    /// One value from the whole body, as [`from_parts`].
    pub fn read<T: Message>(&self) -> Result<T, CodecError> {
        from_parts(&self.bytes, &self.blobs)
    }
}

/// A body and its blobs, borrowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The values; blobs are numbers in it.
    pub bytes: &'a [u8],
    /// The blobs, in the order of their numbers.
    pub blobs: &'a [Blob],
}

impl Parts<'_> {
    /// Bytes of both, as streams and budgets count them.
    #[inline]
    pub fn size(&self) -> usize {
        self.bytes.len().saturating_add(Blob::total(self.blobs))
    }

    /// The same blobs, to be kept.
    #[inline]
    pub fn to_blobs(self) -> Blobs {
        self.blobs.into()
    }

    /// The same, to be kept: blobs are not copied.
    pub fn to_body(self) -> Body {
        Body { bytes: self.bytes.to_vec(), blobs: self.blobs.to_vec() }
    }
}

impl<'a> From<&'a [u8]> for Parts<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes, blobs: &[] }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Parts<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self { bytes, blobs: &[] }
    }
}

impl<'a> From<&'a Vec<u8>> for Parts<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self { bytes, blobs: &[] }
    }
}

impl<'a> From<&'a Body> for Parts<'a> {
    fn from(body: &'a Body) -> Self {
        body.parts()
    }
}

/// One value from a whole body and its blobs; what is left over of either is an error.
pub fn from_parts<T: Message>(body: &[u8], blobs: &[Blob]) -> Result<T, CodecError> {
    let mut input = Decoder::with_blobs(body, blobs);
    let value = T::decode(&mut input)?;
    input.finish()?;
    Ok(value)
}
