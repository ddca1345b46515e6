//! Taking in whoever connects to a Unix socket: at a rate, and so many at once.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use portcullis_hub::{Admission, Bucket, PeerId, Rate};
use tokio::net::{UnixListener, UnixStream};

use super::credentials::PeerCredentials;
use crate::accept::Failures;
use crate::hub::shared::Hub;
use crate::link::UnixLink;

/// Takes connections in.
pub(super) struct Acceptor<F> {
    hub: Hub,
    admit: F,
    other_users: bool,
    handshakes_max: usize,
    /// Peers of this listener that had not said hello when last looked at.
    greeting: Vec<PeerId>,
    /// How fast it takes them.
    pace: Bucket,
}

impl<F> Acceptor<F>
where
    F: Fn(&PeerCredentials) -> Option<Admission> + Send + Sync + 'static,
{
    pub(super) fn new(
        hub: Hub,
        admit: F,
        other_users: bool,
        handshakes_max: usize,
        rate: Rate,
    ) -> Self {
        let pace = Bucket::new(rate);
        Self { hub, admit, other_users, handshakes_max, greeting: Vec::new(), pace }
    }

    /// Accepts until aborted.
    pub(super) async fn run(mut self, listener: UnixListener) {
        let clock = self.hub.0.clock;
        let mut failures = Failures::default();
        // Every turn waits for a connection, or because there was none to be had.
        loop {
            // Those who come and go without end wait in the system, and hold up nobody who is here.
            tokio::time::sleep_until(clock.at(self.pace.free_at())).await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    failures.end();
                    self.pace.take(1, clock.now());
                    if let Err(error) = self.take(stream) {
                        tracing::warn!(%error, "a connection was lost while it was taken in");
                    }
                }
                Err(error) => failures.pause(&error).await,
            }
        }
    }

    /// Lets a connection in, or drops it.
    fn take(&mut self, stream: UnixStream) -> io::Result<()> {
        let credentials = PeerCredentials::of(&stream)?;
        if !self.other_users && credentials.uid != rustix::process::geteuid().as_raw() {
            tracing::warn!(?credentials, "refused: another user");
            return Ok(());
        }
        {
            let state = self.hub.0.lock();
            self.greeting.retain(|peer| state.core.is_greeting(*peer));
        }
        if self.greeting.len() >= self.handshakes_max {
            tracing::warn!(?credentials, "refused: too many connections that say nothing");
            return Ok(());
        }
        let admitted = catch_unwind(AssertUnwindSafe(|| (self.admit)(&credentials)));
        let admission = match admitted {
            Ok(Some(admission)) => admission,
            Ok(None) => {
                tracing::debug!(?credentials, "not admitted");
                return Ok(());
            }
            Err(_) => {
                tracing::error!(?credentials, "not admitted: the application's `admit` panicked");
                return Ok(());
            }
        };
        let mut admission = admission;
        // Whoever it is, all that the same account of the system connects is one user's.
        admission.user.get_or_insert_with(|| format!("uid:{}", credentials.uid));
        let stream = stream.into_std()?;
        #[cfg(target_os = "linux")]
        let watched =
            credentials.process.map(|process| stream.try_clone().map(|end| (process, end)));
        #[cfg(target_os = "linux")]
        let watched = watched.transpose()?;
        match self.hub.attach(UnixLink::new(stream)?, &admission) {
            Ok(connection) => {
                self.greeting.push(connection.peer());
                #[cfg(target_os = "linux")]
                if let Some((process, end)) = watched {
                    self.hub.end_with_process(process, end, &connection)?;
                }
            }
            Err(error) => tracing::warn!(%error, "not admitted"),
        }
        Ok(())
    }
}
