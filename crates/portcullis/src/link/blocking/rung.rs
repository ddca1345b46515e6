//! What comes over a ring whose reader does not sleep on it: a task that is told by a bell, which it watches like a socket.

use std::io;
use std::task::{Context, Poll, ready};

use portcullis_shm::Violation;
use portcullis_shm::ring::{Bell, FRUITLESS_MAX};
use tokio::io::unix::AsyncFd;

use super::ring::Reading;
use crate::link::{RecvBuffer, violation};

/// One direction of a ring, from a peer that rings a bell.
#[derive(Debug)]
pub(crate) struct Rung {
    reading: Reading,
    bell: AsyncFd<Bell>,
    /// The peer rings for what it puts in: it is marked that this side waits, or the bell has rung and was not heard yet.
    waits: bool,
    /// Rings since something was found.
    fruitless: u32,
}

impl Rung {
    pub(crate) fn new(reading: Reading, bell: AsyncFd<Bell>) -> Self {
        Self { reading, bell, waits: false, fruitless: 0 }
    }

    /// Takes in what is there; while nothing is, the bell wakes the task.
    ///
    /// # Errors
    ///
    /// The other side broke the rules of the ring, or rings again and again for nothing.
    pub(crate) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        // Every turn but the last marks that this side waits, or hears the bell, which is bounded.
        loop {
            // What was marked stays so until the peer has rung, whatever was found meanwhile.
            let silent = self.waits && self.poll_bell(context)?.is_pending();
            let bytes = self.take(into)?;
            if bytes > 0 {
                return Poll::Ready(Ok(bytes));
            }
            if silent {
                return Poll::Pending;
            }
            self.waits = !self.reading.arm();
        }
    }

    /// Takes in what is there; 0 when nothing is.
    ///
    /// # Errors
    ///
    /// The other side broke the rules of the ring.
    pub(crate) fn take(&mut self, into: &mut RecvBuffer) -> io::Result<usize> {
        let bytes = self.reading.take(into)?;
        if bytes > 0 {
            self.fruitless = 0;
        }
        Ok(bytes)
    }

    fn poll_bell(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.bell.poll_read_ready(context))?.clear_ready();
        self.waits = false;
        self.fruitless += 1;
        // An honest peer rings once for each time that it has put something in, and may be late with that.
        if self.fruitless > FRUITLESS_MAX {
            let wrong = Violation::WakeStorm(self.fruitless);
            return Poll::Ready(Err(violation(wrong.to_string())));
        }
        Poll::Ready(Ok(()))
    }
}
