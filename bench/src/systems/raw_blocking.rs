//! The floor: a blocking Unix socket and 32 fixed bytes, no types, no ids, replies in order. It
//! writes each message by itself, or (`burst`) once for all that one read has brought.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::{Outgoing, System};
use crate::frame;
use crate::load::{IN_FLIGHT, Load, Work};
use crate::message::{
    LAST, RAW_ITEM_LEN, RAW_LEN, Raw, RawItems, raw_answer, raw_check, raw_item, raw_request,
};
use crate::meter::{Meter, Sample};

/// The raw socket, blocking.
pub(crate) struct RawBlocking {
    /// Whether messages that were read together are answered by one write.
    pub(crate) burst: bool,
}

impl System for RawBlocking {
    fn name(&self) -> &'static str {
        if self.burst { "raw-burst" } else { "raw-blocking" }
    }

    fn about(&self) -> &'static str {
        if self.burst {
            "raw-blocking with one write for each burst of reads"
        } else {
            "blocking Unix socket, fixed bytes, no types, one write for each message"
        }
    }

    fn does(&self, load: Load) -> bool {
        // With one message at a time there is no burst.
        !self.burst || matches!(load.work, Work::InFlight | Work::Stream)
    }

    fn serve(&self, mut link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        let mut inbox = Inbox::default();
        while inbox.fill(&mut link)? {
            let mut outbox = Outbox::default();
            while let Some(mut message) = inbox.next() {
                raw_answer(&mut message);
                outbox.push(&message);
            }
            outbox.send(&mut link, self.burst)?;
        }
        Ok(())
    }

    fn drive(&self, work: Work, mut link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        if work == Work::InFlight {
            return meter.pump_blocking(|until| self.keep_in_flight(&mut link, until));
        }
        meter.one_at_a_time_blocking(|number| {
            let mut message = raw_request(number);
            link.write_all(&message)?;
            link.read_exact(&mut message)?;
            raw_check(&message, number)
        })
    }

    fn receive(&self, load: Load, mut link: UnixStream) -> Result<()> {
        if load.work == Work::Stream {
            return count_items(&mut link);
        }
        let mut bytes = vec![0; load.bytes];
        loop {
            link.read_exact(&mut bytes)?;
            link.write_all(&frame::sum(&bytes).to_le_bytes())?;
        }
    }

    fn send(&self, load: Load, mut links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        if load.work == Work::Stream {
            let link = links.first_mut().context("a stream has a receiver")?;
            return meter.pump_blocking(|until| self.stream(link, until));
        }
        let mut outgoing = Outgoing::new(load.bytes);
        let sums = outgoing.sums;
        meter.deliver_blocking(load.work, |number| {
            let bytes = outgoing.numbered(number);
            for link in &mut links {
                link.write_all(bytes)?;
            }
            for link in &mut links {
                sums.check(number, read_word(link)?)?;
            }
            Ok(())
        })
    }
}

/// Bytes that are read or written at once where items stream.
const STREAM_BYTES: usize = 16 * 1024;

fn count_items(link: &mut UnixStream) -> Result<()> {
    let (mut bytes, mut filled) = (vec![0; STREAM_BYTES], 0);
    let mut items = RawItems::default();
    loop {
        let read = link.read(&mut bytes[filled..])?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let whole = filled - filled % RAW_ITEM_LEN;
        for item in bytes[..whole].as_chunks().0 {
            if let Some(count) = items.take(item)? {
                link.write_all(&count.to_le_bytes())?;
            }
        }
        bytes.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

fn read_word(link: &mut UnixStream) -> Result<u64> {
    let mut word = [0; 8];
    link.read_exact(&mut word)?;
    Ok(u64::from_le_bytes(word))
}

impl RawBlocking {
    /// Sends items until the instant given, and waits until the other side has counted them.
    fn stream(&self, link: &mut UnixStream, until: Instant) -> Result<u64> {
        let mut count = 0;
        let mut bytes = Vec::with_capacity(STREAM_BYTES);
        let burst = if self.burst { STREAM_BYTES / RAW_ITEM_LEN } else { 1 };
        while Instant::now() < until {
            bytes.clear();
            for _ in 0..burst {
                bytes.extend_from_slice(&raw_item(count));
                count += 1;
            }
            link.write_all(&bytes)?;
        }
        link.write_all(&raw_item(LAST))?;
        let counted = read_word(link)?;
        if counted != count {
            bail!("of {count} items, {counted} came");
        }
        Ok(count)
    }

    /// Keeps the calls in flight; replies come in order.
    fn keep_in_flight(&self, link: &mut UnixStream, until: Instant) -> Result<u64> {
        let (mut asked, mut answered) = (0, 0);
        let mut inbox = Inbox::default();
        let mut more = true;
        loop {
            let mut outbox = Outbox::default();
            while more && asked - answered < IN_FLIGHT as u64 {
                outbox.push(&raw_request(asked));
                asked += 1;
            }
            outbox.send(link, self.burst)?;
            if asked == answered {
                return Ok(answered);
            }
            if !inbox.fill(link)? {
                bail!("the server has closed the link");
            }
            while let Some(message) = inbox.next() {
                raw_check(&message, answered)?;
                answered += 1;
            }
            more = Instant::now() < until;
        }
    }
}

/// What has been read and not yet been taken.
struct Inbox {
    bytes: [u8; RAW_LEN * IN_FLIGHT],
    start: usize,
    end: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { bytes: [0; RAW_LEN * IN_FLIGHT], start: 0, end: 0 }
    }
}

impl Inbox {
    /// Reads what is there; false at the end of the stream.
    fn fill(&mut self, link: &mut UnixStream) -> Result<bool> {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let read = link.read(&mut self.bytes[self.end..])?;
        self.end += read;
        Ok(read > 0)
    }

    fn next(&mut self) -> Option<Raw> {
        let message = *self.bytes[self.start..self.end].first_chunk()?;
        self.start += RAW_LEN;
        Some(message)
    }
}

/// What is to be written.
struct Outbox {
    bytes: [u8; RAW_LEN * IN_FLIGHT],
    len: usize,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { bytes: [0; RAW_LEN * IN_FLIGHT], len: 0 }
    }
}

impl Outbox {
    fn push(&mut self, message: &Raw) {
        self.bytes[self.len..self.len + RAW_LEN].copy_from_slice(message);
        self.len += RAW_LEN;
    }

    fn send(self, link: &mut UnixStream, burst: bool) -> Result<()> {
        let bytes = &self.bytes[..self.len];
        for piece in bytes.chunks(if burst { bytes.len().max(1) } else { RAW_LEN }) {
            link.write_all(piece)?;
        }
        Ok(())
    }
}
