//! Faults of the transport, which no transport of Portcullis has: they show that a soak can fail.

use portcullis_proto::frame::{self, Kind, Parsed};

use crate::bench::Rng;

/// One frame of so many is hit; of one kind alone, one of that kind.
const RARITY: u64 = 300;
const RARITY_OF_KIND: u64 = 20;

/// A transport that breaks frames now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What becomes of a frame.
    pub way: Way,
    /// Which frames; `None` for any but those of the handshake and the end.
    pub kind: Option<Kind>,
}

/// What is done to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It does not arrive.
    Lost,
    /// It arrives twice.
    Doubled,
    /// It arrives behind the next one.
    Late,
}

/// A direction of a connection that breaks frames.
pub(crate) struct Broken {
    fault: Fault,
    rng: Rng,
    /// The beginning of a frame.
    rest: Vec<u8>,
    late: Option<Vec<u8>>,
}

impl Broken {
    pub(crate) fn new(fault: Fault, rng: Rng) -> Self {
        Self { fault, rng, rest: Vec::new(), late: None }
    }

    /// What arrives of what was written.
    pub(crate) fn pass(&mut self, bytes: &mut Vec<u8>) {
        self.rest.append(bytes);
        let mut at = 0;
        // Every turn uses up at least a header.
        while let Ok(Parsed::Frame { frame, length }) = frame::parse(&self.rest[at..], u32::MAX) {
            let whole = &self.rest[at..at + length];
            at += length;
            let kind = frame.head.kind;
            let spared = matches!(kind, Kind::Hello | Kind::Welcome | Kind::Goodbye);
            let hit = match self.fault.kind {
                None => !spared && self.rng.one_in(RARITY),
                Some(only) => kind == only && self.rng.one_in(RARITY_OF_KIND),
            };
            match self.fault.way {
                Way::Lost if hit => {}
                Way::Doubled if hit => bytes.extend(whole.repeat(2)),
                Way::Late if hit && self.late.is_none() => self.late = Some(whole.to_vec()),
                _ => bytes.extend(whole),
            }
            if !hit && let Some(late) = self.late.take() {
                bytes.extend(late);
            }
        }
        self.rest.drain(..at);
    }
}
