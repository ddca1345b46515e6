//! Serving: what is served is withdrawn once, and its service is dropped once and never under the lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::bench::Sample;
use super::{Hub, block_on, in_every_order, polled};
use crate::peer::{Peer, Serving};
use crate::rpc::{Descriptor, Dispatch, Interface, Mode, Request, Service};
use crate::status::Status;

/// A service that asks its own peer something when it is dropped, as one that holds clients does.
struct Held {
    peer: Peer,
    dropped: Arc<AtomicUsize>,
}

impl Service for Held {
    fn descriptor(&self) -> &'static Descriptor {
        Sample::descriptor()
    }

    fn dispatch(self: Arc<Self>, _: Request<'_>) -> Dispatch {
        Dispatch::task(Mode::Async, async { Ok::<u32, crate::error::Error>(1) })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.peer.has_ended();
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

type Asked = std::pin::Pin<Box<dyn Future<Output = Result<Serving, crate::error::Error>>>>;

/// A service whose announcement has left, and how often it was dropped.
fn asked(hub: &Hub) -> (Asked, Arc<AtomicUsize>) {
    let (peer, dropped) = (hub.peer.clone(), Arc::default());
    let held = Held { peer: peer.clone(), dropped: Arc::clone(&dropped) };
    let mut asked: Asked = Box::pin(async move { peer.serve(held, "").await });
    assert!(polled(asked.as_mut()).is_pending());
    (asked, dropped)
}

fn served(hub: &mut Hub) -> (Serving, Arc<AtomicUsize>) {
    let (mut asked, dropped) = asked(hub);
    hub.turn();
    let Poll::Ready(Ok(serving)) = polled(asked.as_mut()) else { panic!("refused") };
    (serving, dropped)
}

#[test]
fn f49_what_nobody_waits_for_any_more_is_not_served() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let (asked, dropped) = asked(&hub);
        hub.hear();
        // Its first request stands right behind the answer.
        let call = hub.call(1);
        let carrier = hub.carry();
        drop(asked);
        assert!(carrier.join().unwrap().is_empty());
        hub.turn();
        assert!(matches!(hub.ends[..], [(id, Status::Ok | Status::Unavailable)] if id == call));
        hub.nothing_is_left();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn f49_a_request_and_a_withdrawal_are_one_outcome() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let (serving, dropped) = served(&mut hub);
        let call = hub.call(1);
        let carrier = hub.carry();
        drop(serving);
        assert!(carrier.join().unwrap().is_empty());
        hub.turn();
        assert!(matches!(hub.ends[..], [(id, Status::Ok | Status::Unavailable)] if id == call));
        hub.nothing_is_left();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn f49_a_withdrawal_and_the_end_of_the_connection_drop_a_service_once() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let (serving, dropped) = served(&mut hub);
        hub.call(1);
        let (carrier, loser) = (hub.carry(), hub.lose());
        drop(serving);
        carrier.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn f49_an_announcement_and_the_end_of_the_connection_drop_a_service_once() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let (asked, dropped) = asked(&hub);
        hub.hear();
        let (carrier, timer, loser) = (hub.carry(), hub.run_out(), hub.lose());
        // Whatever becomes of it, it becomes something.
        drop(block_on(asked));
        carrier.join().unwrap();
        timer.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}
