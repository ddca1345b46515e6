//! Pools and rings of this crate, doing the same.

use std::os::fd::OwnedFd;

use portcullis_shm::pool::{BorrowError, ForeignPool, Loan, Pool, Receiver, Trusted, Untrusted};
use portcullis_shm::ring::{CAPACITY_FLOOR, Duplex, Spin};
use rustix::time::{ClockId, clock_gettime};

use crate::bare::{FRAME_BYTES, digest, digest_of};
use crate::process::{Other, measure, pin};
use crate::run::quantile;

fn start(role: &str, core: usize, spin: Spin, mut more: Vec<OwnedFd>) -> (Other, Duplex) {
    let (ring, descriptor) = Duplex::create(CAPACITY_FLOOR, spin).expect("a ring");
    more.insert(0, descriptor);
    (Other::start(role, core, more), ring)
}

pub(crate) fn serve(role: &str, mut descriptors: Vec<OwnedFd>) {
    let spin = if role == "call-spin" { Spin::Adaptive } else { Spin::Never };
    let ring = descriptors.remove(0);
    let mut ring = Duplex::open(ring, CAPACITY_FLOOR, spin).expect("a ring");
    let mut frames = || (descriptors.remove(0), descriptors.remove(0));
    match role {
        "call" | "call-spin" => answer(&mut ring, |bytes| bytes.iter_mut().for_each(|b| *b ^= 1)),
        "slices" => {
            let (pool, returns) = frames();
            let pool = ForeignPool::<Trusted>::open(pool, returns, SHAPE).expect("a pool");
            answer(&mut ring, |bytes| {
                let read = digest(&pool.borrow(loan(bytes)).expect("a frame"));
                bytes.splice(.., read.to_le_bytes());
            });
        }
        "copies" => {
            let (pool, returns) = frames();
            let pool = ForeignPool::<Untrusted>::open(pool, returns, SHAPE).expect("a pool");
            let mut buffer = vec![0; 64 << 10];
            answer(&mut ring, |bytes| {
                let frame = pool.borrow(loan(bytes)).expect("a frame");
                let mut read = 0u32;
                let done = frame.read_in_pieces(&mut buffer, |piece| {
                    read = read.wrapping_add(digest(piece));
                    Ok::<_, BorrowError>(())
                });
                done.expect("within the frame");
                bytes.splice(.., read.to_le_bytes());
            });
        }
        // Takes the frame and reads nothing of it: what the sender pays is measured.
        _ => {
            let (pool, returns) = frames();
            let pool = ForeignPool::<Trusted>::open(pool, returns, SHAPE).expect("a pool");
            answer(&mut ring, |bytes| drop(pool.borrow(loan(bytes)).expect("a frame")));
        }
    }
}

fn answer(ring: &mut Duplex, mut work: impl FnMut(&mut Vec<u8>)) {
    let mut bytes = Vec::new();
    loop {
        take(ring, &mut bytes);
        work(&mut bytes);
        ring.producer.push(&bytes).expect("room");
    }
}

fn take(ring: &mut Duplex, bytes: &mut Vec<u8>) {
    bytes.clear();
    while ring.consumer.pop(bytes).expect("an honest side").is_none() {
        ring.consumer.wait(None).expect("an honest side");
    }
}

fn loan(bytes: &[u8]) -> Loan {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    Loan { slot: word(0), generation: word(4), len: word(8) }
}

fn wire(loan: Loan) -> [u8; 12] {
    let mut bytes = [0; 12];
    let words = [loan.slot, loan.generation, loan.len];
    for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *place = word.to_le_bytes();
    }
    bytes
}

pub(crate) fn call(same: bool, spin: Spin) -> f64 {
    pin(0);
    let role = if spin == Spin::Never { "call" } else { "call-spin" };
    let (_other, mut ring) = start(role, usize::from(!same), spin, Vec::new());
    let mut reply = Vec::new();
    measure(|number| {
        ring.producer.push(&[number as u8; 64]).expect("room");
        take(&mut ring, &mut reply);
        assert_eq!((reply.len(), reply[63]), (64, number as u8 ^ 1));
    })
}

