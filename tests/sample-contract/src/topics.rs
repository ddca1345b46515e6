//! Event topics with each policy, and state topics. Its one call makes the server publish.

use portcullis::Call;

use crate::{Change, Preferences};

/// Topics.
#[portcullis::interface(name = "sample.topics", version = 1)]
pub trait Topics {
    /// Publishes the number on every event topic, so many times.
    #[call]
    async fn emit(&self, cx: &Call, number: u32, times: u32);

    /// An event; when a subscriber is slow, its oldest value goes.
    #[event]
    fn ticked(number: u32);

    /// An event; when a subscriber is slow, the new value goes.
    #[event(overflow = "drop_newest", depth = 2)]
    fn kept(number: u32);

    /// An event; a subscriber that is slow is put off.
    #[event(overflow = "disconnect", depth = 2, capability = "strict")]
    fn strict(number: u32);

    /// An event with data.
    #[event]
    fn changed(#[limit(items <= 4)] changes: Vec<Change>);

    /// A state with data.
    #[state]
    fn preferences(value: Preferences);

    /// A state that is one number.
    #[state(capability = "level")]
    fn level(value: u64);
}
