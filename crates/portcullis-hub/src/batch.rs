//! What a frame has brought of a stream: an item, or a row of them.

use portcullis_proto::codec::{CodecError, Encoder, Parts};
use portcullis_proto::row::Row;

/// Items that came in one frame, in order: at least one.
#[derive(Clone, Copy)]
pub(crate) enum Batch<'a> {
    /// One, which may have blobs.
    One(Parts<'a>),
    /// Several, which have none.
    Row(Row<'a>),
}

impl<'a> Batch<'a> {
    /// How many.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Row(row) => row.count() as usize,
        }
    }

    /// Bytes of them all, as credit and budgets count them.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::One(item) => item.size(),
            Self::Row(row) => row.size(),
        }
    }

    /// Each of them.
    pub(crate) fn items(&self) -> impl Iterator<Item = Parts<'a>> + Clone + use<'a> {
        let (one, row) = match *self {
            Self::One(item) => (Some(item), None),
            Self::Row(row) => (None, Some(row)),
        };
        let row = row.into_iter().flat_map(|row| row.bodies()).map(Parts::from);
        one.into_iter().chain(row)
    }

    /// Writes the item of a place: the same again, or the next.
    pub(crate) fn writer(
        &self,
    ) -> impl FnMut(usize, &mut Encoder<'_>) -> Result<(), CodecError> + use<'a> {
        let (mut at, mut items) = (0, self.items());
        move |place, out| {
            if place > at {
                items.next();
                at += 1;
            }
            items.clone().next().map_or(Ok(()), |item| out.body(item))
        }
    }

    /// Each with what was dropped right before it.
    pub(crate) fn with_missed(&self, missed: u32) -> impl Iterator<Item = (u32, Parts<'a>)> {
        std::iter::once(missed).chain(std::iter::repeat(0)).zip(self.items())
    }
}
