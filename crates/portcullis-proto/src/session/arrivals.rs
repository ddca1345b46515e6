//! Parcels on their way in: put together from frames, or borrowed at once, and kept until the message comes that takes
//! them (`docs/protocol.md`, section 15).

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use super::{PARCELS_MAX, SlotLoan};
use crate::codec::{Blob, Blobs};
use crate::frame::{Head, Parcels};
use crate::goodbye::{Goodbye, Reason};
use crate::time::Time;

/// Most bytes of a blob in one `parcel` frame.
pub const PARCEL_FRAME_BYTES_MAX: usize = 64 * 1024;
/// How long bytes that are counted ([`ParcelRoom`]) are kept for a message that does not come, in milliseconds since their
/// parcel was opened.
pub const PARCEL_MS: u32 = 60_000;
/// What is allocated for a parcel before more of it has come, times what has come.
const AHEAD: usize = 4;

/// Where the owner of a session counts the bytes of parcels that no message has taken yet.
pub trait ParcelRoom: Send + fmt::Debug {
    /// Counts so many bytes until what comes back is dropped; `None` when there is no room for them.
    fn hold(&self, bytes: usize) -> Option<Box<dyn Any + Send>>;
}

#[derive(Debug)]
struct Arrival {
    length: u32,
    whole: bool,
    opened: Time,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Kept {
        bytes: Vec<u8>,
        /// The room that it takes, where that is counted.
        _held: Option<Box<dyn Any + Send>>,
    },
    /// Lent, and borrowed only when its message says what it is for.
    Lent(SlotLoan),
    /// Of these bytes nothing is kept but how many have come: there was no room, or their message did not come in time.
    Dropped(usize),
}

/// Parcels that no message has taken yet.
#[derive(Debug)]
pub(super) struct Arrivals {
    parcels: BTreeMap<u32, Arrival>,
    /// Their lengths.
    bytes: u64,
    bytes_max: u32,
    room: Option<Box<dyn ParcelRoom>>,
    /// No parcel has to be dropped before.
    due: Option<Time>,
}

impl Arrivals {
    pub(super) fn new(bytes_max: u32) -> Self {
        Self { parcels: BTreeMap::new(), bytes: 0, bytes_max, room: None, due: None }
    }

    /// From here on parcels are counted there, and kept for [`PARCEL_MS`].
    pub(super) fn count_in(&mut self, room: Box<dyn ParcelRoom>) {
        self.room = Some(room);
    }

    /// Takes a `parcel` frame in.
    pub(super) fn parcel(&mut self, head: Head, body: &[u8], now: Time) -> Result<(), Goodbye> {
        let Head { id, budget: length, .. } = head;
        if body.len() > PARCEL_FRAME_BYTES_MAX || (body.is_empty() && length != 0) {
            return Err(bad(format!("{} bytes in a frame of parcel {id}", body.len())));
        }
        if !self.parcels.contains_key(&id) {
            self.may_begin(id, length)?;
            let content = self.room_for(length, now);
            self.begin(id, Arrival { length, whole: false, opened: now, content });
        }
        let Some(arrival) = self.parcels.get_mut(&id).filter(|arrival| !arrival.whole) else {
            return Err(bad(format!("more of parcel {id}, which is whole")));
        };
        let come = match &arrival.content {
            Content::Kept { bytes, .. } => bytes.len(),
            Content::Dropped(come) => *come,
            Content::Lent(_) => 0,
        };
        let come = come.saturating_add(body.len());
        let whole = length as usize;
        if arrival.length != length || come > whole {
            let declared = arrival.length;
            return Err(bad(format!("parcel {id} has {declared} bytes, and not what came")));
        }
        match &mut arrival.content {
            Content::Kept { bytes, .. } => {
                if bytes.capacity() < come {
                    let room = come.saturating_mul(AHEAD).min(whole);
                    bytes.reserve_exact(room.saturating_sub(bytes.len()));
                }
                bytes.extend_from_slice(body);
            }
            Content::Dropped(count) => *count = come,
            Content::Lent(_) => {}
        }
        arrival.whole = come == whole;
        Ok(())
    }

