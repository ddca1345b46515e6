//! What a role may do: everything that is not granted is denied.

/// A role: what main lets a kind of peer do.
///
/// Grants name `interface.channel` (a channel's own name, or its capability), or `interface.*`. They are checked against
/// the contract when the hub starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub(crate) name: String,
    pub(crate) grants: Vec<(Action, String)>,
    pub(crate) sees_callers: bool,
}

/// What is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Call,
    Publish,
    Subscribe,
    Serve,
}

impl Role {
    /// A role that may do nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), grants: Vec::new(), sees_callers: false }
    }

    fn grant(mut self, action: Action, what: impl Into<String>) -> Self {
        self.grants.push((action, what.into()));
        self
    }

    /// It may call, notify, and open streams.
    #[must_use]
    pub fn call(self, channels: impl Into<String>) -> Self {
        self.grant(Action::Call, channels)
    }

    /// It may publish to topics of instances that others serve.
    #[must_use]
    pub fn publish(self, topics: impl Into<String>) -> Self {
        self.grant(Action::Publish, topics)
    }

    /// It may subscribe to topics.
    #[must_use]
    pub fn subscribe(self, topics: impl Into<String>) -> Self {
        self.grant(Action::Subscribe, topics)
    }

    /// It may serve an interface, and publish to its own instance's topics.
    #[must_use]
    pub fn serve(self, interface: impl Into<String>) -> Self {
        self.grant(Action::Serve, interface)
    }

    /// What it serves is told who calls, by number, label and role: for what main itself serves through a peer. Others
    /// need not know, and learn nothing of each other.
    #[must_use]
    pub fn sees_callers(mut self) -> Self {
        self.sees_callers = true;
        self
    }
}
