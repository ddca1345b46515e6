//! What the models stand on: tasks that sleep until they are woken, a clock, and an interface.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::{Condvar, Mutex};

use crate::peer::{Binding, Driver, Publisher};
use crate::rpc::{ChannelInfo, Client, Descriptor, Interface, Publish};
use crate::schema::{Overflow, SchemaBuilder};
use crate::time::Time;

/// Runs `model` in every order of its threads, as far as that is possible: after three switches away from a thread that
/// could go on, each runs until it waits or ends. Most mistakes need one or two.
pub(super) fn in_every_order(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Whoever waits for a future. A wake-up that is lost leaves all threads waiting, which loom reports.
pub(super) struct Sleeper {
    woken: Mutex<bool>,
    told: Condvar,
}

impl Sleeper {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { woken: Mutex::new(false), told: Condvar::new() })
    }

    /// Waits until it is woken, and forgets it.
    pub(super) fn sleep(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.told.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.told.notify_one();
    }
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let sleeper = Sleeper::new();
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut future = pin!(future);
    // Every turn waits for a wake-up; loom ends a model that takes too many.
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => sleeper.sleep(),
        }
    }
}

/// Polls once, for whoever does not wait.
pub(super) fn polled<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A clock that stands where it was put.
#[derive(Default)]
pub(super) struct Hand(AtomicU64);

impl Hand {
    /// Lets all deadlines pass.
    pub(super) fn let_time_pass(&self) {
        self.0.fetch_add(60_000_000, Ordering::Relaxed);
    }
}

impl Driver for Hand {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::Relaxed))
    }
}

const fn channel(ordinal: u32, name: &'static str) -> ChannelInfo {
    ChannelInfo {
        ordinal,
        name,
        deadline: std::time::Duration::from_secs(1),
        idempotent: false,
        overflow: Overflow::Wait,
        depth: 1,
    }
}

/// A call that is answered with its argument.
pub(super) const ECHO: ChannelInfo = channel(0, "sample.echo");
/// A stream or topic, or a value that is published.
pub(super) const FLOW: ChannelInfo = channel(1, "sample.flow");

pub(super) struct Sample;

impl Interface for Sample {
    const NAME: &'static str = "sample";
    const VERSION: u16 = 1;

    fn describe(_: &mut SchemaBuilder) {}

    fn descriptor() -> &'static Descriptor {
        static SAMPLE: std::sync::OnceLock<Descriptor> = std::sync::OnceLock::new();
        SAMPLE.get_or_init(|| Descriptor {
            name: Self::NAME,
            version: Self::VERSION,
            shape: Default::default(),
            digests: Vec::new(),
            channels: Vec::new(),
        })
    }
}

pub(super) struct Samples(pub(super) Binding);

impl Client for Samples {
    type Interface = Sample;

    fn from_binding(binding: Binding) -> Self {
        Self(binding)
    }
}

pub(super) struct ToSamples(pub(super) Publisher);

impl Publish for ToSamples {
    type Interface = Sample;

    fn from_publisher(publisher: Publisher) -> Self {
        Self(publisher)
    }
}
