//! What waits to leave: control frames first, then data frames in the order they were given, as far as the other side's
//! window lets them go (`docs/protocol.md`, section 8). Senders write into it directly; whether there is room is asked
//! by the session.

use std::collections::{BTreeSet, VecDeque};

use super::Limits;
use super::lane::{Lane, POOLS_MAX};
use super::shipping::{BlobsSent, Shipping, Way, call_of, opens};
use crate::codec::Blob;
use crate::frame::{self, FLAG_ABANDON, Frame, Head, Kind, Parsed};
use crate::time::Time;

/// Data that may wait for the transport, in bytes; what comes behind it waits as if the window were closed, so that a
/// large window of the other side's is no way around the bound of what is held.
const READY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a frame costs that is held, besides its bytes.
const HELD_OVERHEAD_BYTES: usize = 64;
/// Memory of larger frames is not kept for the next ones, in bytes.
const SPARE_BYTES_MAX: usize = 4096;
/// Where the id stands in a frame.
const ID_BYTES: std::ops::Range<usize> = 16..20;
/// Where the budget stands in a frame.
const BUDGET_BYTES: std::ops::Range<usize> = 20..24;

/// Names a frame that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeldKey(u64);

/// A data frame that waits for the window to open, for the transport, or for its blobs.
#[derive(Debug)]
pub(super) struct Held {
    /// Empty when it was taken back.
    pub(super) bytes: Vec<u8>,
    pub(super) blobs: Vec<Blob>,
    /// When its call runs out: its budget is written again when it leaves.
    due: Option<Time>,
}

impl Held {
    /// Writes into the frame what is left of its call's time.
    pub(super) fn renew_budget(&mut self, now: Option<Time>) {
        if let (Some(due), Some(now)) = (self.due, now)
            && let Some(budget) = self.bytes.get_mut(BUDGET_BYTES)
        {
            budget.copy_from_slice(&due.budget_ms(now).max(1).to_le_bytes());
        }
    }

    /// Takes the frame out of its place, which stays, so that the keys of the others stay true, and is counted until it is gone.
    fn empty(&mut self, held_bytes: &mut usize, blob_bytes: &mut usize) {
        *held_bytes -= std::mem::take(&mut self.bytes).len();
        *blob_bytes -= Blob::total(&std::mem::take(&mut self.blobs));
    }

    /// See [`Outbox::too_large`].
    fn too_large(&self, theirs: &Limits) -> Option<(usize, usize)> {
        let beside = frame::HEADER_BYTES + frame::numbers_bytes(self.blobs.len());
        let body = self.bytes.len().saturating_sub(frame::HEADER_BYTES);
        let sizes = [
            (body, (theirs.frame_bytes as usize).saturating_sub(beside)),
            (Blob::total(&self.blobs), theirs.blob_bytes as usize),
        ];
        sizes.into_iter().find(|(bytes, room)| bytes > room)
    }

    /// What it counts for while it waits, its blobs aside.
    fn size(&self) -> usize {
        self.bytes.len() + HELD_OVERHEAD_BYTES
    }
}

/// Memory of a frame that was held and has left, for the next one: blobs come again and again, each with a small frame.
#[derive(Debug, Default)]
struct Spare {
    bytes: Vec<u8>,
    blobs: Vec<Blob>,
}

impl Spare {
    fn keep(&mut self, Held { mut bytes, mut blobs, .. }: Held) {
        blobs.clear();
        bytes.clear();
        if bytes.capacity() <= SPARE_BYTES_MAX {
            *self = Self { bytes, blobs };
        }
    }
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
    spare: Spare,
    bytes_max: usize,
    /// What the other side's window has left; below zero after the frame that overdrew it.
    window: i64,
    /// Bytes of acknowledgements that stand in `control`, not yet transmitted.
    acknowledging: u64,
    /// Messages that wait for their blobs, and frames behind them.
    shipping: Shipping,
    /// Bytes of blobs whose messages have not left.
    blob_bytes: usize,
    lane: Option<Box<dyn Lane>>,
    /// More than so many bytes of blobs the other side is not sent at once, whatever it says.
    blob_bytes_waiting_max: u32,
    theirs: Limits,
    /// The last moment that this was told of.
    now: Option<Time>,
}

