//! Rings in shared memory (`portcullis-shm`) and the raw sockets' fixed bytes: no types, no ids, replies in order. The link
//! only carries the descriptor of the memory.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use portcullis_shm::ring::{Duplex, PushError, Spin};

use super::{Outgoing, System, descriptor};
use crate::frame;
use crate::load::{IN_FLIGHT, Load, Work};
use crate::message::{
    LAST, RAW_ITEM_LEN, RAW_LEN, Raw, RawItem, RawItems, raw_answer, raw_check, raw_item,
    raw_request,
};
use crate::meter::{Meter, Sample};

/// Bytes of each direction: room for all that is in flight.
const CAPACITY: u32 = 16 * 1024;
/// Bytes of each direction where items stream.
const STREAM_CAPACITY: u32 = 64 * 1024;
/// After how many items the reader is told, and the clock is read.
const BURST: u64 = 256;

/// A pair of rings.
pub(crate) struct ShmRing {
    /// Whether a side looks for a while before it sleeps.
    pub(crate) spin: bool,
}

impl System for ShmRing {
    fn name(&self) -> &'static str {
        if self.spin { "shm-ring-spin" } else { "shm-ring" }
    }

    fn about(&self) -> &'static str {
        if self.spin {
            "shm-ring, looking for a while before sleeping"
        } else {
            "rings in shared memory, fixed bytes, no types, one wake-up for each burst"
        }
    }

    fn does(&self, load: Load) -> bool {
        match load.work {
            Work::Call | Work::InFlight | Work::Stream => true,
            // A record has at most half of the ring.
            Work::Deliver => load.bytes < CAPACITY as usize / 2 && !self.spin,
            Work::Idle => !self.spin,
        }
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        let mut ring = Duplex::open(descriptor::receive(&link)?, CAPACITY, self.kind())?;
        let mut bytes = Vec::new();
        loop {
            take(&mut ring, &mut bytes)?;
            for message in bytes.as_chunks_mut::<RAW_LEN>().0 {
                raw_answer(message);
                ring.producer.stage(&[message.as_slice()])?;
            }
            ring.producer.publish();
        }
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let mut ring = self.create(CAPACITY, &link)?;
        let mut bytes = Vec::new();
        if work == Work::InFlight {
            return meter.pump_blocking(|until| keep_in_flight(&mut ring, &mut bytes, until));
        }
        meter.one_at_a_time_blocking(|number| {
            ring.producer.push(&raw_request(number))?;
            take(&mut ring, &mut bytes)?;
            raw_check(bytes.first_chunk().context("a short reply")?, number)
        })
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        let capacity = capacity(load);
        let mut ring = Duplex::open(descriptor::receive(&link)?, capacity, self.kind())?;
        let (mut bytes, mut items) = (Vec::new(), RawItems::default());
        loop {
            take(&mut ring, &mut bytes)?;
            if load.work != Work::Stream {
                ring.producer.push(&frame::sum(&bytes).to_le_bytes())?;
                continue;
            }
            let all: &[RawItem] = bytes.as_chunks::<RAW_ITEM_LEN>().0;
            for item in all {
                if let Some(count) = items.take(item)? {
                    ring.producer.push(&count.to_le_bytes())?;
                }
            }
        }
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        let rings = links.iter().map(|link| self.create(capacity(load), link));
        let mut rings = rings.collect::<Result<Vec<_>>>()?;
        let mut answer = Vec::new();
        if load.work == Work::Stream {
            let ring = rings.first_mut().context("a stream has a receiver")?;
            return meter.pump_blocking(|until| stream(ring, &mut answer, until));
        }
        let mut outgoing = Outgoing::new(load.bytes);
        let sums = outgoing.sums;
        meter.deliver_blocking(load.work, |number| {
            let bytes = outgoing.numbered(number);
            for ring in &mut rings {
                ring.producer.push(bytes)?;
            }
            for ring in &mut rings {
                sums.check(number, take_word(ring, &mut answer)?)?;
            }
            Ok(())
        })
    }
}

impl ShmRing {
    fn kind(&self) -> Spin {
        if self.spin { Spin::Adaptive } else { Spin::Never }
    }

    fn create(&self, capacity: u32, link: &UnixStream) -> Result<Duplex> {
        let (ring, descriptor) = Duplex::create(capacity, self.kind())?;
        descriptor::send(link, &descriptor)?;
        Ok(ring)
    }
}

fn capacity(load: Load) -> u32 {
    if load.work == Work::Stream { STREAM_CAPACITY } else { CAPACITY }
}

/// Waits for messages, and takes all that are there.
pub(super) fn take(ring: &mut Duplex, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    while ring.consumer.pop_batch(bytes, CAPACITY as usize)? == 0 {
        ring.consumer.wait(None)?;
    }
    Ok(())
}

/// Waits for a record of one word.
pub(super) fn take_word(ring: &mut Duplex, bytes: &mut Vec<u8>) -> Result<u64> {
    take(ring, bytes)?;
    Ok(u64::from_le_bytes(*bytes.first_chunk().context("a short answer")?))
}

/// Keeps the calls in flight; replies come in order.
fn keep_in_flight(ring: &mut Duplex, bytes: &mut Vec<u8>, until: Instant) -> Result<u64> {
    let (mut asked, mut answered) = (0, 0);
    let mut more = true;
    loop {
        while more && asked - answered < IN_FLIGHT as u64 {
            ring.producer.stage(&[&raw_request(asked)])?;
            asked += 1;
        }
        ring.producer.publish();
        if asked == answered {
            return Ok(answered);
        }
        take(ring, bytes)?;
        let messages: &[Raw] = bytes.as_chunks::<RAW_LEN>().0;
        for message in messages {
            raw_check(message, answered)?;
            answered += 1;
        }
        more = Instant::now() < until;
    }
}

/// Sends items until the instant given, and waits until the reader has counted them.
fn stream(ring: &mut Duplex, answer: &mut Vec<u8>, until: Instant) -> Result<u64> {
    let mut count = 0;
    while count % BURST != 0 || Instant::now() < until {
        stage(ring, &raw_item(count))?;
        count += 1;
        if count % BURST == 0 {
            ring.producer.publish();
        }
    }
    stage(ring, &raw_item(LAST))?;
    ring.producer.publish();
    let counted = take_word(ring, answer)?;
    if counted != count {
        bail!("of {count} items, {counted} came");
    }
    Ok(count)
}

fn stage(ring: &mut Duplex, item: &RawItem) -> Result<()> {
    loop {
        match ring.producer.stage(&[item]) {
            Err(PushError::Full) => _ = ring.producer.wait(item.len(), None)?,
            done => return Ok(done?),
        }
    }
}
