//! Writes values at the end of a byte buffer: the primitives of `docs/protocol.md`, section 2.
//! Knows nothing of frames; a caller hands in the outbox itself so that nothing is copied later.

use super::{BLOBS_MAX, Blob, CodecError, DEPTH_MAX, ErrorKind, Parts, Segment};

/// Appends one body to a buffer.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// Where blobs go; `None` where none may stand.
    blobs: Option<&'a mut Vec<Blob>>,
    depth: u32,
}

impl<'a> Encoder<'a> {
    /// An encoder that appends to `out`, for values without blobs.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, blobs: None, depth: 0 }
    }

    /// An encoder that appends to `out`, and puts blobs behind those that are in `blobs`.
    #[inline]
    pub fn with_blobs(out: &'a mut Vec<u8>, blobs: &'a mut Vec<Blob>) -> Self {
        Self { out, blobs: Some(blobs), depth: 0 }
    }

    /// A blob: its place among those of the body.
    pub fn blob(&mut self, blob: &Blob) -> Result<(), CodecError> {
        let blobs = self.blobs.as_mut().filter(|blobs| blobs.len() < BLOBS_MAX);
        let Some(blobs) = blobs else { return Err(CodecError::new(ErrorKind::BadBlob)) };
        let place = blobs.len();
        blobs.push(blob.clone());
        self.count(place);
        Ok(())
    }

    /// A whole body that was encoded before, with its blobs.
    #[inline]
    pub fn body(&mut self, Parts { bytes, blobs }: Parts<'_>) -> Result<(), CodecError> {
        if !blobs.is_empty() {
            let Some(into) = self.blobs.as_mut().filter(|into| into.is_empty()) else {
                return Err(CodecError::new(ErrorKind::BadBlob));
            };
            into.extend_from_slice(blobs);
        }
        self.raw(bytes);
        Ok(())
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

    /// One raw byte.
    #[inline]
    pub fn byte(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Raw bytes without a count.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// An unsigned integer in its shortest form.
    #[inline]
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    /// A signed integer, zig-zag.
    #[inline]
    pub fn signed(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    /// A length or count.
    #[inline]
    pub fn count(&mut self, count: usize) {
        self.varint(count as u64);
    }

    /// Text with its length.
    #[inline]
    pub fn string(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    /// Bytes with their count.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// What `write` writes, with its byte count before it (table fields, flexible variants).
    pub fn sized(
        &mut self,
        write: impl FnOnce(&mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        let start = self.out.len();
        write(self)?;
        let length = self.out.len().saturating_sub(start);
        let end = self.out.len();
        self.count(length);
        let prefix = self.out.len().saturating_sub(end);
        // The count stands behind the part it describes: turn the two around.
        if let Some(part) = self.out.get_mut(start..) {
            part.rotate_right(prefix);
        }
        Ok(())
    }

    /// Map entries, sorted by the bytes of their keys. `write` writes entry `index`'s key, then its value.
    pub fn sorted_entries(
        &mut self,
        count: usize,
        mut write: impl FnMut(usize, EntryPart, &mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        self.count(count);
        let mut scratch = Vec::new();
        let mut entries = Vec::with_capacity(count);
        for index in 0..count {
            let start = scratch.len();
            let mut inner = Encoder { out: &mut scratch, blobs: None, depth: self.depth };
            write(index, EntryPart::Key, &mut inner)?;
            let middle = scratch.len();
            let mut inner = Encoder { out: &mut scratch, blobs: None, depth: self.depth };
            write(index, EntryPart::Value, &mut inner)?;
            entries.push((start, middle, scratch.len()));
        }
        let part = |from: usize, to: usize| scratch.get(from..to).unwrap_or_default();
        entries.sort_unstable_by(|a, b| part(a.0, a.1).cmp(part(b.0, b.1)));
        let mut last = None;
        for (index, (start, middle, end)) in entries.into_iter().enumerate() {
            // Two keys may differ in what does not cross (the nanoseconds of a duration): no reader takes both.
            let key = part(start, middle);
            if last == Some(key) {
                let at_key = Segment::Key(index as u32);
                return Err(CodecError::new(ErrorKind::MapOrder).within(at_key));
            }
            last = Some(key);
            self.raw(part(start, end));
        }
        Ok(())
    }
}

/// Which half of a map's entry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPart {
    /// The key.
    Key,
    /// The value.
    Value,
}
