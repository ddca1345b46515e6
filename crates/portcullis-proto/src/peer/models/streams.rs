//! Streams and subscriptions: items, credit, the end, and who stops listening.

use loom::thread;

use super::bench::FLOW;
use super::{Hub, block_on, in_every_order};
use crate::error::Error;
use crate::peer::{Binding, Calling, Incoming, Subscription};
use crate::rpc::Sink;
use crate::status::Status;

fn subscribed(hub: &mut Hub, binding: Binding) -> Subscription<u32> {
    let subscription = binding.subscribe(&FLOW);
    drop(binding);
    hub.hear();
    subscription
}

fn down(hub: &mut Hub, binding: &Binding) -> Incoming<u32, u32, Error> {
    let stream = binding.stream_down(&FLOW, |_| Ok(()));
    hub.hear();
    stream
}

fn up(hub: &mut Hub, binding: &Binding) -> (Sink<u32>, Calling<u32, Error>) {
    let stream = binding.stream_up(&FLOW, |_| Ok(()));
    hub.hear();
    stream
}

#[test]
fn f49_an_item_and_the_end_wake_a_reader() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let mut stream = down(&mut hub, &binding);
        hub.item(1);
        let first = hub.carry();
        assert_eq!(block_on(stream.next()).unwrap(), Some(1));
        first.join().unwrap();
        hub.hear();
        hub.item(2);
        hub.answer_all();
        let rest = hub.carry();
        assert_eq!(block_on(stream.next()).unwrap(), Some(2));
        assert_eq!(block_on(stream.next()).unwrap(), None);
        assert_eq!(block_on(stream.reply()).unwrap(), 0);
        rest.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_value_and_an_unsubscribe_leave_nothing() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let subscription = subscribed(&mut hub, binding);
        hub.item(1);
        let carrier = hub.carry();
        drop(subscription);
        carrier.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_subscriber_gets_what_came_and_then_the_loss() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let mut subscription = subscribed(&mut hub, binding);
        hub.item(1);
        let (carrier, loser) = (hub.carry(), hub.lose());
        match block_on(subscription.next()) {
            Ok(value) => {
                assert_eq!(value, Some(1));
                let lost = block_on(subscription.next()).expect_err("it is lost");
                assert_eq!(lost.status(), Status::Unavailable);
            }
            Err(lost) => assert_eq!(lost.status(), Status::Unavailable),
        }
        assert_eq!(block_on(subscription.next()).unwrap(), None, "told once");
        drop(subscription);
        carrier.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_an_unsubscribe_a_value_and_the_end_of_the_topic_leave_nothing() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let subscription = subscribed(&mut hub, binding);
        hub.item(1);
        hub.answer_all();
        let (carrier, loser) = (hub.carry(), hub.lose());
        drop(subscription);
        carrier.join().unwrap();
        loser.join().unwrap();
        hub.nothing_is_left();
    });
}

#[test]
fn f49_credit_wakes_a_sender() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let (mut sink, reply) = up(&mut hub, &binding);
        assert!(sink.try_send(&1).unwrap());
        hub.credit();
        let carrier = hub.carry();
        block_on(sink.send(&2)).unwrap();
        carrier.join().unwrap();
        sink.finish();
        hub.turn();
        assert_eq!(hub.items, [1, 2]);
        hub.answer_all();
        hub.tell();
        assert_eq!(block_on(reply).unwrap(), 0);
        drop(binding);
        hub.nothing_is_left();
    });
}

/// Whoever waits for credit hears of every end: the answer, the loss, its reply dropped.
#[test]
fn f49_a_sender_hears_that_nobody_takes_items() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let (mut sink, reply) = up(&mut hub, &binding);
        assert!(sink.try_send(&1).unwrap());
        hub.answer_all();
        let carrier = hub.carry();
        let other = thread::spawn(move || drop(reply));
        let refused = block_on(sink.send(&2)).expect_err("it has ended");
        assert_eq!(refused.status(), Status::Cancelled);
        drop(sink);
        carrier.join().unwrap();
        other.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}

#[test]
fn f49_a_sender_hears_of_the_loss() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let (mut sink, reply) = up(&mut hub, &binding);
        assert!(sink.try_send(&1).unwrap());
        let loser = hub.lose();
        let other = thread::spawn(move || block_on(reply));
        assert_eq!(block_on(sink.send(&2)).expect_err("lost").status(), Status::Cancelled);
        drop(sink);
        let failed = other.join().unwrap().expect_err("lost");
        assert_eq!(failed.status(), Status::Unavailable);
        loser.join().unwrap();
        drop(binding);
        hub.nothing_is_left();
    });
}
