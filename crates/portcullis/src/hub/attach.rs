//! Connections: links that main has decided to admit.

use std::fmt;
use std::sync::Arc;

use portcullis_hub::{Admission, AdmitError, Kind, PeerId};
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Peer, PeerConfig};
use portcullis_proto::rpc::Host;

use super::host::PeerHost;
use super::shared::{Hub, Wake};
#[cfg(target_os = "linux")]
use crate::link::LinkedWith;
use crate::link::{IoLink, Link};

/// A connection of the hub.
#[derive(Clone)]
pub struct Connection(pub(super) Arc<PeerHost>);

impl Connection {
    /// The peer at the other end.
    pub fn peer(&self) -> PeerId {
        self.0.peer
    }

    /// Waits for the end of the connection, and tells why.
    pub async fn closed(&self) -> Goodbye {
        let gone = self.0.gone.notified();
        let mut gone = std::pin::pin!(gone);
        gone.as_mut().enable();
        let ended = self.0.goodbye.lock().is_ok_and(|goodbye| goodbye.is_some());
        if !ended {
            gone.await;
        }
        self.0.farewell()
    }

    /// Ends the connection.
    pub fn close(&self, reason: Reason) {
        let peer = self.0.peer;
        self.0.hub.turn(|core, now, turn| core.end_peer(peer, Goodbye::new(reason), now, turn));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.0.peer).finish()
    }
}

impl Hub {
    /// Ends the connection of a peer: `revoked` when main takes back what it has granted. False when there is none.
    pub fn disconnect(&self, peer: PeerId, reason: Reason) -> bool {
        self.0.turn(|core, now, turn| {
            let stands = core.is_connected(peer);
            core.end_peer(peer, Goodbye::new(reason), now, turn);
            stands
        })
    }

    pub(super) fn admit(&self, admission: &Admission) -> Result<Arc<PeerHost>, AdmitError> {
        let now = self.0.clock.now();
        let peer = self.0.lock().core.admit(admission, now)?;
        let host = Arc::new(PeerHost::new(Arc::clone(&self.0), peer, &admission.label));
        let mut state = self.0.lock();
        state.core.set_host(peer, Arc::clone(&host) as Arc<dyn Host>);
        state.wakes.insert(peer, Wake::Task(None));
        drop(state);
        Ok(host)
    }

    /// Admits a peer over `link`. Who it is and what it may do is main's word alone.
    ///
    /// # Errors
    ///
    /// See [`AdmitError`]; the link is closed then.
    pub fn attach(
        &self,
        #[allow(unused_mut, reason = "lanes are Linux's")] mut link: impl Link,
        admission: &Admission,
    ) -> Result<Connection, AdmitError> {
        let host = self.admit(admission)?;
        #[cfg(target_os = "linux")]
        if let Some(lane) = link.lane(LinkedWith::Peer(Arc::clone(&host.process))) {
            self.0.lock().core.set_lane(host.peer, lane);
        }
        match link.copies() {
            0 => {}
            copies => self.0.lock().core.set_link_copies(host.peer, copies),
        }
        let driven = Arc::clone(&host);
        let clock = self.0.clock;
        self.0.runtime.spawn(async move {
            // Removed also when the task is dropped with its runtime.
            let _remove = RemoveOnDrop(Arc::clone(&driven));
            crate::driver::connection::run(&driven, link, clock).await;
        });
        Ok(Connection(host))
    }

    /// Lets `connection` end with `process`; `socket` is main's end of it.
    #[cfg(target_os = "linux")]
    pub(crate) fn end_with_process(
        &self,
        process: Arc<std::os::fd::OwnedFd>,
        socket: std::os::unix::net::UnixStream,
        connection: &Connection,
    ) -> std::io::Result<()> {
        // Set once: a connection has one process.
        let _ = connection.0.process.set(Arc::clone(&process));
        let runtime = &self.0.runtime;
        let _entered = runtime.enter();
        match crate::process::life::end_with(process, socket, connection.clone()) {
            Ok(watching) => {
                runtime.spawn(watching);
                Ok(())
            }
            Err(error) => {
                connection.close(Reason::Closed);
                Err(error)
            }
        }
    }

    /// A peer in this process: main's own client, or a test's, over memory.
    ///
    /// # Errors
    ///
    /// See [`AdmitError`].
    pub fn connect(
        &self,
        label: impl Into<String>,
        role: impl Into<String>,
        config: &PeerConfig,
    ) -> Result<Peer, AdmitError> {
        let (ours, theirs) = IoLink::memory();
        let admission = Admission::new(label, role, Kind::Main);
        self.attach(ours, &admission)?;
        let _entered = self.0.runtime.enter();
        Ok(crate::client::connect_on(&self.0.runtime, theirs, config))
    }
}

struct RemoveOnDrop(Arc<PeerHost>);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        self.0.remove();
    }
}
