//! A ring that a peer offers on a connection of threads: taken over by the reader or a task, ended by whoever learns that the peer
//! is gone.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, OnceLock};

use portcullis_shm::ring::Bell;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{Reader, Threads};
use crate::link::blocking::{Incoming, Offer, RING_BYTES_MAX, RingEnds, Rung, answer, over_ring};
use crate::link::{RecvBuffer, watch};

/// The ring of a connection, once there is one.
#[derive(Default)]
pub(super) struct Active(OnceLock<RingEnds>);

impl Active {
    /// Ends the waits of both threads.
    pub(super) fn end(&self) {
        if let Some(ends) = self.0.get() {
            ends.close();
        }
    }
}

/// Whether a connection has begun with the offer of a ring.
pub(super) fn is_offered(buffer: &RecvBuffer) -> bool {
    Offer::begins(buffer.filled())
}

impl Threads {
    /// Takes the ring that stands at the beginning of what has come; what is read from now on, unless a task does.
    pub(super) fn take_ring(
        self: &Arc<Self>,
        buffer: &mut RecvBuffer,
    ) -> io::Result<Option<Incoming>> {
        let descriptors = self.descriptors.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let offer = Offer::take(buffer, descriptors)?;
        let watched = watch_end(&self.socket, &self.host.hub.runtime)?;
        let bell = match self.reader {
            Reader::Thread => None,
            Reader::Task => Some(watch_bell(&self.host.hub.runtime)?),
        };
        let told_by = bell.as_ref().map(AsyncFd::get_ref);
        let ring = answer(&self.socket, offer, RING_BYTES_MAX, self.host.hub.spin, told_by)?;
        let (reading, outgoing, room, ends) = over_ring(ring, &self.socket, descriptors, None);
        self.change_way(outgoing, room);
        // A connection takes one ring: its offer is the first that comes.
        let _ = self.ring.0.set(ends);
        if let Some(bell) = bell {
            self.read_by_task(Rung::new(reading, bell), std::mem::take(buffer), watched);
            return Ok(None);
        }
        let threads = Arc::clone(self);
        self.host.hub.runtime.spawn(async move {
            watched.await;
            threads.ring.end();
        });
        Ok(Some(Incoming::Ring(reading)))
    }
}

/// Makes the bell that the peer rings.
fn watch_bell(runtime: &tokio::runtime::Handle) -> io::Result<AsyncFd<Bell>> {
    let _entered = runtime.enter();
    watch(Bell::create()?, Interest::READABLE)
}

/// Waits until a socket has ended, which it tells though nobody reads it.
fn watch_end(
    socket: &UnixStream,
    runtime: &tokio::runtime::Handle,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let _entered = runtime.enter();
    // To watch a socket does not change whether it blocks.
    let watched = watch(socket.try_clone()?, Interest::READABLE)?;
    Ok(async move {
        // Every turn waits until something comes: descriptors, or the end.
        while let Ok(mut ready) = watched.readable().await {
            if ready.ready().is_read_closed() {
                return;
            }
            ready.clear_ready();
        }
    })
}
