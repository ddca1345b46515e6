//! How a ring is agreed on, before the first frame (`docs/protocol.md`, section 16): the peer makes the memory and sends its
//! descriptor along with [`MAGIC`] and the capacity; the hub takes it with one byte, or the connection ends. The byte says how the
//! hub is told of records: it sleeps on the ring, or it has a bell, whose descriptor comes along.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use portcullis_shm::ring::{Bell, Duplex, Spin};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg};

use crate::lane::Descriptors;
use crate::link::unix::transmit;
use crate::link::{RecvBuffer, violation};

/// The beginning of an offer. As the length of a frame it would be more than any may have.
const MAGIC: &[u8; 8] = b"PCRING\0\x01";
/// Bytes of an offer: the magic, and the capacity of each direction.
const OFFER_BYTES: usize = MAGIC.len() + 4;
/// What the hub answers when it has mapped the ring.
const TAKEN: u8 = b'R';
/// The same, with the descriptor of the bell that tells it what has come.
const TAKEN_WITH_BELL: u8 = b'B';

/// The largest ring that a hub takes from a peer, in bytes of each direction. The memory is the peer's.
pub const RING_BYTES_MAX: u32 = 1024 * 1024;

/// How long the hub may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Makes a ring and has the hub take it.
///
/// # Errors
///
/// The memory cannot be had, or the hub takes no rings here.
pub(crate) fn offer(socket: &UnixStream, capacity: u32, spin: Spin) -> io::Result<Duplex> {
    let (mut ring, memory) = Duplex::create(capacity, spin).map_err(io::Error::other)?;
    let descriptors = Descriptors::default();
    descriptors.hand_over([memory]);
    let mut message = [0; OFFER_BYTES];
    let (magic, size) = message.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    size.copy_from_slice(&capacity.next_power_of_two().to_le_bytes());
    // It is the first thing that the socket carries, so all of it fits.
    transmit(socket.as_fd(), &message, SendFlags::NOSIGNAL, Some(&descriptors))?;
    let before = socket.read_timeout()?;
    socket.set_read_timeout(Some(ANSWER_MAX))?;
    let come = hear(socket);
    socket.set_read_timeout(before)?;
    match come {
        Ok((Some(TAKEN), _)) => Ok(ring),
        Ok((Some(TAKEN_WITH_BELL), Some(bell))) => {
            ring.producer.tell_by(Bell::from(bell));
            Ok(ring)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the hub did not answer the offer of a ring",
        )),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            "the hub takes no ring of this size on this connection: see Hub::attach_blocking and Hub::attach_ring",
        )),
    }
}

/// Waits for the answer: one byte, none where the socket has ended, and what has come along.
fn hear(socket: &UnixStream) -> io::Result<(Option<u8>, Option<OwnedFd>)> {
    let mut answer = [0; 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let into = &mut [IoSliceMut::new(&mut answer)];
    let received = recvmsg(socket, into, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let come = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok((answer.first().copied().filter(|_| received.bytes == 1), come))
}

/// The ring that a peer offers.
#[derive(Debug)]
pub(crate) struct Offer {
    capacity: u32,
    memory: OwnedFd,
}

impl Offer {
    /// Whether a connection that has begun with these bytes offers a ring.
    pub(crate) fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Takes the offer at the beginning of a connection out of what has come.
    ///
    /// # Errors
    ///
    /// It is cut, not alone, or without its descriptor: a peer sends it at once and waits for the answer.
    pub(crate) fn take(buffer: &mut RecvBuffer, descriptors: &Descriptors) -> io::Result<Self> {
        let size = buffer.filled().strip_prefix(MAGIC).and_then(|size| size.try_into().ok());
        let size = size.ok_or_else(|| violation("an offer of a ring that is cut, or not alone"))?;
        buffer.consume(OFFER_BYTES, 0);
        let [memory] = descriptors
            .take()
            .ok_or_else(|| violation("an offer of a ring without its descriptor"))?;
        Ok(Self { capacity: u32::from_le_bytes(size), memory })
    }
}

/// Maps what was offered, and says so; with a bell if whoever takes it does not sleep on the ring.
///
/// # Errors
///
/// The ring is larger than `capacity_max`, or its memory is not what was declared; or the peer is gone.
pub(crate) fn answer(
    socket: &UnixStream,
    Offer { capacity, memory }: Offer,
    capacity_max: u32,
    spin: Spin,
    bell: Option<&Bell>,
) -> io::Result<Duplex> {
    if capacity > capacity_max {
        return Err(violation(format!(
            "a ring of {capacity} bytes was offered: {capacity_max} are taken at most"
        )));
    }
    let ring =
        Duplex::open(memory, capacity, spin).map_err(|error| violation(error.to_string()))?;
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let leaving = Descriptors::default();
    let answer = match bell {
        None => TAKEN,
        Some(bell) => {
            leaving.hand_over([bell.as_fd().try_clone_to_owned()?]);
            TAKEN_WITH_BELL
        }
    };
    transmit(socket.as_fd(), &[answer], flags, Some(&leaving))?;
    Ok(ring)
}
