//! A memory file that two processes map whole: words to sleep on, and bytes. Nothing is checked.
#![allow(unsafe_code, reason = "what the safe systems wrap is measured bare")]

use std::os::fd::{AsFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::thread::futex::{self, Flags};

/// A mapping, which lasts as long as the process.
pub(super) struct Memory {
    start: *mut u8,
    len: usize,
}

impl Memory {
    pub(super) fn create(len: usize) -> Result<(OwnedFd, Self)> {
        let descriptor = memfd_create("bench", MemfdFlags::CLOEXEC)?;
        ftruncate(&descriptor, len as u64)?;
        let memory = Self::map(&descriptor, len)?;
        Ok((descriptor, memory))
    }

    pub(super) fn map(descriptor: &impl AsFd, len: usize) -> Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: the kernel chooses the place.
        let start = unsafe { mmap(ptr::null_mut(), len, protection, flags, descriptor, 0) }?;
        Ok(Self { start: start.cast(), len })
    }

    /// A word, at a multiple of its size.
    pub(super) fn word(&self, offset: usize) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.len, "no word there");
        // SAFETY: within the mapping, which stays, and aligned.
        unsafe { &*self.start.add(offset).cast() }
    }

    #[expect(clippy::mut_from_ref, reason = "the processes take turns, told by the words")]
    pub(super) fn bytes(&self, offset: usize, len: usize) -> &mut [u8] {
        assert!(offset + len <= self.len, "no bytes there");
        // SAFETY: within the mapping, which stays; whoever's turn it is not leaves them alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), len) }
    }
}

/// Waits until a word has this value, which it is set to next.
pub(super) fn wait(word: &AtomicU32, value: u32, spin: bool) {
    while word.load(Ordering::Acquire) != value {
        if spin {
            std::hint::spin_loop();
        } else {
            // It ends early when the word has changed already.
            let _ = futex::wait(word, Flags::empty(), value.wrapping_sub(1), None);
        }
    }
}

/// Sets a word, and wakes who waits for it.
pub(super) fn tell(word: &AtomicU32, value: u32, spin: bool) {
    word.store(value, Ordering::Release);
    if !spin {
        // It fails for no address that is mapped.
        let _ = futex::wake(word, Flags::empty(), 1);
    }
}
