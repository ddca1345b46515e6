//! What tests against hostile memory share: raw words of a shared memory, and a guard against hanging.
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(unsafe_code, reason = "a hostile process maps what it likes")]

use std::os::fd::AsFd;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::mm::{MapFlags, ProtFlags, mmap};

/// Maps memory as a hostile process would, for the rest of the test.
pub(crate) fn words(descriptor: &impl AsFd, bytes: usize) -> &'static [AtomicU32] {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the kernel chooses the place; it stays mapped, is as long as said, and is used by atomic accesses alone.
    unsafe {
        let start = mmap(std::ptr::null_mut(), bytes, protection, MapFlags::SHARED, descriptor, 0);
        std::slice::from_raw_parts(start.expect("mapped").cast(), bytes / 4)
    }
}

/// Ends the process when a test hangs.
pub(crate) struct Watchdog(std::sync::mpsc::Sender<()>);

pub(crate) fn watchdog() -> Watchdog {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let hung = receive.recv_timeout(Duration::from_secs(240));
        if hung == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("the test hangs");
            std::process::abort();
        }
    });
    Watchdog(send)
}

/// Numbers that look random, the same for one seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u32 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
}
