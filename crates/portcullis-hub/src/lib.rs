//! The hub of Portcullis, without any I/O: it admits peers, decides what each may do, checks every message against the
//! schema, and routes calls, streams and topics between peers and the services of main. Bytes and the time come in;
//! bytes, jobs and events come out. Drivers in `portcullis` carry them.
//!
//! Five entry points: [`Hub::deliver`], [`Hub::complete`], [`Hub::transmit`], [`Hub::next_timeout`] and
//! [`Hub::handle_timeout`]. None of them waits for a peer, and none lets one peer's bytes disturb another.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod account;
mod audit;
mod batch;
mod budget;
mod calls;
mod catalog;
mod checks;
mod config;
mod control;
mod deliver;
mod directory;
mod drain;
mod flows;
mod greet;
mod handles;
mod handling;
mod instance;
mod leave;
mod observe;
mod pace;
mod parcels;
mod peer;
mod policy;
mod rate;
mod relay;
mod report;
mod retained;
mod slab;
mod spare;
mod streams;
mod subscriber;
mod tap;
mod timeout;
mod topics;
mod users;
mod waiting;
mod work;

pub use audit::{DENIALS_APART_MAX, DenyReason};
pub use budget::{
    BURST_MS, Budget, CALLEE_SHARE_PERCENT, PAGE_BYTES_PER_SECOND, PAGE_FRAMES_PER_SECOND, Rate,
    Resource, USER_HALF_OPEN_MAX, USER_PARCEL_BYTES_MAX, USER_PEERS_MAX, USER_RETAINED_BYTES_MAX,
};
pub use config::{
    BINDINGS_MAX, EXPORTS_MAX, HANDSHAKE_MS, HubConfig, Kind, QUEUED_BYTES_MAX, REPORTS_MAX,
    RETAINED_BYTES_MAX, SUBSCRIPTION_BYTES_MAX, SUBSCRIPTIONS_MAX,
};
pub use deliver::{BORROWED_A_TURN_MAX, Delivery, TURN_COST_MAX};
pub use handling::{HANDLED_BYTES_MAX, NOTIFICATIONS_MAX};
pub use instance::InstanceId;
pub use observe::{CallRecord, HubCounters, HubEvent, PeerCounters, PeerInfo, PublishRecord};
pub use pace::RATE_FLOOD_BURSTS;
pub use peer::{Admission, AdmitError, PeerId};
pub use policy::matrix::Matrix;
pub use policy::names::{Misfit, Names, nearest};
pub use policy::rights::Scope;
pub use policy::role::{Action, Address, Grant, Role};
pub use policy::roles::ConfigError;
pub use policy::standing::{GrantError, OWN_GRANTS_MAX};
pub use rate::Bucket;
pub use tap::{
    MAIN_LABEL, TAP_BODY_BYTES_MAX, TAP_INTERFACE, TAP_PATTERNS_MAX, TAPS_MAX, TapError, TapFilter,
    TapId, TapKind, TapRecord, Tapped,
};
pub use topics::PublishError;
pub use users::RETRY_AFTER_MS;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::DeliveryReport;
use portcullis_proto::rpc::{Job, Service, Wakes};
use portcullis_proto::schema::Schema;
use portcullis_proto::session::Limits;
use portcullis_proto::time::Time;

use account::Account;
use catalog::Catalog;
use directory::Directory;
use instance::Instance;
use peer::PeerState;
use policy::roles::Roles;
use report::Report;
use slab::Slab;
use tap::Taps;

/// The router in the main process.
#[derive(Debug)]
pub struct Hub {
    catalog: Arc<Catalog>,
    roles: Roles,
    config: HubConfig,
    peers: Slab<PeerState>,
    instances: Slab<Instance>,
    directory: Directory,
    /// Published values whose report is awaited, by the token that their items carry.
    reports: BTreeMap<u32, Report>,
    /// Those of them that main waits for, by when they run out.
    main_reports: BTreeSet<(Time, u32)>,
    /// Peers for which more waits than may, to be ended before the present turn is over.
    over: Vec<PeerId>,
    /// The accounts of users that have peers, or of whom something is left.
    users: BTreeMap<String, Arc<Account>>,
    /// Accounts of peers that are gone, while handlers hold what they sent or it waits for others.
    leftovers: BTreeMap<PeerId, Arc<Account>>,
    next_sharer: u64,
    next_token: u32,
    next_correlation: u64,
    next_serial: u64,
    counters: HubCounters,
    taps: Taps,
    closing: bool,
}

/// What came of one call into the hub, for its driver to act on.
#[derive(Debug, Default)]
pub struct Turn {
    /// Handlers of main's own services to be started, in order. Their arguments stand in the bytes delivered.
    pub jobs: Vec<Job>,
    /// Peers that have something to transmit now, or have ended.
    pub touched: Vec<PeerId>,
    /// What happened, for observers.
    pub events: Vec<HubEvent>,
    /// Messages that passed, for taps.
    pub tapped: Vec<Tapped>,
    /// Reports of values that main published, by the key that [`Hub::publish_reported`] gave.
    pub reports: Vec<(u32, DeliveryReport)>,
    /// Tasks to be woken, and services that main serves no longer. To be dropped when no lock around the hub is held: what
    /// runs then may well call into it.
    pub retired: Retired,
}

/// What is done by dropping it: tasks are woken, and services that main serves no longer are gone.
#[derive(Default)]
pub struct Retired {
    pub(crate) wakes: Wakes,
    pub(crate) services: Vec<Arc<dyn Service>>,
}

