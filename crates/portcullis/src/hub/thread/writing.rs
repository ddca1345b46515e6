//! What is sent: by the reader behind its turn, by whoever has something to send where that is cheap, and by a thread that waits
//! for room and keeps time.

use std::cell::Cell;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_proto::time::Time;
use rustix::net::{Shutdown, shutdown};

use super::{Out, Threads};
use crate::driver::connection::Core;

/// While something can run out, the writer looks at it at least this often.
const TICK: Duration = Duration::from_millis(100);

/// How long a connection that has ended waits for its last words to be taken.
const LINGER: Duration = Duration::from_secs(2);

/// What is left after sending.
pub(super) enum Settled {
    /// Something came meanwhile.
    More,
    /// Nothing; the connection may have ended, or have a first time-out that the writer does not watch yet.
    Quiet { ended: bool, unwatched: bool },
}

impl Threads {
    /// Sends what there is on the thread that has brought it about, where that is cheap: to one of many receivers it costs less
    /// than to wake the writer. Whether nothing is left to do.
    pub(super) fn send_in_place(&self) -> bool {
        thread_local! {
            /// What is sent may lead to output for others, whose writers are told then.
            static SENDING: Cell<bool> = const { Cell::new(false) };
        }
        let Ok(out) = self.out.try_lock() else { return false };
        if !out.way.is_cheap() || SENDING.replace(true) {
            return false;
        }
        let mut out = Some(out);
        // Every turn sends something, or ends the loop.
        let done = loop {
            let held = out.take().unwrap_or_else(|| self.lock_out());
            if !self.send_from(held, true) {
                break false;
            }
            match self.settle() {
                Settled::More => {}
                Settled::Quiet { ended, unwatched } => break !ended && !unwatched,
            }
        };
        SENDING.set(false);
        done
    }

    /// Sends what is taken at once; false when not everything is. With `to_the_end`, what came meanwhile is sent, too.
    pub(super) fn send_now(&self, to_the_end: bool) -> bool {
        self.send_from(self.lock_out(), to_the_end)
    }

    fn send_from(&self, mut out: MutexGuard<'_, Out>, to_the_end: bool) -> bool {
        let mut taken = false;
        // Every turn writes something, or ends the loop.
        loop {
            let Out { bytes, written, way } = &mut *out;
            if *written == bytes.len() {
                bytes.clear();
                *written = 0;
                if (taken && !to_the_end) || !self.host.transmit(bytes) {
                    return true;
                }
                taken = true;
            }
            match way.write(bytes.get(*written..).unwrap_or_default()) {
                Ok(count) => *written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => {
                    drop(out);
                    self.host.lost(Some(error));
                    return true;
                }
            }
        }
    }

    /// Sends what others do not, and keeps time.
    pub(super) fn write(&self) {
        // Every turn waits for a signal, a time-out or room.
        loop {
            let had_ended = self.host.has_ended();
            let all_sent = self.send_now(true);
            let ended = self.host.has_ended();
            if had_ended && all_sent {
                break;
            }
            if ended && all_sent {
                // It has ended meanwhile: the reason may be left to be sent.
                continue;
            }
            if !all_sent {
                let full = self.lock_out().way.full();
                let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
                if !room.wait(full, LINGER) && ended {
                    break;
                }
                continue;
            }
            self.keep_time();
            self.wait();
        }
        // The reader may be waiting for bytes that never come.
        let _ = shutdown(&*self.socket, Shutdown::Both);
        #[cfg(target_os = "linux")]
        self.ring.end();
        self.host.remove();
    }

    fn keep_time(&self) {
        let now = self.host.hub.clock.now();
        let mut state = self.host.hub.lock();
        let due = state.core.next_timeout(self.host.peer);
        if !state.core.has_output(self.host.peer) {
            state.core.untouch(self.host.peer);
        }
        drop(state);
        self.armed.store(due.is_some(), Ordering::SeqCst);
        if due.is_some_and(|due: Time| due <= now) {
            self.host.handle_timeout();
        }
    }

    fn wait(&self) {
        let mut signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        if !*signal {
            signal = if self.armed.load(Ordering::SeqCst) {
                let waited = self.signalled.wait_timeout(signal, TICK);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.signalled.wait(signal).unwrap_or_else(PoisonError::into_inner)
            };
        }
        *signal = false;
    }

    /// Whether all that there was has been sent. If so, whoever leaves more wakes this connection again.
    pub(super) fn settle(&self) -> Settled {
        let mut state = self.host.hub.lock();
        if state.core.has_output(self.host.peer) {
            return Settled::More;
        }
        state.core.untouch(self.host.peer);
        let timed = state.core.next_timeout(self.host.peer).is_some();
        let ended = !state.core.is_connected(self.host.peer);
        Settled::Quiet { ended, unwatched: timed && !self.armed.load(Ordering::SeqCst) }
    }
}
