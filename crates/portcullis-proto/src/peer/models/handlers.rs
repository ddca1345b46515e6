//! Handlers that go on after their first poll: done, cancelled, cut off, dropped with their runtime. Each call ends once.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use loom::sync::Mutex;
use loom::thread;

use super::bench::Sample;
use super::{Hub, block_on, in_every_order, polled};
use crate::peer::Serving;
use crate::rpc::{Descriptor, Dispatch, Interface, Mode, Request, Running, Service};
use crate::status::Status;

/// What a handler waits for.
#[derive(Default)]
struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        let waker = state.1.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    async fn passed(&self) {
        poll_fn(|context| {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Counts handlers that are there.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Waits {
    gate: Arc<Gate>,
    alive: Arc<AtomicUsize>,
}

impl Service for Waits {
    fn descriptor(&self) -> &'static Descriptor {
        Sample::descriptor()
    }

    fn dispatch(self: Arc<Self>, _: Request<'_>) -> Dispatch {
        self.alive.fetch_add(1, Ordering::Relaxed);
        let (gate, alive) = (Arc::clone(&self.gate), Alive(Arc::clone(&self.alive)));
        Dispatch::task(Mode::Async, async move {
            gate.passed().await;
            drop(alive);
            Ok::<u32, crate::error::Error>(1)
        })
    }
}

struct Waiting {
    hub: Hub,
    gate: Arc<Gate>,
    alive: Arc<AtomicUsize>,
    serving: Serving,
    call: u32,
    running: Running,
}

/// A handler that waits for its gate.
fn waiting() -> Waiting {
    let mut hub = Hub::connected();
    let (gate, alive) = (Arc::new(Gate::default()), Arc::default());
    let waits = Waits { gate: Arc::clone(&gate), alive: Arc::clone(&alive) };
    let peer = hub.peer.clone();
    let mut asked = Box::pin(async move { peer.serve(waits, "").await });
    assert!(polled(asked.as_mut()).is_pending());
    hub.turn();
    let Poll::Ready(Ok(serving)) = polled(asked.as_mut()) else { panic!("refused") };
    let call = hub.call(1);
    hub.tell();
    let running = hub.running.remove(0);
    Waiting { hub, gate, alive, serving, call, running }
}

impl Waiting {
    /// The handler is gone, and its call has ended once at most; with the connection alive, once.
    fn must_be_over(mut self, ended: &[Status]) {
        drop(self.serving);
        self.hub.turn();
        assert_eq!(self.alive.load(Ordering::Relaxed), 0, "the handler is gone");
        match self.hub.ends[..] {
            [(id, status)] => assert!(id == self.call && ended.contains(&status)),
            [] => assert!(ended.is_empty() || self.hub.peer.has_ended()),
            _ => panic!("{:?}", self.hub.ends),
        }
        self.hub.nothing_is_left();
    }
}

#[test]
fn f49_a_handler_and_its_cancel_are_one_outcome() {
    in_every_order(|| {
        let mut waiting = waiting();
        let (call, gate) = (waiting.call, Arc::clone(&waiting.gate));
        waiting.hub.cancel(call);
        let carrier = waiting.hub.carry();
        let opener = thread::spawn(move || gate.open());
        block_on(&mut waiting.running);
        carrier.join().unwrap();
        opener.join().unwrap();
        // The hub has forgotten the call that it gave up, and takes one end for it.
        waiting.must_be_over(&[]);
    });
}

#[test]
fn f49_a_cancel_wakes_a_handler() {
    in_every_order(|| {
        let mut waiting = waiting();
        waiting.hub.cancel(waiting.call);
        let carrier = waiting.hub.carry();
        block_on(&mut waiting.running);
        carrier.join().unwrap();
        waiting.must_be_over(&[]);
    });
}

#[test]
fn f49_the_loss_of_the_connection_wakes_a_handler() {
    in_every_order(|| {
        let mut waiting = waiting();
        let loser = waiting.hub.lose();
        block_on(&mut waiting.running);
        loser.join().unwrap();
        waiting.must_be_over(&[]);
    });
}

#[test]
fn f49_a_handler_that_is_dropped_ends_its_call() {
    in_every_order(|| {
        let Waiting { mut hub, gate, alive, serving, call, running } = waiting();
        let opener = thread::spawn(move || gate.open());
        let dropper = thread::spawn(move || drop(running));
        opener.join().unwrap();
        dropper.join().unwrap();
        assert_eq!(alive.load(Ordering::Relaxed), 0);
        hub.turn();
        assert_eq!(hub.ends, [(call, Status::Cancelled)]);
        drop(serving);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_handler_that_is_dropped_as_it_is_cancelled_ends_its_call_once() {
    in_every_order(|| {
        let Waiting { mut hub, gate, alive, serving, call, running } = waiting();
        hub.cancel(call);
        let carrier = hub.carry();
        let dropper = thread::spawn(move || drop(running));
        carrier.join().unwrap();
        dropper.join().unwrap();
        drop((serving, gate));
        assert_eq!(alive.load(Ordering::Relaxed), 0);
        hub.nothing_is_left();
    });
}
