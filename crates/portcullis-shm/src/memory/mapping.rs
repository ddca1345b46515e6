//! One mapping of shared memory, and every access to it: words that are atomic, bytes that are copied, and, for who can
//! argue that nobody writes, slices. Each is checked against the mapping's bounds here.
#![allow(unsafe_code, reason = "this is where memory is mapped")]

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::{CreateError, OpenError, Writers, copy, create, foreign};

/// What a mapping is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Read,
    Write,
}

/// Types that are valid whatever bytes stand in their memory, and whoever changes them meanwhile.
///
/// # Safety
/// The type consists of atomic integers (and padding) alone.
pub(crate) unsafe trait Shared {}

/// An access beyond the mapping, which is a fault of this crate's bounds and never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfBounds;

/// Memory that others may change at any time.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
    view: View,
    #[cfg(test)]
    heap: Option<std::sync::Arc<heap::Block>>,
}

// SAFETY: the pointer is this value's own until it is dropped; all accesses through `&self` are atomic or copies that take
// changes by others into account, or leave the argument to their caller (`slice`, `slice_mut`).
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Creates sealed memory, and maps it for writing.
    pub(crate) fn create(bytes: usize, writers: Writers) -> Result<(OwnedFd, Self), CreateError> {
        create::create_mapped(bytes, writers)
    }

    /// Maps memory from elsewhere when it is what was declared: for reading if only its creator may write.
    pub(crate) fn open(
        descriptor: &impl AsFd,
        bytes: usize,
        writers: Writers,
    ) -> Result<Self, OpenError> {
        foreign::map(descriptor, bytes, writers)
    }

    /// Maps the first `bytes` of a file that is at least so long, and stays so.
    pub(super) fn of(descriptor: &impl AsFd, bytes: usize, view: View) -> rustix::io::Result<Self> {
        let protection = match view {
            View::Read => ProtFlags::READ,
            View::Write => ProtFlags::READ | ProtFlags::WRITE,
        };
        // Populated, so that the first frame costs what later ones do.
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: the kernel chooses the address, so nothing that exists is mapped over.
        let start = unsafe { mmap(ptr::null_mut(), bytes, protection, flags, descriptor, 0) }?;
        let start = NonNull::new(start.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        Ok(Self {
            start,
            bytes,
            view,
            #[cfg(test)]
            heap: None,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// Where `len` bytes at `offset` begin, when they are within the mapping.
    fn at(&self, offset: usize, len: usize) -> Result<NonNull<u8>, OutOfBounds> {
        let end = offset.checked_add(len).ok_or(OutOfBounds)?;
        if end > self.bytes {
            return Err(OutOfBounds);
        }
        // SAFETY: `offset` is at most the length of the mapping, which is one allocation.
        Ok(unsafe { self.start.add(offset) })
    }

    /// The same for writing.
    fn at_for_writing(&self, offset: usize, len: usize) -> Result<NonNull<u8>, OutOfBounds> {
        if self.view == View::Read {
            return Err(OutOfBounds);
        }
        self.at(offset, len)
    }

    /// Words in memory that both sides can write.
    pub(crate) fn shared<T: Shared>(&self, offset: usize) -> Result<&T, OutOfBounds> {
        let place = self.at_for_writing(offset, size_of::<T>())?.cast::<T>();
        if !place.is_aligned() {
            return Err(OutOfBounds);
        }
        // SAFETY: within the mapping, which lives as long as `self`, and aligned; `Shared` says that every content is
        // valid, and that others may change it.
        Ok(unsafe { place.as_ref() })
    }

    /// Copies bytes out, whoever writes meanwhile.
    pub(crate) fn copy_out(&self, offset: usize, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let from = self.at(offset, into.len())?;
        // SAFETY: the source is within the mapping; the destination is a slice of that length, and private.
        unsafe { copy::out_of_shared(from.as_ptr(), into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    /// Copies bytes out, behind what the vector holds.
    pub(crate) fn append_to(
        &self,
        offset: usize,
        len: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), OutOfBounds> {
        let from = self.at(offset, len)?;
        into.reserve(len);
        let spare = into.spare_capacity_mut().as_mut_ptr().cast::<u8>();
        // SAFETY: the source is within the mapping; `len` bytes were reserved behind the vector's length, and they are
        // initialized before the length says so.
        unsafe {
            copy::out_of_shared(from.as_ptr(), spare, len);
            into.set_len(into.len() + len);
        }
        Ok(())
    }

    /// Copies bytes in, whoever reads or writes meanwhile.
    pub(crate) fn copy_in(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let into = self.at_for_writing(offset, bytes.len())?;
        // SAFETY: the destination is within a mapping for writing; the source is a slice of that length, and private.
        unsafe { copy::into_shared(bytes.as_ptr(), into.as_ptr(), bytes.len()) };
        Ok(())
    }

    /// A slice of the memory.
    ///
    /// # Safety
    /// Nobody, in this process or another, writes there while the slice lives.
    pub(crate) unsafe fn slice(&self, offset: usize, len: usize) -> Result<&[u8], OutOfBounds> {
        let start = self.at(offset, len)?;
        // SAFETY: within the mapping, which lives as long as `self`; the caller answers for writers.
        Ok(unsafe { std::slice::from_raw_parts(start.as_ptr(), len) })
    }

    /// A slice of the memory, for writing.
    ///
    /// # Safety
    /// Nobody else, in this process or another, writes there while the slice lives, and nobody in this process reads.
    #[expect(clippy::mut_from_ref, reason = "the caller answers for there being one only")]
    pub(crate) unsafe fn slice_mut(
        &self,
        offset: usize,
        len: usize,
    ) -> Result<&mut [u8], OutOfBounds> {
        let start = self.at_for_writing(offset, len)?;
        // SAFETY: within a mapping for writing, which lives as long as `self`; the caller answers for it being alone.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), len) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[cfg(test)]
        if self.heap.is_some() {
            return;
        }
        // SAFETY: the mapping is this value's own, and what borrowed from it has ended.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// Private memory in the place of shared memory, for tests of what stands in it: Miri knows no memory files.
#[cfg(test)]
mod heap {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::ptr::NonNull;
    use std::sync::Arc;

    use super::{Mapping, View};

    #[derive(Debug)]
    pub(super) struct Block(NonNull<u8>, Layout);

    // SAFETY: it only frees the memory.
    unsafe impl Send for Block {}
    // SAFETY: as above.
    unsafe impl Sync for Block {}

    impl Mapping {
        /// Two mappings of the same memory, the first for writing.
        pub(crate) fn heap(bytes: usize, second: View) -> (Self, Self) {
            let layout = Layout::from_size_align(bytes, 4096).expect("a layout");
            // SAFETY: tests ask for more than nothing.
            let start = NonNull::new(unsafe { alloc_zeroed(layout) }).expect("memory");
            let block = Arc::new(Block(start, layout));
            let of = |view| Self { start, bytes, view, heap: Some(block.clone()) };
            (of(View::Write), of(second))
        }
    }

    impl Drop for Block {
        fn drop(&mut self) {
            // SAFETY: allocated with this layout, and no mapping of it is left.
            unsafe { dealloc(self.0.as_ptr(), self.1) };
        }
    }
}
