//! Bindings: each is given back once, whoever drops it and whatever else ends in the meantime.

use std::pin::pin;

use loom::thread;

use super::bench::{ECHO, FLOW, Samples, ToSamples};
use super::{Hub, block_on, in_every_order, polled};
use crate::codec::Message;
use crate::error::Error;
use crate::peer::Calling;
use crate::rpc::Publish;
use crate::status::Status;

#[test]
fn f49_a_binding_that_nobody_waits_for_any_more_is_given_back() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let peer = hub.peer.clone();
        let mut bind = Box::pin(async move { peer.bind::<Samples>(Default::default()).await });
        assert!(polled(bind.as_mut()).is_pending());
        hub.hear();
        let carrier = hub.carry();
        drop(bind);
        carrier.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_bind_that_runs_out_is_undone() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let peer = hub.peer.clone();
        let bind = async move { peer.bind::<Samples>(Default::default()).await };
        let mut bind = Box::pin(bind);
        assert!(polled(bind.as_mut()).is_pending());
        hub.hear();
        let (carrier, timer) = (hub.carry(), hub.run_out());
        match block_on(bind) {
            Ok(Samples(binding)) => drop(binding),
            Err(error) => assert_eq!(error.status(), Status::DeadlineExceeded),
        }
        carrier.join().unwrap();
        timer.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_bind_that_is_dropped_as_it_runs_out_is_undone() {
    in_every_order(|| {
        let mut hub = Hub::connected();
        let peer = hub.peer.clone();
        let mut bind = Box::pin(async move { peer.bind::<Samples>(Default::default()).await });
        assert!(polled(bind.as_mut()).is_pending());
        hub.hear();
        let (carrier, timer) = (hub.carry(), hub.run_out());
        drop(bind);
        carrier.join().unwrap();
        timer.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_clones_of_a_binding_release_it_once() {
    in_every_order(|| {
        let (hub, binding) = Hub::bound();
        let clone = binding.clone();
        let other = thread::spawn(move || drop(clone));
        drop(binding);
        other.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_release_and_the_end_of_the_instance_leave_nothing() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        hub.unbind(hub.bindings[0]);
        let carrier = hub.carry();
        let _ = binding.is_gone();
        drop(binding);
        carrier.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_binding_may_go_before_its_call() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let call: Calling<u32, Error> = binding.call(&ECHO, |out| 7u32.encode(out));
        hub.hear();
        hub.answer_all();
        let carrier = hub.carry();
        let other = thread::spawn(move || drop(binding));
        assert_eq!(block_on(call).unwrap(), 7);
        carrier.join().unwrap();
        other.join().unwrap();
        hub.nothing_is_left();
    });
}

/// A release needs a call; when there is no room for one, it waits for the end of another.
#[test]
fn f49_a_release_that_finds_no_room_is_made_up_for() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound_with_one_call();
        let call: Calling<u32, Error> = binding.call(&ECHO, |out| 7u32.encode(out));
        hub.hear();
        hub.answer_all();
        let carrier = hub.carry();
        let other = thread::spawn(move || drop(binding));
        drop(call);
        carrier.join().unwrap();
        other.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_release_and_the_end_of_the_connection_leave_nothing() {
    in_every_order(|| {
        let (hub, binding) = Hub::bound();
        let peer = hub.peer.clone();
        let closer = thread::spawn(move || peer.close());
        let loser = hub.lose();
        drop(binding);
        closer.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_report_has_one_outcome() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let ToSamples(publisher) = ToSamples::from_publisher(binding.publisher());
        let within = std::time::Duration::from_secs(1);
        let report = publisher.publish_reported(&FLOW, within, |out| 7u32.encode(out));
        drop((publisher, binding));
        hub.hear();
        hub.report();
        let (carrier, loser) = (hub.carry(), hub.lose());
        match block_on(pin!(report)) {
            Ok(report) => assert!(report.delivered.is_empty() && report.missed.is_empty()),
            Err(error) => assert_eq!(error.status(), Status::Unavailable),
        }
        carrier.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
    });
}
