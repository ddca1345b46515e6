//! A word that processes can wait on: `FUTEX_WAIT` and `FUTEX_WAKE` of the kernel, shared between processes, or a model of
//! them for loom. When to wait and why is the protocols' business.

use std::time::Duration;

use crate::sync::{AtomicU32, Ordering};

/// How a wait ended. Why it did must be looked up: all of them may be for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Somebody woke this thread.
    Called,
    /// The word was not what was expected, or a signal came.
    Aside,
    TimedOut,
}

/// An atomic word in shared memory to wait on.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct FutexWord {
    value: AtomicU32,
    #[cfg(loom)]
    model: model::Queue,
}

impl FutexWord {
    pub(crate) fn load(&self, ordering: Ordering) -> u32 {
        self.value.load(ordering)
    }

    pub(crate) fn store(&self, value: u32, ordering: Ordering) {
        self.value.store(value, ordering);
    }

    pub(crate) fn fetch_add(&self, value: u32, ordering: Ordering) -> u32 {
        self.value.fetch_add(value, ordering)
    }
}

#[cfg(not(loom))]
mod kernel {
    use rustix::io::Errno;
    use rustix::thread::futex::{
        self, ClockId, Flags, Timespec, Wait, WaitFlags, WaitPtr, WaitvFlags,
    };
    use rustix::time::clock_gettime;

    use super::{Duration, FutexWord, Woken};

    impl FutexWord {
        #[expect(clippy::declare_interior_mutable_const, reason = "each use is a word of its own")]
        pub(crate) const ZERO: Self = Self { value: crate::sync::AtomicU32::new(0) };

        /// Sleeps while the word is `expected`, at most for `timeout`.
        pub(crate) fn wait(&self, expected: u32, timeout: Option<Duration>) -> Woken {
            let timeout = timeout.map(timespec);
            // Without `PRIVATE` the kernel finds the word by its page, not by the address in this process.
            woken(futex::wait(&self.value, Flags::empty(), expected, timeout.as_ref()))
        }

        /// Wakes at most `count` who wait.
        pub(crate) fn wake(&self, count: u32) {
            // It can only fail for an address that is none.
            let _ = futex::wake(&self.value, Flags::empty(), count);
        }
    }

    /// Sleeps while each word is what was expected of it, at most for `timeout`. The kernel takes up to 128 words since
    /// Linux 5.16; before, this sleeps for a short while instead.
    pub(crate) fn wait_any(words: &[(&FutexWord, u32)], timeout: Duration) -> Woken {
        let waits: Vec<Wait> = words
            .iter()
            .map(|(word, expected)| {
                let mut wait = Wait::new();
                wait.val = u64::from(*expected);
                wait.uaddr = WaitPtr::new(word.value.as_ptr().cast());
                wait.flags = WaitFlags::SIZE_U32;
                wait
            })
            .collect();
        // This call takes the time at which to give up.
        let now = clock_gettime(ClockId::Monotonic);
        let until = timespec(timeout).checked_add(now);
        // Miri does not know the call.
        let done = if cfg!(miri) {
            Err(Errno::NOSYS)
        } else {
            futex::waitv(&waits, WaitvFlags::empty(), until.as_ref(), ClockId::Monotonic)
        };
        match done {
            Err(Errno::NOSYS | Errno::INVAL) => {
                std::thread::sleep(timeout.min(super::NAP));
                Woken::Aside
            }
            done => woken(done.map(drop)),
        }
    }

    fn woken(done: rustix::io::Result<()>) -> Woken {
        match done {
            Ok(()) => Woken::Called,
            Err(Errno::TIMEDOUT) => Woken::TimedOut,
            Err(_) => Woken::Aside,
        }
    }

    fn timespec(duration: Duration) -> Timespec {
        Timespec {
            tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2),
            tv_nsec: i64::from(duration.subsec_nanos()),
        }
    }
}

#[cfg(not(loom))]
pub(crate) use kernel::wait_any;

/// How long to sleep where sleeping on a word is not possible, or is abused.
pub(crate) const NAP: Duration = Duration::from_millis(1);

#[cfg(loom)]
mod model {
    use super::{AtomicU32, Duration, FutexWord, Ordering, Woken};

    /// Who waits on one word. The kernel compares the word and queues the thread under one lock, and so does this.
    #[derive(Debug)]
    pub(crate) struct Queue {
        lock: loom::sync::Mutex<()>,
        calls: loom::sync::Condvar,
    }

    impl FutexWord {
        pub(crate) fn zero() -> Self {
            let (lock, calls) = (loom::sync::Mutex::new(()), loom::sync::Condvar::new());
            Self { value: AtomicU32::new(0), model: Queue { lock, calls } }
        }

        /// Time does not pass in a model: a wake-up that is lost is a deadlock, which loom reports.
        pub(crate) fn wait(&self, expected: u32, _timeout: Option<Duration>) -> Woken {
            let guard = self.model.lock.lock().unwrap();
            if self.value.load(Ordering::SeqCst) != expected {
                return Woken::Aside;
            }
            drop(self.model.calls.wait(guard).unwrap());
            Woken::Called
        }

        pub(crate) fn wake(&self, _count: u32) {
            let _guard = self.model.lock.lock().unwrap();
            self.model.calls.notify_all();
        }
    }
}
