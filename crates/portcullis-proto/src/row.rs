//! Rows: several items in the body of one frame, each behind its length (`docs/protocol.md`, section 6). A small item by
//! itself is mostly header.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use crate::goodbye::{Goodbye, Reason};

/// Bytes of an item's length in a row.
const LENGTH_BYTES: usize = 2;
/// The largest item that may stand in a row, in bytes: its length has 16 bits.
pub const ROW_ITEM_BYTES_MAX: usize = 65_535;

/// One or more items that came in one frame, in order. All of them are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    bytes: &'a [u8],
    items: u32,
}

impl<'a> Row<'a> {
    /// Looks through the body of a frame.
    ///
    /// # Errors
    ///
    /// There is no item in it, or the last one is not whole.
    pub fn parse(body: &'a [u8]) -> Result<Self, Goodbye> {
        Self::parse_each(body, |_| Ok(()))
    }

    /// The same, and tells `each` the size of every item, as it comes to it.
    pub(crate) fn parse_each(
        body: &'a [u8],
        mut each: impl FnMut(usize) -> Result<(), Goodbye>,
    ) -> Result<Self, Goodbye> {
        let (mut rest, mut items) = (body, 0u32);
        // Every turn uses up a length.
        while !rest.is_empty() {
            let (item, behind) = split(rest).ok_or_else(cut_short)?;
            each(item.len())?;
            rest = behind;
            items = items.saturating_add(1);
        }
        if items == 0 {
            return Err(Goodbye::because(Reason::MalformedFrame, "a row without an item"));
        }
        Ok(Self { bytes: body, items })
    }

    /// How many items it has: at least one.
    pub fn count(&self) -> u32 {
        self.items
    }

    /// Bytes of the items' bodies, as credit counts them.
    pub fn size(&self) -> usize {
        self.bytes.len().saturating_sub((self.items as usize).saturating_mul(LENGTH_BYTES))
    }

    /// The bodies, in order.
    pub fn bodies(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (item, behind) = split(rest)?;
            rest = behind;
            Some(item)
        })
    }

    /// The body of its frame.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The first item, and what stands behind it. `None` when that item is not whole, or when there is none.
#[inline]
pub(crate) fn split(row: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = row.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

#[cold]
fn cut_short() -> Goodbye {
    Goodbye::because(Reason::MalformedFrame, "the last item of a row is cut short")
}

/// Begins an item at the end of a row; its body is appended next, and [`finish`] fills in the length.
#[inline]
pub(crate) fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    start
}

/// Fills in the length of the item that began at `start` and ends where `out` ends, and returns it. `None` when it is too
/// long for a row; it is gone again then.
#[inline]
pub(crate) fn finish(out: &mut Vec<u8>, start: usize) -> Option<usize> {
    let bytes = out.len().saturating_sub(start.saturating_add(LENGTH_BYTES));
    match (u16::try_from(bytes), out.get_mut(start..).and_then(|item| item.first_chunk_mut())) {
        (Ok(length), Some(field)) => {
            *field = length.to_le_bytes();
            Some(bytes)
        }
        _ => {
            out.truncate(start);
            None
        }
    }
}
