//! What waits to leave: control frames first, then data frames in the order they were given, as far as the other side's
//! window lets them go (`docs/protocol.md`, section 8). Senders write into it directly; whether there is room is asked
//! by the session.

use std::collections::{BTreeSet, VecDeque};

use crate::frame::{self, Head, Kind};
use crate::time::Time;

/// Data that may wait for the transport, in bytes; what comes behind it waits as if the window were closed, so that a
/// large window of the other side's is no way around the bound of what is held.
const READY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a frame costs that is held, besides its bytes.
const HELD_OVERHEAD_BYTES: usize = 64;
/// Where the id stands in a frame.
const ID_BYTES: std::ops::Range<usize> = 16..20;
/// Where the budget stands in a frame.
const BUDGET_BYTES: std::ops::Range<usize> = 20..24;

/// Names a frame that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeldKey(u64);

/// A data frame that waits for the window to open, or for the transport.
#[derive(Debug)]
struct Held {
    /// Empty when it was taken back.
    bytes: Vec<u8>,
    /// When its call runs out: its budget is written again when it leaves.
    due: Option<Time>,
}

#[derive(Debug)]
pub(super) struct Outbox {
    control: Vec<u8>,
    /// Data frames that may leave at the next transmission.
    ready: Vec<u8>,
    held: VecDeque<Held>,
    /// The key of the first frame that is held.
    held_first: u64,
    held_bytes: usize,
    bytes_max: usize,
    /// What the other side's window has left; below zero after the frame that overdrew it.
    window: i64,
    /// Bytes of acknowledgements that stand in `control`, not yet transmitted.
    acknowledging: u64,
}

/// Where a frame that is being written stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    start: usize,
}

impl Outbox {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            control: Vec::new(),
            ready: Vec::new(),
            held: VecDeque::new(),
            held_first: 0,
            held_bytes: 0,
            bytes_max,
            window: 0,
            acknowledging: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.ready.is_empty()
    }

    /// Whether data waits for the other side.
    pub(super) fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether more waits than may: the other side does not keep up.
    pub(super) fn is_over(&self) -> bool {
        self.waiting() > self.bytes_max
    }

    /// Whether a quarter of what may wait does. With a largest frame on top, and the answers to what the other side asks
    /// for, it is still within the bound.
    pub(super) fn is_crowded(&self) -> bool {
        self.waiting() > self.bytes_max / 4
    }

    fn waiting(&self) -> usize {
        self.control.len() + self.held_bytes
    }

    /// Bytes that wait, in all.
    pub(super) fn bytes(&self) -> usize {
        self.control.len() + self.ready.len() + self.held_bytes
    }

    /// Opens the other side's window further.
    pub(super) fn add_window(&mut self, bytes: u32, now: Time) {
        self.window = self.window.saturating_add(i64::from(bytes));
        self.refill(Some(now));
    }

    /// Lets go what was held, as far as it may.
    fn refill(&mut self, now: Option<Time>) {
        // Every turn takes a frame out.
        while self.may_leave() {
            let Some(mut held) = self.held.pop_front() else { return };
            self.held_first += 1;
            self.held_bytes -= held.bytes.len() + HELD_OVERHEAD_BYTES;
            self.window -= held.bytes.len() as i64;
            if let (Some(due), Some(now)) = (held.due, now)
                && let Some(budget) = held.bytes.get_mut(BUDGET_BYTES)
            {
                budget.copy_from_slice(&due.budget_ms(now).max(1).to_le_bytes());
            }
            self.ready.extend_from_slice(&held.bytes);
        }
    }

    fn may_leave(&self) -> bool {
        self.window > 0 && self.ready.len() < READY_BYTES_MAX
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
        (Writing { start }, &mut self.ready)
    }

    /// The size so far of the frame that is being written.
    pub(super) fn size(&self, writing: Writing) -> usize {
        self.ready.len() - writing.start
    }

    /// The frame is whole: it leaves now if it may, else when it may; then its key comes back.
    #[inline]
    pub(super) fn commit(&mut self, writing: Writing, due: Option<Time>) -> Option<HeldKey> {
        let length = frame::finish(&mut self.ready, writing.start);
        if self.window > 0 && writing.start < READY_BYTES_MAX && self.held.is_empty() {
            self.window -= i64::from(length);
            return None;
        }
        let bytes = self.ready.split_off(writing.start);
        self.held_bytes += bytes.len() + HELD_OVERHEAD_BYTES;
        self.held.push_back(Held { bytes, due });
        Some(HeldKey(self.held_first + self.held.len() as u64 - 1))
    }

    /// The frame could not be written: as if it had never been begun.
    pub(super) fn abandon(&mut self, writing: Writing) {
        self.ready.truncate(writing.start);
    }

    /// How large a frame is that is still held; `None` when it has left.
    pub(super) fn held_size(&self, key: HeldKey) -> Option<usize> {
        let place = usize::try_from(key.0.checked_sub(self.held_first)?).ok()?;
        self.held.get(place).map(|held| held.bytes.len())
    }

    /// Takes back all frames that are larger than that. Only before anything has left: their places stay.
    pub(super) fn drop_larger(&mut self, bytes_max: usize) {
        for held in self.held.iter_mut().filter(|held| held.bytes.len() > bytes_max) {
            self.held_bytes -= std::mem::take(&mut held.bytes).len();
        }
    }

    /// Takes back all frames of those calls. As [`Self::drop_larger`]: only before anything has left.
    pub(super) fn drop_of_calls(&mut self, ids: &BTreeSet<u32>) {
        let id_of = |held: &Held| {
            let id = held.bytes.get(ID_BYTES)?.first_chunk::<4>()?;
            Some(u32::from_le_bytes(*id))
        };
        for held in
            self.held.iter_mut().filter(|held| id_of(held).is_some_and(|id| ids.contains(&id)))
        {
            self.held_bytes -= std::mem::take(&mut held.bytes).len();
        }
    }

    /// Takes back a frame that is still held. False when it has left.
    pub(super) fn withdraw(&mut self, key: HeldKey) -> bool {
        let Some(place) = key.0.checked_sub(self.held_first) else { return false };
        let held = usize::try_from(place).ok().and_then(|place| self.held.get_mut(place));
        let Some(held) = held else { return false };
        // Its place stays, so that the keys of the others stay true, and is counted until it is gone.
        self.held_bytes -= std::mem::take(&mut held.bytes).len();
        while self.held.back().is_some_and(|held| held.bytes.is_empty()) {
            self.held.pop_back();
            self.held_bytes -= HELD_OVERHEAD_BYTES;
        }
        true
    }

    /// Drops all data that has not left: the connection ends. What control frames said may still be said before the
    /// goodbye of this side, and nothing behind that of the other side.
    pub(super) fn clear(&mut self, control: bool) {
        if control {
            self.control.clear();
        }
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
        } else {
            into.append(&mut self.control);
            into.append(&mut self.ready);
        }
        if !self.held.is_empty() {
            self.refill(None);
        }
        true
    }
}
