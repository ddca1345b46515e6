//! A ring that threads carry, beside the socket that it was agreed on. Records are pieces of the same stream of frames that the
//! socket would carry, cut anywhere. What stays with the socket: descriptors, each with a byte that means nothing, and the end.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use portcullis_shm::Violation;
use portcullis_shm::ring::{
    Closer, Consumer, Duplex, Producer, PushError, RoomWaiter, Seen, Waited,
};
use rustix::net::{RecvFlags, SendFlags, recv};

use super::Outgoing;
use crate::lane::Descriptors;
use crate::link::unix::transmit;
use crate::link::{RecvBuffer, violation};

/// Bytes that one read takes over from the ring, about.
const READ_BYTES: usize = 64 * 1024;

/// A byte to carry descriptors: a stream socket carries none without.
const CARRIER: &[u8] = &[0];

/// Ends the waits of both directions: by whoever learns that the other side is gone.
#[derive(Clone, Debug)]
pub(crate) struct RingEnds {
    reading: Closer,
    writing: Closer,
}

impl RingEnds {
    pub(crate) fn close(&self) {
        self.reading.close();
        self.writing.close();
    }
}

/// Both directions and the wait for room, over a ring. A read waits for `tick` at most, if there is one, and then looks whether
/// the socket has ended; without one, somebody closes the ends.
pub(crate) fn over_ring(
    ring: Duplex,
    socket: &Arc<UnixStream>,
    descriptors: &Arc<Descriptors>,
    tick: Option<Duration>,
) -> (Reading, Outgoing, super::Room, RingEnds) {
    descriptors.fetch_from(Arc::clone(socket));
    let Duplex { producer, consumer } = ring;
    let ends = RingEnds { reading: consumer.closer(), writing: producer.closer() };
    let room = Room { waiter: producer.room_waiter() };
    let reading = Reading { consumer, socket: Arc::clone(socket), tick };
    let writing = Writing {
        closed: producer.closer(),
        producer,
        socket: Arc::clone(socket),
        descriptors: Arc::clone(descriptors),
    };
    (reading, Outgoing::Ring(writing), super::Room::Ring(room), ends)
}

#[derive(Debug)]
pub(crate) struct Reading {
    consumer: Consumer,
    socket: Arc<UnixStream>,
    tick: Option<Duration>,
}

impl Reading {
    /// Marks that this side waits for records, to be told by its bell; true when there are some.
    pub(super) fn arm(&mut self) -> bool {
        self.consumer.arm()
    }

    pub(super) fn read(
        &mut self,
        into: &mut RecvBuffer,
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        // Every turn waits for a record, or ends the loop.
        loop {
            let bytes = self.take(into)?;
            if bytes > 0 {
                return Ok(bytes);
            }
            match self.consumer.wait(limit.or(self.tick)).map_err(broken)? {
                Waited::Ready => {}
                // What came before the end was taken, or is taken now.
                Waited::Closed => return self.take(into),
                Waited::TimedOut if has_ended(self.socket.as_fd()) => return self.take(into),
                Waited::TimedOut => return Err(io::ErrorKind::WouldBlock.into()),
            }
        }
    }

    /// Takes in what is there; 0 when nothing is.
    pub(super) fn take(&mut self, into: &mut RecvBuffer) -> io::Result<usize> {
        let before = into.filled().len();
        let records = into.append(|bytes| self.consumer.pop_batch(bytes, READ_BYTES));
        let bytes = into.filled().len() - before;
        if records.map_err(broken)? > 0 && bytes == 0 {
            return Err(violation("a record of the ring is empty"));
        }
        Ok(bytes)
    }
}

#[derive(Debug)]
pub(crate) struct Writing {
    producer: Producer,
    closed: Closer,
    socket: Arc<UnixStream>,
    descriptors: Arc<Descriptors>,
}

impl Writing {
    pub(super) fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        if self.closed.is_closed() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = self.producer.longest().map_err(broken)?;
        let room = room.ok_or(io::ErrorKind::WouldBlock)?;
        // They are there before the frame that tells of them is.
        if self.descriptors.has_leaving() {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            transmit(self.socket.as_fd(), CARRIER, flags, Some(&self.descriptors))?;
        }
        let record = from.get(..room).unwrap_or(from);
        self.producer.push(record).map_err(|error| match error {
            PushError::Full => io::ErrorKind::WouldBlock.into(),
            PushError::Closed => io::ErrorKind::BrokenPipe.into(),
            PushError::Violation(wrong) => broken(wrong),
            other => io::Error::other(other),
        })?;
        Ok(record.len())
    }

    pub(super) fn seen(&self) -> Seen {
        self.producer.seen()
    }
}

#[derive(Debug)]
pub(crate) struct Room {
    waiter: RoomWaiter,
}

impl Room {
    pub(super) fn wait(&mut self, seen: Seen, limit: Duration) -> bool {
        // Whoever writes next is told of the violation.
        !matches!(self.waiter.wait(seen, Some(limit)), Ok(Waited::TimedOut))
    }
}

/// Whether the socket beside a ring has ended. Descriptors that stand there are left for whoever is told of them.
fn has_ended(socket: BorrowedFd<'_>) -> bool {
    let mut byte = [0; 1];
    match recv(socket, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
        Ok((bytes, _)) => bytes == 0,
        Err(error) => !matches!(error, rustix::io::Errno::AGAIN | rustix::io::Errno::INTR),
    }
}

fn broken(wrong: Violation) -> io::Error {
    violation(wrong.to_string())
}
