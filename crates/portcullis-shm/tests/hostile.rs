//! The other side writes whatever it likes into what it can write, while this side works: nothing panics, hangs or leaves its
//! bounds, what is on loan stays so, and other receivers notice nothing.
#![cfg(target_os = "linux")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use portcullis_shm::Violation;
use portcullis_shm::pool::{BorrowError, ForeignPool, LendError, Loan, Pool, Untrusted};
use portcullis_shm::ring::{CAPACITY_FLOOR, Duplex, PushError, Spin, Waited};
use proptest::prelude::*;
use support::{Random, watchdog, words};

const PAGE: usize = 4096;
const SOON: Option<Duration> = Some(Duration::from_micros(50));

/// Writes random words until told to stop: indices a little off, lengths, anything.
fn scribble(words: &[std::sync::atomic::AtomicU32], seed: u64, stop: &AtomicBool) {
    let mut random = Random(seed | 1);
    while !stop.load(Ordering::Relaxed) {
        let Some(word) = words.get(random.below(words.len())) else { continue };
        let near = word.load(Ordering::Relaxed);
        let value = match random.below(4) {
            0 => random.next(),
            1 => near.wrapping_add(8),
            2 => near.wrapping_sub(8),
            _ => random.next() % 64,
        };
        word.store(value, Ordering::Release);
    }
}

/// Some hundred operations of one side, whatever comes of them.
fn use_ring(side: &mut Duplex) -> usize {
    let mut violations = 0;
    let mut out = Vec::new();
    for round in 0..400usize {
        match side.producer.push_wait(&vec![round as u8; round % 200], SOON) {
            Ok(()) | Err(PushError::Full) => {}
            Err(PushError::Violation(_)) => violations += 1,
            Err(other) => panic!("{other}"),
        }
        out.clear();
        match side.consumer.wait(SOON) {
            Ok(Waited::Ready | Waited::TimedOut) => {}
            Ok(Waited::Closed) => panic!("nobody closed it"),
            Err(_) => violations += 1,
        }
        if side.consumer.pop_batch(&mut out, 1000).is_err() {
            violations += 1;
        }
        // However much the other side claims: a batch is bounded by the ring.
        assert!(out.len() <= CAPACITY_FLOOR as usize);
    }
    violations
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    /// Header pages and lengths change at any time, from another thread.
    #[test]
    fn f28_f32_a_ring_survives_whatever_is_written_into_it(seed in any::<u64>(), all in any::<bool>()) {
        let _watchdog = watchdog();
        let bytes = 2 * PAGE + 2 * CAPACITY_FLOOR as usize;
        let (mut ours, descriptor) = Duplex::create(CAPACITY_FLOOR, Spin::Never).unwrap();
        let words = words(&descriptor, bytes);
        // The headers alone, or all of it.
        let words = if all { words } else { &words[..2 * PAGE / 4] };
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| scribble(words, seed, &stop));
            use_ring(&mut ours);
            stop.store(true, Ordering::Relaxed);
        });
    }

    /// Returns are scribbled over while frames are lent: a slot on loan is never leased again by that.
    #[test]
    fn f28_f29_a_pool_survives_whatever_is_written_into_returns(seed in any::<u64>()) {
        let _watchdog = watchdog();
        let pool = Pool::new(4, PAGE).unwrap();
        let hostile = pool.receiver(3).unwrap();
        let honest = pool.receiver(1).unwrap();
        let theirs = ForeignPool::<Untrusted>::open(
            pool.descriptor().unwrap(), honest.descriptor().unwrap(), pool.shape()).unwrap();
        let words = words(&hostile.descriptor().unwrap(), PAGE);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            // The bell, the mark, and the generations of the slots that there are, and a few more.
            scope.spawn(|| scribble(&words[..24], seed, &stop));
            for round in 0..300u32 {
                let Ok(mut lease) = pool.lease_timeout(4, Duration::from_micros(50)) else { continue };
                lease.copy_from_slice(&round.to_le_bytes());
                let frame = lease.freeze();
                match hostile.lend(&frame) {
                    Ok(_) | Err(LendError::Full(_) | LendError::Violation(_)) => {}
                    other => panic!("{other:?}"),
                }
                let mut bytes = [0; 4];
                let loan = honest.lend(&frame).unwrap();
                theirs.borrow(loan).unwrap().copy_to(&mut bytes).unwrap();
                assert_eq!(u32::from_le_bytes(bytes), round);
                assert_eq!(&*frame, round.to_le_bytes());
            }
            stop.store(true, Ordering::Relaxed);
        });
        prop_assert_eq!(honest.check(), Ok(0));
        drop(hostile);
        prop_assert_eq!(pool.free(), 4);
    }

    /// Numbers of loans out of a message of a hostile owner: an error, or bytes that are copied from within the slot.
    #[test]
    fn f29_any_numbers_of_a_loan_are_refused_or_within_bounds(
        loans in prop::collection::vec((0u32..6, any::<u32>(), 0u32..6000), 1..50),
    ) {
        let pool = Pool::new(4, PAGE).unwrap();
        let receiver = pool.receiver(4).unwrap();
        let theirs = ForeignPool::<Untrusted>::open(
            pool.descriptor().unwrap(), receiver.descriptor().unwrap(), pool.shape()).unwrap();
        let mut held = Vec::new();
        for (slot, generation, len) in loans {
            let borrowed = theirs.borrow(Loan { slot, generation, len });
            match borrowed {
                Ok(frame) => {
                    prop_assert!(slot < 4 && len as usize <= PAGE && generation != 0);
                    let mut bytes = Vec::new();
                    frame.append_to(&mut bytes).unwrap();
                    prop_assert_eq!(bytes.len(), len as usize);
                    if generation % 2 == 0 { held.push(frame); }
                }
                Err(BorrowError::Held(slot)) => {
                    prop_assert!(held.iter().any(|frame| frame.loan().slot == slot));
                }
                Err(BorrowError::NoSuchSlot { .. } | BorrowError::TooLong { .. }) => {
                    prop_assert!(slot >= 4 || generation == 0 || len as usize > PAGE);
                }
                Err(BorrowError::Returned { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        // An owner that lent nothing and finds returns on the page ends such a receiver.
        drop(held);
        prop_assert!(receiver.check().is_err() || pool.free() == 4);
    }
}

#[test]
fn f28_a_head_that_changes_all_the_time_is_looked_at_once() {
    let _watchdog = watchdog();
    let bytes = 2 * PAGE + 2 * CAPACITY_FLOOR as usize;
    let (mut ours, descriptor) = Duplex::create(CAPACITY_FLOOR, Spin::Never).unwrap();
    let words = words(&descriptor, bytes);
    // What the opener sends: the second page's first word, and its lengths.
    let head = &words[PAGE / 4];
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                head.store(u32::MAX, Ordering::Release);
                head.store(8, Ordering::Release);
            }
        });
        let mut out = Vec::new();
        // Each look finds one value or the other: a record of nothing, or what no head can be.
        let violation = loop {
            match ours.consumer.pop(&mut out) {
                Ok(length) => assert!(length.is_none_or(|length| length == 0)),
                Err(violation) => break violation,
            }
        };
        stop.store(true, Ordering::Relaxed);
        assert!(matches!(violation, Violation::Index { to: u32::MAX, .. }), "{violation}");
    });
}

