//! The hub in a main process: the sans-IO core under one lock, a task for each connection, and what main itself serves
//! and publishes.

mod attach;
mod build;
mod events;
mod host;
mod main_side;
mod shared;
#[cfg(all(unix, feature = "blocking"))]
mod thread;

pub use attach::{Connection, ListenError};
pub use build::HubBuilder;
pub use events::Events;
pub use main_side::{Hosted, ServeError};
pub use shared::Hub;

pub use portcullis_hub::{
    Admission, AdmitError, CallRecord, ConfigError, HubCounters, HubEvent, Kind, PeerCounters,
    PeerId, PeerInfo, Role,
};
