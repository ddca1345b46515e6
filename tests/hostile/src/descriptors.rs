//! Descriptors that go with bytes over a Unix socket: those of a pool, or such as nobody has a use for.

use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// The most descriptors that go with one message.
const DESCRIPTORS_MAX: usize = 200;

/// What goes with the bytes that are sent next; one may be named many times.
pub type Descriptors = Vec<Arc<OwnedFd>>;

/// So many of a file that is none of a pool's.
///
/// # Errors
///
/// When the system has no descriptors left.
pub fn of_nothing(count: usize) -> io::Result<Descriptors> {
    let null = Arc::new(OwnedFd::from(std::fs::File::open("/dev/null")?));
    Ok(vec![null; count.min(DESCRIPTORS_MAX)])
}

/// The memory of a pool and a page of returns, as they should be.
///
/// # Errors
///
/// When the system has no memory or descriptors left.
#[cfg(target_os = "linux")]
pub fn of_a_pool(slots: usize, slot_bytes: usize) -> io::Result<Descriptors> {
    use portcullis_shm::pool::Pool;
    let pool = Pool::new(slots, slot_bytes).map_err(io::Error::other)?;
    let receiver = pool.receiver(pool.shape().slots).map_err(io::Error::other)?;
    Ok(vec![Arc::new(pool.descriptor()?), Arc::new(receiver.descriptor()?)])
}

/// There are no pools elsewhere.
///
/// # Errors
///
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn of_a_pool(_: usize, _: usize) -> io::Result<Descriptors> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Sends bytes, and the descriptors with the first of them.
///
/// # Errors
///
/// When the socket does not take them.
pub fn send(socket: &UnixStream, bytes: &[u8], descriptors: &Descriptors) -> io::Result<()> {
    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    (&mut &*socket).write_all(bytes.get(sent..).unwrap_or_default())
}
