//! A peer without a runtime: for programs and threads that make a call and wait for it. The caller's own thread carries
//! the bytes, so that a round trip costs one write and one read.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_proto::peer::{Driver, Peer, PeerConfig, Turn};
use portcullis_proto::rpc::{Complete, Replies, Running};
use portcullis_proto::session::Lane;
use portcullis_proto::time::Time;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::SendFlags;

use super::World;
use crate::clock::Clock;
use crate::driver::{Pace, start_all};
use crate::link::{Descriptors, RecvBuffer, receive, transmit};

/// Reads from a socket that cannot be written to any more.
const LAST_READS_MAX: usize = 1024;

/// While it waits, a client looks at deadlines at least this often.
const TICK: Duration = Duration::from_millis(100);

/// A peer that is driven by the thread that waits.
///
/// Nothing happens between two calls of [`Self::block_on`]: what a client of this kind serves, or subscribes to, goes on
/// only while something is waited for.
pub struct BlockingPeer {
    peer: Peer,
    world: Arc<LastTold>,
    clock: Clock,
    pace: Pace,
    socket: UnixStream,
    descriptors: Option<Arc<Descriptors>>,
    buffer: RecvBuffer,
    out: Vec<u8>,
    turn: Turn,
    replies: Replies,
    running: Vec<Pin<Box<Running>>>,
    complete: Arc<dyn Complete>,
    lost: bool,
}

impl BlockingPeer {
    /// Connects to a hub over a connected socket.
    ///
    /// # Errors
    ///
    /// When the socket refuses its settings.
    pub fn new(socket: UnixStream, config: &PeerConfig) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(TICK))?;
        let clock = Clock::system();
        let world = Arc::new(LastTold { world: World { clock }, last_us: AtomicU64::new(0) });
        let (descriptors, lane) = lane();
        let peer = Peer::with_lane(config, Arc::clone(&world) as Arc<dyn Driver>, lane);
        Ok(Self {
            complete: peer.completer(),
            peer,
            world,
            clock,
            pace: Pace::default(),
            socket,
            descriptors,
            buffer: RecvBuffer::default(),
            out: Vec::new(),
            turn: Turn::default(),
            replies: Replies::default(),
            running: Vec::new(),
            lost: false,
        })
    }

    /// Connects to a hub that listens on a Unix socket at `path`.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub fn connect(path: impl AsRef<std::path::Path>, config: &PeerConfig) -> io::Result<Self> {
        Self::new(UnixStream::connect(path)?, config)
    }

    /// The peer: binds, serves and closes.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Waits for `future`, and carries the connection's bytes meanwhile.
    ///
    /// `future` is polled whenever something has come from the hub, and ten times a second; what else it may wait for is
    /// found out then.
    pub fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        // Every turn waits for the socket or a tick.
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                // What the future has left to be sent (a cancel, a release) leaves now.
                self.send();
                return output;
            }
            self.running.retain_mut(|running| running.as_mut().poll(&mut context).is_pending());
            if self.lost {
                // Everything that waits has its outcome; the future waits for something else.
                std::thread::sleep(TICK);
                continue;
            }
            self.send();
            self.receive();
        }
    }

    fn end(&mut self, error: Option<&io::Error>) {
        self.lost = true;
        self.peer.lost(match error {
            Some(error) => format!("the connection to the hub was lost: {error}"),
            None => "the hub has closed the connection".to_owned(),
        });
    }

    /// Writes all that may leave; while the socket is full, it reads.
    fn send(&mut self) {
        let mut again = true;
        // Every turn writes, reads or waits for the socket.
        while again && !self.lost && self.peer.transmit(&mut self.out) {
            let mut written = 0;
            // What is read while the socket is full may have to be answered.
            again = false;
            while written < self.out.len() && !self.lost {
                let rest = self.out.get(written..).unwrap_or_default();
                let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
                let descriptors = self.descriptors.as_deref();
                match transmit(self.socket.as_fd(), rest, flags, descriptors) {
                    Ok(count) => written += count,
                    Err(rustix::io::Errno::INTR) => {}
                    Err(rustix::io::Errno::AGAIN) => {
                        again = true;
                        self.wait_writable();
                    }
                    Err(error) => {
                        self.peer.untaken(&self.out, written);
                        self.hear_out();
                        self.end(Some(&error.into()));
                    }
                }
            }
            self.out.clear();
        }
    }

    /// The hub takes nothing any more. It may have said why: what stands there already is taken in.
    fn hear_out(&mut self) {
        // Every turn takes in something that was sent before the end; a hub that goes on and on is cut off.
        for _ in 0..LAST_READS_MAX {
            match self.read() {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            self.deliver();
            if self.lost {
                return;
            }
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let descriptors = self.descriptors.as_deref();
        receive(self.socket.as_fd(), &mut self.buffer, descriptors).map(|read| read.bytes)
    }

    fn wait_writable(&mut self) {
        let flags = PollFlags::IN | PollFlags::OUT;
        let mut fds = [PollFd::new(&self.socket, flags)];
        let waited = poll(&mut fds, Some(&timespec(TICK)));
        let [fd] = fds;
        if waited.is_ok() && fd.revents().contains(PollFlags::IN) {
            self.receive();
        }
        self.peer.handle_timeout();
    }

    /// Waits for bytes, a deadline or a tick.
    fn receive(&mut self) {
        // Whoever has made a call was told the time for it, and each wait ends with a look at the clock.
        let now = self.world.last();
        if let Some(due) = self.peer.next_timeout() {
            let left = due.since(now);
            if left < TICK {
                let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
                let readable = poll(&mut fds, Some(&timespec(left)));
                if readable.is_ok_and(|count| count == 0) {
                    self.peer.handle_timeout();
                    return;
                }
            }
        }
        match self.read() {
            Ok(0) => self.end(None),
            Ok(_) => self.deliver(),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.peer.handle_timeout(),
                io::ErrorKind::Interrupted => {}
                _ => self.end(Some(&error)),
            },
        }
    }

    fn deliver(&mut self) {
        let input = self.buffer.filled();
        let delivery = self.peer.deliver(input, &mut self.turn);
        if !self.turn.jobs.is_empty() {
            let running = &mut self.running;
            // Handlers that block do so here: there is no other thread.
            let spawn = |_, task, _| running.push(Box::pin(task));
            let pace = (&self.pace, &self.clock, self.clock.now());
            start_all(&mut self.turn.jobs, input, &mut self.replies, &self.complete, pace, spawn);
            self.complete.complete(&mut self.replies);
        }
        self.buffer.consume(delivery.consumed, delivery.needed);
        if delivery.ended {
            self.send();
            self.lost = true;
        }
    }
}

