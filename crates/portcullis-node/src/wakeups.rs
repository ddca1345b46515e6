//! One wake-up for many messages: which peers have output, and whether JavaScript was told that there are any.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use napi::Status;
use napi::bindgen_prelude::{Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// JavaScript's own function. Unreferenced: a hub alone does not keep a process alive.
type Call = ThreadsafeFunction<(), Unknown<'static>, (), Status, false, true, 0>;

/// What happened since JavaScript looked last.
#[derive(Default)]
pub(crate) struct Wakeups {
    ready: Mutex<Vec<u32>>,
    events: AtomicBool,
    shut_down: AtomicBool,
    /// JavaScript was told, or is at work and will look before it goes.
    told: AtomicBool,
    call: Mutex<Option<Call>>,
}

impl Wakeups {
    /// Calls `function` from here on.
    pub(crate) fn call(&self, function: &Function<'_, (), Unknown<'static>>) -> napi::Result<()> {
        let call = function
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(|_| Ok(()))?;
        *lock(&self.call) = Some(call);
        Ok(())
    }

    /// Calls nothing any more: the environment ends.
    pub(crate) fn silence(&self) {
        let call = lock(&self.call).take();
        // Not under the lock: a thread of the hub's may be about to call.
        drop(call);
    }

    /// A peer has output, or has ended.
    pub(crate) fn peer(&self, peer: u32) {
        lock(&self.ready).push(peer);
        self.tell();
    }

    /// Events wait.
    pub(crate) fn events(&self) {
        self.events.store(true, Ordering::Release);
        self.tell();
    }

    /// The hub has shut down.
    pub(crate) fn shut_down(&self) {
        self.shut_down.store(true, Ordering::Release);
        self.tell();
    }

    fn tell(&self) {
        if self.told.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(call) = &*lock(&self.call) {
            // It fails only while the environment ends, and then there is nobody to tell.
            call.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// JavaScript is at work: it need not be told of anything until [`Self::leave`].
    pub(crate) fn enter(&self) {
        self.told.store(true, Ordering::Release);
    }

    /// JavaScript is done; false when something has come meanwhile, and it has to look again.
    pub(crate) fn leave(&self) -> bool {
        self.told.store(false, Ordering::SeqCst);
        let nothing = lock(&self.ready).is_empty()
            && !self.events.load(Ordering::SeqCst)
            && !self.shut_down.load(Ordering::SeqCst);
        if !nothing {
            self.enter();
        }
        nothing
    }

    /// Moves the peers that have output to the end of `into`.
    pub(crate) fn take_ready(&self, into: &mut Vec<u32>) {
        into.append(&mut lock(&self.ready));
    }

    pub(crate) fn take_events(&self) -> bool {
        self.events.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take_shut_down(&self) -> bool {
        self.shut_down.swap(false, Ordering::AcqRel)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_while_javascript_works_is_seen_when_it_leaves() {
        let wakeups = Wakeups::default();
        wakeups.enter();
        wakeups.peer(3);
        wakeups.peer(4);
        assert!(!wakeups.leave());
        let mut ready = Vec::new();
        wakeups.take_ready(&mut ready);
        assert_eq!(ready, [3, 4]);
        assert!(wakeups.leave());
        wakeups.events();
        assert!(!wakeups.leave());
        assert!(wakeups.take_events());
        assert!(!wakeups.take_events());
        assert!(wakeups.leave());
    }
}
