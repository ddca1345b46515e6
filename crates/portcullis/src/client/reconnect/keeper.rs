//! The task of a reconnecting client: it makes a connection, waits for its end, and then for the next attempt.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::Peer;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::ReconnectConfig;
use super::state::{Cause, Connected, State};
use crate::backoff::{Waits, roll};
use crate::client::connect_on;
use crate::link::Link;

/// How long an attempt to connect may take, the handshake included, unless told.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Keeper<D> {
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) dial: D,
    pub(super) config: ReconnectConfig,
    pub(super) states: watch::Sender<State>,
    /// Set when it is to end; gone when nobody holds the client any more.
    pub(super) stop: watch::Receiver<bool>,
}

impl<D, F, L> Keeper<D>
where
    D: FnMut() -> F + Send + 'static,
    F: Future<Output = io::Result<L>> + Send,
    L: Link,
{
    /// Until it is stopped, or its connection has ended for good.
    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let asked = async move {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::select! {
            biased;
            () = asked => {}
            cause = self.connect_again_and_again() => self.end(cause),
        }
    }

    async fn connect_again_and_again(&mut self) -> Cause {
        let mut waits = Waits::new(self.config.backoff);
        let mut attempt: u32 = 0;
        let mut number = 0;
        // Every turn is one attempt; before each but the first there is a wait.
        loop {
            attempt = attempt.saturating_add(1);
            self.states.send_replace(State::Connecting { attempt });
            let (cause, stood) = match self.attempt().await {
                Err(cause) => (cause, Duration::ZERO),
                Ok(connection) => {
                    number += 1;
                    self.stand(connection, number).await
                }
            };
            if !cause.may_reconnect() {
                return cause;
            }
            if stood >= self.config.backoff.steady {
                attempt = 0;
            }
            if self.config.attempts_max.is_some_and(|max| attempt >= max) {
                return cause;
            }
            let after = waits.next(stood, roll());
            tracing::debug!(%cause, ?after, "the connection to the hub is made again");
            self.states.send_replace(State::Waiting { after, cause });
            sleep(after).await;
        }
    }

    /// Makes a connection that the hub has taken in.
    async fn attempt(&mut self) -> Result<(Ending, Connected), Cause> {
        let within = self.config.attempt_within;
        let connecting = async {
            let link = (self.dial)().await.map_err(|error| Cause::NotMade(Arc::new(error)))?;
            let peer = connect_on(&self.runtime, link, &self.config.peer);
            let ending = Ending(peer.clone());
            let welcome = peer.ready().await.map_err(|goodbye| Cause::of(&peer, goodbye))?;
            // Which it is, who keeps count says.
            let (label, role) = (welcome.label, welcome.role);
            Ok((ending, Connected { peer, label, role, number: 0 }))
        };
        timeout(within, connecting).await.unwrap_or_else(|_| {
            let text = format!("the hub has not taken it in within {within:?}");
            Err(Cause::NotMade(Arc::new(io::Error::new(io::ErrorKind::TimedOut, text))))
        })
    }

    /// Waits for the end of a connection. Returns why it came, and how long it stood.
    async fn stand(
        &mut self,
        (_ending, connected): (Ending, Connected),
        number: u64,
    ) -> (Cause, Duration) {
        let since = Instant::now();
        let peer = connected.peer.clone();
        self.states.send_replace(State::Connected(Connected { number, ..connected }));
        let goodbye = peer.closed().await;
        (Cause::of(&peer, goodbye), since.elapsed())
    }
}

impl<D> Keeper<D> {
    fn end(&self, cause: Cause) {
        self.states.send_if_modified(|state| {
            let ends = !matches!(state, State::Closed(_));
            if ends {
                *state = State::Closed(cause);
            }
            ends
        });
    }
}

impl<D> Drop for Keeper<D> {
    /// However the task ends, whoever waits is told.
    fn drop(&mut self) {
        self.end(Cause::Goodbye(Goodbye::new(Reason::Closed)));
    }
}

/// Ends a connection when nobody waits for its end any more.
struct Ending(Peer);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.close();
    }
}
