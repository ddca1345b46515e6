//! The hub in a main process: the sans-IO core under one lock, a task for each connection, and what main itself serves
//! and publishes.

mod attach;
mod backlog;
mod blocking;
mod build;
mod drain;
mod embedded;
pub(crate) mod events;
#[cfg(unix)]
mod folder;
mod grants;
mod host;
#[cfg(unix)]
mod listen;
mod main_side;
mod shared;
mod tap;
#[cfg(all(unix, feature = "blocking"))]
mod thread;
mod timer;

#[cfg(all(target_os = "linux", feature = "blocking"))]
pub use crate::link::blocking::RING_BYTES_MAX;
pub use attach::Connection;
pub use build::HubBuilder;
pub use embedded::{Embedded, EmbeddedWake, Transmitted};
pub use events::Events;
#[cfg(unix)]
pub use listen::{
    CONNECTIONS_BURST, CONNECTIONS_PER_SECOND, HANDSHAKES_MAX, ListenError, PeerCredentials,
    UnixListen, UnixListening,
};
pub use main_side::{Hosted, ServeError};
pub use shared::Hub;
pub use tap::{TAP_WAITING_BYTES_MAX, TAP_WAITING_MAX, Tap, TapMessage};

pub use portcullis_proto::goodbye::{Goodbye, Reason};

pub use portcullis_hub::{
    Action, Address, Admission, AdmitError, Budget, CallRecord, ConfigError, DenyReason, Grant,
    GrantError, HubCounters, HubEvent, Kind, MAIN_LABEL, Matrix, Misfit, PeerCounters, PeerId,
    PeerInfo, PublishRecord, Resource, Role, TAPS_MAX, TapError, TapFilter, TapKind, TapRecord,
};
