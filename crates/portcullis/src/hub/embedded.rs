//! Connections whose bytes an embedder carries itself: a JavaScript engine, a user interface's event loop. No link, and
//! no task for a connection. Handlers that are marked `inline` run on the embedder's thread, all others on the hub's
//! runtime.

use std::fmt;
use std::sync::Arc;

use portcullis_hub::{Admission, AdmitError, PeerId};
use portcullis_proto::goodbye::{Goodbye, Reason};

use super::backlog::Backlog;
use super::host::PeerHost;
use super::shared::{Hub, Wake};

/// Called from any thread when a peer has something to transmit, or has ended. Once it was called for a peer it need not
/// be called again before [`Embedded::transmit`]. It must not block, and not call into the hub.
pub type EmbeddedWake = Arc<dyn Fn(PeerId) + Send + Sync>;

/// What [`Embedded::transmit`] has done, and what is left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transmitted {
    /// There was something: it stands at the end of the buffer.
    pub moved: bool,
    /// There is more, which may leave as a message of its own.
    pub more: bool,
    /// The connection has ended; once there is no more, its transport can be closed.
    pub ended: bool,
}

/// A connection of the hub whose bytes are carried by whoever holds this. Dropping it removes the peer.
///
/// The order of things: [`Self::deliver`] what comes in; after a wake, [`Self::transmit`] until there is no more; then, if
/// it has [ended](Self::ended), close the transport and drop this.
pub struct Embedded {
    host: Arc<PeerHost>,
    backlog: Arc<Backlog>,
}

impl Hub {
    /// Admits a peer whose bytes the caller carries. `wake` may be the same for any number of peers. Time-outs are kept
    /// on the hub's runtime.
    ///
    /// # Errors
    ///
    /// See [`AdmitError`].
    pub fn attach_embedded(
        &self,
        admission: &Admission,
        wake: EmbeddedWake,
    ) -> Result<Embedded, AdmitError> {
        let host = self.admit(admission)?;
        let timing = {
            let mut state = self.0.lock();
            state.wakes.insert(host.peer, Wake::Embedded(wake));
            state.core.set_without_back_pressure(host.peer);
            let due = state.core.next_timeout(host.peer);
            state.timer.expect(due)
        };
        self.0.keep_time(timing);
        let limits = self.0.lock().core.limits();
        let backlog = Arc::new(Backlog::new(Arc::clone(&host), &limits));
        Ok(Embedded { host, backlog })
    }
}

impl Embedded {
    /// The peer at the other end.
    pub fn peer(&self) -> PeerId {
        self.host.peer
    }

    /// Says how often the caller copies what was transmitted before its transport has it: it is counted in
    /// [`blob_copies`](portcullis_hub::PeerCounters::blob_copies). Before the first bytes are delivered.
    pub fn count_copies(&self, copies: u32) {
        self.host.hub.lock().core.set_link_copies(self.host.peer, copies);
    }

    /// Takes in a message, which holds whole frames: one that does not ends the peer. Handlers marked `inline` run before
    /// this returns, on this thread; one that takes longer than 5 ms is logged by name. The arguments of all others are
    /// copied, and read elsewhere.
    ///
    /// While too much waits for its handlers, messages of the peer are kept unread; a peer that goes on all the same ends
    /// with [`Reason::WindowExceeded`].
    pub fn deliver(&self, message: &[u8]) {
        self.backlog.deliver(message);
    }

    /// Moves what may leave to the end of `into`: one message of whole frames.
    pub fn transmit(&self, into: &mut Vec<u8>) -> Transmitted {
        self.host.transmit_embedded(into)
    }

    /// Whether there is something to transmit.
    pub fn has_output(&self) -> bool {
        self.host.hub.lock().core.has_output(self.host.peer)
    }

    /// How the connection ended, once it has. Its goodbye may still have to be transmitted.
    pub fn ended(&self) -> Option<Goodbye> {
        self.host.hub.lock().core.ended(self.host.peer).cloned()
    }

    /// Whether the peer has ended the connection itself: then reason and text of its goodbye are its own words.
    pub fn has_left(&self) -> bool {
        self.host.hub.lock().core.has_left(self.host.peer)
    }

    /// The transport is gone: nothing more comes from the peer, and nothing reaches it.
    pub fn lost(&self, why: &str) {
        let goodbye = Goodbye::because(Reason::Closed, why);
        let peer = self.host.peer;
        self.host.hub.turn(|core, now, turn| core.peer_left(peer, goodbye, now, turn));
    }

    /// Ends the connection; the peer is told why by what is still to be transmitted.
    pub fn close(&self, goodbye: Goodbye) {
        let peer = self.host.peer;
        self.host.hub.turn(|core, now, turn| core.end_peer(peer, goodbye, now, turn));
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.host.remove();
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Embedded").field(&self.host.peer).finish()
    }
}
