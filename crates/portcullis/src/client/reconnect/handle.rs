//! A reconnecting client, as an application holds it.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;

use portcullis_proto::error::Error;
use portcullis_proto::peer::{Binding, Peer, Target};
use portcullis_proto::rpc::Client;
use tokio::sync::watch;

use super::ReconnectConfig;
use super::each::Each;
use super::keeper::Keeper;
use super::lasting::Lasting;
use super::state::{State, States, closed};
use crate::backoff::Backoff;
use crate::client::World;
use crate::clock::Clock;
use crate::link::Link;

/// A client that connects again when its connection has ended. Cheap to clone; with the last clone, and the last binding
/// made of it, the connection ends.
#[derive(Clone)]
pub struct Reconnecting(Arc<Handle>);

struct Handle {
    runtime: tokio::runtime::Handle,
    states: watch::Receiver<State>,
    stop: watch::Sender<bool>,
    backoff: Backoff,
    nowhere: Binding,
}

impl Reconnecting {
    /// Connects by `dial`, now and whenever a connection has ended, on the current tokio runtime. Returns at once: calls
    /// wait for the connection inside their deadlines.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn new<D, F, L>(dial: D, config: ReconnectConfig) -> Self
    where
        D: FnMut() -> F + Send + 'static,
        F: Future<Output = io::Result<L>> + Send + 'static,
        L: Link,
    {
        let runtime = tokio::runtime::Handle::current();
        let (sender, states) = watch::channel(State::Connecting { attempt: 1 });
        let (stop, stopped) = watch::channel(false);
        let backoff = config.backoff;
        let nowhere = Binding::nowhere(Arc::new(World { clock: Clock::tokio() }));
        let keeper =
            Keeper { runtime: runtime.clone(), dial, config, states: sender, stop: stopped };
        runtime.spawn(keeper.run());
        Self(Arc::new(Handle { runtime, states, stop, backoff, nowhere }))
    }

    /// How far it is now.
    pub fn state(&self) -> State {
        self.0.states.borrow().clone()
    }

    /// How far it is, from now on.
    pub fn states(&self) -> States {
        let mut states = self.0.states.clone();
        states.mark_changed();
        States::new(states)
    }

    /// The peer of the connection that stands now, if one does.
    pub fn peer(&self) -> Option<Peer> {
        match &*self.0.states.borrow() {
            State::Connected(connected) if !connected.peer.has_ended() => {
                Some(connected.peer.clone())
            }
            _ => None,
        }
    }

    /// A binding that outlives connections and instances. Nothing is asked of the hub before somebody needs it.
    pub fn bind<C: Client>(&self, target: Target) -> Lasting<C> {
        Lasting::new(self.clone(), target)
    }

    /// Does something on this and each later connection: serving, publishing. What `run` ends with is kept until its
    /// connection ends, so that a [`Serving`](portcullis_proto::peer::Serving) can be returned; what it fails with is
    /// logged. A handle of this client that `run` holds keeps it connected until the [`Each`] is dropped.
    pub fn on_each<R, F, T>(&self, run: R) -> Each
    where
        R: FnMut(Peer) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        Each::spawn(&self.0.runtime, self.0.states.clone(), run)
    }

    /// Ends the connection, and makes no other one. Whoever waits is told `unavailable`.
    pub fn close(&self) {
        self.0.stop.send_replace(true);
    }

    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.0.states.clone()
    }

    pub(super) fn runtime(&self) -> &tokio::runtime::Handle {
        &self.0.runtime
    }

    /// Fails when it has ended for good.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &*self.0.states.borrow() {
            State::Closed(cause) => Err(closed(cause)),
            _ => Ok(()),
        }
    }

    pub(super) fn backoff(&self) -> Backoff {
        self.0.backoff
    }

    /// A binding on which all calls fail at once.
    pub(super) fn nowhere(&self) -> &Binding {
        &self.0.nowhere
    }
}

/// Connects to the hub that listens on a Unix socket at `path`, now and whenever a connection has ended.
///
/// # Panics
///
/// Outside a tokio runtime.
#[cfg(unix)]
pub fn reconnect_unix(path: impl AsRef<std::path::Path>, config: ReconnectConfig) -> Reconnecting {
    let path: Arc<std::path::Path> = Arc::from(path.as_ref());
    let dial = move || {
        let path = Arc::clone(&path);
        async move {
            let socket = tokio::net::UnixStream::connect(&path).await?;
            crate::link::UnixLink::new(socket.into_std()?)
        }
    };
    Reconnecting::new(dial, config)
}

impl fmt::Debug for Reconnecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reconnecting").field(&*self.0.states.borrow()).finish()
    }
}
