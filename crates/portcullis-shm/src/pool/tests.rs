//! Pools in private memory, owner and receivers in one process: what Miri can run.
#![allow(clippy::expect_used, reason = "helpers of tests, which clippy does not know as such")]

use std::thread;
use std::time::Duration;

use super::receiver::Page;
use super::*;
use crate::Violation;
use crate::memory::{Mapping, View, page_bytes};

/// A pool in private memory; a mapping of it for each receiver can be had by `receiver`.
fn pool(slots: u32) -> (Pool, Mapping) {
    let shape = Shape { slots, slot_bytes: page_bytes() as u32 };
    let (owners, receivers) = Mapping::heap(shape.bytes().expect("a shape"), View::Read);
    (Pool::with(owners, shape, None, None), receivers)
}

fn receiver(pool: &Pool, memory: Mapping, quota: u32) -> (Receiver, ForeignPool<Untrusted>) {
    let (owners, receivers) = Page::heap();
    let receiver = Receiver::with(&pool.inner, quota, owners, None).expect("a receiver");
    (receiver, ForeignPool::with(memory, receivers, pool.shape()))
}

fn bytes_of(frame: &Borrowed<Untrusted>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.append_to(&mut bytes).expect("the whole frame");
    bytes
}

#[test]
fn a_frame_is_lent_read_and_returned() {
    let (pool, memory) = pool(2);
    let (receiver, theirs) = receiver(&pool, memory, 2);
    let frame = pool.frame(b"first").expect("a slot");
    let loan = receiver.lend(&frame).expect("within the quota");
    drop(frame);
    assert_eq!(pool.free(), 1);

    let borrowed = theirs.borrow(loan).expect("it was lent");
    assert_eq!(bytes_of(&borrowed), b"first");
    let mut part = [0; 3];
    borrowed.copy_range(2, &mut part).expect("within");
    assert_eq!(&part, b"rst");
    assert_eq!(borrowed.copy_range(3, &mut part), Err(BorrowError::Range { len: 5 }));
    assert_eq!(borrowed.copy_range(usize::MAX, &mut part), Err(BorrowError::Range { len: 5 }));
    assert_eq!(borrowed.copy_to(&mut part), Err(BorrowError::Range { len: 5 }));
    let mut pieces = Vec::new();
    let read = borrowed.read_in_pieces(&mut [0; 2], |piece| {
        pieces.push(piece.to_vec());
        Ok::<_, BorrowError>(())
    });
    assert_eq!(read, Ok(()));
    assert_eq!(pieces, [&b"fi"[..], b"rs", b"t"]);
    assert_eq!(receiver.check(), Ok(1));
    drop(borrowed);
    assert_eq!((receiver.check(), pool.free()), (Ok(0), 2));
}

#[test]
fn a_slot_is_free_when_its_last_user_has_gone() {
    let (pool, memory) = pool(1);
    let (receiver, theirs) = receiver(&pool, memory, 1);
    let frame = pool.frame(b"x").expect("a slot");
    let same = frame.clone();
    let borrowed = theirs.borrow(receiver.lend(&frame).expect("lent")).expect("borrowed");
    drop(frame);
    drop(borrowed);
    assert_eq!(pool.lease(1).err(), Some(LeaseError::Exhausted));
    assert_eq!(&*same, b"x");
    drop(same);
    let mut lease = pool.lease(4).expect("free");
    lease.truncate(9);
    assert_eq!(lease.len(), 4);
    lease.truncate(2);
    assert_eq!(lease.len(), 2);
}

#[test]
fn too_long_frames_and_full_receivers_are_errors() {
    let (pool, memory) = pool(3);
    let (receiver, _theirs) = receiver(&pool, memory, 1);
    let slot_bytes = pool.shape().slot_bytes;
    let bytes = slot_bytes as usize + 1;
    assert_eq!(pool.lease(bytes).err(), Some(LeaseError::TooLong { bytes, slot_bytes }));
    let (one, two) = (pool.frame(b"1").expect("a slot"), pool.frame(b"2").expect("a slot"));
    let loan = receiver.lend(&one).expect("the first");
    assert_eq!(receiver.lend(&one), Err(LendError::Held));
    assert_eq!(receiver.lend(&two), Err(LendError::Full(1)));
    assert!(receiver.take_back(loan) && !receiver.take_back(loan));
    assert!(receiver.lend(&two).is_ok());
    let (other, _) = self::pool(1);
    let strange = other.frame(b"3").expect("a slot");
    assert_eq!(receiver.lend(&strange), Err(LendError::OtherPool));
}

