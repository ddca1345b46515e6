//! What a handler knows of the call it serves.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::local::Host;
use super::wakes::Wakes;
use crate::sync::{AtomicBool, Mutex};
use crate::time::Time;

/// Who calls, as the hub admitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The number by which reports and logs name the peer.
    pub peer: u32,
    /// Which window or worker it is.
    pub label: String,
    /// What it may do.
    pub role: String,
}

/// Where calls come from: one for each connection, shared by all of its calls.
pub struct Origin {
    host: Arc<dyn Host>,
    caller: Option<Arc<Caller>>,
}

impl Origin {
    /// Calls that `host` receives. `caller` is `None` in a peer that is not told who calls.
    pub fn new(host: Arc<dyn Host>, caller: Option<Arc<Caller>>) -> Self {
        Self { host, caller }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// Tells a handler, and whoever polls it, that nobody waits for it any more.
#[derive(Debug, Default)]
pub struct CancelToken {
    cancelled: AtomicBool,
    /// Somebody has said whom to wake.
    registered: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl CancelToken {
    /// Cancels; the task that polls the handler is woken with `wakes`, and drops it.
    pub fn cancel(&self, wakes: &mut Wakes) {
        self.cancelled.store(true, Ordering::Release);
        wakes.wake(&mut self.waker.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Whom to wake on cancel. Look at [`Self::is_cancelled`] after it.
    pub fn register(&self, waker: &Waker) {
        self.registered.store(true, Ordering::Relaxed);
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        let mut replaced = Wakes::default();
        replaced.put(&mut slot, waker);
        drop(slot);
    }
}

/// Stands for no deadline; no clock gets there.
const NO_DEADLINE: u64 = u64::MAX;

/// The call that a handler serves: who asks, how long there is, and whether anybody still waits.
///
/// When the caller cancels, its deadline passes, or it goes away, the handler's future is dropped at its next await.
/// A handler that blocks (`#[call(blocking)]`) looks at [`Call::is_cancelled`] from time to time.
#[derive(Clone)]
pub struct Call(Arc<Inner>);

struct Inner {
    token: CancelToken,
    origin: Arc<Origin>,
    /// In microseconds; `NO_DEADLINE` for none.
    deadline: AtomicU64,
    correlation: AtomicU64,
}

impl Call {
    /// A call that has come in.
    pub fn new(origin: Arc<Origin>, deadline: Option<Time>, correlation: u64) -> Self {
        let deadline = AtomicU64::new(deadline.map_or(NO_DEADLINE, Time::as_micros));
        let (token, correlation) = (CancelToken::default(), AtomicU64::new(correlation));
        Self(Arc::new(Inner { token, origin, deadline, correlation }))
    }

    /// Who calls. `None` where the handler runs in a peer whose role is not told: the hub has checked the caller and speaks
    /// for it.
    pub fn caller(&self) -> Option<&Caller> {
        self.0.origin.caller.as_deref()
    }

    /// The time that is left; `None` for a stream after its first item.
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.0.deadline.load(Ordering::Relaxed);
        (deadline != NO_DEADLINE).then(|| Time::from_micros(deadline).since(self.host().now()))
    }

    /// The stream has begun: it has no deadline any more.
    pub(super) fn begun(&self) {
        self.0.deadline.store(NO_DEADLINE, Ordering::Relaxed);
    }

    /// The number by which errors and logs name the call; 0 for a notification to a peer.
    pub fn correlation(&self) -> u64 {
        self.0.correlation.load(Ordering::Relaxed)
    }

    /// Whether nobody waits for the outcome any more.
    pub fn is_cancelled(&self) -> bool {
        self.0.token.is_cancelled()
    }

    /// The token that cancels this call.
    pub fn token(&self) -> &CancelToken {
        &self.0.token
    }

    pub(super) fn host(&self) -> &Arc<dyn Host> {
        &self.0.origin.host
    }
}

/// A call that has ended, with the two handles that there are of it: who serves calls keeps it for another one of the same
/// origin, and makes neither it nor the handles anew.
#[derive(Debug)]
pub struct SpareCall(Call, Call);

impl SpareCall {
    /// Two handles on one call. `None` when there are others, whose holders may still look at it, or when somebody has said whom
    /// it is to wake.
    pub fn of(one: Call, other: Call) -> Option<Self> {
        let all = Arc::ptr_eq(&one.0, &other.0) && Arc::strong_count(&one.0) == 2;
        if !all || one.0.token.registered.load(Ordering::Relaxed) {
            return None;
        }
        // What those who held it have done with it is done.
        fence(Ordering::Acquire);
        Some(Self(one, other))
    }

    /// Two handles on another call.
    pub fn renewed(self, deadline: Time, correlation: u64) -> (Call, Call) {
        let Self(one, other) = self;
        one.0.token.cancelled.store(false, Ordering::Relaxed);
        one.0.deadline.store(deadline.as_micros(), Ordering::Relaxed);
        one.0.correlation.store(correlation, Ordering::Relaxed);
        (one, other)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("caller", &self.caller())
            .field("remaining", &self.remaining())
            .field("correlation", &self.correlation())
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}
