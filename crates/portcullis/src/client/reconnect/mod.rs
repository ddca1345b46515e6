//! A client that connects again when its connection has ended, with bindings and subscriptions that outlive connections and
//! the instances behind them.
//!
//! ```no_run
//! use portcullis::client::reconnect::{Next, ReconnectConfig, reconnect_unix};
//! use portcullis::peer::Target;
//! # mod contract {
//! #     #[portcullis::interface(name = "lamp.switch", version = 1)]
//! #     pub trait Switch {
//! #         #[call(idempotent)]
//! #         async fn is_on(&self, cx: &portcullis::Call) -> bool;
//! #         #[state]
//! #         fn on(value: bool);
//! #     }
//! # }
//! # use contract::SwitchClient;
//! # async fn example() -> Result<(), portcullis::Error> {
//!
//! let hub = reconnect_unix("/run/lamp/hub", ReconnectConfig::default());
//! let lamp = hub.bind::<SwitchClient>(Target::Any);
//! // Waits for connection and instance inside its deadline, and is made again when it was lost.
//! let on = lamp.call(|lamp| lamp.is_on()).await?;
//! let mut watching = lamp.subscribe(|lamp| lamp.watch_on());
//! while let Some(next) = watching.next().await? {
//!     match next {
//!         Next::Value(on) => println!("{on}"),
//!         // The connection, or the instance, was another one until now: values may have been missed.
//!         Next::Anew => println!("anew"),
//!     }
//! }
//! # let _ = on;
//! # Ok(())
//! # }
//! ```
//!
//! **What is made again.** A call that ends with `unavailable` is made again inside its deadline if its channel is
//! `idempotent`, or if its request had not left ([`Error::was_sent`](crate::Error::was_sent)); one that is `idempotent` also
//! when the callee wants it later. Every other call is made at most once. Streams and notifications are made on the client
//! that is there [now](Lasting::now), and never again by themselves.
//!
//! **What ends it.** What a new connection would meet again, or what was wanted: whatever
//! [`Reason::may_reconnect`](crate::client::Reason::may_reconnect) says of a goodbye. The transport's end, and a connection
//! that could not be made, are followed by the next attempt, after waits like those of the
//! [supervisor](crate::supervisor). When the last handle is dropped (this one, a binding, a subscription), the connection
//! ends with it.

mod each;
mod handle;
mod keeper;
mod lasting;
mod place;
mod state;
mod subscription;

pub use crate::backoff::{
    Backoff, WAIT_FACTOR, WAIT_INITIAL, WAIT_JITTER_PERCENT, WAIT_MAX, WAIT_STEADY,
};
pub use each::Each;
pub use handle::Reconnecting;
#[cfg(unix)]
pub use handle::reconnect_unix;
pub use keeper::ATTEMPT_TIMEOUT;
pub use lasting::Lasting;
pub use state::{Cause, Connected, State, States};
pub use subscription::{LastingSubscription, Next};

use std::time::Duration;

use portcullis_proto::peer::PeerConfig;

/// How a client connects, and connects again.
#[derive(Clone, Debug)]
pub struct ReconnectConfig {
    /// How it introduces itself, each time.
    pub peer: PeerConfig,
    /// The waits between attempts, to connect and to bind.
    pub backoff: Backoff,
    /// After so many attempts in a row, none of which led to a connection that stood for [`Backoff::steady`], it ends for
    /// good; `None`: it goes on.
    pub attempts_max: Option<u32>,
    /// An attempt that takes longer, the handshake included, is given up.
    pub attempt_within: Duration,
}

impl Default for ReconnectConfig {
    fn default() -> Self {
        Self {
            peer: PeerConfig::default(),
            backoff: Backoff::default(),
            attempts_max: None,
            attempt_within: ATTEMPT_TIMEOUT,
        }
    }
}