/// Where a frame that is being written stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    start: usize,
    head: Head,
}

impl Outbox {
    pub(super) fn new(bytes_max: usize, ours: &Limits) -> Self {
        Self {
            control: Vec::new(),
            ready: Vec::new(),
            held: VecDeque::new(),
            held_first: 0,
            held_bytes: 0,
            spare: Spare::default(),
            bytes_max,
            window: 0,
            acknowledging: 0,
            shipping: Shipping::new(),
            blob_bytes: 0,
            lane: None,
            blob_bytes_waiting_max: ours.blob_bytes.max(Limits::DEFAULT.blob_bytes),
            theirs: Limits::DEFAULT,
            now: None,
        }
    }

    /// Says what the other side accepts.
    pub(super) fn limits_are(&mut self, theirs: Limits) {
        // What it says bounds what it is sent; what waits here for it is this side's own affair.
        let blob_bytes = theirs.blob_bytes.min(self.blob_bytes_waiting_max);
        self.theirs = Limits { blob_bytes, pools: theirs.pools.min(POOLS_MAX), ..theirs };
    }

    pub(super) fn set_lane(&mut self, lane: Box<dyn Lane>) {
        self.lane = Some(lane);
    }

    pub(super) fn lane(&mut self) -> Option<&mut dyn Lane> {
        self.lane.as_mut().map(|lane| &mut **lane as &mut dyn Lane)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.ready.is_empty() && !self.can_ship()
    }

    fn can_ship(&self) -> bool {
        self.shipping.can_leave(self.window, &self.theirs)
    }

    pub(super) fn blobs_sent(&self) -> BlobsSent {
        self.shipping.shipped()
    }

    /// Whether data waits for the other side.
    pub(super) fn is_held(&self) -> bool {
        !self.held.is_empty() || !self.shipping.is_empty()
    }

    /// Whether more waits than may: the other side does not keep up.
    pub(super) fn is_over(&self) -> bool {
        self.waiting() > self.bytes_max || self.blob_bytes > self.blob_bytes_max()
    }

    /// Bytes of blobs that may wait: twice what may be on their way.
    fn blob_bytes_max(&self) -> usize {
        (self.theirs.blob_bytes as usize).saturating_mul(2)
    }

    /// Whether a quarter of what may wait does. With a largest frame on top, and the answers to what the other side asks
    /// for, it is still within the bound.
    pub(super) fn is_crowded(&self) -> bool {
        self.waiting() > self.bytes_max / 4 || self.blob_bytes > self.blob_bytes_max() / 4
    }

    fn waiting(&self) -> usize {
        self.control.len() + self.held_bytes
    }

    /// Bytes that wait, in all.
    pub(super) fn bytes(&self) -> usize {
        self.control.len() + self.ready.len() + self.held_bytes + self.blob_bytes
    }

    /// Opens the other side's window further: at first, and by what it has taken in. False when that is more than is on its
    /// way: nothing changes then.
    pub(super) fn add_window(&mut self, bytes: u32, now: Time) -> bool {
        let window = self.window.saturating_add(i64::from(bytes));
        if window > i64::from(self.theirs.window_bytes) {
            return false;
        }
        self.window = window;
        self.now = Some(now);
        self.refill(true);
        true
    }

