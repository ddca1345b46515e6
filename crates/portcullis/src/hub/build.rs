//! How an application sets up its hub.

use portcullis_hub::{Budget, ConfigError, HubConfig, Role};
use portcullis_proto::schema::Schema;
use portcullis_proto::session::Limits;

use super::shared::Hub;

/// Sets up a [`Hub`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct HubBuilder {
    config: HubConfig,
    runtime: Option<tokio::runtime::Handle>,
    events_max: usize,
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    spin: Option<portcullis_shm::ring::Spin>,
}

/// What a hub needs beside its core.
pub(super) struct Surroundings {
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) events_max: usize,
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub(super) spin: portcullis_shm::ring::Spin,
}

/// Events that wait for a slow observer before the oldest are dropped.
const EVENTS_MAX: usize = 4096;

impl HubBuilder {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            config: HubConfig::new(schema),
            runtime: None,
            events_max: EVENTS_MAX,
            #[cfg(all(target_os = "linux", feature = "blocking"))]
            spin: None,
        }
    }

    /// Adds a role: what is not granted is denied.
    pub fn role(mut self, role: Role) -> Self {
        self.config = self.config.role(role);
        self
    }

    /// What the hub accepts from each peer.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config = self.config.limits(limits);
        self
    }

    /// Data that may wait for a peer before it is ended as too slow, in bytes.
    pub fn outbox_bytes_max(mut self, bytes: usize) -> Self {
        self.config = self.config.outbox_bytes_max(bytes);
        self
    }

    /// How long a peer has for its hello, in milliseconds.
    pub fn handshake_ms(mut self, ms: u32) -> Self {
        self.config = self.config.handshake_ms(ms);
        self
    }

    /// How much all peers of one user may have and do together; see [`Role::budget`] for each.
    pub fn user_budget(mut self, budget: Budget) -> Self {
        self.config = self.config.user_budget(budget);
        self
    }

    /// Whether each call that ends, and each value that is published, is an event.
    pub fn observe_calls(mut self, observe: bool) -> Self {
        self.config = self.config.observe_calls(observe);
        self
    }

    /// Changes what has no method of its own.
    pub fn configure(mut self, change: impl FnOnce(HubConfig) -> HubConfig) -> Self {
        self.config = change(self.config);
        self
    }

    /// Where connections and handlers run; by default on the current runtime.
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Events that wait for a slow observer before the oldest are dropped.
    pub fn events_max(mut self, events: usize) -> Self {
        self.events_max = events.max(1);
        self
    }

    /// Whether threads of rings look for some microseconds before they sleep; by default where there are cores for it, and the
    /// machine is not on battery. What is looked at belongs to peers, who keep a core busy as long as they send.
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub fn spin(mut self, spin: portcullis_shm::ring::Spin) -> Self {
        self.spin = Some(spin);
        self
    }

    /// The hub.
    ///
    /// # Errors
    ///
    /// A role that grants what the contract does not have: see [`ConfigError`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, when none was given.
    pub fn build(self) -> Result<Hub, ConfigError> {
        let surroundings = Surroundings {
            runtime: self.runtime.unwrap_or_else(tokio::runtime::Handle::current),
            events_max: self.events_max,
            #[cfg(all(target_os = "linux", feature = "blocking"))]
            spin: self.spin.unwrap_or_default(),
        };
        Ok(Hub::from_core(portcullis_hub::Hub::new(self.config)?, surroundings))
    }
}