pub(crate) fn fan_out() -> f64 {
    pin(0);
    let mut all: Vec<_> = (0..8).map(|_| start("call", 1, Spin::Never, Vec::new())).collect();
    let mut reply = Vec::new();
    measure(|number| {
        for (_, ring) in &mut all {
            ring.producer.push(&[number as u8; 64]).expect("room");
        }
        for (_, ring) in &mut all {
            take(ring, &mut reply);
        }
    })
}

const SHAPE: portcullis_shm::pool::Shape =
    portcullis_shm::pool::Shape { slots: 2, slot_bytes: FRAME_BYTES as u32 };

fn pool() -> Pool {
    Pool::new(SHAPE.slots as usize, FRAME_BYTES).expect("a pool")
}

fn reader(pool: &Pool, role: &str, core: usize) -> (Receiver, Other, Duplex) {
    let receiver = pool.receiver(2).expect("a receiver");
    let descriptors = vec![
        pool.descriptor().expect("a descriptor"),
        receiver.descriptor().expect("a descriptor"),
    ];
    let (other, ring) = start(role, core, Spin::Never, descriptors);
    (receiver, other, ring)
}

pub(crate) fn frame(same: bool, slices: bool) -> f64 {
    pin(0);
    let pool = pool();
    let role = if slices { "slices" } else { "copies" };
    let (receiver, _other, mut ring) = reader(&pool, role, usize::from(!same));
    let mut reply = Vec::new();
    measure(|number| {
        let mut lease = pool.lease(FRAME_BYTES).expect("a slot");
        lease.fill(number as u8);
        let loan = receiver.lend(&lease.freeze()).expect("lent");
        ring.producer.push(&wire(loan)).expect("room");
        take(&mut ring, &mut reply);
        assert_eq!(reply, digest_of(number as u8).to_le_bytes());
    })
}

/// The sender's own processor time for one frame to so many receivers, filling included.
pub(crate) fn send(receivers: usize) -> f64 {
    pin(0);
    let pool = pool();
    let mut all: Vec<_> = (0..receivers).map(|_| reader(&pool, "takes", 1)).collect();
    let mut reply = Vec::new();
    let mut samples = Vec::new();
    measure(|number| {
        let before = clock_gettime(ClockId::ThreadCPUTime);
        let mut lease = pool.lease(FRAME_BYTES).expect("a slot");
        lease.fill(number as u8);
        let frame = lease.freeze();
        for (receiver, _, ring) in &mut all {
            let loan = receiver.lend(&frame).expect("lent");
            ring.producer.push(&wire(loan)).expect("room");
        }
        let spent = clock_gettime(ClockId::ThreadCPUTime) - before;
        samples.push(spent.tv_sec as f64 * 1e6 + spent.tv_nsec as f64 / 1e3);
        for (_, _, ring) in &mut all {
            take(ring, &mut reply);
        }
    });
    quantile(&samples, 2)
}

/// A copy between private buffers, by the language.
pub(crate) fn private_copy() -> f64 {
    let source = vec![1u8; FRAME_BYTES];
    let mut copy = vec![0u8; FRAME_BYTES];
    measure(|_| std::hint::black_box(&mut copy).copy_from_slice(std::hint::black_box(&source)))
}

/// A copy out of a pool that somebody might write meanwhile.
pub(crate) fn copy_out() -> f64 {
    let pool = pool();
    let receiver = pool.receiver(1).expect("a receiver");
    let (frames, returns) =
        (pool.descriptor().expect("a descriptor"), receiver.descriptor().expect("a descriptor"));
    let theirs = ForeignPool::<Untrusted>::open(frames, returns, SHAPE).expect("a pool");
    let frame = pool.lease(FRAME_BYTES).expect("a slot").freeze();
    let frame = theirs.borrow(receiver.lend(&frame).expect("lent")).expect("borrowed");
    let mut copy = vec![0u8; FRAME_BYTES];
    measure(|_| frame.copy_to(std::hint::black_box(&mut copy)).expect("the whole frame"))
}
