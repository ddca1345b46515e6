//! A Unix socket as a link. It is read with `recvmsg`, so that descriptors that a peer sends are seen: none is declared
//! in this version, and one that comes all the same is closed and ends the peer.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendFlags, recvmsg, send,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};

use super::{Framing, Link, RecvBuffer, violation};

/// Descriptors that a control message may hold before the kernel cuts it off; each that comes is closed.
const DESCRIPTORS_SEEN: usize = 8;

/// How long to wait before looking for room in a full socket that cannot be watched for it.
const FULL_LOOK: Duration = Duration::from_millis(10);

/// A link over a Unix stream socket.
#[derive(Debug)]
pub struct UnixLink {
    /// Watched for reading only: a socket that is watched for writing wakes its process whenever the other side reads.
    socket: AsyncFd<UnixStream>,
    /// Waits for room, while the socket is full.
    full: Option<Full>,
}

/// How room in a full socket is waited for.
#[derive(Debug)]
enum Full {
    /// The system tells of it, by a descriptor that is watched for nothing else.
    Watched(AsyncFd<OwnedFd>),
    /// The process has no descriptor left for that: it is looked for after a while.
    Looked(Pin<Box<Sleep>>),
}

impl UnixLink {
    /// A link over a connected socket.
    ///
    /// # Errors
    ///
    /// When the socket cannot be made non-blocking, or tokio cannot watch it.
    pub fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket: watch(socket, Interest::READABLE)?, full: None })
    }

    /// Two connected links of one process.
    ///
    /// # Errors
    ///
    /// When the system has no sockets left.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, two) = UnixStream::pair()?;
        Ok((Self::new(one)?, Self::new(two)?))
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe for types that could change their descriptor; these cannot, and this crate has no unsafe code"
)]
pub(crate) fn watch<T: AsRawFd>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

/// Reads once. Descriptors that came along are closed on the way out.
pub(crate) fn receive(socket: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_SEEN))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(into)], &mut control, flags)?;
    let mut foreign = received.flags.contains(ReturnFlags::CTRUNC);
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            foreign = true;
            descriptors.for_each(drop);
        }
    }
    if foreign {
        return Err(violation("a descriptor came that no frame declares"));
    }
    Ok(received.bytes)
}

impl Link for UnixLink {
    fn framing(&self) -> Framing {
        Framing::Stream
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        // Every turn waits for the socket, or ends the loop.
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(context))?;
            let room = into.spare();
            let size = room.len();
            match receive(ready.get_inner().as_fd(), room) {
                Ok(count) => {
                    if count < size && count > 0 {
                        // The socket is empty now: no system call is needed to find that out.
                        ready.clear_ready();
                    }
                    into.advance(count);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn has_hung_up(&mut self, context: &mut Context<'_>) -> bool {
        // The guard is dropped with its readiness kept: nothing was read.
        match self.socket.poll_read_ready(context) {
            Poll::Ready(Ok(ready)) => ready.ready().is_read_closed(),
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        // Every turn waits for the socket, or ends the loop.
        loop {
            match &mut self.full {
                None => {}
                Some(Full::Watched(socket)) => {
                    ready!(socket.poll_write_ready(context))?.clear_ready();
                }
                Some(Full::Looked(sleep)) => {
                    ready!(sleep.as_mut().poll(context));
                    self.full = None;
                }
            }
            match send(self.socket.get_ref(), from, SendFlags::NOSIGNAL) {
                Ok(count) => {
                    self.full = None;
                    return Poll::Ready(Ok(count));
                }
                Err(rustix::io::Errno::AGAIN) if self.full.is_none() => {
                    let watched = self.socket.get_ref().as_fd().try_clone_to_owned();
                    let watched = watched.and_then(|socket| watch(socket, Interest::WRITABLE));
                    self.full = Some(match watched {
                        Ok(socket) => Full::Watched(socket),
                        // The connection stands, whatever else the process has none left for.
                        Err(_) => Full::Looked(Box::pin(sleep(FULL_LOOK))),
                    });
                }
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }
}
