//! One direction's bytes: reads and writes at an index, around the end. Which indices are right is producer's and consumer's
//! business; nothing here can leave the memory, whatever they are.

use std::sync::Arc;

use super::header::Header;

/// A view of one direction.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    bytes: Arc<imp::Bytes>,
    capacity: u32,
}

impl Lane {
    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }

    pub(super) fn header(&self) -> &Header {
        self.bytes.header()
    }

    /// Copies bytes in at an index.
    pub(super) fn write(&self, index: u32, bytes: &[u8]) {
        let (at, first) = self.split(index, bytes.len());
        let (first, second) = bytes.split_at(first);
        self.bytes.copy_in(at, first);
        self.bytes.copy_in(0, second);
    }

    /// Copies bytes out from an index, behind what the vector holds.
    pub(super) fn read(&self, index: u32, len: u32, into: &mut Vec<u8>) {
        let len = len.min(self.capacity) as usize;
        let (at, first) = self.split(index, len);
        self.bytes.append_to(at, first, into);
        self.bytes.append_to(0, len - first, into);
    }

    /// A record's length. It never lies around the end.
    pub(super) fn read_len(&self, index: u32) -> u32 {
        let mut len = [0; 4];
        self.bytes.copy_out((index & (self.capacity - 1)) as usize, &mut len);
        u32::from_le_bytes(len)
    }

    /// Where in memory an index is, and how many of `len` bytes come before the end; at most all that fit.
    fn split(&self, index: u32, len: usize) -> (usize, usize) {
        let at = index & (self.capacity - 1);
        (at as usize, len.min((self.capacity - at) as usize))
    }
}

#[cfg(not(loom))]
mod imp {
    use std::sync::Arc;

    use super::{Header, Lane};
    use crate::memory::{Mapping, OutOfBounds};

    /// Both directions' memory, and which part is this one's.
    #[derive(Debug)]
    pub(super) struct Bytes {
        memory: Arc<Mapping>,
        header: usize,
        data: usize,
    }

    impl Lane {
        /// None unless both parts are within the memory; `capacity` is a power of two.
        pub(in super::super) fn new(
            memory: Arc<Mapping>,
            header: usize,
            data: usize,
            capacity: u32,
        ) -> Option<Self> {
            memory.shared::<Header>(header).ok()?;
            let fits = data.checked_add(capacity as usize)? <= memory.len();
            let bytes = Arc::new(Bytes { memory, header, data });
            (fits && capacity.is_power_of_two()).then_some(Self { bytes, capacity })
        }
    }

    // Each access is within the capacity, which `Lane::new` found within the memory: none of these fails. If one did, nothing
    // would be read or written, and the checks of lengths and indices would see zeros.
    impl Bytes {
        pub(super) fn header(&self) -> &Header {
            match self.memory.shared(self.header) {
                Ok(header) => header,
                Err(OutOfBounds) => unreachable!("checked when the lane was made"),
            }
        }

        pub(super) fn copy_in(&self, at: usize, bytes: &[u8]) {
            let done = self.memory.copy_in(self.data + at, bytes);
            debug_assert_eq!(done, Ok(()));
        }

        pub(super) fn copy_out(&self, at: usize, into: &mut [u8]) {
            let done = self.memory.copy_out(self.data + at, into);
            debug_assert_eq!(done, Ok(()));
        }

        pub(super) fn append_to(&self, at: usize, len: usize, into: &mut Vec<u8>) {
            let done = self.memory.append_to(self.data + at, len, into);
            debug_assert_eq!(done, Ok(()));
        }
    }
}

#[cfg(loom)]
mod imp {
    use std::sync::Arc;

    use super::{Header, Lane};
    use crate::sync::Ordering;
    use loom::sync::atomic::AtomicU8;

    /// One direction's memory, in a model: a byte whose write was not ordered before its read is read as it was before.
    #[derive(Debug)]
    pub(super) struct Bytes {
        header: Header,
        data: Vec<AtomicU8>,
    }

    impl Lane {
        pub(in super::super) fn model(capacity: u32) -> Self {
            let data = (0..capacity).map(|_| AtomicU8::new(0)).collect();
            Self { bytes: Arc::new(Bytes { header: Header::zero(), data }), capacity }
        }
    }

    impl Bytes {
        pub(super) fn header(&self) -> &Header {
            &self.header
        }

        pub(super) fn copy_in(&self, at: usize, bytes: &[u8]) {
            for (place, byte) in self.data[at..].iter().zip(bytes) {
                place.store(*byte, Ordering::Relaxed);
            }
        }

        pub(super) fn copy_out(&self, at: usize, into: &mut [u8]) {
            for (place, byte) in self.data[at..].iter().zip(into) {
                *byte = place.load(Ordering::Relaxed);
            }
        }

        pub(super) fn append_to(&self, at: usize, len: usize, into: &mut Vec<u8>) {
            into.extend(self.data[at..at + len].iter().map(|place| place.load(Ordering::Relaxed)));
        }
    }
}
