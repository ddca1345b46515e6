//! What the hub knows of a peer: who main says it is, its session, and what it holds.

use std::collections::VecDeque;
use std::sync::Arc;

use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::rpc::{Call, Caller, Host, LocalCall, Locals};
use portcullis_proto::session::{NAME_BYTES_MAX, Session, Side};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::Hub;
use crate::catalog::{InterfaceIndex, RoleIndex};
use crate::config::Kind;
use crate::instance::InstanceId;
use crate::observe::PeerCounters;

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

/// What a number of a peer's means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// The peer may call the instance.
    Bound { instance: InstanceId, interface: InterfaceIndex },
    /// The peer serves the instance.
    Export { instance: InstanceId, interface: InterfaceIndex },
    /// The instance has left, and the binding was not released yet.
    Gone,
}

/// What a call is about, for whoever observes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    pub(crate) interface: InterfaceIndex,
    pub(crate) instance: InstanceId,
    pub(crate) ordinal: u32,
    pub(crate) started: Time,
    pub(crate) bytes_in: u32,
    pub(crate) correlation: u64,
    pub(crate) callee: Option<PeerId>,
}

/// What the hub keeps for a call that a peer has opened.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    pub(crate) meta: Option<Meta>,
    pub(crate) work: Work,
}

/// Who works on a call.
#[derive(Debug, Default)]
pub(crate) enum Work {
    /// Nobody yet.
    #[default]
    None,
    /// A handler in main, of a call without streams.
    Handler(Call),
    /// A handler in main, and its flows.
    Local(Box<LocalCall>),
    /// Another peer.
    Relay(Box<RelayIn>),
    /// A topic.
    Subscription(Box<Subscriber>),
    /// A published value: the token of its report.
    Report(u32),
}

/// A call that another peer serves, seen from its caller.
#[derive(Debug)]
pub(crate) struct RelayIn {
    pub(crate) callee: PeerId,
    pub(crate) callee_id: u32,
    /// Items that the callee has sent and for which the caller has given no credit yet; bounded by the hub's own grant.
    pub(crate) items: VecDeque<Vec<u8>>,
    /// The outcome, while items wait before it.
    pub(crate) end: Option<(Status, Vec<u8>)>,
}

/// A call that the hub makes on behalf of another peer.
#[derive(Debug)]
pub(crate) struct RelayOut {
    pub(crate) caller: PeerId,
    pub(crate) caller_id: u32,
    /// The instance, by the server's number for it.
    pub(crate) export: u32,
    /// Items that the caller has sent and for which the callee has given no credit yet; bounded by the hub's own grant.
    pub(crate) items: VecDeque<Vec<u8>>,
    /// The caller has sent its last item.
    pub(crate) finished: bool,
}

/// A subscription.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) instance: InstanceId,
    pub(crate) ordinal: u32,
    /// Values that wait for credit, each with the token of its report; bounded by the topic's depth.
    pub(crate) queue: VecDeque<(Arc<[u8]>, Option<u32>)>,
    /// Values dropped since the last one that left.
    pub(crate) missed: u32,
}

impl Locals for Inbound {
    fn local(&mut self) -> Option<&mut LocalCall> {
        match &mut self.work {
            Work::Local(local) => Some(local),
            _ => None,
        }
    }
}

impl Locals for RelayOut {
    fn local(&mut self) -> Option<&mut LocalCall> {
        None
    }
}

pub(crate) struct PeerState {
    pub(crate) session: Session<Inbound, RelayOut>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) role: RoleIndex,
    pub(crate) kind: Kind,
    pub(crate) host: Option<Arc<dyn Host>>,
    /// Bindings and exports, by number less one.
    pub(crate) handles: Vec<Option<Handle>>,
    pub(crate) exports: usize,
    pub(crate) subscriptions: usize,
    pub(crate) hello_due: Option<Time>,
    pub(crate) counters: PeerCounters,
    pub(crate) ended: Option<Goodbye>,
    pub(crate) touched: bool,
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

impl PeerState {
    pub(crate) fn handle(&self, number: u32) -> Option<Handle> {
        let index = number.checked_sub(1)?;
        self.handles.get(index as usize).copied().flatten()
    }

    /// Gives out the lowest free number; `None` beyond `max` handles.
    pub(crate) fn add_handle(&mut self, handle: Handle, max: usize) -> Option<u32> {
        let index = match self.handles.iter().position(Option::is_none) {
            Some(index) => index,
            None if self.handles.len() < max => {
                self.handles.push(None);
                self.handles.len() - 1
            }
            None => return None,
        };
        *self.handles.get_mut(index)? = Some(handle);
        u32::try_from(index + 1).ok()
    }

    pub(crate) fn drop_handle(&mut self, number: u32) -> Option<Handle> {
        let index = number.checked_sub(1)?;
        self.handles.get_mut(index as usize)?.take()
    }

    pub(crate) fn set_handle(&mut self, number: u32, handle: Handle) {
        let slot = number.checked_sub(1).and_then(|index| self.handles.get_mut(index as usize));
        if let Some(slot) = slot {
            *slot = Some(handle);
        }
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
        let role = self
            .catalog
            .role(&admission.role)
            .ok_or_else(|| AdmitError::UnknownRole(admission.role.clone()))?;
        let mut config = self.config.session;
        config.keepalive = admission.kind != Kind::Main;
        let caller =
            Caller { peer: 0, label: admission.label.clone(), role: admission.role.clone() };
        let state = PeerState {
            session: Session::new(Side::Hub, config, now),
            caller: Arc::new(caller),
            role,
            kind: admission.kind,
            host: None,
            handles: Vec::new(),
            exports: 0,
            subscriptions: 0,
            hello_due: Some(now.after_ms(self.config.handshake_ms)),
            counters: PeerCounters::default(),
            ended: None,
            touched: false,
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
            state.host = Some(host);
        }
    }
}
