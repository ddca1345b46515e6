//! How far a reconnecting client is, as its application sees it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::error::Error;
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::peer::Peer;
use portcullis_proto::status::Status;
use tokio::sync::watch;

/// How far the client is.
#[derive(Clone, Debug)]
pub enum State {
    /// A connection is being made.
    Connecting {
        /// Which attempt it is since a connection last stood for long, from 1.
        attempt: u32,
    },
    /// The hub has taken it in.
    Connected(Connected),
    /// The next attempt is made after a while.
    Waiting {
        /// The whole wait.
        after: Duration,
        /// Why there is no connection.
        cause: Cause,
    },
    /// It has ended for good.
    Closed(Cause),
}

/// A connection that stands.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The peer at its near end. What is made with it ends with this connection.
    pub peer: Peer,
    /// The label that main gave it.
    pub label: String,
    /// The role that main gave it.
    pub role: String,
    /// Counts this client's connections, from 1.
    pub number: u64,
}

/// Why a connection ended, or was not made.
#[derive(Clone, Debug)]
pub enum Cause {
    /// It could not be made.
    NotMade(Arc<io::Error>),
    /// The transport has ended, and nobody said why.
    Lost(String),
    /// One side has said why.
    Goodbye(Goodbye),
}

impl Cause {
    /// Of a peer that has ended with `goodbye`.
    pub(super) fn of(peer: &Peer, goodbye: Goodbye) -> Self {
        if peer.has_lost_transport() { Self::Lost(goodbye.message) } else { Self::Goodbye(goodbye) }
    }

    /// Whether a new connection may be better off.
    pub fn may_reconnect(&self) -> bool {
        match self {
            Self::NotMade(_) | Self::Lost(_) => true,
            Self::Goodbye(goodbye) => goodbye.reason.may_reconnect(),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMade(error) => write!(f, "no connection could be made: {error}"),
            Self::Lost(message) => f.write_str(message),
            Self::Goodbye(goodbye) => goodbye.fmt(f),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { attempt } => write!(f, "connecting, attempt {attempt}"),
            Self::Connected(connected) => write!(f, "connected as `{}`", connected.label),
            Self::Waiting { after, cause } => {
                write!(f, "connecting again after {after:?}: {cause}")
            }
            Self::Closed(cause) => write!(f, "closed for good: {cause}"),
        }
    }
}

/// Tells how far a client is, one state after the other. It does not keep the client alive.
#[derive(Clone, Debug)]
pub struct States {
    receiver: watch::Receiver<State>,
    ended: bool,
}

impl States {
    pub(super) fn new(receiver: watch::Receiver<State>) -> Self {
        Self { receiver, ended: false }
    }

    /// The next state, the present one first; `None` behind [`State::Closed`]. States that were over before they were asked
    /// for are left out; [`Connected::number`] tells connections apart.
    pub async fn next(&mut self) -> Option<State> {
        if self.ended {
            return None;
        }
        // The first one counts as seen already.
        if self.receiver.changed().await.is_err() {
            self.ended = true;
        }
        let state = self.receiver.borrow_and_update().clone();
        self.ended |= matches!(state, State::Closed(_));
        Some(state)
    }
}

/// Waits for a connection later than number `seen` that stands.
pub(super) async fn connected(
    states: &mut watch::Receiver<State>,
    seen: u64,
) -> Result<Connected, Error> {
    // Every turn waits for the next state.
    loop {
        match &*states.borrow_and_update() {
            State::Connected(connected)
                if connected.number > seen && !connected.peer.has_ended() =>
            {
                return Ok(connected.clone());
            }
            State::Closed(cause) => return Err(closed(cause)),
            _ => {}
        }
        if states.changed().await.is_err() {
            return Err(closed(&*states.borrow()));
        }
    }
}

/// There is no connection, and none will come.
pub(super) fn closed(why: impl fmt::Display) -> Error {
    Error::new(Status::Unavailable, format!("the connection has ended for good: {why}")).unsent()
}
