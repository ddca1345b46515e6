//! A socket that threads carry.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::SendFlags;

use super::{Incoming, Outgoing};
use crate::link::RecvBuffer;
use crate::link::unix::{Descriptors, receive, transmit};

/// Both directions and the wait for room, over a socket that blocks. Its own time-out is the tick of reading.
pub(crate) fn over_socket(
    socket: &Arc<UnixStream>,
    descriptors: Option<&Arc<Descriptors>>,
) -> (Incoming, Outgoing, super::Room) {
    let (socket, descriptors) = (|| Arc::clone(socket), || descriptors.cloned());
    (
        Incoming::Socket(Reading { socket: socket(), descriptors: descriptors() }),
        Outgoing::Socket(Writing { socket: socket(), descriptors: descriptors() }),
        super::Room::Socket(Room { socket: socket() }),
    )
}

#[derive(Debug)]
pub(crate) struct Reading {
    socket: Arc<UnixStream>,
    descriptors: Option<Arc<Descriptors>>,
}

impl Reading {
    pub(super) fn read(
        &mut self,
        into: &mut RecvBuffer,
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        if let Some(limit) = limit
            && wait(&self.socket, PollFlags::IN, limit).is_ok_and(|ready| ready.is_empty())
        {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        receive(self.socket.as_fd(), into, self.descriptors.as_deref()).map(|read| read.bytes)
    }
}

#[derive(Debug)]
pub(crate) struct Writing {
    socket: Arc<UnixStream>,
    descriptors: Option<Arc<Descriptors>>,
}

impl Writing {
    pub(super) fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        Ok(transmit(self.socket.as_fd(), from, flags, self.descriptors.as_deref())?)
    }
}

#[derive(Debug)]
pub(crate) struct Room {
    socket: Arc<UnixStream>,
}

impl Room {
    pub(super) fn wait(&self, limit: Duration) -> bool {
        // A wait that fails has not waited; whoever writes finds out why.
        wait(&self.socket, PollFlags::OUT, limit).is_ok_and(|ready| !ready.is_empty())
    }
}

/// Waits for what is asked of a socket; what is true of it then, which is nothing when the time is over.
pub(crate) fn wait(
    socket: &UnixStream,
    what: PollFlags,
    limit: Duration,
) -> rustix::io::Result<PollFlags> {
    let mut fds = [PollFd::new(socket, what)];
    let limit = Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    poll(&mut fds, Some(&limit))?;
    let [fd] = fds;
    Ok(fd.revents())
}
