//! The short way past values that are right: looks at one without children and passes over it, or leaves it to the
//! interpreter, which reads what is rarer and finds out what is wrong. It never refuses, so that errors have one source.

use super::node::Node;
use crate::codec::{Decoder, f32_of, f64_of, unzigzag};

impl Node {
    /// Whether every value of it that is right is passed over by [`Self::pass`].
    pub(super) fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Byte { .. }
                | Self::Unsigned { .. }
                | Self::Signed { .. }
                | Self::F32 { .. }
                | Self::F64 { .. }
                | Self::Text { .. }
                | Self::Bytes { .. }
        )
    }

    /// What stands behind the value; `None` where the interpreter has to look. Registers are enough for it, which is why
    /// it is part of the loop over fields and no call for each of them.
    #[inline(always)]
    pub(super) fn pass<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (&first, rest) = bytes.split_first()?;
        match *self {
            Self::Bool => (first <= 1).then_some(rest),
            Self::Byte { min, max } => is_within(first, min, max).then_some(rest),
            Self::Unsigned { bits, min, max } => {
                let (value, rest) = varint(bytes, bits)?;
                is_within(value, min, max).then_some(rest)
            }
            Self::Signed { bits, min, max } => {
                let (value, rest) = varint(bytes, bits)?;
                is_within(unzigzag(value), min, max).then_some(rest)
            }
            Self::F32 { limited, min, max } => {
                let (bytes, rest) = bytes.split_first_chunk()?;
                let value = f32_of(*bytes)?;
                (!limited || is_within(f64::from(value), min, max)).then_some(rest)
            }
            Self::F64 { limited, min, max } => {
                let (bytes, rest) = bytes.split_first_chunk()?;
                let value = f64_of(*bytes)?;
                (!limited || is_within(value, min, max)).then_some(rest)
            }
            Self::Text { min, max } => {
                let (text, rest) = counted(bytes, min, max)?;
                is_text(text).then_some(rest)
            }
            Self::Bytes { min, max } => Some(counted(bytes, min, max)?.1),
            // One that holds something is read with its content.
            Self::Option { .. } => (first == 0).then_some(rest),
            _ => None,
        }
    }
}

/// Written so that NaN lies in no range.
#[inline]
pub(super) fn is_within<T: PartialOrd>(value: T, min: T, max: T) -> bool {
    value >= min && value <= max
}

/// A varint, most of which are one byte.
#[inline(always)]
fn varint(bytes: &[u8], bits: u32) -> Option<(u64, &[u8])> {
    match bytes.split_first()? {
        (&first, rest) if first < 0x80 => Some((u64::from(first), rest)),
        _ => long_varint(bytes, bits),
    }
}

#[inline(never)]
fn long_varint(bytes: &[u8], bits: u32) -> Option<(u64, &[u8])> {
    let mut input = Decoder::new(bytes);
    let value = input.varint(bits).ok()?;
    Some((value, input.rest()))
}

/// Bytes with their count, and what stands behind them.
#[inline(always)]
fn counted(bytes: &[u8], min: u32, max: u32) -> Option<(&[u8], &[u8])> {
    let (length, rest) = varint(bytes, u64::BITS)?;
    if is_within(length, u64::from(min), u64::from(max)) {
        rest.split_at_checked(usize::try_from(length).ok()?)
    } else {
        None
    }
}

/// As the standard check, for short texts without a call: two words may overlap, so that there is no loop and no byte is looked
/// at alone.
#[inline(always)]
fn is_text(text: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    if let (8..=16, Some(first), Some(last)) = (text.len(), text.first_chunk(), text.last_chunk())
        && (u64::from_le_bytes(*first) | u64::from_le_bytes(*last)) & HIGH_BITS == 0
    {
        return true;
    }
    is_any_text(text)
}

#[inline(never)]
fn is_any_text(text: &[u8]) -> bool {
    text.is_ascii() || std::str::from_utf8(text).is_ok()
}
