//! A state that its owner and others change, by versions.

use portcullis::{Call, Stale, StateVersion, Versioned};

/// What is shared.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often each has changed it.
    #[limit(items <= 64)]
    pub counts: Vec<u32>,
    /// Who has changed it last; the owner writes it.
    #[limit(len <= 128)]
    pub changed_by: String,
}

/// A shared state.
#[portcullis::interface(name = "sample.shared", version = 1)]
pub trait Shared {
    /// Changes it, if it is still of the version that the change was made from.
    #[call(deadline = "10s")]
    async fn replace(&self, cx: &Call, change: Versioned<Tally>) -> Result<StateVersion, Stale>;

    /// As it is now.
    #[state]
    fn tally(value: Versioned<Tally>);
}
