//! What the hub knows of a peer: who main says it is, its session, and what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::rpc::{Caller, Host, Origin};
use portcullis_proto::session::{Lane, NAME_BYTES_MAX, Session, Side};
use portcullis_proto::time::Time;

use crate::Hub;
use crate::account::{Account, Charge};
use crate::audit::Denials;
use crate::budget::{CALLEE_SHARE_PERCENT, Resource};
use crate::config::{HANDSHAKE_MS, Kind};
use crate::handles::Handles;
use crate::observe::PeerCounters;
use crate::parcels::Room;
use crate::policy::roles::RoleIndex;
use crate::policy::standing::Standing;
use crate::spare::Spares;
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
    /// Whose it is: peers of one user share that user's budget. `None`: it has its role's budget alone.
    pub user: Option<String>,
}

impl Admission {
    /// A peer with that label and role, of no user.
    pub fn new(label: impl Into<String>, role: impl Into<String>, kind: Kind) -> Self {
        Self { label: label.into(), role: role.into(), kind, user: None }
    }

    /// The same, of that user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }
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
    /// The name of the user is longer than 128 bytes.
    UserTooLong,
    /// The user has as many connections as it may; the word names the budget.
    UserBudget(&'static str),
    /// The hub is quitting.
    Closing,
}

impl std::fmt::Display for AdmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownRole(role) => write!(f, "there is no role `{role}`"),
            Self::LabelTooLong => write!(f, "a label has at most {NAME_BYTES_MAX} bytes"),
            Self::Full => f.write_str("as many peers are connected as the hub takes"),
            Self::UserTooLong => write!(f, "a user has at most {NAME_BYTES_MAX} bytes"),
            Self::UserBudget(what) => write!(f, "the user's budget `{what}` is used up"),
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
    pub(crate) told_caller: Option<Arc<Caller>>,
    pub(crate) account: Arc<Account>,
    /// What calls that have ended have left for the next ones.
    pub(crate) spares: Spares,
    /// It counts as one of its user's connections.
    _presence: Charge,
    /// It has not said hello yet.
    pub(crate) half_open: Option<Charge>,
    /// How often its link copies what is sent.
    pub(crate) link_copies: u32,
    /// Its transport waits when nobody reads: it can be told to send no faster.
    pub(crate) waits: bool,
    /// Until when its driver was told not to read.
    pub(crate) paused_until: Option<Time>,
    /// How much of a server's calls its sharers may have, in percent.
    pub(crate) share_percent: usize,
    /// How often it was refused something or told to wait.
    pub(crate) throttled: u64,
    /// Calls that this peer serves for each user, or peer of none, those that are being cancelled included.
    pub(crate) served: BTreeMap<u64, usize>,
    /// Reports that this peer waits for, by when they run out.
    pub(crate) reports: BTreeSet<(Time, u32)>,
    pub(crate) hello_due: Option<Time>,
    pub(crate) counters: PeerCounters,
    pub(crate) ended: Option<Goodbye>,
    /// It has ended the connection itself: the goodbye is its own word.
    pub(crate) left: bool,
    pub(crate) touched: bool,
    /// More waits for it than may: it is about to be ended.
    pub(crate) over: bool,
    pub(crate) silent: bool,
    /// It is about to be stopped: others begin nothing on what it serves.
    pub(crate) draining: bool,
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
        let (budget, account) = self.open_account(admission, role)?;
        let charge = |resource| account.charge(resource).map_err(|over| over.what);
        let charged =
            charge(Resource::Peers).and_then(|one| Ok((one, charge(Resource::HalfOpen)?)));
        let (presence, half_open) = match charged {
            Ok(charged) => charged,
            Err(what) => {
                drop(account);
                self.forget_users();
                self.counters.turned_away += 1;
                return Err(AdmitError::UserBudget(what));
            }
        };
        let mut config = self.config.session;
        config.keepalive = admission.kind != Kind::Main;
        let caller =
            Caller { peer: 0, label: admission.label.clone(), role: admission.role.clone() };
        let mut session = Session::new(Side::Hub, config, now);
        session.count_parcels(Box::new(Room(Arc::clone(&account))));
        let state = PeerState {
            session,
            caller: Arc::new(caller),
            role,
            standing,
            denials: Denials::default(),
            kind: admission.kind,
            origin: None,
            handles: Handles::default(),
            told_caller: None,
            account,
            spares: Spares::default(),
            _presence: presence,
            half_open: Some(half_open),
            link_copies: 0,
            waits: true,
            paused_until: None,
            share_percent: budget.callee_share_percent.unwrap_or(CALLEE_SHARE_PERCENT).into(),
            throttled: 0,
            served: BTreeMap::new(),
            reports: BTreeSet::new(),
            hello_due: Some(now.after_ms(budget.handshake_ms.unwrap_or(HANDSHAKE_MS))),
            counters: PeerCounters::default(),
            ended: None,
            left: false,
            touched: false,
            over: false,
            silent: false,
            draining: false,
        };
        let key = self.peers.insert(state).ok_or(AdmitError::Full)?;
        if let Some(state) = self.peers.get_mut(key) {
            state.caller = Arc::new(Caller { peer: key, ..(*state.caller).clone() });
        }
        self.counters.admitted += 1;
        Ok(PeerId(key))
    }

    /// Lets blobs go past the bytes of this peer's connection. Before the first bytes are delivered.
    pub fn set_lane(&mut self, peer: PeerId, lane: Box<dyn Lane>) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.session.set_lane(lane);
        }
    }

    /// Says how often the link of this peer copies what is sent before the system has it: it is counted in
    /// [`blob_copies`](crate::PeerCounters::blob_copies).
    pub fn set_link_copies(&mut self, peer: PeerId, copies: u32) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.link_copies = copies;
        }
    }

    /// Says through what the handlers of this peer's calls reach its session. Before the first bytes are delivered.
    pub fn set_host(&mut self, peer: PeerId, host: Arc<dyn Host>) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            let caller = Some(Arc::clone(&state.caller));
            state.origin = Some(Arc::new(Origin::new(host, caller)));
        }
    }
}