    /// Whether a parcel may be opened.
    fn may_begin(&self, id: u32, length: u32) -> Result<(), Goodbye> {
        if id == 0 || self.parcels.contains_key(&id) {
            return Err(bad(format!("a parcel cannot have the number {id} now")));
        }
        if self.parcels.len() >= PARCELS_MAX {
            return Err(bad(format!("more than {PARCELS_MAX} parcels are not used yet")));
        }
        let bytes = self.bytes.saturating_add(u64::from(length));
        if bytes > u64::from(self.bytes_max) {
            let text = format!("parcels of {bytes} bytes exceed the limit of {}", self.bytes_max);
            return Err(bad(text));
        }
        Ok(())
    }

    fn begin(&mut self, id: u32, arrival: Arrival) {
        self.bytes = self.bytes.saturating_add(u64::from(arrival.length));
        self.parcels.insert(id, arrival);
    }

    /// Where the bytes of a new parcel go.
    fn room_for(&mut self, length: u32, now: Time) -> Content {
        let kept = |_held| Content::Kept { bytes: Vec::new(), _held };
        let Some(room) = &self.room else { return kept(None) };
        match room.hold(length as usize) {
            Some(held) => {
                self.due.get_or_insert(now.after_ms(PARCEL_MS));
                kept(Some(held))
            }
            None => Content::Dropped(0),
        }
    }

    /// When to call [`Self::expire`]; may be too early, never too late.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Drops the bytes of parcels whose messages have not come in time.
    pub(super) fn expire(&mut self, now: Time) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.due = None;
        for arrival in self.parcels.values_mut() {
            let Content::Kept { bytes, .. } = &arrival.content else { continue };
            let due = arrival.opened.after_ms(PARCEL_MS);
            if due <= now {
                arrival.content = Content::Dropped(bytes.len());
            } else {
                self.due = self.due.into_iter().chain([due]).min();
            }
        }
    }

    /// Gives a parcel up. What was lent comes back, to be given back.
    pub(super) fn abandon(&mut self, id: u32, body: &[u8]) -> Result<Option<SlotLoan>, Goodbye> {
        if !body.is_empty() {
            return Err(bad(format!("bytes of parcel {id}, which is given up")));
        }
        match self.remove(id) {
            Some(Arrival { content: Content::Lent(loan), .. }) => Ok(Some(loan)),
            Some(_) => Ok(None),
            None => Err(bad(format!("there is no parcel {id}"))),
        }
    }

    /// A parcel that is whole at once. Its bytes take no room here before its message comes.
    pub(super) fn lent(&mut self, id: u32, loan: SlotLoan, now: Time) -> Result<(), Goodbye> {
        let length = loan.length;
        self.may_begin(id, length)?;
        let content = Content::Lent(loan);
        self.begin(id, Arrival { length, whole: true, opened: now, content });
        Ok(())
    }

    fn remove(&mut self, id: u32) -> Option<Arrival> {
        let arrival = self.parcels.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(u64::from(arrival.length));
        if self.parcels.is_empty() {
            self.due = None;
        }
        Some(arrival)
    }

    /// The blobs of a message: each parcel is used once. What is lent is borrowed by `borrow`. `None` when bytes of one of
    /// them were dropped.
    #[inline]
    pub(super) fn take(
        &mut self,
        parcels: Parcels<'_>,
        mut borrow: impl FnMut(SlotLoan) -> Result<Blob, Goodbye>,
    ) -> Result<Option<Blobs>, Goodbye> {
        let mut blobs = Blobs::new();
        let mut all_kept = true;
        // All of them, whatever the first one is: their numbers are free again.
        for id in parcels.numbers() {
            let Some(Arrival { content, whole: true, .. }) = self.remove(id) else {
                return Err(bad(format!("parcel {id} is not there, or not whole")));
            };
            match content {
                Content::Kept { bytes, .. } => blobs.push(Blob::from(bytes)),
                Content::Lent(loan) => blobs.push(borrow(loan)?),
                Content::Dropped(_) => all_kept = false,
            }
        }
        Ok(all_kept.then_some(blobs))
    }

    /// Bytes of what is here and not used yet.
    pub(super) fn bytes(&self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn clear(&mut self) {
        self.parcels.clear();
        self.bytes = 0;
        self.due = None;
    }
}