#[test]
fn f32_a_receiver_that_rings_for_nothing_delays_nobody_beyond_the_time() {
    let _watchdog = watchdog();
    let pool = Pool::new(1, PAGE).unwrap();
    let hostile = pool.receiver(1).unwrap();
    let words = words(&hostile.descriptor().unwrap(), PAGE);
    let _kept = pool.frame(b"x").unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                words[1].fetch_add(1, Ordering::Release);
                let _ = rustix::thread::futex::wake(
                    &words[1],
                    rustix::thread::futex::Flags::empty(),
                    9,
                );
            }
        });
        assert!(pool.lease_timeout(1, Duration::from_millis(100)).is_err());
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn f28_holes_in_what_both_can_write_are_zeros_and_no_signal() {
    let _watchdog = watchdog();
    let punch = |descriptor: std::os::fd::OwnedFd, bytes: usize| {
        let hole = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(descriptor, hole, 0, bytes as u64).unwrap();
    };
    let (mut ours, descriptor) = Duplex::create(CAPACITY_FLOOR, Spin::Never).unwrap();
    let mut theirs =
        Duplex::open(descriptor.try_clone().unwrap(), CAPACITY_FLOOR, Spin::Never).unwrap();
    for _ in 0..3 {
        theirs.producer.push(b"12345678").unwrap();
        ours.producer.push(b"12345678").unwrap();
    }
    let mut out = Vec::new();
    assert_eq!(ours.consumer.pop(&mut out), Ok(Some(8)));
    punch(descriptor, 2 * PAGE + 2 * CAPACITY_FLOOR as usize);
    // The copy of the index that was checked still says that there are two records; their lengths are gone.
    assert_eq!(ours.consumer.pop(&mut out), Ok(Some(0)));
    while ours.consumer.pop(&mut out) == Ok(Some(0)) {}
    assert_eq!(ours.consumer.pop(&mut out), Err(Violation::Index { from: 48, to: 0 }));

    let pool = Pool::new(1, PAGE).unwrap();
    let hostile = pool.receiver(1).unwrap();
    let theirs = ForeignPool::<Untrusted>::open(
        pool.descriptor().unwrap(),
        hostile.descriptor().unwrap(),
        pool.shape(),
    )
    .unwrap();
    drop(theirs.borrow(hostile.lend(&pool.frame(b"x").unwrap()).unwrap()).unwrap());
    assert_eq!(hostile.check(), Ok(0));
    punch(hostile.descriptor().unwrap(), PAGE);
    let violation = Violation::ForeignReturn { slot: 0, generation: 0 };
    assert_eq!(hostile.check(), Err(violation));
    assert_eq!(pool.free(), 1);
}
