//! What whoever accepts connections does when the system gives none: it waits and says so, and not without end. Who is let
//! in is left to others.

use std::io::{Error, ErrorKind};
use std::time::Duration;

/// How long to wait before accepting again when the system would not: out of descriptors, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often in a row the system would not.
#[derive(Debug, Default)]
pub(crate) struct Failures(u64);

impl Failures {
    /// A connection came.
    pub(crate) fn end(&mut self) {
        self.0 = 0;
    }

    /// None came; returns when it is time to ask for the next one. It may be the very one that failed, which waits in the
    /// system meanwhile.
    pub(crate) async fn pause(&mut self, error: &Error) {
        // That connection is gone, and the next one is as good as any.
        let of_connection = [
            ErrorKind::ConnectionAborted,
            ErrorKind::ConnectionRefused,
            ErrorKind::ConnectionReset,
            ErrorKind::Interrupted,
        ];
        if of_connection.contains(&error.kind()) {
            tracing::debug!(%error, "a connection was gone before it was accepted");
            return;
        }
        self.0 = self.0.saturating_add(1);
        let times = self.0;
        // It can go on for days; the log must not fill with it.
        if times.is_power_of_two() {
            tracing::warn!(%error, times, "cannot accept");
        }
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
