//! The protocol core of Portcullis: contract, schema, codec, frames and session. It has no socket, clock, random
//! source, thread or runtime: bytes and the time come in as arguments; bytes, events and the next time-out go out.
//! Drivers live in `portcullis`, routing between peers in `portcullis-hub`.
#![forbid(unsafe_code)]

pub mod codec;
pub mod error;
pub mod frame;
pub mod goodbye;
pub mod peer;
pub mod row;
pub mod rpc;
pub mod schema;
pub mod session;
pub mod status;
mod sync;
pub mod text;
pub mod time;
mod wire;

// Generated code of this crate's own messages finds it under the name that it has elsewhere.
extern crate self as portcullis_proto;

/// What the code of the macros stands on. Not for use by hand: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::{codec, error, peer, rpc, schema};
}
