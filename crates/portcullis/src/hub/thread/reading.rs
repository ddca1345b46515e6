//! The thread that reads: what comes, the handlers that it starts, and what they answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::event::PollFlags;

use super::Threads;
use super::writing::Settled;
use crate::driver::connection::Core;
use crate::link::blocking::{Incoming, wait};
use crate::link::{Framing, RecvBuffer};

/// What a paused reader waits for: the other side's end.
#[cfg(target_os = "linux")]
const HUNG_UP: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const HUNG_UP: PollFlags = PollFlags::empty();

/// What a turn has come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Not all is taken in: the next turn is for that.
    pub(super) left: bool,
    /// The connection has.
    pub(super) ended: bool,
}

impl Threads {
    pub(super) fn read(self: &Arc<Self>, mut incoming: Incoming) {
        // Handlers run here until they first wait, and use the runtime's timers before that.
        let _entered = self.host.hub.runtime.enter();
        let mut buffer = RecvBuffer::default();
        let mut ended = self.host.has_ended();
        #[cfg(target_os = "linux")]
        let mut first = true;
        // Every turn waits for bytes, or ends the loop.
        while !ended {
            if self.pause() {
                break;
            }
            match incoming.read(&mut buffer, None) {
                Ok(0) => self.host.lost(None),
                #[cfg(target_os = "linux")]
                Ok(_) if std::mem::take(&mut first) && super::ring::is_offered(&buffer) => {
                    match self.take_ring(&mut buffer) {
                        Ok(Some(ring)) => incoming = ring,
                        // A task reads from now on.
                        Ok(None) => return,
                        Err(error) => self.host.lost(Some(error)),
                    }
                }
                Ok(_) => {
                    ended = self.take_in(&mut buffer);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.host.lost(Some(error)),
            }
            ended = self.host.has_ended();
        }
        self.signal();
    }

    /// Takes in what was read, in one turn or several. Returns whether the connection has ended.
    fn take_in(&self, buffer: &mut RecvBuffer) -> bool {
        // Every turn uses up a frame at least, or is the last.
        loop {
            let Turn { left, ended } = self.turn(buffer);
            if ended || !left {
                return ended;
            }
            if self.pause() {
                return true;
            }
        }
    }

    /// Takes in as much as one turn may, and sends what came of it.
    pub(super) fn turn(&self, buffer: &mut RecvBuffer) -> Turn {
        self.reading.store(true, Ordering::SeqCst);
        let left = self.host.receive(buffer, Framing::Stream);
        Turn { left, ended: self.finish_turn() }
    }

    /// Waits while the peer has sent more than its budget allows. True when it hangs up meanwhile, which ends it: what it had no
    /// right to send yet is taken in no faster because it has gone.
    fn pause(&self) -> bool {
        // Every turn waits for as long as the pause lasts.
        while let Some(until) = self.host.paused_until() {
            let left = until.since(self.host.hub.clock.now());
            // Hang-ups are told of in any case.
            if wait(&self.socket, HUNG_UP, left).is_ok_and(|told| !told.is_empty()) {
                self.host.lost(None);
                return true;
            }
        }
        false
    }

    /// Sends what the turn has left, and makes sure that nothing that came meanwhile is forgotten. Returns whether the
    /// connection has ended.
    fn finish_turn(&self) -> bool {
        // Every turn sends something, or ends the loop.
        loop {
            if !self.send_now(false) {
                self.reading.store(false, Ordering::SeqCst);
                self.signal();
                return self.host.has_ended();
            }
            // From here on others send themselves or signal the writer; what they left before is seen now.
            self.reading.store(false, Ordering::SeqCst);
            match self.settle() {
                Settled::More => self.reading.store(true, Ordering::SeqCst),
                Settled::Quiet { ended, unwatched } => {
                    if ended || unwatched {
                        self.signal();
                    }
                    return ended;
                }
            }
        }
    }
}
