//! What there is below: words of a memory file that processes sleep on, and frames in one. No checks, no types, no bounds.
#![allow(unsafe_code, reason = "this is what the crate wraps")]

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::thread::futex::{self, Flags};

use crate::process::{Other, measure, pin};

pub(crate) const FRAME_BYTES: usize = 8 << 20;
const SLOTS: usize = 2;

/// A memory file, mapped for good.
struct Memory {
    start: *mut u8,
    bytes: usize,
}

impl Memory {
    fn create(bytes: usize) -> (OwnedFd, Self) {
        let descriptor = memfd_create("bare", MemfdFlags::CLOEXEC).expect("a memory file");
        ftruncate(&descriptor, bytes as u64).expect("sized");
        let memory = Self::map(&descriptor, bytes);
        (descriptor, memory)
    }

    fn map(descriptor: &impl AsFd, bytes: usize) -> Self {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: the kernel chooses the place.
        let start = unsafe { mmap(std::ptr::null_mut(), bytes, protection, flags, descriptor, 0) };
        Self { start: start.expect("mapped").cast(), bytes }
    }

    fn word(&self, index: usize) -> &AtomicU32 {
        assert!(index * 4 < self.bytes);
        // SAFETY: within the mapping, which stays, and aligned.
        unsafe { &*self.start.add(index * 4).cast() }
    }

    #[expect(clippy::mut_from_ref, reason = "the two processes take turns")]
    fn slice(&self, offset: usize, len: usize) -> &mut [u8] {
        assert!(offset + len <= self.bytes);
        // SAFETY: within the mapping; the two processes take turns.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), len) }
    }
}

/// Where the two words are, a cache line apart, and the message of each behind it.
const ASK: usize = 0;
const ANSWER: usize = 64;

fn wait(word: &AtomicU32, until: u32, spin: bool) {
    while word.load(Ordering::Acquire) != until {
        if spin {
            std::hint::spin_loop();
        } else {
            let _ = futex::wait(word, Flags::empty(), until.wrapping_sub(1), None);
        }
    }
}

fn tell(word: &AtomicU32, value: u32, spin: bool) {
    word.store(value, Ordering::Release);
    if !spin {
        let _ = futex::wake(word, Flags::empty(), 1);
    }
}

pub(crate) fn call(same: bool, spin: bool) -> f64 {
    pin(0);
    let (descriptor, memory) = Memory::create(4096);
    let role = if spin { "bare-spin" } else { "bare-call" };
    let _other = Other::start(role, usize::from(!same), vec![descriptor]);
    measure(|number| {
        memory.slice(4, 64).fill(number as u8);
        tell(memory.word(ASK), number + 1, spin);
        wait(memory.word(ANSWER), number + 1, spin);
        assert_eq!(memory.slice(ANSWER * 4 + 4, 64)[63], number as u8 ^ 1);
    })
}

pub(crate) fn serve_call(descriptors: &[OwnedFd], spin: bool) {
    let memory = Memory::map(&descriptors[0], 4096);
    for number in 0.. {
        wait(memory.word(ASK), number + 1, spin);
        let byte = memory.slice(4, 64)[63] ^ 1;
        memory.slice(ANSWER * 4 + 4, 64).fill(byte);
        tell(memory.word(ANSWER), number + 1, spin);
    }
}

/// 64 bytes to eight processes, until all have answered; the sender has a core, they share the other.
pub(crate) fn fan_out() -> f64 {
    pin(0);
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (descriptor, memory) = Memory::create(4096);
            (Other::start("bare-call", 1, vec![descriptor]), memory)
        })
        .collect();
    measure(|number| {
        for (_, memory) in &all {
            memory.slice(4, 64).fill(number as u8);
            tell(memory.word(ASK), number + 1, false);
        }
        for (_, memory) in &all {
            wait(memory.word(ANSWER), number + 1, false);
        }
    })
}

/// Frames are in the memory's slots, behind a page of words.
pub(crate) fn frame(same: bool) -> f64 {
    pin(0);
    let bytes = 4096 + SLOTS * FRAME_BYTES;
    let (descriptor, memory) = Memory::create(bytes);
    let _other = Other::start("bare-frame", usize::from(!same), vec![descriptor]);
    measure(|number| {
        memory.slice(4096, FRAME_BYTES).fill(number as u8);
        tell(memory.word(ASK), number + 1, false);
        wait(memory.word(ANSWER), number + 1, false);
        assert_eq!(memory.word(ANSWER + 1).load(Ordering::Relaxed), digest_of(number as u8));
    })
}

pub(crate) fn serve_frames(descriptors: &[OwnedFd]) {
    let memory = Memory::map(&descriptors[0], 4096 + SLOTS * FRAME_BYTES);
    for number in 0.. {
        wait(memory.word(ASK), number + 1, false);
        let digest = digest(memory.slice(4096, FRAME_BYTES));
        memory.word(ANSWER + 1).store(digest, Ordering::Relaxed);
        tell(memory.word(ANSWER), number + 1, false);
    }
}

/// Reads every byte once.
pub(crate) fn digest(bytes: &[u8]) -> u32 {
    let words = bytes.as_chunks::<8>().0.iter();
    words.fold(0u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word))) as u32
}

/// What the digest of a frame of such bytes is.
pub(crate) fn digest_of(byte: u8) -> u32 {
    u64::from_le_bytes([byte; 8]).wrapping_mul(FRAME_BYTES as u64 / 8) as u32
}
