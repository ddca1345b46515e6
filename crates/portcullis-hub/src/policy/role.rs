//! Roles and grants as an application writes them: everything that is not granted is denied. What they come to with a
//! contract is left to [`super::roles`].

use std::time::Duration;

use crate::budget::Budget;

/// A role: what main lets a kind of peer do.
///
/// Grants name `interface.channel` (a channel's own name, or its capability), or `interface.*`. They are checked against
/// the contract when the hub starts.
///
/// ```
/// use std::time::Duration;
/// use portcullis_hub::{Address, Grant, Role};
///
/// let controls = Role::new("controls")
///     .call("studio.cameras.*")
///     .deny("studio.cameras.remove")
///     .grant(Grant::call("studio.settings.reset").lasting(Duration::from_secs(60)))
///     .addresses(Address::Main);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) denied: Vec<String>,
    pub(crate) addresses: Option<Vec<Address>>,
    pub(crate) sees_callers: bool,
    pub(crate) budget: Budget,
}

/// What is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Action {
    /// To call, notify, and open streams.
    Call,
    /// To publish to topics of instances that others serve.
    Publish,
    /// To subscribe to topics.
    Subscribe,
    /// To serve an interface, and publish to its own instance's topics.
    Serve,
}

impl Action {
    /// As policy files and messages write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Serve => "serve",
        }
    }
}

/// One grant: of a role, or of a connected peer alone ([`crate::Hub::grant`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub(crate) action: Action,
    pub(crate) what: String,
    pub(crate) lasting: Option<Duration>,
}

impl Grant {
    /// Of `action` on `what`: channels for `call`, topics for `publish` and `subscribe`, an interface for `serve`.
    pub fn new(action: Action, what: impl Into<String>) -> Self {
        Self { action, what: what.into(), lasting: None }
    }

    /// To call, notify, and open streams.
    pub fn call(channels: impl Into<String>) -> Self {
        Self::new(Action::Call, channels)
    }

    /// To publish to topics of instances that others serve.
    pub fn publish(topics: impl Into<String>) -> Self {
        Self::new(Action::Publish, topics)
    }

    /// To subscribe to topics.
    pub fn subscribe(topics: impl Into<String>) -> Self {
        Self::new(Action::Subscribe, topics)
    }

    /// To serve an interface, and publish to its own instance's topics.
    pub fn serve(interface: impl Into<String>) -> Self {
        Self::new(Action::Serve, interface)
    }

    /// It runs out: so long after a peer's admission where a role has it, so long from now where a peer is given it.
    /// What is under way by it ends then with `permission_denied`.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }

    /// What it lets one do.
    pub fn action(&self) -> Action {
        self.action
    }

    /// What it names.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// How long it lasts; `None` for as long as the peer is connected.
    pub fn lasts(&self) -> Option<Duration> {
        self.lasting
    }
}

/// Whom a role may address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// What main itself serves.
    Main,
    /// What peers of that role serve.
    Role(String),
    /// What the peer of that label serves.
    Label(String),
}

impl Role {
    /// A role that may do nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            grants: Vec::new(),
            denied: Vec::new(),
            addresses: None,
            sees_callers: false,
            budget: Budget::new(),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is granted, in the order in which that was said.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// It may do what the grant says.
    #[must_use]
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grants.push(grant);
        self
    }

    /// It may call, notify, and open streams.
    #[must_use]
    pub fn call(self, channels: impl Into<String>) -> Self {
        self.grant(Grant::call(channels))
    }

    /// It may publish to topics of instances that others serve.
    #[must_use]
    pub fn publish(self, topics: impl Into<String>) -> Self {
        self.grant(Grant::publish(topics))
    }

    /// It may subscribe to topics.
    #[must_use]
    pub fn subscribe(self, topics: impl Into<String>) -> Self {
        self.grant(Grant::subscribe(topics))
    }

    /// It may serve an interface, and publish to its own instance's topics.
    #[must_use]
    pub fn serve(self, interface: impl Into<String>) -> Self {
        self.grant(Grant::serve(interface))
    }

    /// Nobody of this role may use these channels in any way, whatever else is granted, and whenever: `interface.channel`,
    /// `interface.*`, or `interface` for all of it, serving included.
    #[must_use]
    pub fn deny(mut self, what: impl Into<String>) -> Self {
        self.denied.push(what.into());
        self
    }

    /// It may bind what these serve, and nobody else's: each call adds one. A role for which nothing is said may bind what
    /// anybody serves.
    #[must_use]
    pub fn addresses(mut self, address: Address) -> Self {
        self.addresses.get_or_insert_default().push(address);
        self
    }

    /// It may bind nothing, until [`Self::addresses`] adds something.
    #[must_use]
    pub fn addresses_nobody(mut self) -> Self {
        self.addresses.get_or_insert_default();
        self
    }

    /// What it serves is told who calls, by number, label and role: for what main itself serves through a peer. Others
    /// need not know, and learn nothing of each other.
    #[must_use]
    pub fn sees_callers(mut self) -> Self {
        self.sees_callers = true;
        self
    }

    /// How much a peer of this role may have and do at once. What the budget does not say is the hub's default.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }
}
