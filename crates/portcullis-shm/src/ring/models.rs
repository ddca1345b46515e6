//! Models of rings, run by loom in every order that the memory model allows: a record that is lost or torn fails an
//! assertion, and a wake-up that is lost is a deadlock. Run as the decision page says.

use loom::thread;

use super::lane::Lane;
use super::{Bell, Consumer, Producer, Spin, Waited};

fn ring() -> (Producer, Consumer) {
    let lane = Lane::model(32);
    (Producer::new(lane.clone(), Spin::Never), Consumer::new(lane, Spin::Never))
}

fn bounded(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

#[test]
fn records_arrive_whole_and_no_wake_up_is_lost() {
    bounded(|| {
        let (mut producer, mut consumer) = ring();
        let writer = thread::spawn(move || {
            producer.push(&[1, 2]).unwrap();
            producer.push(&[3]).unwrap();
        });
        let mut bytes = Vec::new();
        while bytes.len() < 3 {
            assert_eq!(consumer.wait(None), Ok(Waited::Ready));
            while consumer.pop(&mut bytes).unwrap().is_some() {}
        }
        assert_eq!(bytes, [1, 2, 3]);
        writer.join().unwrap();
    });
}

#[test]
fn a_full_ring_wakes_its_writer() {
    bounded(|| {
        let (mut producer, mut consumer) = ring();
        producer.push(&[1; 12]).unwrap();
        producer.push(&[2; 12]).unwrap();
        let writer = thread::spawn(move || producer.push_wait(&[3; 12], None).unwrap());
        let mut bytes = Vec::new();
        while bytes.len() < 36 {
            assert_eq!(consumer.wait(None), Ok(Waited::Ready));
            while consumer.pop(&mut bytes).unwrap().is_some() {}
        }
        assert_eq!(bytes, [[1; 12], [2; 12], [3; 12]].concat());
        writer.join().unwrap();
    });
}

#[test]
fn a_writer_whose_small_record_does_not_fit_is_woken_too() {
    bounded(|| {
        let (mut producer, mut consumer) = ring();
        for byte in 1..=4 {
            producer.push(&[byte]).unwrap();
        }
        let mut bytes = Vec::new();
        // The writer may see this come late, and sleep on an older index.
        consumer.pop(&mut bytes).unwrap();
        let writer = thread::spawn(move || producer.push_wait(&[5; 12], None).unwrap());
        while bytes.len() < 16 {
            assert_eq!(consumer.wait(None), Ok(Waited::Ready));
            consumer.pop(&mut bytes).unwrap();
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_full_ring_wakes_whoever_waits_for_its_writer() {
    bounded(|| {
        let (mut producer, mut consumer) = ring();
        for byte in 1..=4 {
            producer.push(&[byte]).unwrap();
        }
        assert_eq!(producer.longest(), Ok(None));
        let (mut room, seen) = (producer.room_waiter(), producer.seen());
        let waiting = thread::spawn(move || room.wait(seen, None));
        let mut bytes = Vec::new();
        consumer.pop(&mut bytes).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(Waited::Ready));
        producer.push(&[5]).unwrap();
    });
}

/// A reader marks that it waits, and what is marked stays so until the bell was heard: also when a record was found by looking.
#[test]
fn a_bell_is_rung_for_whoever_has_marked_that_it_waits() {
    bounded(|| {
        let (mut producer, mut consumer) = ring();
        let bell = Bell::model();
        producer.tell_by(bell.clone());
        let writer = thread::spawn(move || {
            producer.push(&[1, 2]).unwrap();
            producer.push(&[3]).unwrap();
        });
        let mut bytes = Vec::new();
        let mut waits = false;
        while bytes.len() < 3 {
            if consumer.pop(&mut bytes).unwrap().is_some() {
                continue;
            }
            if waits {
                bell.wait();
            }
            waits = !waits && !consumer.arm();
        }
        assert_eq!(bytes, [1, 2, 3]);
        writer.join().unwrap();
    });
}

#[test]
fn closing_reaches_whoever_sleeps_or_is_about_to() {
    bounded(|| {
        let (_producer, mut consumer) = ring();
        let closer = consumer.closer();
        let reader = thread::spawn(move || consumer.wait(None));
        closer.close();
        assert_eq!(reader.join().unwrap(), Ok(Waited::Closed));
    });
}
