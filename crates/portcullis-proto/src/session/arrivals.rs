//! Parcels on their way in: put together from frames, or borrowed at once, and kept until the message comes that takes
//! them (`docs/protocol.md`, section 15).

use std::collections::BTreeMap;

use super::{PARCELS_MAX, SlotLoan};
use crate::codec::Blob;
use crate::frame::{Head, Parcels};
use crate::goodbye::{Goodbye, Reason};

/// Most bytes of a blob in one `parcel` frame.
pub const PARCEL_FRAME_BYTES_MAX: usize = 64 * 1024;
/// What is allocated for a parcel before more of it has come, times what has come.
const AHEAD: usize = 4;

#[derive(Debug)]
enum Arrival {
    Coming {
        bytes: Vec<u8>,
        length: u32,
    },
    Whole {
        blob: Blob,
        length: u32,
    },
    /// Lent, and borrowed only when its message says what it is for.
    Lent(SlotLoan),
}

/// Parcels that no message has taken yet.
#[derive(Debug)]
pub(super) struct Arrivals {
    parcels: BTreeMap<u32, Arrival>,
    /// Their lengths.
    bytes: u64,
    bytes_max: u32,
}

impl Arrivals {
    pub(super) fn new(bytes_max: u32) -> Self {
        Self { parcels: BTreeMap::new(), bytes: 0, bytes_max }
    }

    /// Takes a `parcel` frame in.
    pub(super) fn parcel(&mut self, head: Head, body: &[u8]) -> Result<(), Goodbye> {
        let Head { id, budget: length, .. } = head;
        if body.len() > PARCEL_FRAME_BYTES_MAX || (body.is_empty() && length != 0) {
            return Err(bad(format!("{} bytes in a frame of parcel {id}", body.len())));
        }
        if !self.parcels.contains_key(&id) {
            self.begin(id, length)?;
        }
        let Some(Arrival::Coming { bytes, length: declared }) = self.parcels.get_mut(&id) else {
            return Err(bad(format!("more of parcel {id}, which is whole")));
        };
        let whole = length as usize;
        if *declared != length || bytes.len().saturating_add(body.len()) > whole {
            return Err(bad(format!("parcel {id} has {declared} bytes, and not what came")));
        }
        let come = bytes.len().saturating_add(body.len());
        if bytes.capacity() < come {
            let room = come.saturating_mul(AHEAD).min(whole);
            bytes.reserve_exact(room.saturating_sub(bytes.len()));
        }
        bytes.extend_from_slice(body);
        if come == whole {
            let blob = Blob::from(std::mem::take(bytes));
            self.parcels.insert(id, Arrival::Whole { blob, length });
        }
        Ok(())
    }

    /// Opens a parcel, if it may be.
    fn begin(&mut self, id: u32, length: u32) -> Result<(), Goodbye> {
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
        self.bytes = bytes;
        self.parcels.insert(id, Arrival::Coming { bytes: Vec::new(), length });
        Ok(())
    }

    /// Gives a parcel up. What was lent comes back, to be given back.
    pub(super) fn abandon(&mut self, id: u32, body: &[u8]) -> Result<Option<SlotLoan>, Goodbye> {
        if !body.is_empty() {
            return Err(bad(format!("bytes of parcel {id}, which is given up")));
        }
        match self.remove(id) {
            Some(Arrival::Lent(loan)) => Ok(Some(loan)),
            Some(_) => Ok(None),
            None => Err(bad(format!("there is no parcel {id}"))),
        }
    }

    /// A parcel that is whole at once.
    pub(super) fn lent(&mut self, id: u32, loan: SlotLoan) -> Result<(), Goodbye> {
        self.begin(id, loan.length)?;
        self.parcels.insert(id, Arrival::Lent(loan));
        Ok(())
    }

    fn remove(&mut self, id: u32) -> Option<Arrival> {
        let arrival = self.parcels.remove(&id)?;
        let (Arrival::Coming { length, .. }
        | Arrival::Whole { length, .. }
        | Arrival::Lent(SlotLoan { length, .. })) = arrival;
        self.bytes = self.bytes.saturating_sub(u64::from(length));
        Some(arrival)
    }

    /// The blobs of a message: each parcel is used once. What is lent is borrowed by `borrow`.
    #[inline]
    pub(super) fn take(
        &mut self,
        parcels: Parcels<'_>,
        mut borrow: impl FnMut(SlotLoan) -> Result<Blob, Goodbye>,
    ) -> Result<Vec<Blob>, Goodbye> {
        parcels
            .numbers()
            .map(|id| match self.remove(id) {
                Some(Arrival::Whole { blob, .. }) => Ok(blob),
                Some(Arrival::Lent(loan)) => borrow(loan),
                _ => Err(bad(format!("parcel {id} is not there, or not whole"))),
            })
            .collect()
    }

    /// Bytes of what is here and not used yet.
    pub(super) fn bytes(&self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn clear(&mut self) {
        self.parcels.clear();
        self.bytes = 0;
    }
}

#[cold]
fn bad(text: String) -> Goodbye {
    Goodbye::because(Reason::BadParcel, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Kind;

    fn head(id: u32, length: u32) -> Head {
        Head { id, budget: length, ..Head::new(Kind::Parcel) }
    }

    #[test]
    fn f12_a_parcel_allocates_little_before_it_comes() {
        let mut arrivals = Arrivals::new(1 << 30);
        arrivals.parcel(head(1, 1 << 30), &[7; 100]).unwrap();
        let Some(Arrival::Coming { bytes, .. }) = arrivals.parcels.get(&1) else { panic!() };
        assert!(bytes.capacity() <= 100 * AHEAD, "{}", bytes.capacity());
    }

    #[test]
    fn what_is_given_up_is_not_counted() {
        let mut arrivals = Arrivals::new(100);
        arrivals.parcel(head(1, 100), &[7; 10]).unwrap();
        assert_eq!(arrivals.parcel(head(2, 1), &[7]).unwrap_err().reason, Reason::BadParcel);
        assert_eq!(arrivals.abandon(1, &[]), Ok(None));
        assert_eq!(arrivals.bytes(), 0);
        arrivals.parcel(head(2, 100), &[7; 100]).unwrap();
        assert_eq!(arrivals.bytes(), 100);
    }
}
