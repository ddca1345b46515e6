//! The interpreter: walks a body along the plan with the codec's own reader, so that every check is the one that
//! generated decoders make, in the same order. The success path allocates nothing.

use std::borrow::Cow;

use super::flat::is_row;
use super::node::{Label, Node};
use super::plain::is_within;
use super::{Plan, Root};
use crate::codec::{Blob, CodecError, Decoder, ErrorKind, Segment, check_url, count_numbers, json};

impl Plan {
    /// As [`Self::validate_parts`], of a body without blobs.
    pub fn validate(&self, root: Root, body: &[u8]) -> Result<(), CodecError> {
        self.validate_parts(root, body, &[])
    }

    /// Checks that `body`, with its blobs, is exactly one value of `root`: the verdict, the kind of error and its path are those of
    /// the generated decoder. Nothing is allocated unless it fails.
    pub fn validate_parts(
        &self,
        root: Root,
        body: &[u8],
        blobs: &[Blob],
    ) -> Result<(), CodecError> {
        if root.row_len > 0
            && blobs.is_empty()
            && let Some(row) = run(&self.nodes, root.row, root.row_len)
            && is_row(row, body)
        {
            return Ok(());
        }
        self.walk(root, body, blobs)
    }

    #[inline(never)]
    fn walk(&self, root: Root, body: &[u8], blobs: &[Blob]) -> Result<(), CodecError> {
        let mut input = Decoder::with_blobs(body, blobs);
        self.at(root.node, &mut input)?;
        input.finish()
    }

    fn at(&self, index: u32, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        match self.nodes.get(index as usize) {
            Some(node) => self.holder(node, input),
            None => never(),
        }
    }

    /// A value that may well hold others. Those that most messages consist of are no call of [`Self::value`], which has to make
    /// room for every kind of value first.
    #[inline]
    fn holder(&self, node: &Node, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        match *node {
            Node::Sequence { first, len } => self.fields(first, len, input),
            Node::Struct { first, len } => self.level(first, len, input),
            _ => self.value(node, input),
        }
    }

    #[inline]
    fn level(&self, first: u32, len: u32, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        input.enter()?;
        self.fields(first, len, input)?;
        input.leave();
        Ok(())
    }

    fn value(&self, node: &Node, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        match *node {
            Node::Unit => Ok(()),
            Node::Bool => input.flag().map(drop),
            Node::Byte { min, max } => in_range(input.byte()?, min, max),
            Node::SignedByte { min, max } => in_range(input.byte()? as i8, min, max),
            Node::Unsigned { bits, min, max } => in_range(input.varint(bits)?, min, max),
            Node::Signed { bits, min, max } => in_range(input.signed(bits)?, min, max),
            Node::F32 { limited, min, max } => {
                let value = input.f32()?;
                if limited { in_range(f64::from(value), min, max) } else { Ok(()) }
            }
            Node::F64 { limited, min, max } => {
                let value = input.f64()?;
                if limited { in_range(value, min, max) } else { Ok(()) }
            }
            Node::Text { min, max } => {
                let length = input.count(1)?;
                check_len(length, min, max)?;
                input.skip_text(length)
            }
            Node::Bytes { min, max } => {
                let length = input.count(1)?;
                check_len(length, min, max)?;
                input.raw(length).map(drop)
            }
            Node::Blob { min, max } => check_len(input.blob()?.len(), min, max),
            Node::TypedArray { size, min, max } => {
                check_len(count_numbers(input.blob()?.len(), size)?, min, max)
            }
            Node::Raw { len } => input.raw(len).map(drop),
            Node::Json => json::check(input.string()?),
            Node::Url => check_url(input.string()?),
            Node::Option { inner } => {
                if input.flag()? {
                    self.at(inner, input)
                } else {
                    Ok(())
                }
            }
            Node::List { item, min, max, bytes_min } => {
                let count = input.count(bytes_min)?;
                check_len(count, min, max)?;
                self.items(item, count, input)
            }
            Node::Array { item, len, bytes_min } => {
                if input.remaining() < bytes_min {
                    return Err(CodecError::new(ErrorKind::Truncated));
                }
                self.items(item, len as usize, input)
            }
            Node::Map { pair, min, max, bytes_min } => {
                let count = input.count(bytes_min)?;
                check_len(count, min, max)?;
                self.entries(pair, count, input)
            }
            Node::Sequence { first, len } => self.fields(first, len, input),
            Node::Struct { first, len } => self.level(first, len, input),
            Node::Table { first, len } => {
                input.enter()?;
                self.table(first, len, input)?;
                input.leave();
                Ok(())
            }
            Node::Enum { first, len, flexible } => self.variant(first, len, flexible, input),
            Node::Never => never(),
        }
    }

