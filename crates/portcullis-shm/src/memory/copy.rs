//! Copies between private memory and memory that another process may write at the same time. A `memcpy` of the language
//! may not race; these may, and the worst that comes of it is a mixture of old and new bytes.
#![allow(unsafe_code, reason = "copies go by pointer")]

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};

/// From how many bytes on the copy is left to the processor's own instruction, whose start costs some 30 cycles.
#[cfg(all(target_arch = "x86_64", not(miri)))]
const STRING_MOVE_FROM: usize = 256;

/// What is copied at once where the place is aligned for it. Miri's model of weak memory knows no atomics of mixed sizes.
const WORD: usize = if cfg!(miri) { usize::MAX } else { size_of::<usize>() };
const HALF: usize = if cfg!(miri) { usize::MAX } else { size_of::<u32>() };

/// Copies `len` bytes out of shared memory.
///
/// # Safety
/// `from` is readable and `to` writable for `len` bytes; nobody else uses those of `to`.
pub(super) unsafe fn out_of_shared(from: *const u8, to: *mut u8, len: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if len >= STRING_MOVE_FROM {
        // SAFETY: the same as this function's.
        unsafe { string_move(from, to, len) };
        return;
    }
    let mut done = 0;
    while done < len {
        // SAFETY: `done < len`, and a whole word is only touched where that many bytes are left and the place in shared
        // memory is aligned for it. Atomic loads may race with whatever another process does.
        unsafe {
            let place = from.add(done);
            if len - done >= WORD && place.cast::<usize>().is_aligned() {
                let word = (*place.cast::<AtomicUsize>()).load(Ordering::Relaxed);
                to.add(done).cast::<usize>().write_unaligned(word);
                done += WORD;
            } else if len - done >= HALF && place.cast::<u32>().is_aligned() {
                let half = (*place.cast::<AtomicU32>()).load(Ordering::Relaxed);
                to.add(done).cast::<u32>().write_unaligned(half);
                done += HALF;
            } else {
                to.add(done).write((*place.cast::<AtomicU8>()).load(Ordering::Relaxed));
                done += 1;
            }
        }
    }
}

/// Copies `len` bytes into shared memory.
///
/// # Safety
/// `from` is readable and `to` writable for `len` bytes; nobody writes those of `from`.
pub(super) unsafe fn into_shared(from: *const u8, to: *mut u8, len: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if len >= STRING_MOVE_FROM {
        // SAFETY: the same as this function's.
        unsafe { string_move(from, to, len) };
        return;
    }
    let mut done = 0;
    while done < len {
        // SAFETY: as in `out_of_shared`, the other way round.
        unsafe {
            let place = to.add(done);
            if len - done >= WORD && place.cast::<usize>().is_aligned() {
                let word = from.add(done).cast::<usize>().read_unaligned();
                (*place.cast::<AtomicUsize>()).store(word, Ordering::Relaxed);
                done += WORD;
            } else if len - done >= HALF && place.cast::<u32>().is_aligned() {
                let half = from.add(done).cast::<u32>().read_unaligned();
                (*place.cast::<AtomicU32>()).store(half, Ordering::Relaxed);
                done += HALF;
            } else {
                (*place.cast::<AtomicU8>()).store(from.add(done).read(), Ordering::Relaxed);
                done += 1;
            }
        }
    }
}

/// `rep movsb`: as fast as `memcpy`, and nothing that the compiler could assume to be free of races.
///
/// # Safety
/// `from` is readable and `to` writable for `len` bytes, and they do not overlap.
#[cfg(all(target_arch = "x86_64", not(miri)))]
unsafe fn string_move(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the instruction reads and writes the bytes that the caller vouches for, and changes the three registers. The
    // direction flag is clear, as the ABI has it.
    unsafe {
        std::arch::asm!(
            "rep movsb",
            inout("rcx") len => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_alignment_is_copied_whole() {
        let mut source: Vec<u8> = (0..1200u32).map(|i| (i * 7 + 1) as u8).collect();
        let lengths = if cfg!(miri) { vec![0, 1, 7, 8, 9, 31] } else { (0..600).collect() };
        for len in lengths {
            for offset in 0..9 {
                for copy in [out_of_shared, into_shared] {
                    let mut to = vec![0u8; len + 20];
                    let start = &mut source[offset..offset + len];
                    // SAFETY: both are within their slices, which are private here.
                    unsafe { copy(start.as_mut_ptr(), to[offset..].as_mut_ptr(), len) };
                    assert_eq!(&to[offset..offset + len], start);
                    assert!(to[..offset].iter().chain(&to[offset + len..]).all(|b| *b == 0));
                }
            }
        }
    }
}
