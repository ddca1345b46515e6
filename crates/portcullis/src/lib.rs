//! What an application uses: contracts as Rust traits and types, and the drivers that carry them between processes.

#[cfg(any(all(unix, feature = "tokio"), feature = "web"))]
mod accept;
#[cfg(feature = "tokio")]
mod backoff;
#[cfg(feature = "tokio")]
pub mod client;
#[cfg(feature = "tokio")]
mod clock;
mod contract_file;
#[cfg(feature = "tokio")]
mod driver;
#[cfg(feature = "tokio")]
pub mod hub;
#[cfg(all(target_os = "linux", feature = "tokio"))]
pub mod lane;
#[cfg(feature = "tokio")]
pub mod link;
#[cfg(all(unix, feature = "tokio"))]
pub mod process;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod state;
#[cfg(all(unix, feature = "tokio"))]
pub mod supervisor;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "web")]
pub mod web;

#[cfg(feature = "tokio")]
pub use hub::{Hub, Role};
#[cfg(all(target_os = "linux", feature = "tokio"))]
pub use lane::BlobPool;
#[cfg(feature = "tokio")]
pub use state::SharedCopy;

pub use portcullis_macros::{contract, interface, message, schema_main};
pub use portcullis_proto::codec::{
    Blob, CodecError, Json, Message, SafeInt, Timestamp, TypedArray, Unknown, Uuid,
};
pub use portcullis_proto::error::{Error, Retry};
pub use portcullis_proto::peer::{Calling, Incoming, Reporting, Subscription};
pub use portcullis_proto::rpc::{Call, Failure, Sink, Source};
pub use portcullis_proto::session::{Config as SessionConfig, Limits};
pub use portcullis_proto::status::Status;
pub use portcullis_proto::{codec, peer, rpc, schema};
pub use state::{SharedState, Stale, StateVersion, Versioned};

// The macros find this crate's own messages under the name that it has elsewhere.
extern crate self as portcullis;

/// What the code of the macros stands on. Not for use by hand: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use portcullis_proto::__private::*;

    pub use crate::contract_file::schema_main;
}
