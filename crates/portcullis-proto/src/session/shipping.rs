//! Messages whose blobs are on their way out, and what must not overtake them: parcels leave by turns, beside the frames of
//! other channels, and each message when its own are whole (`docs/protocol.md`, section 15).

use std::collections::VecDeque;

use super::arrivals::PARCEL_FRAME_BYTES_MAX;
use super::lane::{Lane, Lending, Lent};
use super::outbox::{Held, HeldKey};
use super::{Limits, PARCELS_MAX};
use crate::codec::{Encoder, Message};
use crate::frame::{self, FLAG_CALLEE, Head, Kind};
use crate::time::Time;

/// Parcel bytes that leave in one transmission: what a small frame waits for at most, besides what the transport holds.
const TURN_BYTES_MAX: usize = 256 * 1024;
/// Most frames that are kept back behind blobs; what comes then waits as if the window were closed.
const KEPT_MAX: usize = 1024;

/// The messages that wait for their parcels, and frames behind them, in the order in which they were given.
#[derive(Debug)]
pub(super) struct Shipping {
    kept: VecDeque<Kept>,
    last_number: u32,
    /// Parcels whose message has not left, and their bytes.
    parcels: usize,
    bytes: u64,
    /// Whose turn it is, as a place in `kept`.
    turn: usize,
    /// Blobs whose messages have left.
    shipped: BlobsSent,
    /// A message could go, and waits for the window alone.
    release_waits: bool,
    /// Memory of parcels whose message has left, for those of the next one.
    spare: Vec<Parcel>,
}

#[derive(Debug)]
struct Kept {
    key: HeldKey,
    head: Head,
    held: Held,
    parcels: Vec<Parcel>,
}

/// How many blobs have left, with their messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlobsSent {
    /// Lent as they are: nothing of them was copied for the other side.
    pub lent: u64,
    /// Copied into shared memory of this connection's own, once, and lent from there.
    pub placed: u64,
    /// Copied, as bytes of the connection.
    pub copied: u64,
}

/// One blob of a message.
#[derive(Clone, Copy, Debug, Default)]
struct Parcel {
    /// 0 until it is begun.
    number: u32,
    sent: usize,
    way: Travels,
}

/// How a blob travels.
#[derive(Clone, Copy, Debug, Default)]
enum Travels {
    /// As bytes of the connection.
    #[default]
    Copied,
    /// See [`BlobsSent`].
    Placed,
    /// See [`BlobsSent`].
    Lent,
}

/// Where frames go, and how much may.
pub(super) struct Way<'a> {
    pub(super) out: &'a mut Vec<u8>,
    /// Offers of pools: the first of a transmission, since their descriptors leave with its first bytes.
    pub(super) offers: &'a mut Vec<u8>,
    pub(super) window: &'a mut i64,
    pub(super) theirs: &'a Limits,
    pub(super) lane: Option<&'a mut dyn Lane>,
    /// The last moment that the connection was told of.
    pub(super) now: Option<Time>,
}

impl Way<'_> {
    /// Whether a parcel may use more of the window: at most half of it, so that other frames find room.
    fn open(&self) -> bool {
        *self.window > parcels_stop_at(self.theirs)
    }

    fn frame(&mut self, head: Head, write: impl FnOnce(&mut Vec<u8>)) {
        let start = frame::begin(self.out, head);
        write(self.out);
        *self.window -= i64::from(frame::finish(self.out, start));
    }
}