    fn items(&self, item: u32, count: usize, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        let Some(node) = self.nodes.get(item as usize) else { return never() };
        let mut rest = input.rest();
        for index in 0..count {
            if let Some(behind) = node.pass(rest) {
                rest = behind;
                continue;
            }
            input.skip_to(rest);
            self.holder(node, input).map_err(|error| error.within(Segment::Index(index as u32)))?;
            rest = input.rest();
        }
        input.skip_to(rest);
        Ok(())
    }

    fn entries(&self, pair: u32, count: usize, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        let Some([key, value, ..]) = self.nodes.get(pair as usize..) else { return never() };
        let mut last: Option<&[u8]> = None;
        for index in 0..count {
            let at_key = Segment::Key(index as u32);
            let bytes = match input.with_bytes(|input| self.value(key, input)) {
                Ok(((), bytes)) => bytes,
                Err(error) => return Err(error.within(at_key)),
            };
            if last.is_some_and(|last| last >= bytes) {
                return Err(CodecError::new(ErrorKind::MapOrder).within(at_key));
            }
            last = Some(bytes);
            self.value(value, input).map_err(|error| error.within(Segment::Entry(index as u32)))?;
        }
        Ok(())
    }

    fn fields(&self, first: u32, len: u32, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        let Some(run) = run(&self.nodes, first, len) else { return never() };
        let mut rest = input.rest();
        for (offset, node) in run.iter().enumerate() {
            if let Some(behind) = node.pass(rest) {
                rest = behind;
                continue;
            }
            input.skip_to(rest);
            if let Err(error) = self.holder(node, input) {
                return Err(self.named(error, first, offset));
            }
            rest = input.rest();
        }
        input.skip_to(rest);
        Ok(())
    }

    fn table(&self, first: u32, len: u32, input: &mut Decoder<'_>) -> Result<(), CodecError> {
        let (Some(nodes), Some(labels)) =
            (run(&self.nodes, first, len), run(&self.labels, first, len))
        else {
            return never();
        };
        let count = input.count(2)?;
        let mut last = 0;
        for _ in 0..count {
            let number = input.varint(32)? as u32;
            if number <= last {
                return Err(CodecError::new(ErrorKind::TableOrder));
            }
            last = number;
            let Some(offset) = position(labels, number) else {
                input.bytes()?;
                continue;
            };
            let Some(node) = nodes.get(offset) else { return never() };
            input
                .sized(|input| self.value(node, input))
                .map_err(|error| self.named(error, first, offset))?;
        }
        Ok(())
    }

    fn variant(
        &self,
        first: u32,
        len: u32,
        flexible: bool,
        input: &mut Decoder<'_>,
    ) -> Result<(), CodecError> {
        let (Some(nodes), Some(labels)) =
            (run(&self.nodes, first, len), run(&self.labels, first, len))
        else {
            return never();
        };
        let tag = input.varint(32)? as u32;
        let Some(offset) = position(labels, tag) else {
            if flexible {
                return input.bytes().map(drop);
            }
            return Err(CodecError::new(ErrorKind::UnknownTag));
        };
        let Some(node) = nodes.get(offset) else { return never() };
        let read = if flexible {
            input.sized(|input| self.value(node, input))
        } else {
            self.value(node, input)
        };
        read.map_err(|error| self.named(error, first, offset))
    }

    /// Adds the name of a child to an error's path, where paths show it.
    #[cold]
    fn named(&self, error: CodecError, first: u32, offset: usize) -> CodecError {
        let label = self.labels.get((first as usize).saturating_add(offset));
        match label.and_then(|label| self.names.get(label.name as usize)) {
            Some(name) => error.within(Segment::Name(Cow::Owned(name.to_string()))),
            None => error,
        }
    }
}

/// A type that has no values, since its schema was not checked.
#[cold]
fn never() -> Result<(), CodecError> {
    Err(CodecError::refused("the schema does not say what stands here"))
}

#[inline]
fn in_range<T: PartialOrd>(value: T, min: T, max: T) -> Result<(), CodecError> {
    if is_within(value, min, max) { Ok(()) } else { Err(CodecError::new(ErrorKind::OutOfRange)) }
}

#[inline]
fn check_len(len: usize, min: u32, max: u32) -> Result<(), CodecError> {
    if len < min as usize {
        return Err(CodecError::new(ErrorKind::TooShort));
    }
    if len > max as usize {
        return Err(CodecError::new(ErrorKind::TooLong));
    }
    Ok(())
}

fn run<T>(all: &[T], first: u32, len: u32) -> Option<&[T]> {
    all.get(first as usize..)?.get(..len as usize)
}

/// Where the child with that number or tag stands. Most contracts number theirs without gaps, so the likely place
/// is looked at first.
#[inline]
fn position(labels: &[Label], key: u32) -> Option<usize> {
    let offset = key.wrapping_sub(labels.first()?.key) as usize;
    if labels.get(offset).is_some_and(|label| label.key == key) {
        return Some(offset);
    }
    labels.binary_search_by_key(&key, |label| label.key).ok()
}
