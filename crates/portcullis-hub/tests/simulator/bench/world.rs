//! The virtual clock, and those who sleep by it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_proto::peer::Driver;
use portcullis_proto::time::Time;

#[derive(Default)]
struct State {
    now: Time,
    sleeps: BTreeMap<(Time, u64), Waker>,
    next: u64,
    panics: Vec<String>,
}

/// What every node of a simulation shares.
#[derive(Default)]
pub(crate) struct World(Mutex<State>);

impl World {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics under this lock")
    }

    pub(crate) fn now(&self) -> Time {
        self.lock().now
    }

    pub(crate) fn advance_to(&self, time: Time) {
        let mut state = self.lock();
        assert!(time >= state.now, "time runs forward");
        state.now = time;
    }

    /// When the next sleeper wakes.
    pub(crate) fn next_wake(&self) -> Option<Time> {
        self.lock().sleeps.keys().next().map(|(time, _)| *time)
    }

    /// Wakes those whose time has come. True when there was anybody.
    pub(crate) fn wake_due(&self) -> bool {
        let mut state = self.lock();
        let behind = (state.now + Duration::from_micros(1), 0);
        let later = state.sleeps.split_off(&behind);
        let due = std::mem::replace(&mut state.sleeps, later);
        drop(state);
        let any = !due.is_empty();
        due.into_values().for_each(Waker::wake);
        any
    }

    pub(crate) fn sleep(self: &Arc<Self>, ms: u32) -> Sleep {
        let until = self.now().after_ms(ms);
        Sleep { world: Arc::clone(self), until, key: None }
    }

    /// What drivers were told of handlers that panicked.
    pub(crate) fn panics(&self) -> Vec<String> {
        self.lock().panics.clone()
    }

    pub(crate) fn note_panic(&self, text: String) {
        self.lock().panics.push(text);
    }
}

/// Ready when its time has come.
pub(crate) struct Sleep {
    world: Arc<World>,
    until: Time,
    key: Option<(Time, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.world.lock();
        if let Some(key) = this.key.take() {
            state.sleeps.remove(&key);
        }
        if state.now >= this.until {
            return Poll::Ready(());
        }
        state.next += 1;
        let key = (this.until, state.next);
        state.sleeps.insert(key, context.waker().clone());
        this.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.world.lock().sleeps.remove(&key);
            drop(waker);
        }
    }
}

/// The world as a peer sees it.
pub(crate) struct PeerWorld(pub(crate) Arc<World>);

impl Driver for PeerWorld {
    fn now(&self) -> Time {
        self.0.now()
    }

    fn panicked(&self, channel: &str, _: u64, text: &str) {
        self.0.note_panic(format!("{channel}: {text}"));
    }
}
