//! Drivers: they carry the bytes of a sans-IO core over a link, tell it the time, and run the handlers that it starts.

#[cfg(feature = "tokio")]
pub(crate) mod connection;
mod jobs;
mod pace;

use std::future::Future;
use std::pin::pin;
use std::task::Context;

pub(crate) use jobs::{log_panics, start_all, start_inline};
pub(crate) use pace::Pace;

/// Wakes a task when others have had their turn, those as well whose bytes the runtime has not seen yet: it looks for them
/// first.
pub(crate) fn wake_after_others(context: &mut Context<'_>) {
    let _ = pin!(tokio::task::yield_now()).poll(context);
}
