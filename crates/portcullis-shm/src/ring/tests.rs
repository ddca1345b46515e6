//! Rings in private memory, both sides in one process: what Miri can run. The other side's words are written by hand where it
//! is hostile.
#![allow(clippy::expect_used, reason = "helpers of tests, which clippy does not know as such")]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::header::Header;
use super::*;
use crate::Violation;
use crate::memory::{Mapping, View, page_bytes};
use crate::sync::Ordering;

const CAPACITY: u32 = CAPACITY_FLOOR;
const LONG: Option<Duration> = Some(Duration::from_secs(300));

fn pair(spin: Spin) -> (Duplex, Duplex, Arc<Mapping>) {
    let memory = Arc::new(Mapping::heap(duplex::bytes(CAPACITY), View::Write).0);
    let side = |side| Duplex::of(memory.clone(), CAPACITY, side, spin).expect("it fits");
    (side(Side::Creator), side(Side::Opener), memory)
}

/// The words of the direction from creator to opener.
fn words(memory: &Mapping) -> &Header {
    memory.shared(0).expect("a header")
}

fn write_len(memory: &Mapping, at: usize, len: u32) {
    memory.copy_in(2 * page_bytes() + at, &len.to_le_bytes()).expect("within");
}

#[test]
fn records_come_out_as_they_went_in_around_the_end_too() {
    let (mut ours, mut theirs, _) = pair(Spin::Never);
    let lengths = [0usize, 1, 3, 4, 5, 63, 64, 1000, 2001];
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    for round in 0..rounds {
        let record: Vec<u8> =
            (0..lengths[round % lengths.len()]).map(|i| (i + round) as u8).collect();
        ours.producer.push(&record).expect("room");
        let mut out = vec![9];
        assert_eq!(theirs.consumer.pop(&mut out), Ok(Some(record.len())));
        assert_eq!((out[0], &out[1..]), (9, &record[..]));
        assert_eq!(theirs.consumer.pop(&mut out), Ok(None));
    }
}

#[test]
fn what_is_staged_shows_when_it_is_published_and_comes_in_one_batch() {
    let (mut ours, mut theirs, _) = pair(Spin::Never);
    let mut out = Vec::new();
    ours.producer.stage(&[b"ab", b"", b"c"]).expect("room");
    ours.producer.stage(&[b"de"]).expect("room");
    assert_eq!(theirs.consumer.pop(&mut out), Ok(None));
    ours.producer.publish();
    ours.producer.publish();
    assert_eq!(theirs.consumer.pop_batch(&mut out, 100), Ok(2));
    assert_eq!(out, b"abcde");
    // The bound cuts between records, but one is always taken.
    for record in [&b"1234"[..], b"56", b"7"] {
        ours.producer.push(record).expect("room");
    }
    out.clear();
    assert_eq!(theirs.consumer.pop_batch(&mut out, 1), Ok(1));
    assert_eq!(theirs.consumer.pop_batch(&mut out, 2), Ok(1));
    assert_eq!(theirs.consumer.pop_batch(&mut out, 2), Ok(1));
    assert_eq!(out, b"1234567");
}

#[test]
fn a_full_ring_refuses_and_has_room_again() {
    let (mut ours, mut theirs, _) = pair(Spin::Never);
    let most = (CAPACITY / 2 - LENGTH_BYTES) as usize;
    assert_eq!(ours.producer.longest(), Ok(Some(most)));
    let bytes = most + 1;
    let too_long = PushError::TooLong { bytes, capacity: CAPACITY };
    assert_eq!(ours.producer.push(&vec![0; bytes]), Err(too_long));
    ours.producer.push(&vec![7; most]).expect("half of it");
    ours.producer.push(&vec![7; most]).expect("all of it");
    assert_eq!(ours.producer.longest(), Ok(None));
    assert_eq!(ours.producer.push(b""), Err(PushError::Full));
    let soon = Some(Duration::from_millis(1));
    assert_eq!(ours.producer.push_wait(b"", soon), Err(PushError::Full));
    let mut out = Vec::new();
    assert_eq!(theirs.consumer.pop(&mut out), Ok(Some(most)));
    assert_eq!(ours.producer.push(b""), Ok(()));
}

#[test]
fn threads_exchange_records_while_both_sleep_and_wake() {
    let rounds: u32 = if cfg!(miri) { 30 } else { 20_000 };
    for spin in [Spin::Never, Spin::Adaptive] {
        let (mut ours, mut theirs, _) = pair(spin);
        thread::scope(|scope| {
            scope.spawn(move || {
                for number in 0..rounds {
                    ours.producer.push_wait(&number.to_le_bytes(), LONG).expect("in time");
                    if number % 7 == 0 {
                        ours.producer.push_wait(&[0; 1000], LONG).expect("in time");
                    }
                }
            });
            let mut next = 0;
            let mut out = Vec::new();
            while next < rounds {
                assert_eq!(theirs.consumer.wait(LONG), Ok(Waited::Ready));
                out.clear();
                theirs.consumer.pop(&mut out).expect("an honest side");
                if let Ok(number) = <[u8; 4]>::try_from(&out[..]) {
                    assert_eq!(u32::from_le_bytes(number), next);
                    next += 1;
                }
            }
        });
    }
}

/// Whether a bell has rung since it was last looked at.
fn has_rung(bell: &Bell) -> bool {
    let mut count = [0; 8];
    rustix::io::read(bell, &mut count).is_ok()
}

