//! A Unix socket as a link. It is read with `recvmsg`, so that descriptors that the other side sends are seen: those of pools
//! go to the connection's lane. Where there is none, one that comes all the same is closed and ends the peer.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

#[cfg(target_os = "linux")]
use portcullis_proto::session::Lane;
use portcullis_proto::session::POOLS_MAX;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, send, sendmsg,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};

#[cfg(target_os = "linux")]
use super::LinkedWith;
use super::{Framing, Link, RecvBuffer, violation};
#[cfg(target_os = "linux")]
pub(crate) use crate::lane::Descriptors;
#[cfg(target_os = "linux")]
use crate::lane::ShmLane;

/// Without lanes there are none to move.
#[cfg(not(target_os = "linux"))]
pub(crate) type Descriptors = std::convert::Infallible;

/// Descriptors that one message brings at most, those of all pools: the memory of each, and the page of its returns. The kernel
/// closes what is beyond, and says so.
pub(crate) const DESCRIPTORS_MAX: usize = 2 * POOLS_MAX as usize;

/// How long to wait before looking for room in a full socket that cannot be watched for it.
const FULL_LOOK: Duration = Duration::from_millis(10);

/// A link over a Unix stream socket.
#[derive(Debug)]
pub struct UnixLink {
    /// Watched for reading only: a socket that is watched for writing wakes its process whenever the other side reads.
    socket: AsyncFd<UnixStream>,
    /// Waits for room, while the socket is full.
    full: Option<Full>,
    /// Descriptors of the lane, where there is one.
    descriptors: Option<Arc<Descriptors>>,
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
        Ok(Self { socket: watch(socket, Interest::READABLE)?, full: None, descriptors: None })
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

/// What one read has brought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// Bytes; 0 at the end of the socket.
    pub(crate) bytes: usize,
    /// Nothing more is there now.
    drained: bool,
}

/// Reads once. Descriptors go to the lane; without one they are closed, and end the connection. So do those that no frame has
/// declared when all is taken in that came with them.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut RecvBuffer,
    lane: Option<&Descriptors>,
) -> io::Result<Read> {
    #[cfg(target_os = "linux")]
    if let Some(lane) = lane.filter(|_| buffer.filled().is_empty()) {
        lane.all_declared()?;
    }
    let into = buffer.spare();
    let size = into.len();
    let Taken { bytes, cut } = take(socket, into, RecvFlags::empty(), lane)?;
    buffer.advance(bytes);
    // The kernel ends a read behind descriptors, whatever else is there.
    Ok(Read { bytes, drained: bytes > 0 && bytes < size && !cut })
}

/// What one read has taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) bytes: usize,
    /// Descriptors came along.
    cut: bool,
}

/// Reads once. Descriptors go to the lane; without one they are closed, and are an error.
pub(crate) fn take(
    socket: BorrowedFd<'_>,
    into: &mut [u8],
    flags: RecvFlags,
    lane: Option<&Descriptors>,
) -> io::Result<Taken> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(into)], &mut control, flags)?;
    let mut foreign = received.flags.contains(ReturnFlags::CTRUNC);
    let (mut cut, mut refused) = (false, Ok(()));
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            cut = true;
            match lane {
                #[cfg(target_os = "linux")]
                Some(lane) => {
                    for descriptor in descriptors {
                        refused = refused.and(lane.arrived(descriptor));
                    }
                }
                _ => {
                    foreign = true;
                    #[cfg(target_os = "linux")]
                    descriptors.for_each(crate::lane::closer::close);
                    #[cfg(not(target_os = "linux"))]
                    descriptors.for_each(drop);
                }
            }
        }
    }
    if foreign {
        return Err(violation("a descriptor came that no frame declares"));
    }
    refused?;
    Ok(Taken { bytes: received.bytes, cut })
}

/// Writes once, and sends what the lane hands over along with it.
pub(crate) fn transmit(
    socket: BorrowedFd<'_>,
    from: &[u8],
    flags: SendFlags,
    lane: Option<&Descriptors>,
) -> rustix::io::Result<usize> {
    #[cfg(target_os = "linux")]
    if let Some(lane) = lane {
        let leaving = lane.leaving();
        if !leaving.is_empty() {
            let now: Vec<BorrowedFd<'_>> = leaving.iter().map(AsFd::as_fd).collect();
            let mut space =
                [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let fits = control.push(SendAncillaryMessage::ScmRights(&now));
            debug_assert!(fits, "more descriptors than all pools have");
            let sent = sendmsg(socket, &[IoSlice::new(from)], &mut control, flags);
            if sent.is_err() {
                lane.put_back(leaving);
            }
            return sent;
        }
    }
    let _ = lane;
    send(socket, from, flags)
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
            match receive(ready.get_inner().as_fd(), into, self.descriptors.as_deref()) {
                Ok(Read { bytes, drained }) => {
                    if drained {
                        // No system call is needed to find that out.
                        ready.clear_ready();
                    }
                    return Poll::Ready(Ok(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn lane(&mut self, other: LinkedWith) -> Option<Box<dyn Lane>> {
        let descriptors = self.descriptors.insert(Arc::default());
        Some(Box::new(ShmLane::new(descriptors, &other)))
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
            let socket = self.socket.get_ref().as_fd();
            match transmit(socket, from, SendFlags::NOSIGNAL, self.descriptors.as_deref()) {
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
