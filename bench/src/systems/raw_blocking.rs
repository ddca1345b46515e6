//! The floor: a blocking Unix socket and 32 fixed bytes, no types, no ids, replies in order. It
//! writes each message by itself, or (`burst`) once for all that one read has brought.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use anyhow::{Result, bail};
use futures_util::FutureExt;

use super::System;
use crate::message::{RAW_LEN, Raw, raw_answer, raw_check, raw_request};
use crate::meter::{IN_FLIGHT, Meter, Sample, Work};

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
            "blocking Unix socket, 32 fixed bytes, no types, one write for each message"
        }
    }

    fn works(&self) -> &'static [Work] {
        // With one call at a time there is no burst.
        if self.burst { &[Work::InFlight] } else { &[Work::Call, Work::InFlight] }
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
        match work {
            Work::Call => {
                let done = meter.one_at_a_time(async |number| {
                    let mut message = raw_request(number);
                    link.write_all(&message)?;
                    link.read_exact(&mut message)?;
                    raw_check(&message, number)
                });
                match done.now_or_never() {
                    Some(sample) => sample,
                    None => bail!("blocking calls never wait for a runtime"),
                }
            }
            Work::InFlight => meter.in_flight_by(|until| self.pump(&mut link, until)),
        }
    }
}

impl RawBlocking {
    /// Keeps the calls in flight; replies come in order.
    fn pump(&self, link: &mut UnixStream, until: Instant) -> Result<u64> {
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
