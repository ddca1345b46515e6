//! How a hub is set up.

use std::sync::Arc;

use portcullis_proto::schema::Schema;
use portcullis_proto::session::{Config, Limits};

use crate::budget::Budget;
use crate::policy::role::Role;

/// The contract, the roles and the bounds of a hub.
#[derive(Clone, Debug)]
pub struct HubConfig {
    pub(crate) schema: Arc<Schema>,
    pub(crate) roles: Vec<Role>,
    pub(crate) session: Config,
    /// What peers may whose roles do not say otherwise.
    pub(crate) budget: Budget,
    pub(crate) user_budget: Budget,
    pub(crate) observe_calls: bool,
}

/// How long a peer has for its `hello`, in milliseconds.
pub const HANDSHAKE_MS: u32 = 5_000;
/// Most bindings of a peer.
pub const BINDINGS_MAX: usize = 256;
/// Most interfaces that a peer may serve.
pub const EXPORTS_MAX: usize = 64;
/// Most subscriptions of a peer.
pub const SUBSCRIPTIONS_MAX: usize = 256;
/// Most published values of a peer whose reports are out.
pub const REPORTS_MAX: usize = 64;
/// Items of a peer's streams that may wait in the hub because their receivers give no credit, and values of events that wait
/// because the peer itself gives none, in bytes.
pub const QUEUED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// States that a peer has published and that topics retain, in bytes.
pub const RETAINED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Values that may wait for a subscriber, in bytes; more, and the topic's policy acts as if they were too many.
pub const SUBSCRIPTION_BYTES_MAX: usize = 8 * 1024 * 1024;

impl HubConfig {
    /// The contract, no roles, and the default bounds.
    pub fn new(schema: &Schema) -> Self {
        Self {
            schema: Arc::new(schema.clone()),
            roles: Vec::new(),
            session: Config::default(),
            budget: Budget::new(),
            user_budget: Budget::new(),
            observe_calls: false,
        }
    }

    /// Adds a role. A peer may do what its role grants, and nothing else.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// What the hub accepts from each peer.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.session.limits = limits;
        self
    }

    /// Data that may wait for a peer's window before the peer is ended as too slow, in bytes.
    #[must_use]
    pub fn outbox_bytes_max(mut self, bytes: usize) -> Self {
        self.session.outbox_bytes_max = bytes;
        self
    }

    /// How long a peer has for its `hello`, in milliseconds.
    #[must_use]
    pub fn handshake_ms(mut self, ms: u32) -> Self {
        self.budget = self.budget.handshake_ms(ms);
        self
    }

    /// Most subscriptions of a peer.
    #[must_use]
    pub fn subscriptions_max(mut self, max: usize) -> Self {
        self.budget = self.budget.subscriptions(max);
        self
    }

    /// Items of a peer's streams that may wait in the hub because their receivers give no credit, in bytes. What comes
    /// beyond ends its stream with `resource_exhausted`.
    #[must_use]
    pub fn queued_bytes_max(mut self, bytes: usize) -> Self {
        self.budget = self.budget.queued_bytes(bytes);
        self
    }

    /// Arguments of a peer's calls and notifications that handlers in main may hold at once, in bytes as they came. A call
    /// beyond ends with `resource_exhausted`; a notification beyond is dropped.
    #[must_use]
    pub fn handled_bytes_max(mut self, bytes: usize) -> Self {
        self.budget = self.budget.handled_bytes(bytes);
        self
    }

    /// Most bindings of a peer.
    #[must_use]
    pub fn bindings_max(mut self, max: usize) -> Self {
        self.budget = self.budget.bindings(max);
        self
    }

    /// How much all peers of one user may have and do together. Beyond this, each has its role's budget.
    #[must_use]
    pub fn user_budget(mut self, budget: Budget) -> Self {
        self.user_budget = budget;
        self
    }

    /// Whether each call that ends becomes a [`crate::HubEvent::Call`], and each value that is published a
    /// [`crate::HubEvent::Published`].
    #[must_use]
    pub fn observe_calls(mut self, observe: bool) -> Self {
        self.observe_calls = observe;
        self
    }
}

/// What is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A process: silence while it is awaited ends it.
    Native,
    /// A page: silence is normal life (background tabs, debuggers, dialogs) and only reported.
    Page,
    /// Main itself, over memory.
    Main,
}
