//! Reads values from untrusted bytes: the primitives of `docs/protocol.md`, section 2, each checked before
//! it is believed. Nothing is allocated from a length that the input does not cover.

use super::{Blob, CodecError, DEPTH_MAX, ErrorKind};

/// The only NaN of 32 bits that crosses.
pub(super) const F32_NAN: u32 = 0x7fc0_0000;
/// The only NaN of 64 bits that crosses.
pub(super) const F64_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Reads one body from front to back.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    /// Blobs that nothing has referred to yet.
    blobs: &'a [Blob],
    /// How many were referred to.
    blobs_used: u64,
    depth: u32,
    skipped: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder over one body without blobs.
    pub fn new(body: &'a [u8]) -> Self {
        Self::with_blobs(body, &[])
    }

    /// A decoder over one body with its blobs.
    #[inline]
    pub fn with_blobs(body: &'a [u8], blobs: &'a [Blob]) -> Self {
        Self { rest: body, blobs, blobs_used: 0, depth: 0, skipped: false }
    }

    /// Fails unless the whole input was used, and every blob.
    #[inline]
    pub fn finish(self) -> Result<(), CodecError> {
        if !self.rest.is_empty() {
            return Err(CodecError::new(ErrorKind::TrailingBytes));
        }
        if !self.blobs.is_empty() {
            return Err(CodecError::new(ErrorKind::BadBlob));
        }
        Ok(())
    }

    /// A blob, by its place: bodies refer to theirs one after the other.
    pub fn blob(&mut self) -> Result<&'a Blob, CodecError> {
        let place = self.varint(32)?;
        match self.blobs.split_first() {
            Some((blob, rest)) if place == self.blobs_used => {
                self.blobs = rest;
                self.blobs_used = self.blobs_used.saturating_add(1);
                Ok(blob)
            }
            _ => Err(CodecError::new(ErrorKind::BadBlob)),
        }
    }

    /// Whether an unknown table field was passed over, so that encoding again gives fewer bytes.
    pub fn skipped(&self) -> bool {
        self.skipped
    }

    /// Notes that an unknown table field was passed over.
    pub fn skip_unknown(&mut self) {
        self.skipped = true;
    }

    /// The bytes that are left.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Counts one more level of nesting; every successful call is paired with [`Self::leave`].
    #[inline]
    pub fn enter(&mut self) -> Result<(), CodecError> {
        if self.depth >= DEPTH_MAX {
            return Err(CodecError::new(ErrorKind::TooDeep));
        }
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    /// Leaves a level of nesting.
    #[inline]
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// What was not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on with `rest`, which is the end of what was not read yet.
    #[inline]
    pub(crate) fn skip_to(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// One raw byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, CodecError> {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                Ok(byte)
            }
            None => Err(CodecError::new(ErrorKind::Truncated)),
        }
    }

    /// The next `length` bytes.
    #[inline]
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(CodecError::new(ErrorKind::Truncated)),
        }
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        match self.rest.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(CodecError::new(ErrorKind::Truncated)),
        }
    }

    /// An unsigned integer of at most `bits` bits, in its shortest form.
    #[inline]
    pub fn varint(&mut self, bits: u32) -> Result<u64, CodecError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.varint_rest(first, bits)
    }

    fn varint_rest(&mut self, first: u8, bits: u32) -> Result<u64, CodecError> {
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7u32;
        loop {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            // Bits that would fall off the end of the type.
            if shift >= bits || (part << shift) >> shift != part {
                return Err(CodecError::new(ErrorKind::IntegerOverflow));
            }
            value |= part << shift;
            if byte < 0x80 {
                if byte == 0 {
                    return Err(CodecError::new(ErrorKind::OverlongVarint));
                }
                if bits < 64 && value >> bits != 0 {
                    return Err(CodecError::new(ErrorKind::IntegerOverflow));
                }
                return Ok(value);
            }
            shift = shift.saturating_add(7);
        }
    }

    /// A signed integer of at most `bits` bits, zig-zag.
    #[inline]
    pub fn signed(&mut self, bits: u32) -> Result<i64, CodecError> {
        self.varint(bits).map(unzigzag)
    }

    /// A float of 32 bits; of all NaNs only the canonical one.
    #[inline]
    pub fn f32(&mut self) -> Result<f32, CodecError> {
        f32_of(self.array()?).ok_or_else(|| CodecError::new(ErrorKind::BadNan))
    }

    /// A float of 64 bits; of all NaNs only the canonical one.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, CodecError> {
        f64_of(self.array()?).ok_or_else(|| CodecError::new(ErrorKind::BadNan))
    }

    /// A bool, or the presence byte of an option.
    #[inline]
    pub fn flag(&mut self) -> Result<bool, CodecError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CodecError::new(ErrorKind::BadBool)),
        }
    }

    /// A count of items that occupy at least `item_bytes_min` bytes each: never more than can be there.
    #[inline]
    pub fn count(&mut self, item_bytes_min: usize) -> Result<usize, CodecError> {
        let count = self.varint(64)?;
        let possible = self.rest.len().checked_div(item_bytes_min).unwrap_or(self.rest.len());
        match usize::try_from(count) {
            Ok(count) if count <= possible => Ok(count),
            _ => Err(CodecError::new(ErrorKind::Truncated)),
        }
    }

    /// Bytes with their count.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.count(1)?;
        self.raw(length)
    }

    /// Text with its length.
    #[inline]
    pub fn string(&mut self) -> Result<&'a str, CodecError> {
        let length = self.count(1)?;
        self.text(length)
    }

    /// Text whose length was read before.
    #[inline]
    pub fn text(&mut self, length: usize) -> Result<&'a str, CodecError> {
        std::str::from_utf8(self.raw(length)?).map_err(|_| CodecError::new(ErrorKind::BadUtf8))
    }

    /// The same, to be kept: it is copied first and checked where it then stands. Memory is aligned, and what is aligned is
    /// checked a word at a time.
    #[inline]
    pub fn owned_text(&mut self, length: usize) -> Result<String, CodecError> {
        let bytes = self.raw(length)?.to_vec();
        String::from_utf8(bytes).map_err(|_| CodecError::new(ErrorKind::BadUtf8))
    }

    /// Checks text whose length was read before, and passes over it.
    #[inline]
    pub fn skip_text(&mut self, length: usize) -> Result<(), CodecError> {
        let bytes = self.raw(length)?;
        // Most text is ASCII, which is found out faster than that it is UTF-8.
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            return Ok(());
        }
        Err(CodecError::new(ErrorKind::BadUtf8))
    }

    /// A part with its byte count: `read` must use it up.
    pub fn sized<T>(
        &mut self,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        let part = self.bytes()?;
        // No blob stands in a part that others may pass over.
        let mut inner = Decoder { depth: self.depth, ..Self::new(part) };
        let value = read(&mut inner)?;
        self.skipped |= inner.skipped;
        inner.finish()?;
        Ok(value)
    }

    /// Reads with `read` and also returns the bytes that it used (map keys are compared by them).
    pub fn with_bytes<T>(
        &mut self,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, CodecError>,
    ) -> Result<(T, &'a [u8]), CodecError> {
        let before = self.rest;
        let value = read(self)?;
        let used = before.len().saturating_sub(self.rest.len());
        Ok((value, before.get(..used).unwrap_or_default()))
    }
}

/// The signed integer that a zig-zag number stands for.
#[inline]
pub(crate) fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ ((value & 1) as i64).wrapping_neg()
}

/// A float of 32 bits; `None` for a NaN that is not the canonical one.
#[inline]
pub(crate) fn f32_of(bytes: [u8; 4]) -> Option<f32> {
    let bits = u32::from_le_bytes(bytes);
    let value = f32::from_bits(bits);
    (!value.is_nan() || bits == F32_NAN).then_some(value)
}

/// A float of 64 bits; `None` for a NaN that is not the canonical one.
#[inline]
pub(crate) fn f64_of(bytes: [u8; 8]) -> Option<f64> {
    let bits = u64::from_le_bytes(bytes);
    let value = f64::from_bits(bits);
    (!value.is_nan() || bits == F64_NAN).then_some(value)
}
