//! A peer without a runtime: for programs and threads that make a call and wait for it. The caller's own thread carries
//! the bytes, so that a round trip costs one write and one read.

mod connecting;
mod world;

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_proto::peer::{Driver, Peer, PeerConfig, Turn};
use portcullis_proto::rpc::{Complete, Replies, Running};
use portcullis_proto::session::Lane;

#[cfg(target_os = "linux")]
pub use connecting::Ring;
use world::LastTold;

use super::World;
use crate::clock::Clock;
use crate::driver::{Pace, start_all};
use crate::link::RecvBuffer;
use crate::link::blocking::{Incoming, Outgoing, Room};

/// Reads from a socket that cannot be written to any more.
const LAST_READS_MAX: usize = 1024;

/// While it waits, a client looks at deadlines at least this often.
const TICK: Duration = Duration::from_millis(100);

/// While there is no room for what it sends, it looks at what comes at least this often.
const NAP: Duration = Duration::from_millis(1);

/// A peer that is driven by the thread that waits.
///
/// Nothing happens between two calls of [`Self::block_on`]: what a client of this kind serves, or subscribes to, goes on
/// only while something is waited for.
pub struct BlockingPeer {
    peer: Peer,
    world: Arc<LastTold>,
    clock: Clock,
    pace: Pace,
    incoming: Incoming,
    outgoing: Outgoing,
    room: Room,
    buffer: RecvBuffer,
    out: Vec<u8>,
    turn: Turn,
    replies: Replies,
    running: Vec<Pin<Box<Running>>>,
    complete: Arc<dyn Complete>,
    lost: bool,
}

impl BlockingPeer {
    fn over(
        (incoming, outgoing, room): (Incoming, Outgoing, Room),
        lane: Option<Box<dyn Lane>>,
        config: &PeerConfig,
    ) -> Self {
        let clock = Clock::system();
        let world = Arc::new(LastTold { world: World { clock }, last_us: AtomicU64::new(0) });
        let peer = Peer::with_lane(config, Arc::clone(&world) as Arc<dyn Driver>, lane);
        Self {
            complete: peer.completer(),
            peer,
            world,
            clock,
            pace: Pace::default(),
            incoming,
            outgoing,
            room,
            buffer: RecvBuffer::default(),
            out: Vec::new(),
            turn: Turn::default(),
            replies: Replies::default(),
            running: Vec::new(),
            lost: false,
        }
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

    /// Writes all that may leave; while there is no room, it reads.
    fn send(&mut self) {
        let mut again = true;
        // Every turn writes, reads or waits for room.
        while again && !self.lost && self.peer.transmit(&mut self.out) {
            let mut written = 0;
            // What is read while there is no room may have to be answered.
            again = false;
            while written < self.out.len() && !self.lost {
                match self.outgoing.write(self.out.get(written..).unwrap_or_default()) {
                    Ok(count) => written += count,
                    Err(error) => match error.kind() {
                        io::ErrorKind::Interrupted => {}
                        io::ErrorKind::WouldBlock => {
                            again = true;
                            self.wait_for_room();
                        }
                        _ => {
                            self.peer.untaken(&self.out, written);
                            self.hear_out();
                            self.end(Some(&error));
                        }
                    },
                }
            }
            self.out.clear();
        }
    }

    /// The hub takes nothing any more. It may have said why: what stands there already is taken in.
    fn hear_out(&mut self) {
        // Every turn takes in something that was sent before the end; a hub that goes on and on is cut off.
        for _ in 0..LAST_READS_MAX {
            match self.incoming.read(&mut self.buffer, None) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            self.deliver();
            if self.lost {
                return;
            }
        }
    }

    /// Takes in what is there, and then waits a little for room: the hub may wait for us.
    fn wait_for_room(&mut self) {
        let full = self.outgoing.full();
        self.take_in(Some(Duration::ZERO));
        if !self.lost {
            self.room.wait(full, NAP);
            self.peer.handle_timeout();
        }
    }

    /// Waits for bytes, a deadline or a tick.
    fn receive(&mut self) {
        // Whoever has made a call was told the time for it, and each wait ends with a look at the clock.
        let now = self.world.last();
        let due = self.peer.next_timeout().map(|due| due.since(now));
        self.take_in(due.filter(|left| *left < TICK));
    }

    fn take_in(&mut self, limit: Option<Duration>) {
        match self.incoming.read(&mut self.buffer, limit) {
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