#[cold]
fn bad(text: String) -> Goodbye {
    Goodbye::because(Reason::BadParcel, text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::frame::Kind;

    fn head(id: u32, length: u32) -> Head {
        Head { id, budget: length, ..Head::new(Kind::Parcel) }
    }

    #[test]
    fn f12_a_parcel_allocates_little_before_it_comes() {
        let mut arrivals = Arrivals::new(1 << 30);
        arrivals.parcel(head(1, 1 << 30), &[7; 100], Time::ZERO).unwrap();
        let Content::Kept { bytes, .. } = &arrivals.parcels[&1].content else { panic!() };
        assert!(bytes.capacity() <= 100 * AHEAD, "{}", bytes.capacity());
    }

    #[test]
    fn what_is_given_up_is_not_counted() {
        let mut arrivals = Arrivals::new(100);
        arrivals.parcel(head(1, 100), &[7; 10], Time::ZERO).unwrap();
        let over = arrivals.parcel(head(2, 1), &[7], Time::ZERO);
        assert_eq!(over.unwrap_err().reason, Reason::BadParcel);
        assert_eq!(arrivals.abandon(1, &[]), Ok(None));
        assert_eq!(arrivals.bytes(), 0);
        arrivals.parcel(head(2, 100), &[7; 100], Time::ZERO).unwrap();
        assert_eq!(arrivals.bytes(), 100);
    }

    #[derive(Debug)]
    struct Room(Arc<()>, usize);

    impl ParcelRoom for Room {
        fn hold(&self, bytes: usize) -> Option<Box<dyn Any + Send>> {
            (bytes <= self.1).then(|| Box::new(Arc::clone(&self.0)) as Box<dyn Any + Send>)
        }
    }

    #[test]
    fn f16_what_finds_no_room_or_comes_to_nothing_is_taken_in_and_not_kept() {
        let mut arrivals = Arrivals::new(1 << 20);
        let held = Arc::new(());
        arrivals.count_in(Box::new(Room(Arc::clone(&held), 100)));
        arrivals.parcel(head(1, 101), &[7; 100], Time::ZERO).unwrap();
        arrivals.parcel(head(1, 101), &[7; 1], Time::ZERO).unwrap();
        assert_eq!((Arc::strong_count(&held), arrivals.due()), (2, None), "the room's own");
        let more = arrivals.parcel(head(1, 101), &[7; 1], Time::ZERO);
        assert_eq!(more.unwrap_err().reason, Reason::BadParcel, "its rules hold all the same");

        let later = Time::ZERO.after_ms(PARCEL_MS / 2);
        arrivals.parcel(head(2, 10), &[7; 5], Time::ZERO).unwrap();
        arrivals.parcel(head(3, 10), &[7; 10], later).unwrap();
        assert_eq!(Arc::strong_count(&held), 4);
        assert_eq!(arrivals.due(), Some(Time::ZERO.after_ms(PARCEL_MS)));
        arrivals.expire(Time::ZERO.after_ms(PARCEL_MS));
        assert_eq!(Arc::strong_count(&held), 3, "one has come to nothing");
        assert_eq!(arrivals.due(), Some(later.after_ms(PARCEL_MS)));
        arrivals.parcel(head(2, 10), &[7; 5], later).unwrap();
        assert_eq!(arrivals.bytes(), 121, "what is dropped counts by the protocol as before");
        arrivals.clear();
        assert_eq!((Arc::strong_count(&held), arrivals.due()), (2, None));
    }
}
