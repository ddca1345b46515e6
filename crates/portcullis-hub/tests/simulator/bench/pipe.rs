//! One direction of a connection: bytes that arrive later, in order, in pieces of any size, as fast as the link carries
//! them and as long as the reader reads; or not at all.

use std::collections::VecDeque;
use std::time::Duration;

use portcullis_proto::time::Time;

use super::rng::Rng;

/// How what arrives is cut before the reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// As it was written.
    Whole,
    /// After every byte.
    EveryByte,
    /// Anywhere.
    Random,
}

/// How a direction behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quality {
    /// Least and most time on the way, in microseconds.
    pub(crate) latency_us: (u64, u64),
    /// What it carries, in bytes for each millisecond; `None` for any.
    pub(crate) bytes_per_ms: Option<u64>,
    /// What it takes before it must be read, in bytes: a socket's buffers.
    pub(crate) capacity: usize,
    pub(crate) split: Split,
}

impl Default for Quality {
    fn default() -> Self {
        Self { latency_us: (50, 50), bytes_per_ms: None, capacity: 256 * 1024, split: Split::Whole }
    }
}

/// What stands between writer and reader: it sees what is written, and may change it.
pub(crate) type OnWire = Box<dyn FnMut(&mut Vec<u8>, Time) + Send>;

#[derive(Default)]
pub(crate) struct Pipe {
    pub(crate) quality: Quality,
    /// Whether the reader reads.
    pub(crate) stopped: bool,
    /// Bytes after which the connection breaks.
    pub(crate) cut_after: Option<usize>,
    pub(crate) on_wire: Option<OnWire>,
    queue: VecDeque<(Time, Vec<u8>)>,
    in_flight: usize,
    busy_until: Time,
    last_arrival: Time,
    read: usize,
    /// The writer has closed.
    closed: bool,
}

impl Pipe {
    /// Takes as much as there is room for; returns how much.
    pub(crate) fn write(&mut self, bytes: &[u8], now: Time, rng: &mut Rng) -> usize {
        let room = self.quality.capacity.saturating_sub(self.in_flight).min(bytes.len());
        if room == 0 {
            return 0;
        }
        let (low, high) = self.quality.latency_us;
        let transfer =
            self.quality.bytes_per_ms.map_or(0, |rate| room as u64 * 1_000 / rate.max(1));
        let sent = self.busy_until.max(now) + Duration::from_micros(transfer);
        let arrival = sent + Duration::from_micros(rng.within(low, high));
        self.busy_until = sent;
        self.last_arrival = self.last_arrival.max(arrival);
        let mut bytes = bytes[..room].to_vec();
        if let Some(on_wire) = &mut self.on_wire {
            on_wire(&mut bytes, now);
        }
        self.in_flight += bytes.len();
        self.queue.push_back((self.last_arrival, bytes));
        room
    }

    pub(crate) fn has_room(&self) -> bool {
        self.in_flight < self.quality.capacity
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// The reader is gone: nothing written matters any more.
    pub(crate) fn discard(&mut self) {
        self.queue.clear();
        self.in_flight = 0;
    }

    /// When there is something to read.
    pub(crate) fn next_arrival(&self) -> Option<Time> {
        if self.stopped {
            return None;
        }
        match self.queue.front() {
            Some((time, _)) => Some(*time),
            None if self.closed => Some(self.last_arrival),
            None => None,
        }
    }

    /// Reads what has arrived, and says whether that was all there will ever be.
    pub(crate) fn read(&mut self, now: Time) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        while !self.stopped
            && let Some((time, _)) = self.queue.front()
            && *time <= now
            && let Some((_, piece)) = self.queue.pop_front()
        {
            self.in_flight -= piece.len();
            bytes.extend(piece);
        }
        if let Some(cut) = self.cut_after {
            bytes.truncate(cut.saturating_sub(self.read));
            self.read += bytes.len();
            if self.read >= cut {
                return (bytes, true);
            }
        } else {
            self.read += bytes.len();
        }
        let over =
            self.closed && self.queue.is_empty() && !self.stopped && self.last_arrival <= now;
        (bytes, over)
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> usize {
        self.read
    }
}
