//! A call and its ends: its answer, its deadline, the end of the connection, its future dropped.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use loom::thread;

use super::bench::ECHO;
use super::{Hub, Sleeper, block_on, in_every_order, polled};
use crate::codec::Message;
use crate::error::Error;
use crate::peer::{Binding, Calling, Peer};
use crate::status::Status;

fn echo(binding: &Binding, value: u32) -> Calling<u32, Error> {
    binding.call(&ECHO, move |out| value.encode(out))
}

/// The outcome is the answer to `value`, or a failure with this status.
fn is_answer_or(outcome: Result<u32, Error>, value: u32, status: Status) {
    match outcome {
        Ok(answer) => assert_eq!(answer, value),
        Err(error) => assert_eq!(error.status(), status),
    }
}

#[test]
fn f49_an_answer_wakes_whoever_waits() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let call = echo(&binding, 7);
        hub.hear();
        hub.answer_all();
        let carrier = hub.carry();
        assert_eq!(block_on(call).unwrap(), 7);
        carrier.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_an_answer_and_a_drop_leave_nothing() {
    for polled_before in [false, true] {
        in_every_order(move || {
            let (mut hub, binding) = Hub::bound();
            let sleeper = Sleeper::new();
            let waker = Waker::from(sleeper.clone());
            let mut call = Box::pin(echo(&binding, 7));
            if polled_before {
                assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            }
            drop(waker);
            hub.hear();
            hub.answer_all();
            let carrier = hub.carry();
            drop(call);
            carrier.join().unwrap();
            assert_eq!(std::sync::Arc::strong_count(&sleeper), 1, "its waker is held");
            drop(binding);
            hub.nothing_is_left();
        });
    }
}

#[test]
fn f49_an_answer_and_the_loss_of_the_connection_are_one_outcome() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let call = echo(&binding, 7);
        hub.hear();
        hub.answer_all();
        let (carrier, loser) = (hub.carry(), hub.lose());
        is_answer_or(block_on(call), 7, Status::Unavailable);
        carrier.join().unwrap();
        loser.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_an_answer_and_the_deadline_are_one_outcome() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let call = echo(&binding, 7);
        hub.hear();
        hub.answer_all();
        let (carrier, timer) = (hub.carry(), hub.run_out());
        is_answer_or(block_on(call), 7, Status::DeadlineExceeded);
        carrier.join().unwrap();
        timer.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_drop_an_answer_and_the_loss_of_the_connection_leave_nothing() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let mut call = Box::pin(echo(&binding, 7));
        assert!(polled(call.as_mut()).is_pending());
        hub.hear();
        hub.answer_all();
        let (carrier, loser) = (hub.carry(), hub.lose());
        drop(call);
        drop(binding);
        carrier.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_drop_an_answer_and_the_deadline_leave_nothing() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let mut call = Box::pin(echo(&binding, 7));
        assert!(polled(call.as_mut()).is_pending());
        hub.hear();
        hub.answer_all();
        let (carrier, timer) = (hub.carry(), hub.run_out());
        drop(call);
        carrier.join().unwrap();
        timer.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_call_that_is_made_while_the_connection_is_closed_ends() {
    in_every_order(|| {
        let (hub, binding) = Hub::bound();
        let peer = hub.peer.clone();
        let closer = thread::spawn(move || peer.close());
        let failed = block_on(echo(&binding, 7)).expect_err("nobody answers");
        assert_eq!(failed.status(), Status::Unavailable);
        closer.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

/// A cell is used again by the next call: it gets no answer but its own.
#[test]
fn f49_each_of_two_callers_gets_its_own_answer() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let given_up = echo(&binding, 1);
        hub.hear();
        hub.answer_all();
        let carrier = hub.carry();
        let other = {
            let binding = binding.clone();
            thread::spawn(move || echo(&binding, 2))
        };
        drop(given_up);
        let own = echo(&binding, 3);
        let other = other.join().unwrap();
        carrier.join().unwrap();
        hub.turn();
        hub.answer_all();
        hub.tell();
        assert_eq!(block_on(other).unwrap(), 2);
        assert_eq!(block_on(own).unwrap(), 3);
        drop(binding);
        hub.nothing_is_left();
    });
}

/// What carries the bytes sleeps while there is nothing to send: each call wakes it.
#[test]
fn f49_calls_wake_the_driver() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let peer = hub.peer.clone();
        let caller = thread::spawn(move || {
            assert_eq!(block_on(echo(&binding, 1)).unwrap(), 1);
            drop(echo(&binding, 2));
            drop(binding);
            peer.close();
        });
        hub.drive(|hub| hub.peer.has_ended());
        caller.join().unwrap();
        hub.nothing_is_left();
    });
}

/// The same of what has no deadline and no outcome.
#[test]
fn f49_notifications_and_releases_wake_the_driver() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let caller = thread::spawn(move || {
            binding.notify(&ECHO, |out| 1u32.encode(out)).unwrap();
            binding
        });
        hub.drive(|hub| hub.notified == 1);
        let binding = caller.join().unwrap();
        let caller = thread::spawn(move || drop(binding));
        hub.drive(|hub| hub.bindings.is_empty());
        caller.join().unwrap();
        hub.nothing_is_left();
    });
}

/// The other side takes nothing, and the driver sleeps until the next deadline that it knows of: it hears of an earlier one.
#[test]
fn f49_a_call_that_cannot_leave_wakes_the_driver_for_its_deadline() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound_with_a_full_window();
        let peer = hub.peer.clone();
        let caller = thread::spawn(move || {
            let failed = block_on(echo(&binding, 1)).expect_err("nobody answers");
            assert_eq!(failed.status(), Status::DeadlineExceeded);
            peer.close();
        });
        let sleeper = Sleeper::new();
        let waker = Waker::from(sleeper.clone());
        // Every turn waits to be woken, or lets the deadline pass.
        while !hub.peer.has_ended() {
            let _ = hub.peer.poll_output(&mut Context::from_waker(&waker));
            match hub.peer.next_timeout() {
                Some(_) => hub.run_out().join().unwrap(),
                None => sleeper.sleep(),
            }
        }
        caller.join().unwrap();
        hub.hear();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_whoever_stops_waiting_for_the_end_is_forgotten() {
    in_every_order(|| {
        let hub = Hub::connected();
        let impatient = |peer: Peer| {
            let mut closed = Box::pin(async move { peer.closed().await });
            assert!(polled(closed.as_mut()).is_pending());
        };
        let peer = hub.peer.clone();
        let other = thread::spawn(move || impatient(peer));
        impatient(hub.peer.clone());
        other.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_whoever_waits_for_the_end_hears_of_it() {
    in_every_order(|| {
        let hub = Hub::connected();
        let (peer, loser) = (hub.peer.clone(), hub.lose());
        let closer = thread::spawn(move || peer.close());
        let mut impatient = Box::pin({
            let peer = hub.peer.clone();
            async move { peer.closed().await }
        });
        let _: Poll<_> = polled(impatient.as_mut());
        drop(impatient);
        block_on(hub.peer.closed());
        assert!(block_on(pin!(hub.peer.ready())).is_err());
        loser.join().unwrap();
        closer.join().unwrap();
        hub.nothing_is_left();
    });
}
