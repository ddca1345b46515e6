//! In the steady state a frame allocates nothing, on either side, however many receivers it has; nor does a record.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an allocator is unsafe by nature")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use portcullis_shm::pool::{ForeignPool, Pool, Receiver, Untrusted};
use portcullis_shm::ring::{Duplex, Spin, Waited};

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: all is the system allocator's; the count allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn r07_a_frame_to_eight_receivers_allocates_nothing() {
    let pool = Pool::new(4, 1 << 20).unwrap();
    let receivers: Vec<(Receiver, ForeignPool<Untrusted>)> = (0..8)
        .map(|_| {
            let receiver = pool.receiver(2).unwrap();
            let (frames, returns) = (pool.descriptor().unwrap(), receiver.descriptor().unwrap());
            let theirs = ForeignPool::open(frames, returns, pool.shape()).unwrap();
            (receiver, theirs)
        })
        .collect();
    let mut buffer = vec![0; 4096];
    let mut round = |number: u8| {
        let mut lease = pool.lease(1 << 20).unwrap();
        lease.fill(number);
        let frame = lease.freeze();
        for (receiver, theirs) in &receivers {
            let loan = receiver.lend(&frame).unwrap();
            let borrowed = theirs.borrow(loan).unwrap();
            borrowed.copy_range(1000, &mut buffer).unwrap();
            assert_eq!(buffer[17], number);
        }
        assert_eq!(receivers[0].0.check(), Ok(0));
    };
    round(0);
    assert_eq!(allocations(|| (1..20).for_each(round)), 0);
}

#[test]
fn r07_a_record_through_a_ring_allocates_nothing() {
    let (mut ours, descriptor) = Duplex::create(1 << 16, Spin::Never).unwrap();
    let mut theirs = Duplex::open(descriptor, 1 << 16, Spin::Never).unwrap();
    let mut out = Vec::with_capacity(4096);
    let counted = allocations(|| {
        for number in 0..1000u32 {
            ours.producer.stage(&[&number.to_le_bytes(), &[1; 60]]).unwrap();
            ours.producer.push(&[2; 64]).unwrap();
            assert_eq!(theirs.consumer.wait(None), Ok(Waited::Ready));
            out.clear();
            assert_eq!(theirs.consumer.pop_batch(&mut out, 4096), Ok(2));
        }
    });
    assert_eq!(counted, 0);
}
