//! A client that connects again (`client::reconnect`), over links in memory that can be cut, with a clock that stands still.

mod bindings;
mod calls;
mod connections;
mod desk;
mod every_byte;
mod stage;
mod topics;
mod wire;
