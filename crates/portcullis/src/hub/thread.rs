//! A connection on threads of its own, for peers whose calls must come and go as fast as a blocking socket lets them:
//! the thread that reads a request runs its handler in place and writes the answer.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_hub::{Admission, AdmitError};
use portcullis_proto::time::Time;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{SendFlags, Shutdown, shutdown};

use super::attach::Connection;
use super::host::PeerHost;
use super::shared::{Hub, Wake};
use crate::driver::connection::Core;
use crate::link::{Descriptors, Framing, RecvBuffer, receive, transmit};

/// While something can run out, the writer looks at it at least this often.
const TICK: Duration = Duration::from_millis(100);

/// What a paused reader waits for: the other side's end.
#[cfg(target_os = "linux")]
const HUNG_UP: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const HUNG_UP: PollFlags = PollFlags::empty();

struct Threads {
    host: Arc<PeerHost>,
    socket: UnixStream,
    descriptors: Option<Arc<Descriptors>>,
    out: Mutex<Out>,
    /// Set when the writer is to look: there is output that the reader does not send, or a first time-out.
    signal: Mutex<bool>,
    signalled: Condvar,
    /// The reader is in a turn, at whose end it sends what there is.
    reading: AtomicBool,
    /// The writer keeps an eye on time-outs.
    armed: AtomicBool,
}

/// Bytes that were taken from the hub and not yet from us.
#[derive(Default)]
struct Out {
    bytes: Vec<u8>,
    written: usize,
}

impl Hub {
    /// Admits a peer over a Unix socket, served by two threads of its own instead of tasks: the fewest hand-overs that a
    /// call can have. Handlers that wait go on, on the hub's runtime.
    ///
    /// # Errors
    ///
    /// See [`AdmitError`]; the socket is closed then.
    ///
    /// # Panics
    ///
    /// When the system has no thread left.
    pub fn attach_blocking(
        &self,
        socket: UnixStream,
        admission: &Admission,
    ) -> Result<Connection, AdmitError> {
        let host = self.admit(admission)?;
        let descriptors = self.open_lane(&host);
        let threads = Arc::new(Threads {
            host: Arc::clone(&host),
            socket,
            descriptors,
            out: Mutex::new(Out::default()),
            signal: Mutex::new(true),
            signalled: Condvar::new(),
            reading: AtomicBool::new(false),
            armed: AtomicBool::new(false),
        });
        let waker = Arc::clone(&threads);
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || waker.wake());
        self.0.lock().wakes.insert(host.peer, Wake::Thread(wake));
        let writer = Arc::clone(&threads);
        std::thread::spawn(move || writer.write());
        std::thread::spawn(move || threads.read());
        Ok(Connection(host))
    }

    /// Gives a connection its lane, where the system has them.
    #[cfg(target_os = "linux")]
    fn open_lane(&self, host: &PeerHost) -> Option<Arc<Descriptors>> {
        let descriptors = Arc::default();
        let other = crate::link::LinkedWith::Peer(Arc::clone(&host.process));
        let lane = crate::lane::ShmLane::new(&descriptors, &other);
        self.0.lock().core.set_lane(host.peer, Box::new(lane));
        Some(descriptors)
    }

    #[cfg(not(target_os = "linux"))]
    fn open_lane(&self, _: &PeerHost) -> Option<Arc<Descriptors>> {
        None
    }
}

impl Threads {
    fn lock_out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if !self.reading.load(Ordering::SeqCst) {
            self.signal();
        }
    }

    fn signal(&self) {
        *self.signal.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.signalled.notify_one();
    }

    fn read(&self) {
        let mut buffer = RecvBuffer::default();
        let mut ended = self.host.has_ended();
        // Every turn waits for bytes, or ends the loop.
        while !ended {
            self.pause();
            let read = receive(self.socket.as_fd(), &mut buffer, self.descriptors.as_deref());
            match read.map(|read| read.bytes) {
                Ok(0) => self.host.lost(None),
                Ok(_) => {
                    self.reading.store(true, Ordering::SeqCst);
                    self.host.receive(&mut buffer, Framing::Stream);
                    ended = self.finish_turn();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.host.lost(Some(error)),
            }
            ended = self.host.has_ended();
        }
        self.signal();
    }

    /// Waits while the peer has sent more than its budget allows, or until it hangs up: then what it has left behind is
    /// read, and its end behind that.
    fn pause(&self) {
        // Every turn waits for as long as the pause lasts.
        while let Some(until) = self.host.paused_until() {
            let left = until.since(self.host.hub.clock.now());
            // Hang-ups are told of in any case.
            let mut fds = [PollFd::new(&self.socket, HUNG_UP)];
            let tick = rustix::event::Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            if poll(&mut fds, Some(&tick)).is_ok_and(|count| count > 0) {
                return;
            }
        }
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
            // From here on others signal the writer; what they left before is seen now.
            self.reading.store(false, Ordering::SeqCst);
            let mut state = self.host.hub.lock();
            if !state.core.has_output(self.host.peer) {
                state.core.untouch(self.host.peer);
                let timed = state.core.next_timeout(self.host.peer).is_some();
                let ended = !state.core.is_connected(self.host.peer);
                drop(state);
                if ended || (timed && !self.armed.load(Ordering::SeqCst)) {
                    self.signal();
                }
                return ended;
            }
            drop(state);
            self.reading.store(true, Ordering::SeqCst);
        }
    }

    /// Sends what the socket takes at once; false when it does not take everything. With `to_the_end`, what came meanwhile
    /// is sent, too.
    fn send_now(&self, to_the_end: bool) -> bool {
        let mut out = self.lock_out();
        let mut taken = false;
        // Every turn writes something, or ends the loop.
        loop {
            if out.written == out.bytes.len() {
                out.bytes.clear();
                out.written = 0;
                if (taken && !to_the_end) || !self.host.transmit(&mut out.bytes) {
                    return true;
                }
                taken = true;
            }
            let rest = out.bytes.get(out.written..).unwrap_or_default();
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match transmit(self.socket.as_fd(), rest, flags, self.descriptors.as_deref()) {
                Ok(count) => out.written += count,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return false,
                Err(error) => {
                    drop(out);
                    self.host.lost(Some(error.into()));
                    return true;
                }
            }
        }
    }

    /// Sends what the reader does not, and keeps time.
    fn write(&self) {
        // Every turn waits for a signal, a time-out or the socket.
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
                let mut fds = [PollFd::new(&self.socket, PollFlags::OUT)];
                let tick = rustix::event::Timespec { tv_sec: 2, tv_nsec: 0 };
                let writable = poll(&mut fds, Some(&tick));
                if ended && writable.is_ok_and(|count| count == 0) {
                    break;
                }
                continue;
            }
            self.keep_time();
            self.wait();
        }
        // The reader may be waiting for bytes that never come.
        let _ = shutdown(&self.socket, Shutdown::Both);
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
}
