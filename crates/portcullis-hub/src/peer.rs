//! What the hub knows of a peer: who main says it is, its session, and what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::rpc::{Caller, Host, Origin};
use portcullis_proto::session::{NAME_BYTES_MAX, Session, Side};
use portcullis_proto::time::Time;

use crate::Hub;
use crate::audit::Denials;
use crate::config::Kind;
use crate::handles::Handles;
use crate::handling::Handling;
use crate::observe::PeerCounters;
use crate::policy::roles::RoleIndex;
use crate::policy::standing::Standing;
use crate::work::{Inbound, RelayOut};

/// Names a connection, for as long as the hub runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u32);

impl PeerId {
    /// The number by which logs, reports and the peer itself name it.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// What main says of a new connection. Nothing of it comes from the peer.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Which window or worker it is. Two peers of one label may be connected at once (a window that reloads).
    pub label: String,
    /// The name of its role.
    pub role: String,
    /// What is at the other end.
    pub kind: Kind,
}

/// Why a connection was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdmitError {
    /// No such role.
    UnknownRole(String),
    /// The label is longer than 128 bytes.
    LabelTooLong,
    /// As many peers are connected as the hub takes.
    Full,
    /// The hub is quitting.
    Closing,
}

impl std::fmt::Display for AdmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownRole(role) => write!(f, "there is no role `{role}`"),
            Self::LabelTooLong => write!(f, "a label has at most {NAME_BYTES_MAX} bytes"),
            Self::Full => f.write_str("as many peers are connected as the hub takes"),
            Self::Closing => f.write_str("the hub is quitting"),
        }
    }
}

impl std::error::Error for AdmitError {}

/// What the hub keeps for a connection.
pub(crate) struct PeerState {
    pub(crate) session: Session<Inbound, RelayOut>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) role: RoleIndex,
    /// What it may do now.
    pub(crate) standing: Standing,
    pub(crate) denials: Denials,
    pub(crate) kind: Kind,
    /// Where its calls come from, while its connection stands.
    pub(crate) origin: Option<Arc<Origin>>,
    pub(crate) handles: Handles,
    /// The peer whose calls this one was told come next.
    pub(crate) told_caller: Option<PeerId>,
    pub(crate) subscriptions: usize,
    /// Calls that this peer serves for each other one, those that are being cancelled included.
    pub(crate) served: BTreeMap<PeerId, usize>,
    /// Reports that this peer waits for, by when they run out.
    pub(crate) reports: BTreeSet<(Time, u32)>,
    /// Items that this peer has sent and that wait in the hub, in bytes.
    pub(crate) queued_bytes: usize,
    pub(crate) handling: Handling,
    pub(crate) hello_due: Option<Time>,
    pub(crate) counters: PeerCounters,
    pub(crate) ended: Option<Goodbye>,
    pub(crate) touched: bool,
    /// More waits for it than may: it is about to be ended.
    pub(crate) over: bool,
    pub(crate) silent: bool,
}

impl std::fmt::Debug for PeerState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerState")
            .field("caller", &self.caller)
            .field("kind", &self.kind)
            .field("counters", &self.counters)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Takes a connection in. It has to say `hello` in time; the hub speaks to nobody who has not.
    ///
    /// # Errors
    ///
    /// See [`AdmitError`].
    pub fn admit(&mut self, admission: &Admission, now: Time) -> Result<PeerId, AdmitError> {
        if self.closing {
            return Err(AdmitError::Closing);
        }
        if admission.label.len() > NAME_BYTES_MAX as usize {
            return Err(AdmitError::LabelTooLong);
        }
        let unknown = || AdmitError::UnknownRole(admission.role.clone());
        let role = self.roles.find(&admission.role).ok_or_else(unknown)?;
        let standing = Standing::new(self.roles.get(role).ok_or_else(unknown)?, now);
        let mut config = self.config.session;
        config.keepalive = admission.kind != Kind::Main;
        let caller =
            Caller { peer: 0, label: admission.label.clone(), role: admission.role.clone() };
        let state = PeerState {
            session: Session::new(Side::Hub, config, now),
            caller: Arc::new(caller),
            role,
            standing,
            denials: Denials::default(),
            kind: admission.kind,
            origin: None,
            handles: Handles::default(),
            told_caller: None,
            subscriptions: 0,
            served: BTreeMap::new(),
            reports: BTreeSet::new(),
            queued_bytes: 0,
            handling: Handling::default(),
            hello_due: Some(now.after_ms(self.config.handshake_ms)),
            counters: PeerCounters::default(),
            ended: None,
            touched: false,
            over: false,
            silent: false,
        };
        let key = self.peers.insert(state).ok_or(AdmitError::Full)?;
        if let Some(state) = self.peers.get_mut(key) {
            state.caller = Arc::new(Caller { peer: key, ..(*state.caller).clone() });
        }
        self.counters.admitted += 1;
        Ok(PeerId(key))
    }

    /// Says through what the handlers of this peer's calls reach its session. Before the first bytes are delivered.
    pub fn set_host(&mut self, peer: PeerId, host: Arc<dyn Host>) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            let caller = Some(Arc::clone(&state.caller));
            state.origin = Some(Arc::new(Origin::new(host, caller)));
        }
    }
}