impl Shipping {
    pub(super) fn new() -> Self {
        let kept = VecDeque::new();
        Self {
            kept,
            last_number: 0,
            parcels: 0,
            bytes: 0,
            turn: 0,
            shipped: BlobsSent::default(),
            release_waits: false,
            spare: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether something can leave now, with that window.
    pub(super) fn can_leave(&self, window: i64, theirs: &Limits) -> bool {
        if self.kept.is_empty() {
            return false;
        }
        (window > 0 && self.release_waits)
            || (window > parcels_stop_at(theirs) && self.has_parcel_to_send(theirs))
    }

    fn has_parcel_to_send(&self, theirs: &Limits) -> bool {
        for kept in &self.kept {
            for (parcel, blob) in kept.parcels.iter().zip(&kept.held.blobs) {
                if parcel.number == 0 {
                    return may_begin((self.parcels, self.bytes), blob.len(), theirs);
                }
                if !parcel.is_whole(blob.len()) {
                    return true;
                }
            }
        }
        false
    }

    pub(super) fn has_room(&self) -> bool {
        self.kept.len() < KEPT_MAX
    }

    pub(super) fn shipped(&self) -> BlobsSent {
        self.shipped
    }

    /// Whether a frame has to wait behind one that is here.
    pub(super) fn keeps_back(&self, head: &Head) -> bool {
        self.kept.iter().any(|kept| must_wait(head, &kept.head))
    }

    pub(super) fn keep(&mut self, key: HeldKey, head: Head, held: Held) {
        let mut parcels = std::mem::take(&mut self.spare);
        parcels.resize(held.blobs.len(), Parcel::default());
        self.kept.push_back(Kept { key, head, held, parcels });
    }

    /// Takes a frame back. Returns it, and the numbers of its parcels that the other side knows of: they are to be given up.
    pub(super) fn withdraw(&mut self, key: HeldKey) -> Option<(Held, Vec<u32>)> {
        let place = self.kept.iter().position(|kept| kept.key == key)?;
        self.take_back(place)
    }

    /// The same with a frame of that call of this side's; `None` when there is none any more.
    pub(super) fn withdraw_of_call(&mut self, id: u32) -> Option<(Held, Vec<u32>)> {
        let place = self.kept.iter().position(|kept| call_of(&kept.head) == Some((id, false)))?;
        self.take_back(place)
    }

    fn take_back(&mut self, place: usize) -> Option<(Held, Vec<u32>)> {
        let Kept { held, parcels, .. } = self.kept.remove(place)?;
        if place < self.turn {
            self.turn -= 1;
        }
        let mut known = Vec::new();
        for (parcel, blob) in parcels.iter().zip(&held.blobs).filter(|(each, _)| each.number != 0) {
            self.forget(blob.len());
            // Of one that has a number and nothing else the other side has not heard.
            if parcel.sent > 0 {
                known.push(parcel.number);
            }
        }
        // What it kept back may go now.
        self.release_waits = (0..self.kept.len()).any(|place| self.may_go(place));
        Some((held, known))
    }

    pub(super) fn clear(&mut self) {
        *self = Self { last_number: self.last_number, shipped: self.shipped, ..Self::new() };
    }

    /// Writes what may leave now. Frames that are done with come back in `done`, to be counted.
    pub(super) fn ship(&mut self, way: &mut Way<'_>, mut done: impl FnMut(Held)) {
        let start = way.out.len();
        // Every turn writes a frame, or ends the loop.
        loop {
            self.begin(way);
            let before = way.out.len();
            self.one_frame(way);
            self.release(way, &mut done);
            if way.out.len() == before || way.out.len() - start >= TURN_BYTES_MAX {
                return;
            }
        }
    }

    /// Begins parcels in the order of their messages, as many as may be on their way: so the first ones can always be
    /// finished.
    fn begin(&mut self, way: &mut Way<'_>) {
        for kept in &mut self.kept {
            for (parcel, blob) in kept.parcels.iter_mut().zip(&kept.held.blobs) {
                if parcel.number != 0 {
                    continue;
                }
                let begun = (self.parcels, self.bytes);
                if !way.open() || !may_begin(begun, blob.len(), way.theirs) {
                    return;
                }
                let pools_max = way.theirs.pools;
                let lending = way.lane.as_mut().and_then(|lane| lane.lend(blob, pools_max));
                let travels = match lending {
                    None => Travels::Copied,
                    Some(Lending { copied: true, .. }) => Travels::Placed,
                    Some(Lending { copied: false, .. }) => Travels::Lent,
                };
                self.last_number = self.last_number.checked_add(1).unwrap_or(1);
                *parcel = Parcel { number: self.last_number, sent: 0, way: travels };
                (self.parcels, self.bytes) = (begun.0 + 1, begun.1 + blob.len() as u64);
                // Also when nothing of it is lent after all: its descriptors leave with the next bytes.
                while let Some((pool, offer)) = way.lane.as_mut().and_then(|lane| lane.next_offer())
                {
                    // Control frames: they do not count against the window, and may overtake data.
                    let head = Head { binding: pool, ..Head::new(Kind::Pool) };
                    let start = frame::begin(way.offers, head);
                    write(&offer, way.offers);
                    frame::finish(way.offers, start);
                }
                let Some(Lending { loan, .. }) = lending else { continue };
                parcel.sent = blob.len().max(Parcel::EMPTY_SENT);
                let head = Head {
                    binding: loan.pool,
                    ordinal: loan.slot,
                    id: parcel.number,
                    budget: loan.length,
                    ..Head::new(Kind::Lend)
                };
                way.frame(head, |out| write(&Lent { generation: loan.generation }, out));
            }
        }
    }

    /// Writes a frame of the parcel whose turn it is.
    fn one_frame(&mut self, way: &mut Way<'_>) {
        if !way.open() {
            return;
        }
        let count = self.kept.len();
        for step in 0..count {
            let place = (self.turn + step) % count;
            let Some(kept) = self.kept.get_mut(place) else { return };
            let mut parcels = kept.parcels.iter_mut().zip(&kept.held.blobs);
            let Some((parcel, blob)) =
                parcels.find(|(parcel, blob)| parcel.number != 0 && !parcel.is_whole(blob.len()))
            else {
                continue;
            };
            let room = way.theirs.frame_bytes as usize - frame::HEADER_BYTES;
            let end = blob.len().min(parcel.sent + room.min(PARCEL_FRAME_BYTES_MAX));
            let part = blob.get(parcel.sent..end).unwrap_or_default();
            let budget = u32::try_from(blob.len()).unwrap_or(u32::MAX);
            let head = Head { id: parcel.number, budget, ..Head::new(Kind::Parcel) };
            way.frame(head, |out| out.extend_from_slice(part));
            parcel.sent = if blob.is_empty() { Parcel::EMPTY_SENT } else { end };
            self.turn = place + 1;
            return;
        }
    }

    /// Lets messages go whose parcels are whole, and frames that nothing keeps back any more.
    fn release(&mut self, way: &mut Way<'_>, done: &mut impl FnMut(Held)) {
        self.release_waits = false;
        let mut place = 0;
        // Every turn takes a frame out, or passes one.
        while place < self.kept.len() {
            if !self.may_go(place) {
                place += 1;
                continue;
            }
            if *way.window <= 0 {
                self.release_waits = true;
                return;
            }
            let Some(Kept { mut held, mut parcels, .. }) = self.kept.remove(place) else { return };
            if place < self.turn {
                self.turn -= 1;
            }
            let start = way.out.len();
            held.renew_budget(way.now);
            way.out.extend_from_slice(&held.bytes);
            frame::attach(way.out, start, parcels.iter().map(|parcel| parcel.number));
            *way.window -= i64::from(frame::finish(way.out, start));
            held.blobs.iter().for_each(|blob| self.forget(blob.len()));
            for parcel in &parcels {
                match parcel.way {
                    Travels::Copied => self.shipped.copied += 1,
                    Travels::Placed => self.shipped.placed += 1,
                    Travels::Lent => self.shipped.lent += 1,
                }
            }
            parcels.clear();
            self.spare = parcels;
            done(held);
        }
    }

    /// Whether nothing but the window keeps a frame back.
    fn may_go(&self, place: usize) -> bool {
        let Some(kept) = self.kept.get(place) else { return false };
        let mut earlier = self.kept.iter().take(place);
        kept.is_whole() && !earlier.any(|earlier| must_wait(&kept.head, &earlier.head))
    }

    /// The number of a parcel is free again.
    fn forget(&mut self, bytes: usize) {
        self.parcels -= 1;
        self.bytes -= bytes as u64;
    }
}

/// Whether one more parcel may be on its way, beside so many with so many bytes.
fn may_begin((parcels, bytes): (usize, u64), more: usize, theirs: &Limits) -> bool {
    parcels < PARCELS_MAX && bytes + more as u64 <= u64::from(theirs.blob_bytes)
}

/// The window at which parcels stop, so that other frames find room in the rest.
fn parcels_stop_at(theirs: &Limits) -> i64 {
    i64::from(theirs.window_bytes / 2)
}

impl Kept {
    fn is_whole(&self) -> bool {
        let mut parcels = self.parcels.iter().zip(&self.held.blobs);
        parcels.all(|(parcel, blob)| parcel.number != 0 && parcel.is_whole(blob.len()))
    }
}

impl Parcel {
    /// What `sent` is when the one frame of a parcel without bytes has left.
    const EMPTY_SENT: usize = 1;

    fn is_whole(self, bytes: usize) -> bool {
        self.sent >= bytes.max(Self::EMPTY_SENT)
    }
}

fn write(body: &impl Message, out: &mut Vec<u8>) {
    // Numbers alone, which break no limit.
    let _ = body.encode(&mut Encoder::new(out));
}

/// Whether `later` must not overtake `earlier`, whose parcels are not whole or which is kept back itself.
fn must_wait(later: &Head, earlier: &Head) -> bool {
    if call_of(later).is_some_and(|call| call_of(earlier) == Some(call)) {
        return true;
    }
    if !(opens(later) && opens(earlier)) {
        return false;
    }
    stands_alone(later)
        || stands_alone(earlier)
        || (later.binding == earlier.binding && later.ordinal == earlier.ordinal)
}

/// The call that a frame belongs to, and whether the other side has opened it; `None` for what belongs to none.
pub(super) fn call_of(head: &Head) -> Option<(u32, bool)> {
    // The number of a parcel is no call's.
    if head.id == 0 || head.kind == Kind::Parcel {
        return None;
    }
    let of_callee = head.kind == Kind::Item && head.flags & FLAG_CALLEE != 0;
    Some((head.id, of_callee || head.kind == Kind::End))
}

/// Whether a frame begins something at the other side: those of one channel keep their order.
pub(super) fn opens(head: &Head) -> bool {
    matches!(head.kind, Kind::Request | Kind::Notify | Kind::Publish | Kind::Subscribe)
        || stands_alone(head)
}

/// Whether a frame says something of bindings or of all requests behind it, so that it keeps its place among them.
fn stands_alone(head: &Head) -> bool {
    matches!(head.kind, Kind::Caller | Kind::Unbound)
        || (head.kind == Kind::Request && head.binding == 0)
}