/// The receiver refuses a loan that it has returned; so it is not made.
#[test]
fn f29_a_frame_that_a_receiver_has_returned_is_not_lent_to_it_again() {
    let (pool, memory) = pool(2);
    let (receiver, theirs) = receiver(&pool, memory, 2);
    let frame = pool.frame(b"1").expect("a slot");
    drop(theirs.borrow(receiver.lend(&frame).expect("lent")).expect("borrowed"));
    assert_eq!(receiver.lend(&frame), Err(LendError::Returned));
    assert_eq!((receiver.check(), pool.free()), (Ok(0), 1));
    drop(frame);
    let next = pool.frame(b"2").expect("a slot");
    assert!(theirs.borrow(receiver.lend(&next).expect("lent")).is_ok());
}

#[test]
fn f27_what_a_receiver_holds_is_reclaimed_when_it_is_dropped() {
    let (pool, memory) = pool(2);
    let (receiver, theirs) = receiver(&pool, memory, 2);
    let hold = |text| {
        let frame = pool.frame(text).expect("a slot");
        theirs.borrow(receiver.lend(&frame).expect("lent")).expect("borrowed")
    };
    let held = [hold(b"1"), hold(b"2")];
    assert_eq!(pool.free(), 0);
    drop(receiver);
    assert_eq!(pool.free(), 2);
    // What it still says on its page then, nobody reads.
    drop(held);
    assert_eq!(pool.free(), 2);
}

#[test]
fn f29_a_loan_that_was_not_made_is_refused_by_the_reader() {
    let (pool, memory) = pool(2);
    let (receiver, theirs) = receiver(&pool, memory, 2);
    let slot_bytes = pool.shape().slot_bytes;
    let bad = |slot, generation, len| theirs.borrow(Loan { slot, generation, len }).err();
    assert_eq!(bad(2, 1, 0), Some(BorrowError::NoSuchSlot { slot: 2, generation: 1 }));
    assert_eq!(
        bad(u32::MAX, 1, 0),
        Some(BorrowError::NoSuchSlot { slot: u32::MAX, generation: 1 })
    );
    assert_eq!(bad(0, 0, 0), Some(BorrowError::NoSuchSlot { slot: 0, generation: 0 }));
    let len = slot_bytes + 1;
    assert_eq!(bad(0, 1, len), Some(BorrowError::TooLong { len, slot_bytes }));

    let frame = pool.frame(b"x").expect("a slot");
    let loan = receiver.lend(&frame).expect("lent");
    let borrowed = theirs.borrow(loan).expect("borrowed");
    assert_eq!(theirs.borrow(loan).err(), Some(BorrowError::Held(loan.slot)));
    let newer = Loan { generation: loan.generation + 1, ..loan };
    assert_eq!(theirs.borrow(newer).err(), Some(BorrowError::Held(loan.slot)));
    drop(borrowed);
    let Loan { slot, generation, .. } = loan;
    assert_eq!(theirs.borrow(loan).err(), Some(BorrowError::Returned { slot, generation }));
}

#[test]
fn f29_returns_of_what_was_not_lent_are_violations_and_free_nothing() {
    // What the receiver writes, and the slot: not lent at all, lent with another generation, from the future.
    for (slot, generation, lent) in
        [(1, 1, false), (1, 7, false), (0, 0xffff_ffff, true), (0, 2, true)]
    {
        let (pool, memory) = pool(2);
        let (owners, receivers) = Page::heap();
        let receiver = Receiver::with(&pool.inner, 2, owners, None).expect("a receiver");
        drop(memory);
        let frame = pool.frame(b"kept").expect("a slot");
        let loan = receiver.lend(&frame).expect("lent");
        assert_eq!((loan.slot, loan.generation), (0, 1));
        drop(frame);
        receivers.give_back(slot, generation);
        let violation = Violation::ForeignReturn { slot, generation };
        assert_eq!(receiver.check(), Err(violation));
        assert_eq!(pool.free(), 1, "the slot on loan stays so");
        // Even when it is put right afterwards: that side is not believed any more.
        receivers.give_back(0, 1);
        assert_eq!(pool.free(), 1);
        let next = pool.frame(b"next").expect("the other slot");
        assert_eq!(receiver.lend(&next), Err(LendError::Violation(violation)));
        drop((receiver, next));
        assert_eq!(pool.free(), 2, "lent before: {lent}");
    }
}

