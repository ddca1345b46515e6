//! Items that have come and were not taken, in the order in which they came. A row stays in one piece: its items are read
//! where they stand.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::codec::{Blob, Blobs, CodecError, Message, Parts, from_parts};
use crate::row::{self, Row};

/// Bytes of an item's body that are kept without an allocation of their own: a queue of small items is read and written as
/// fast as it is copied.
const SHORT_BODY_BYTES: usize = 32;

/// An item that was taken from its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The item.
    pub body: SmallVec<[u8; SHORT_BODY_BYTES]>,
    /// Its blobs.
    pub blobs: Blobs,
    /// Values of a topic that were dropped before it.
    pub missed: u32,
}

impl Taken {
    /// Bytes of it and of its blobs, as streams and budgets count them.
    pub fn size(&self) -> usize {
        self.body.len().saturating_add(Blob::total(&self.blobs))
    }

    /// The item.
    ///
    /// # Errors
    ///
    /// It breaks its contract.
    pub fn read<T: Message>(&self) -> Result<T, CodecError> {
        from_parts(&self.body, &self.blobs)
    }
}

/// Items in a queue; what bounds it is the credit that was given for them.
#[derive(Debug, Default)]
pub struct Items {
    arrivals: VecDeque<Arrival>,
    count: usize,
    bytes: usize,
}

#[derive(Debug)]
enum Arrival {
    One(Taken),
    Row(Rest),
}

/// What is left of items that share a frame: those from `next` on.
#[derive(Debug)]
struct Rest {
    bytes: Vec<u8>,
    next: usize,
    count: usize,
    size: usize,
    missed: u32,
}

impl Rest {
    /// The first of them, and how many were dropped before it.
    #[inline]
    fn take(&mut self) -> Option<(&[u8], u32)> {
        let (item, behind) = row::split(self.bytes.get(self.next..)?)?;
        self.next = self.bytes.len() - behind.len();
        self.count -= 1;
        self.size -= item.len();
        Some((item, std::mem::take(&mut self.missed)))
    }
}

impl Arrival {
    fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Row(rest) => rest.count,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::One(item) => item.size(),
            Self::Row(rest) => rest.size,
        }
    }
}

impl Items {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Their bytes with those of their blobs, as credit counts them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an item.
    pub fn push(&mut self, item: Taken) {
        self.put(Arrival::One(item));
    }

    /// Adds the items of a row; `missed` were dropped before the first.
    pub fn push_row(&mut self, missed: u32, row: Row<'_>) {
        let (bytes, count) = (row.bytes().to_vec(), row.count() as usize);
        self.put(Arrival::Row(Rest { bytes, next: 0, count, size: row.size(), missed }));
    }

    fn put(&mut self, arrival: Arrival) {
        self.count += arrival.count();
        self.bytes += arrival.size();
        self.arrivals.push_back(arrival);
    }

    /// Takes the first item, and reads it where it stands: its body and blobs, and how many were dropped before it.
    #[inline]
    pub fn take_with<R>(&mut self, read: impl FnOnce(Parts<'_>, u32) -> R) -> Option<R> {
        let (result, bytes) = match self.arrivals.front_mut()? {
            Arrival::One(item) => {
                let parts = Parts { bytes: &item.body, blobs: &item.blobs };
                let taken = (read(parts, item.missed), item.size());
                self.arrivals.pop_front();
                taken
            }
            Arrival::Row(rest) => {
                let (item, missed) = rest.take()?;
                let taken = (read(item.into(), missed), item.len());
                if rest.count == 0 {
                    self.arrivals.pop_front();
                }
                taken
            }
        };
        self.count -= 1;
        self.bytes -= bytes;
        Some(result)
    }

    /// Takes the first item.
    pub fn take(&mut self) -> Option<Taken> {
        if let Some(Arrival::One(_)) = self.arrivals.front()
            && let Some(Arrival::One(item)) = self.pop()
        {
            return Some(item);
        }
        self.take_with(|parts, missed| Taken {
            body: SmallVec::from_slice(parts.bytes),
            blobs: parts.to_blobs(),
            missed,
        })
    }

    /// Moves the first ones to the end of `into`, until it has `count_max` of them or at least `bytes_max` bytes; one in any
    /// case.
    pub fn move_to(&mut self, into: &mut Self, count_max: usize, bytes_max: usize) {
        // Every turn takes an item.
        while into.is_empty() || (into.count < count_max && into.bytes < bytes_max) {
            let fits = self.arrivals.front().is_some_and(|first| {
                into.count + first.count() <= count_max && into.bytes + first.size() <= bytes_max
            });
            let first = if fits { self.pop() } else { self.take().map(Arrival::One) };
            let Some(first) = first else { break };
            into.put(first);
        }
    }

    fn pop(&mut self) -> Option<Arrival> {
        let first = self.arrivals.pop_front()?;
        self.count -= first.count();
        self.bytes -= first.size();
        Some(first)
    }

    /// Drops them all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(byte: u8, size: usize) -> Taken {
        Taken {
            body: SmallVec::from_elem(byte, size),
            blobs: Blobs::new(),
            missed: u32::from(byte),
        }
    }

    fn row(sizes: &[usize], byte: u8) -> Vec<u8> {
        let item = |size: &usize| {
            let length = u16::try_from(*size).expect("small").to_le_bytes();
            length.into_iter().chain(std::iter::repeat_n(byte, *size))
        };
        sizes.iter().flat_map(item).collect()
    }

    proptest! {
        #[test]
        fn items_come_out_as_they_went_in(
            arrivals in prop::collection::vec(prop::collection::vec(0usize..50, 1..9), 0..20),
            moves in prop::collection::vec((0usize..20, 0usize..300), 0..9),
        ) {
            let (mut items, mut model) = (Items::default(), VecDeque::new());
            for (byte, sizes) in (1u8..).zip(&arrivals) {
                if let [size] = sizes[..] {
                    items.push(one(byte, size));
                } else {
                    let bytes = row(sizes, byte);
                    items.push_row(byte.into(), Row::parse(&bytes).expect("a row"));
                }
                let missed = std::iter::once(byte).chain(std::iter::repeat(0));
                model.extend(sizes.iter().zip(missed).map(|(size, missed)| Taken {
                    missed: missed.into(),
                    ..one(byte, *size)
                }));
            }
            let mut out = Vec::new();
            for (count_max, bytes_max) in moves {
                let mut some = Items::default();
                let before = (items.len(), items.bytes());
                items.move_to(&mut some, count_max, bytes_max);
                prop_assert_eq!(before, (items.len() + some.len(), items.bytes() + some.bytes()));
                prop_assert!(some.len() <= count_max.max(1));
                let last = std::iter::from_fn(|| some.take()).inspect(|item| out.push(item.clone())).last();
                let size: usize = out.iter().rev().take(before.0 - items.len()).map(Taken::size).sum();
                prop_assert!(size.saturating_sub(last.map_or(0, |last| last.size())) <= bytes_max);
                prop_assert_eq!((some.len(), some.bytes()), (0, 0));
            }
            out.extend(std::iter::from_fn(|| items.take()));
            prop_assert_eq!((items.len(), items.bytes(), items.is_empty()), (0, 0, true));
            prop_assert_eq!(out, Vec::from(model));
        }
    }
}
