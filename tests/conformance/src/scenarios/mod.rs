//! The scenarios, by subject. Those that take a [`By`](crate::scene::By) are played twice: served in main, and relayed
//! to a peer.

pub mod access;
pub mod bindings;
pub mod blobs;
pub mod calls;
pub mod ends;
pub mod events;
pub mod handshake;
pub mod limits;
pub mod reports;
pub mod streams;
pub mod topics;
pub mod violations;

use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use portcullis::peer::{Peer, PeerConfig, Target};
use portcullis::{Error, Limits, Status};
use sample_contract::EchoClient;

/// A peer's settings with other limits.
fn limits(limits: Limits) -> PeerConfig {
    let mut config = PeerConfig::default();
    config.session.limits = limits;
    config
}

/// The error of a call that must have failed.
fn failed<T: Debug>(outcome: Result<T, Error>, status: Status) -> Error {
    let error = outcome.expect_err("a failure");
    assert_eq!(error.status(), status, "{error}");
    error
}

/// When this returns, the hub has dealt with everything that `peer` had said before.
async fn barrier(peer: &Peer) {
    // Whether anybody serves it does not matter.
    let _ = peer.bind::<EchoClient>(Target::Any).await;
}

/// Waits for a condition that another task brings about; the watchdog ends what never comes.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Polls a future once, with the task's own waker.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