#[test]
fn f29_a_return_that_is_written_before_its_loan_is_a_violation() {
    let (pool, memory) = pool(1);
    let (owners, receivers) = Page::heap();
    let receiver = Receiver::with(&pool.inner, 1, owners, None).expect("a receiver");
    drop(memory);
    receivers.give_back(0, 1);
    let frame = pool.frame(b"x").expect("a slot");
    let violation = Violation::ForeignReturn { slot: 0, generation: 1 };
    assert_eq!(receiver.lend(&frame), Err(LendError::Violation(violation)));
}

#[test]
fn f29_generations_wrap_past_those_that_could_be_mistaken() {
    let (pool, memory) = pool(1);
    let (receiver, theirs) = receiver(&pool, memory, 1);
    let lend = |from: u32| {
        pool.inner.lock().set_generation(0, from);
        let frame = pool.frame(b"x").expect("a slot");
        receiver.lend(&frame).expect("lent")
    };
    let first = lend(u32::MAX - 1);
    assert_eq!(first.generation, u32::MAX);
    drop(theirs.borrow(first).expect("borrowed"));
    // Zero is none, and the receiver's page still says u32::MAX.
    let second = lend(u32::MAX - 1);
    assert_eq!(second.generation, 1);
    drop(theirs.borrow(second).expect("borrowed"));
    assert_eq!(lend(u32::MAX).generation, 2);
}

#[test]
fn receivers_are_bounded_and_their_places_used_again() {
    let (pool, _memory) = pool(1);
    let new = || Receiver::with(&pool.inner, 1, Page::heap().0, None);
    let mut all: Vec<_> = (0..RECEIVERS_MAX).map(|_| new().expect("room")).collect();
    assert!(new().is_err());
    all.pop();
    assert!(new().is_ok());
}

#[test]
fn a_wait_for_a_slot_ends_when_one_is_returned_or_dropped() {
    let (pool, memory) = pool(1);
    let (receiver, theirs) = receiver(&pool, memory, 1);
    let frame = pool.frame(b"x").expect("a slot");
    let loan = receiver.lend(&frame).expect("lent");
    drop(frame);
    let borrowed = theirs.borrow(loan).expect("borrowed");
    let timeout = Duration::from_millis(1);
    assert_eq!(pool.lease_timeout(1, timeout).err(), Some(LeaseError::Exhausted));
    let long = Duration::from_secs(300);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.lease_timeout(1, long).map(drop));
        thread::sleep(Duration::from_millis(20));
        drop(borrowed);
        assert_eq!(waiting.join().expect("no panic"), Ok(()));

        let own = pool.lease(1).expect("free again");
        let waiting = scope.spawn(|| pool.lease_timeout(1, long).map(drop));
        thread::sleep(Duration::from_millis(20));
        drop(own);
        assert_eq!(waiting.join().expect("no panic"), Ok(()));

        let held = receiver.lend(&pool.frame(b"y").expect("free again")).expect("lent");
        let waiting = scope.spawn(|| pool.lease_timeout(1, long).map(drop));
        thread::sleep(Duration::from_millis(20));
        drop(receiver);
        assert_eq!(waiting.join().expect("no panic"), Ok(()), "{held:?} was reclaimed");
    });
}

#[test]
fn frames_go_to_a_reader_on_another_thread_unmixed() {
    let rounds = if cfg!(miri) { 50 } else { 5_000 };
    let (pool, memory) = pool(3);
    let (receiver, theirs) = receiver(&pool, memory, 3);
    let (send, receive) = std::sync::mpsc::channel::<Loan>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for (number, loan) in receive.iter().enumerate() {
                let frame = theirs.borrow(loan).expect("lent");
                assert_eq!(bytes_of(&frame), [number as u8; 64]);
            }
        });
        for number in 0..rounds {
            let mut lease = pool.lease_timeout(64, Duration::from_secs(300)).expect("in time");
            lease.fill(number as u8);
            send.send(receiver.lend(&lease.freeze()).expect("lent")).expect("it reads");
        }
        drop(send);
    });
    assert_eq!(receiver.check(), Ok(0));
}