#[test]
#[cfg_attr(miri, ignore = "descriptors")]
fn a_bell_rings_once_for_whoever_has_marked_that_it_waits() {
    let (mut ours, mut theirs, _) = pair(Spin::Never);
    let bell = Bell::create().expect("a descriptor");
    ours.producer.tell_by(bell.clone());
    ours.producer.push(b"nobody waits").expect("room");
    assert!(!has_rung(&bell));
    let mut out = Vec::new();
    assert!(theirs.consumer.arm(), "something is there");
    assert!(theirs.consumer.pop(&mut out).expect("a record").is_some());
    assert!(!theirs.consumer.arm(), "nothing is there");
    ours.producer.push(b"one").expect("room");
    assert!(has_rung(&bell));
    ours.producer.push(b"two").expect("room");
    assert!(!has_rung(&bell), "a burst rings once");
    assert_eq!(theirs.consumer.pop_batch(&mut out, 100), Ok(2));
    ours.producer.push(b"three").expect("room");
    assert!(theirs.consumer.arm(), "it came before it was marked");
    assert!(!has_rung(&bell));
}

#[test]
fn a_wait_ends_by_time_and_by_closing() {
    let (ours, mut theirs, _) = pair(Spin::Never);
    assert_eq!(theirs.consumer.wait(Some(Duration::from_millis(1))), Ok(Waited::TimedOut));
    let closer = theirs.consumer.closer();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| theirs.consumer.wait(LONG));
        thread::sleep(Duration::from_millis(20));
        closer.close();
        assert_eq!(waiting.join().expect("no panic"), Ok(Waited::Closed));
    });
    assert!(closer.is_closed());
    drop(ours);
}

#[test]
fn what_is_in_a_closed_ring_can_still_be_taken() {
    let (mut ours, mut theirs, _) = pair(Spin::Never);
    ours.producer.push(b"last").expect("room");
    theirs.consumer.closer().close();
    let mut out = Vec::new();
    assert_eq!(theirs.consumer.wait(LONG), Ok(Waited::Ready));
    assert_eq!(theirs.consumer.pop(&mut out), Ok(Some(4)));
    assert_eq!(theirs.consumer.wait(LONG), Ok(Waited::Closed));
}

#[test]
fn f32_a_head_that_runs_backwards_or_too_far_is_a_violation() {
    for to in [8u32.wrapping_neg(), CAPACITY + 8, 4, 1, u32::MAX, 1 << 31] {
        let (_ours, mut theirs, memory) = pair(Spin::Never);
        words(&memory).head.index.store(to, Ordering::Release);
        let mut out = Vec::new();
        let violation = Err(Violation::Index { from: 0, to });
        assert_eq!(theirs.consumer.pop(&mut out), violation, "to {to}");
        assert_eq!(theirs.consumer.pop_batch(&mut out, 9), violation.map(|_: Option<_>| 0));
        assert!(out.is_empty());
    }
}

#[test]
fn f32_a_tail_that_runs_ahead_or_backwards_is_a_violation() {
    let half = vec![0; CAPACITY as usize / 2 - 8];
    for to in [8u32.wrapping_neg(), CAPACITY / 2 + 24, 4, u32::MAX, 1 << 31] {
        let (mut ours, _theirs, memory) = pair(Spin::Never);
        ours.producer.push(b"12345678").expect("room");
        ours.producer.push(&half).expect("room");
        words(&memory).tail.index.store(to, Ordering::Release);
        let violation = Violation::Index { from: 0, to };
        assert_eq!(ours.producer.push(&half), Err(PushError::Violation(violation)));
        assert_eq!(ours.producer.longest(), Err(violation), "to {to}");
    }
}

#[test]
fn f32_a_record_that_claims_more_than_there_is_is_a_violation() {
    for bytes in [5, 8, CAPACITY, u32::MAX, u32::MAX - 3, 1 << 31] {
        let (mut ours, mut theirs, memory) = pair(Spin::Never);
        ours.producer.push(b"1234").expect("room");
        write_len(&memory, 0, bytes);
        let mut out = Vec::new();
        let violation = Violation::RecordLength { bytes, available: 8 };
        assert_eq!(theirs.consumer.pop(&mut out), Err(violation));
        assert_eq!(out.capacity(), 0, "nothing is reserved for {bytes}");
    }
}

#[test]
fn f28_an_index_is_believed_as_it_was_checked() {
    let (mut ours, mut theirs, memory) = pair(Spin::Never);
    ours.producer.push(b"one").expect("room");
    ours.producer.push(b"two").expect("room");
    let mut out = Vec::new();
    assert_eq!(theirs.consumer.pop(&mut out), Ok(Some(3)));
    // The reader works with the copy that it checked; what is written there now is looked at when that is used up.
    words(&memory).head.index.store(u32::MAX, Ordering::Release);
    assert_eq!(theirs.consumer.pop(&mut out), Ok(Some(3)));
    assert_eq!(out, b"onetwo");
    let violation = Violation::Index { from: 16, to: u32::MAX };
    assert_eq!(theirs.consumer.pop(&mut out), Err(violation));
}

#[test]
fn f32_a_storm_of_wake_ups_ends_the_wait() {
    let (_ours, mut theirs, memory) = pair(Spin::Never);
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                words(&memory).head.index.wake(1);
                thread::yield_now();
            }
        });
        let ended = theirs.consumer.wait(LONG);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(ended, Err(Violation::WakeStorm(FRUITLESS_MAX + 1)));
    });
}
