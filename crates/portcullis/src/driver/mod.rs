//! Drivers: they carry the bytes of a sans-IO core over a link, tell it the time, and run the handlers that it starts.

#[cfg(feature = "tokio")]
pub(crate) mod connection;
mod jobs;
mod pace;

pub(crate) use jobs::{log_panics, start_all, start_inline};
pub(crate) use pace::Pace;
