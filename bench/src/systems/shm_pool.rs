//! A pool of frames in shared memory (`portcullis-shm`), lent to all receivers at once; the numbers of each loan travel over
//! a ring, and so does the sum back. The hub lends the same by its frames: `portcullis_blob.rs`.

use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use portcullis_shm::pool::{ForeignPool, Loan, Pool, Shape, Trusted};
use portcullis_shm::ring::{CAPACITY_FLOOR, Duplex, Spin};

use super::shm_ring::{take, take_word};
use super::{Outgoing, System, descriptor};
use crate::frame::{self, Sums};
use crate::load::{Load, Work};
use crate::meter::{Meter, Sample};

/// A pool of frames.
pub(crate) struct ShmPool {
    /// Whether bytes are copied into the pool first, or are there already.
    pub(crate) copy: bool,
}

/// Slots of the pool.
const SLOTS: usize = 2;
/// The largest slot.
const SLOT_BYTES_MAX: usize = 64 << 20;

impl System for ShmPool {
    fn name(&self) -> &'static str {
        if self.copy { "shm-pool-copy" } else { "shm-pool" }
    }

    fn about(&self) -> &'static str {
        if self.copy {
            "shm-pool, the bytes copied into the pool first"
        } else {
            "a pool of frames in shared memory, lent by numbers over a ring, in place"
        }
    }

    fn does(&self, load: Load) -> bool {
        load.work == Work::Deliver && (1 << 10..=SLOT_BYTES_MAX).contains(&load.bytes)
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        let next = || descriptor::receive(&link);
        let mut ring = Duplex::open(next()?, CAPACITY_FLOOR, Spin::Never)?;
        let pool = ForeignPool::<Trusted>::open(next()?, next()?, shape(load.bytes)?)?;
        let mut bytes = Vec::new();
        loop {
            take(&mut ring, &mut bytes)?;
            let sum = frame::sum(&pool.borrow(loan(&bytes)?)?);
            ring.producer.push(&sum.to_le_bytes())?;
        }
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        let pool = Pool::new(SLOTS, load.bytes)?;
        // All slots once, as whoever makes frames in place has left them.
        let mut leases = Vec::new();
        for _ in 0..SLOTS {
            let mut lease = pool.lease(load.bytes)?;
            frame::fill(&mut lease);
            leases.push(lease);
        }
        drop(leases);
        let mut all = Vec::new();
        for link in &links {
            let (ring, descriptor) = Duplex::create(CAPACITY_FLOOR, Spin::Never)?;
            let receiver = pool.receiver(SLOTS as u32)?;
            descriptor::send(link, &descriptor)?;
            descriptor::send(link, &pool.descriptor()?)?;
            descriptor::send(link, &receiver.descriptor()?)?;
            all.push((receiver, ring));
        }
        let sums = Sums::of(load.bytes);
        let mut elsewhere = self.copy.then(|| Outgoing::new(load.bytes));
        let mut answer = Vec::new();
        meter.deliver_blocking(load.work, |number| {
            let mut lease = pool.lease(load.bytes)?;
            match &mut elsewhere {
                Some(elsewhere) => lease.copy_from_slice(elsewhere.numbered(number)),
                None => frame::stamp(&mut lease, number),
            }
            let frame = lease.freeze();
            for (receiver, ring) in &mut all {
                ring.producer.push(&wire(receiver.lend(&frame)?))?;
            }
            for (_, ring) in &mut all {
                sums.check(number, take_word(ring, &mut answer)?)?;
            }
            Ok(())
        })
    }
}

/// The shape that a pool of such slots has.
fn shape(bytes: usize) -> Result<Shape> {
    let page = rustix::param::page_size();
    let slot_bytes = u32::try_from(bytes.next_multiple_of(page)).context("larger than a slot")?;
    Ok(Shape { slots: SLOTS as u32, slot_bytes })
}

fn wire(loan: Loan) -> [u8; 12] {
    let mut bytes = [0; 12];
    let words = [loan.slot, loan.generation, loan.len];
    for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *place = word.to_le_bytes();
    }
    bytes
}

fn loan(bytes: &[u8]) -> Result<Loan> {
    let words: &[[u8; 4]] = bytes.as_chunks().0;
    let [slot, generation, len] = *words else { anyhow::bail!("a loan has three numbers") };
    let [slot, generation, len] = [slot, generation, len].map(u32::from_le_bytes);
    Ok(Loan { slot, generation, len })
}
