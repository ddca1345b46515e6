//! Rings in shared memory (`portcullis-shm`) and the raw sockets' 32 fixed bytes: no types, no ids, replies in order. The link
//! only carries the descriptor of the memory.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use futures_util::FutureExt;
use portcullis_shm::ring::{Duplex, Spin};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::System;
use crate::message::{RAW_LEN, Raw, raw_answer, raw_check, raw_request};
use crate::meter::{IN_FLIGHT, Meter, Sample, Work};

/// Bytes of each direction: room for all that is in flight.
const CAPACITY: u32 = 16 * 1024;

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
            "rings in shared memory, 32 fixed bytes, no types, one wake-up for each burst"
        }
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        let mut ring = Duplex::open(receive(&link)?, CAPACITY, self.kind())?;
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
        let (mut ring, descriptor) = Duplex::create(CAPACITY, self.kind())?;
        send(&link, &descriptor)?;
        let mut bytes = Vec::new();
        match work {
            Work::Call => {
                let done = meter.one_at_a_time(async |number| {
                    ring.producer.push(&raw_request(number))?;
                    take(&mut ring, &mut bytes)?;
                    raw_check(bytes.first_chunk().context("a short reply")?, number)
                });
                match done.now_or_never() {
                    Some(sample) => sample,
                    None => bail!("blocking calls never wait for a runtime"),
                }
            }
            Work::InFlight => meter.in_flight_by(|until| pump(&mut ring, &mut bytes, until)),
        }
    }
}

impl ShmRing {
    fn kind(&self) -> Spin {
        if self.spin { Spin::Adaptive } else { Spin::Never }
    }
}

/// Waits for messages, and takes all that are there.
fn take(ring: &mut Duplex, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    while ring.consumer.pop_batch(bytes, CAPACITY as usize)? == 0 {
        ring.consumer.wait(None)?;
    }
    Ok(())
}

/// Keeps the calls in flight; replies come in order.
fn pump(ring: &mut Duplex, bytes: &mut Vec<u8>, until: Instant) -> Result<u64> {
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

/// Hands a descriptor to the other process, with one byte.
fn send(link: &UnixStream, descriptor: &OwnedFd) -> Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    ensure!(control.push(SendAncillaryMessage::ScmRights(&descriptors)), "no room for it");
    sendmsg(link, &[IoSlice::new(&[0])], &mut control, SendFlags::empty())?;
    Ok(())
}

fn receive(link: &UnixStream) -> Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(link, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    descriptors.next().and_then(|mut found| found.next()).context("no descriptor came")
}
