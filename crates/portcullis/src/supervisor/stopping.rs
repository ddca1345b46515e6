//! Makes a process end within a bound: its work may finish, it is told, asked by signal, and killed. Keeps why, for the
//! report.

use std::time::Duration;

use portcullis_proto::goodbye::{Goodbye, Reason};
use tokio::time::timeout;

use super::exit::{ExitReason, KilledFor};
use crate::hub::Hub;
use crate::process::Process;

/// How long a process that was killed has to be gone; one that the kernel holds back is left to it.
pub const KILLED_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Stopping {
    leave: Duration,
    killed: Option<KilledFor>,
}

impl Stopping {
    pub(super) fn new(leave: Duration) -> Self {
        Self { leave, killed: None }
    }

    /// Main stops it: nothing new is begun, and what is under way has `drain` to finish; then it has to go.
    pub(super) async fn drain(&mut self, hub: &Hub, process: &mut Process, drain: Duration) {
        let connection = process.connection().clone();
        let drained = timeout(drain, hub.drain_peer(connection.peer()));
        tokio::select! {
            _ = process.wait() => return,
            _ = drained => {}
        }
        connection.close(Reason::GoingAway);
        self.ask(process, KilledFor::NotStopping).await;
    }

    /// Its connection has ended: it has to go. At once, where nothing good is to be expected of it.
    pub(super) async fn left(&mut self, process: &mut Process, reason: Reason) {
        match reason {
            Reason::Unresponsive => self.kill(process, KilledFor::Unresponsive),
            Reason::HandshakeTimeout => self.kill(process, KilledFor::NotReady),
            reason if reason.is_violation() => self.kill(process, KilledFor::Violation(reason)),
            reason => self.ask(process, KilledFor::Staying(reason)).await,
        }
    }

    pub(super) fn kill(&mut self, process: &mut Process, why: KilledFor) {
        self.killed = Some(why);
        // It has ended by itself otherwise.
        let _ = process.kill();
    }

    /// It may end by itself, then by `SIGTERM`, then it is killed.
    async fn ask(&mut self, process: &mut Process, why: KilledFor) {
        if timeout(self.leave, process.wait()).await.is_ok() {
            return;
        }
        self.killed = Some(why);
        let _ = process.terminate();
        if timeout(self.leave, process.wait()).await.is_err() {
            self.kill(process, why);
        }
    }

    /// Waits until it is gone, and says how it went.
    pub(super) async fn end(self, process: &mut Process) -> (ExitReason, Option<Goodbye>) {
        match timeout(KILLED_TIMEOUT, process.wait()).await {
            Ok(Ok((status, goodbye))) => (ExitReason::of(status, self.killed), Some(goodbye)),
            Ok(Err(_)) | Err(_) => (ExitReason::Unknown, None),
        }
    }
}