/// A lane to the hub, and its descriptors.
#[cfg(target_os = "linux")]
fn lane() -> (Option<Arc<Descriptors>>, Option<Box<dyn Lane>>) {
    let descriptors = Arc::default();
    let lane = crate::lane::ShmLane::new(&descriptors, &crate::link::LinkedWith::Hub);
    (Some(descriptors), Some(Box::new(lane)))
}

#[cfg(not(target_os = "linux"))]
fn lane() -> (Option<Arc<Descriptors>>, Option<Box<dyn Lane>>) {
    (None, None)
}

/// What the peer is told of the world, and the time that it was told last.
struct LastTold {
    world: World,
    last_us: AtomicU64,
}

impl LastTold {
    fn last(&self) -> Time {
        Time::from_micros(self.last_us.load(Ordering::Relaxed))
    }
}

impl Driver for LastTold {
    fn now(&self) -> Time {
        let now = self.world.now();
        self.last_us.store(now.as_micros(), Ordering::Relaxed);
        now
    }

    fn panicked(&self, channel: &str, correlation: u64, text: &str) {
        self.world.panicked(channel, correlation, text);
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}

impl Drop for BlockingPeer {
    /// Says goodbye, so that the hub need not find out.
    fn drop(&mut self) {
        self.peer.close();
        self.send();
    }
}

impl std::fmt::Debug for BlockingPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingPeer").field("peer", &self.peer).finish()
    }
}
