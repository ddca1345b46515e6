//! What an application uses: contracts as Rust traits and types, and the drivers that carry them between processes.

#[cfg(feature = "web")]
pub mod web;

pub use portcullis_macros::message;
pub use portcullis_proto::codec::{
    CodecError, Json, Message, SafeInt, Timestamp, Unknown, Uuid,
};
pub use portcullis_proto::{codec, schema};

#[doc(hidden)]
pub use portcullis_proto::__private;
