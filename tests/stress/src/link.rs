//! A link that does not read for a while, as a process that has better to do; and, to show that the stress can fail, one that
//! loses or changes frames.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use portcullis::link::{Framing, Link, RecvBuffer};
use portcullis_proto::frame::{self, Kind, Parsed};

use crate::fault::Fault;

/// One frame of so many is hit.
const RARITY: u32 = 15;

/// Whether a link reads; it always writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ear(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    deaf: bool,
    waiting: Option<Waker>,
}

impl Ear {
    pub(crate) fn set_deaf(&self, deaf: bool) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.deaf = deaf;
        if let Some(waker) = heard.waiting.take().filter(|_| !deaf) {
            waker.wake();
        }
    }

    fn is_deaf(&self, context: &Context<'_>) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.deaf {
            heard.waiting = Some(context.waker().clone());
        }
        heard.deaf
    }
}

/// A process's link to the hub.
pub(crate) struct Moody<L> {
    link: L,
    ear: Ear,
    fault: Option<Fault>,
    /// What has come, where frames are looked at.
    held: RecvBuffer,
    frames: u32,
}

impl<L: Link> Moody<L> {
    pub(crate) fn new(link: L, ear: &Ear, fault: Option<Fault>) -> Self {
        Self { link, ear: ear.clone(), fault, held: RecvBuffer::default(), frames: 0 }
    }

    /// Hands the frames on that have come whole, but for those that are hit; how many bytes.
    fn hand_on(&mut self, fault: Fault, into: &mut RecvBuffer) -> usize {
        let mut handed_on = 0;
        while let Ok(parsed) = frame::parse(self.held.filled(), u32::MAX) {
            let (kind, plain, length) = match parsed {
                Parsed::Incomplete { .. } => break,
                Parsed::Skip { length } => (None, false, length),
                Parsed::Frame { frame, length } => {
                    (Some(frame.head.kind), frame.parcels.is_empty(), length)
                }
            };
            let mut bytes = self.held.filled().get(..length).unwrap_or_default().to_vec();
            self.held.consume(length, 0);
            // Where blobs follow, the last byte is none of a value.
            let may_hit = kind == fault.hits() && (plain || fault != Fault::ChangedItem);
            self.frames += u32::from(may_hit);
            let hit = may_hit && self.frames.is_multiple_of(RARITY);
            match fault {
                Fault::LostEnd | Fault::LostItem if hit => continue,
                Fault::ChangedItem if hit => {
                    if let Some(last) = bytes.last_mut() {
                        *last ^= 1;
                    }
                }
                _ => {}
            }
            into.extend(&bytes);
            handed_on += bytes.len();
        }
        handed_on
    }
}

impl Fault {
    /// The frames that it hits.
    fn hits(self) -> Option<Kind> {
        match self {
            Self::LostEnd => Some(Kind::End),
            Self::LostItem | Self::ChangedItem => Some(Kind::Item),
            Self::KeptDescriptor => None,
        }
    }
}

impl<L: Link> Link for Moody<L> {
    fn framing(&self) -> Framing {
        self.link.framing()
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        if self.ear.is_deaf(context) {
            return Poll::Pending;
        }
        let Some(fault) = self.fault else { return self.link.poll_read(context, into) };
        // Every turn brings bytes, or none are there.
        loop {
            if ready!(self.link.poll_read(context, &mut self.held))? == 0 {
                return Poll::Ready(Ok(0));
            }
            let handed_on = self.hand_on(fault, into);
            if handed_on > 0 {
                return Poll::Ready(Ok(handed_on));
            }
        }
    }

    fn has_hung_up(&mut self, context: &mut Context<'_>) -> bool {
        self.link.has_hung_up(context)
    }

    fn lane(
        &mut self,
        other: portcullis::link::LinkedWith,
    ) -> Option<Box<dyn portcullis_proto::session::Lane>> {
        self.link.lane(other)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.link.poll_write(context, from)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.poll_flush(context)
    }
}
