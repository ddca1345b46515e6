//! What waits to leave: control frames first, then data frames in the order they were given, as far as the other side's
//! window lets them go (`docs/protocol.md`, section 8). Bounded; senders write into it directly.

use std::collections::VecDeque;

use crate::frame::{self, Head, Kind};

/// A data frame that waits for the window to open.
#[derive(Debug)]
struct Held {
    kind: Kind,
    id: u32,
    bytes: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Outbox {
    control: Vec<u8>,
    /// Data frames that may leave at the next transmission.
    ready: Vec<u8>,
    held: VecDeque<Held>,
    held_bytes: usize,
    held_bytes_max: usize,
    /// What the other side's window has left; below zero after the frame that overdrew it.
    window: i64,
    /// Bytes of acknowledgements that stand in `control`, not yet transmitted.
    acknowledging: u64,
}

/// Where a frame that is being written stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    head: Head,
    start: usize,
}

impl Outbox {
    pub(super) fn new(held_bytes_max: usize) -> Self {
        Self {
            control: Vec::new(),
            ready: Vec::new(),
            held: VecDeque::new(),
            held_bytes: 0,
            held_bytes_max,
            window: 0,
            acknowledging: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.ready.is_empty()
    }

    /// Whether data waits for the other side's window.
    pub(super) fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether more is held than may be: the other side does not keep up.
    pub(super) fn is_over(&self) -> bool {
        self.held_bytes > self.held_bytes_max
    }

    /// Bytes that wait, in all.
    pub(super) fn bytes(&self) -> usize {
        self.control.len() + self.ready.len() + self.held_bytes
    }

    /// Opens the other side's window further.
    pub(super) fn add_window(&mut self, bytes: u32) {
        self.window = self.window.saturating_add(i64::from(bytes));
        while self.window > 0 {
            let Some(held) = self.held.pop_front() else { break };
            self.held_bytes -= held.bytes.len();
            self.window -= held.bytes.len() as i64;
            self.ready.extend_from_slice(&held.bytes);
        }
    }

    /// A control frame: outside the window, ahead of data.
    pub(super) fn control(&mut self, head: Head, body: &[u8]) {
        let start = frame::begin(&mut self.control, head);
        self.control.extend_from_slice(body);
        frame::finish(&mut self.control, start);
    }

    /// Acknowledges data of the other side.
    pub(super) fn acknowledge(&mut self, bytes: u32) {
        self.acknowledging += u64::from(bytes);
        self.control(Head { budget: bytes, ..Head::new(Kind::Window) }, &[]);
    }

    pub(super) fn acknowledging(&self) -> u64 {
        self.acknowledging
    }

    /// Begins a data frame; the body is written to the buffer returned, then [`Self::commit`] or [`Self::abandon`].
    #[inline]
    pub(super) fn begin(&mut self, head: Head) -> (Writing, &mut Vec<u8>) {
        let start = frame::begin(&mut self.ready, head);
        (Writing { head, start }, &mut self.ready)
    }

    /// The size so far of the frame that is being written.
    pub(super) fn size(&self, writing: Writing) -> usize {
        self.ready.len() - writing.start
    }

    /// The frame is whole: it leaves now if the window is open, else when it opens.
    #[inline]
    pub(super) fn commit(&mut self, writing: Writing) {
        let length = frame::finish(&mut self.ready, writing.start);
        if self.window > 0 && self.held.is_empty() {
            self.window -= i64::from(length);
            return;
        }
        let bytes = self.ready.split_off(writing.start);
        self.held_bytes += bytes.len();
        self.held.push_back(Held { kind: writing.head.kind, id: writing.head.id, bytes });
    }

    /// The frame could not be written: as if it had never been begun.
    pub(super) fn abandon(&mut self, writing: Writing) {
        self.ready.truncate(writing.start);
    }

    /// Takes back a request that still waits for the window, and all that belongs to it. False when it has left.
    pub(super) fn withdraw(&mut self, opener: &[Kind], id: u32) -> bool {
        let waits = |held: &Held| held.id == id && opener.contains(&held.kind);
        if !self.held.iter().any(waits) {
            return false;
        }
        let own = [Kind::Finish, Kind::Cancel, Kind::Item];
        // Items towards the other side's own calls carry the callee flag and another id space.
        self.held.retain(|held| {
            let callee = held.bytes.get(5).is_some_and(|flags| flags & frame::FLAG_CALLEE != 0);
            let goes = waits(held) || (held.id == id && own.contains(&held.kind) && !callee);
            if goes {
                self.held_bytes -= held.bytes.len();
            }
            !goes
        });
        true
    }

    /// Drops all data that has not left: the connection ends.
    pub(super) fn clear(&mut self) {
        self.ready.clear();
        self.held.clear();
        self.held_bytes = 0;
    }

    /// Moves everything that may leave to the end of `into`. True when there was anything.
    pub(super) fn transmit(&mut self, into: &mut Vec<u8>) -> bool {
        if self.is_empty() {
            return false;
        }
        self.acknowledging = 0;
        if into.is_empty() && self.control.is_empty() {
            // The usual case: hand the buffer over, and write into the driver's old one next.
            std::mem::swap(into, &mut self.ready);
            return true;
        }
        into.append(&mut self.control);
        into.append(&mut self.ready);
        true
    }
}