impl std::fmt::Debug for Retired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retired")
            .field("wakes", &self.wakes)
            .field("services", &self.services.len())
            .finish()
    }
}

impl Turn {
    /// Whether there is nothing to act on.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
            && self.touched.is_empty()
            && self.events.is_empty()
            && self.tapped.is_empty()
            && self.reports.is_empty()
            && self.retired.wakes.is_empty()
            && self.retired.services.is_empty()
    }
}

impl Hub {
    /// A hub for the contract and roles of `config`.
    ///
    /// # Errors
    ///
    /// A role that grants what the contract does not have, or two roles of one name: nothing starts half-configured.
    pub fn new(config: HubConfig) -> Result<Self, ConfigError> {
        let catalog = Arc::new(Catalog::new(&config.schema));
        let roles = Roles::new(&catalog.names, &config.roles)?;
        let directory = Directory::new(catalog.interfaces());
        Ok(Self {
            catalog,
            roles,
            config,
            peers: Slab::new(PEERS_MAX),
            instances: Slab::new(INSTANCES_MAX),
            directory,
            reports: BTreeMap::new(),
            main_reports: BTreeSet::new(),
            over: Vec::new(),
            users: BTreeMap::new(),
            leftovers: BTreeMap::new(),
            next_sharer: 1,
            next_token: 1,
            next_correlation: 1,
            next_serial: 1,
            counters: HubCounters::default(),
            taps: Taps::default(),
            closing: false,
        })
    }

    /// Moves what may leave for `peer` to the end of `into`; false when there is nothing.
    pub fn transmit(&mut self, peer: PeerId, into: &mut Vec<u8>) -> bool {
        let Some(state) = self.peers.get_mut(peer.0) else { return false };
        state.touched = false;
        let before = into.len();
        let some = state.session.transmit(into);
        state.counters.bytes_out += (into.len() - before) as u64;
        some
    }

    /// How the connection of `peer` ended, once it has; its goodbye may still have to be transmitted.
    pub fn ended(&self, peer: PeerId) -> Option<&Goodbye> {
        self.peers.get(peer.0)?.ended.as_ref()
    }

    /// Whether `peer` has ended its connection itself, by a goodbye or with its transport: then the goodbye's reason and text
    /// are its own words.
    pub fn has_left(&self, peer: PeerId) -> bool {
        self.peers.get(peer.0).is_some_and(|state| state.left)
    }

    /// Whether `peer` is connected and has not said hello yet.
    pub fn is_greeting(&self, peer: PeerId) -> bool {
        let state = self.peers.get(peer.0).filter(|state| state.ended.is_none());
        state.is_some_and(|state| state.hello_due.is_some())
    }

    /// Whether the connection of `peer` stands.
    pub fn is_connected(&self, peer: PeerId) -> bool {
        self.peers.get(peer.0).is_some_and(|state| state.ended.is_none())
    }

    /// Bytes that wait to leave for `peer`.
    pub fn outbox_bytes(&self, peer: PeerId) -> usize {
        self.peers.get(peer.0).map_or(0, |state| state.session.outbox_bytes())
    }

    /// What has been counted since the start.
    pub fn counters(&self) -> &HubCounters {
        &self.counters
    }

    /// What the hub accepts from each peer.
    pub fn limits(&self) -> Limits {
        self.config.session.limits
    }

    /// Its contract.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.config.schema
    }

    /// The names of all roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.names()
    }

    /// Every peer that is connected.
    pub fn peers(&self) -> impl Iterator<Item = PeerInfo> + '_ {
        self.peers.iter().map(|(id, state)| state.info(PeerId(id)))
    }

    /// Bindings and exports, over all peers.
    pub fn handles_open(&self) -> usize {
        let of_peer = |state: &PeerState| state.handles.bound() + state.handles.exports();
        self.peers.iter().map(|(_, state)| of_peer(state)).sum()
    }

    /// Open calls, subscriptions and reports, over all peers: zero when nothing is going on.
    pub fn open_work(&self) -> usize {
        let of_peer = |state: &PeerState| {
            let (inbound, outbound) = state.session.calls_open();
            inbound + outbound + state.account.used(Resource::Subscriptions)
        };
        self.peers.iter().map(|(_, state)| of_peer(state)).sum::<usize>() + self.reports.len()
    }

    pub(crate) fn touch(&mut self, peer: PeerId, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        if state.session.is_over_bound() && !state.over && state.ended.is_none() {
            state.over = true;
            self.over.push(peer);
        }
        // A driver that was told of output and cannot write it has to hear of a time-out all the same.
        if state.session.take_timeout_moved() || !state.touched {
            state.touched = true;
            turn.touched.push(peer);
        }
    }

    /// Ends the peers for which more waits than their outboxes may hold. Last in every turn: whoever is in the middle of
    /// something is not ended under its hands.
    pub(crate) fn end_slow(&mut self, now: Time, turn: &mut Turn) {
        // Every turn ends a peer, and ended ones are not put in again.
        while let Some(peer) = self.over.pop() {
            self.dismiss(peer, Goodbye::new(Reason::SlowConsumer), now, turn);
        }
    }

    pub(crate) fn correlation(&mut self) -> u64 {
        let correlation = self.next_correlation;
        self.next_correlation += 1;
        correlation
    }
}

/// Most peers at once.
pub const PEERS_MAX: usize = 4096;
/// Most instances of interfaces at once.
pub const INSTANCES_MAX: usize = 4096;