    /// Lets go what was held, as far as it may. With `renew`, budgets are written anew.
    fn refill(&mut self, renew: bool) {
        // Every turn takes a frame out.
        while self.may_leave() {
            let Some(front) = self.held.front() else { return };
            let head = (!front.blobs.is_empty() || !self.shipping.is_empty())
                .then(|| head_of(&front.bytes))
                .flatten()
                .filter(|head| !front.blobs.is_empty() || self.shipping.keeps_back(head));
            if head.is_some() && !self.shipping.has_room() {
                return;
            }
            let Some(mut held) = self.held.pop_front() else { return };
            let key = HeldKey(self.held_first);
            self.held_first += 1;
            if let Some(head) = head {
                self.shipping.keep(key, head, held);
                continue;
            }
            self.held_bytes -= held.size();
            self.window -= held.bytes.len() as i64;
            held.renew_budget(self.now.filter(|_| renew));
            self.ready.extend_from_slice(&held.bytes);
            self.spare.keep(held);
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
        (Writing { start, head }, &mut self.ready)
    }

    /// The size so far of the frame that is being written.
    pub(super) fn size(&self, writing: Writing) -> usize {
        self.ready.len() - writing.start
    }

    /// The frame is whole: it leaves now if it may, else when it may; then its key comes back.
    #[inline]
    pub(super) fn commit(
        &mut self,
        writing: Writing,
        blobs: &mut Vec<Blob>,
        due: impl FnOnce() -> Option<Time>,
    ) -> Option<HeldKey> {
        let length = frame::finish(&mut self.ready, writing.start);
        if self.window > 0
            && writing.start < READY_BYTES_MAX
            && self.held.is_empty()
            && blobs.is_empty()
            && (self.shipping.is_empty() || !self.shipping.keeps_back(&writing.head))
        {
            self.window -= i64::from(length);
            return None;
        }
        let Spare { mut bytes, blobs: next } = std::mem::take(&mut self.spare);
        bytes.extend_from_slice(self.ready.get(writing.start..).unwrap_or_default());
        self.ready.truncate(writing.start);
        let held = Held { bytes, blobs: std::mem::replace(blobs, next), due: due() };
        self.held_bytes += held.size();
        self.blob_bytes += Blob::total(&held.blobs);
        self.held.push_back(held);
        let key = HeldKey(self.held_first + self.held.len() as u64 - 1);
        self.refill(false);
        Some(key)
    }

    /// The frame could not be written: as if it had never been begun.
    pub(super) fn abandon(&mut self, writing: Writing) {
        self.ready.truncate(writing.start);
    }

    /// The calls of this side that are opened by frames which nobody has fetched yet and nothing keeps back.
    pub(super) fn ready_openers(&self) -> BTreeSet<u32> {
        openers_behind(&self.ready, 0)
    }

    /// How large a frame is that is still held; `None` when it has left.
    pub(super) fn held_size(&self, key: HeldKey) -> Option<usize> {
        self.held(key).map(|held| held.bytes.len())
    }

    fn held(&self, key: HeldKey) -> Option<&Held> {
        let place = usize::try_from(key.0.checked_sub(self.held_first)?).ok()?;
        self.held.get(place)
    }

    /// Of a frame that is held and larger than the other side takes: bytes of its body and the room for it, or those of its
    /// blobs where these are too many.
    pub(super) fn too_large(&self, key: HeldKey) -> Option<(usize, usize)> {
        self.held(key)?.too_large(&self.theirs)
    }

    /// Takes back all frames that are larger than the other side takes. Only before anything has left: their places stay.
    pub(super) fn drop_larger(&mut self) {
        for held in &mut self.held {
            if held.too_large(&self.theirs).is_some() {
                held.empty(&mut self.held_bytes, &mut self.blob_bytes);
            }
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
            held.empty(&mut self.held_bytes, &mut self.blob_bytes);
        }
    }

    /// Takes back a frame that is still held, or waits for its blobs. False when it has left.
    pub(super) fn withdraw(&mut self, key: HeldKey) -> bool {
        let Some(place) = key.0.checked_sub(self.held_first) else {
            return self.take_back(|shipping| shipping.withdraw(key));
        };
        let held = usize::try_from(place).ok().and_then(|place| self.held.get_mut(place));
        let Some(held) = held else { return false };
        held.empty(&mut self.held_bytes, &mut self.blob_bytes);
        while self.held.back().is_some_and(|held| held.bytes.is_empty()) {
            self.held.pop_back();
            self.held_bytes -= HELD_OVERHEAD_BYTES;
        }
        true
    }

    /// Takes back all that waits of a call of this side's that the other side has ended: nobody takes it any more, and the
    /// next call of its slot may leave before what waits for blobs.
    pub(super) fn withdraw_of_ended(&mut self, id: u32) {
        for held in &mut self.held {
            if head_of(&held.bytes).is_some_and(|head| call_of(&head) == Some((id, false))) {
                held.empty(&mut self.held_bytes, &mut self.blob_bytes);
            }
        }
        // Every turn takes a frame out.
        while self.take_back(|shipping| shipping.withdraw_of_call(id)) {}
    }

    fn take_back(
        &mut self,
        withdraw: impl FnOnce(&mut Shipping) -> Option<(Held, Vec<u32>)>,
    ) -> bool {
        let Some((held, known)) = withdraw(&mut self.shipping) else { return false };
        self.held_bytes -= held.size();
        self.blob_bytes -= Blob::total(&held.blobs);
        for id in known {
            let head = Head { flags: FLAG_ABANDON, id, ..Head::new(Kind::Parcel) };
            let (writing, _) = self.begin(head);
            self.commit(writing, &mut Vec::new(), || None);
        }
        true
    }

    /// Writes parcels, and the messages that they belong to, as far as they may leave. `start` is where the transmission begins.
    fn ship(&mut self, out: &mut Vec<u8>, start: usize) {
        let mut offers = Vec::new();
        let mut way = Way {
            out,
            offers: &mut offers,
            window: &mut self.window,
            theirs: &self.theirs,
            lane: self.lane.as_mut().map(|lane| &mut **lane as &mut dyn Lane),
            now: self.now,
        };
        let (held_bytes, blob_bytes) = (&mut self.held_bytes, &mut self.blob_bytes);
        let spare = &mut self.spare;
        self.shipping.ship(&mut way, |held| {
            *held_bytes -= held.size();
            *blob_bytes -= Blob::total(&held.blobs);
            spare.keep(held);
        });
        // Once for each pool of a connection.
        if !offers.is_empty() {
            out.splice(start..start, offers);
        }
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
        self.shipping.clear();
        self.blob_bytes = 0;
        self.lane = None;
    }

    /// Moves everything that may leave to the end of `into`. True when there was anything.
    pub(super) fn transmit(&mut self, into: &mut Vec<u8>) -> bool {
        if self.is_empty() {
            return false;
        }
        self.acknowledging = 0;
        let before = into.len();
        if into.is_empty() && self.control.is_empty() {
            // The usual case: hand the buffer over, and write into the driver's old one next.
            std::mem::swap(into, &mut self.ready);
        } else {
            into.append(&mut self.control);
            into.append(&mut self.ready);
        }
        if self.can_ship() {
            self.ship(into, before);
        }
        if !self.held.is_empty() {
            self.refill(false);
        }
        into.len() > before
    }
}

/// The calls that are opened by those of this side's own `frames` whose ends are behind `from`.
pub(super) fn openers_behind(frames: &[u8], from: usize) -> BTreeSet<u32> {
    let mut ids = BTreeSet::new();
    let mut end = 0;
    // Every turn uses up a frame.
    while let Ok(Parsed::Frame { frame: Frame { head, .. }, length }) =
        frame::parse(frames.get(end..).unwrap_or_default(), u32::MAX)
    {
        end += length;
        if end > from && opens(&head) && call_of(&head).is_some() {
            ids.insert(head.id);
        }
    }
    ids
}

/// The head of a whole frame.
fn head_of(bytes: &[u8]) -> Option<Head> {
    match frame::parse(bytes, u32::MAX) {
        Ok(Parsed::Frame { frame: Frame { head, .. }, .. }) => Some(head),
        _ => None,
    }
}
