//! A peer without a transport: typed calls, streams, topics and served interfaces over one session. A driver carries
//! its bytes, tells it the time and polls the handlers that it starts; callers and handlers hold on to it by handles.

mod binding;
mod calling;
mod cell;
mod control;
mod core;
#[cfg(all(test, loom))]
mod models;
mod report;
mod retired;
mod serve;
mod shared;
mod subscription;
mod undoing;

pub use self::core::{Delivery, PeerConfig, Turn, correlation};
pub use binding::{Binding, PublishTo, Publisher};
pub use calling::{Calling, Incoming, Reporting};
pub use control::{Bind, Bound, HUB_INTERFACE, Serve, Served, Target, hub_ordinal};
pub use report::{DeliveryReport, Miss, Recipient, Why};
pub use serve::Serving;
pub use shared::{Driver, Peer};
pub use subscription::Subscription;
