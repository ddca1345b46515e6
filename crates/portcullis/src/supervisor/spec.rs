//! What is to be kept running: how a process is started, when it is ready, and how it is stopped.

use std::fmt;
use std::io;
use std::time::Duration;

use portcullis_hub::Admission;
use tokio::process::Command;

use super::policy::{Restart, RestartPolicy};
use crate::hub::Hub;
use crate::process::Spawn;

/// How long a process has to be ready, unless told.
pub const READY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long work that is under way has to finish when a process is stopped, unless told.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a process has to end once its connection has ended, and again after `SIGTERM`, unless told.
pub const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

type MakeCommand = dyn FnMut() -> io::Result<Command> + Send;

/// A process that is to be kept running.
///
/// A sandbox is entered by the process itself ([`crate::sandbox`], feature `sandbox`): nothing of it stands here.
#[must_use = "nothing runs until a supervisor starts it"]
pub struct Spec {
    pub(super) command: Box<MakeCommand>,
    pub(super) spawn: Spawn,
    pub(super) admission: Admission,
    pub(super) policy: RestartPolicy,
    pub(super) serves: Vec<String>,
    pub(super) ready_within: Duration,
    pub(super) drain: Duration,
    pub(super) leave: Duration,
}

impl Spec {
    /// A process that is admitted so, started by what `command` returns, which is asked before each start. It is started
    /// as by [`crate::Hub::spawn`].
    pub fn new(
        admission: Admission,
        command: impl FnMut() -> io::Result<Command> + Send + 'static,
    ) -> Self {
        Self {
            command: Box::new(command),
            spawn: Hub::spawn,
            admission,
            policy: RestartPolicy::default(),
            serves: Vec::new(),
            ready_within: READY_TIMEOUT,
            drain: DRAIN_TIMEOUT,
            leave: LEAVE_TIMEOUT,
        }
    }

    /// It is served by threads of its own, and may offer a ring of shared memory: it is started as by
    /// [`crate::Hub::spawn_blocking`].
    #[cfg(feature = "blocking")]
    pub fn on_threads(mut self) -> Self {
        self.spawn = Hub::spawn_blocking;
        self
    }

    /// The same, with its ring read by a task: it is started as by [`crate::Hub::spawn_ring`].
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub fn on_ring(mut self) -> Self {
        self.spawn = Hub::spawn_ring;
        self
    }

    /// When it is started again, and when that is given up.
    pub fn policy(mut self, policy: RestartPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// After which ends it is started again; permanent when nothing is said.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// Of more than so many restarts within a time the last is not made: it is given up.
    pub fn intensity(mut self, restarts: u32, within: Duration) -> Self {
        self.policy.restarts = restarts;
        self.policy.within = within;
        self
    }

    /// It is ready only when it serves this interface, too, which has to be in the hub's contract. Its hello is enough when
    /// nothing is said.
    pub fn serves(mut self, interface: impl Into<String>) -> Self {
        self.serves.push(interface.into());
        self
    }

    /// How long it has to be ready before it is killed; [`READY_TIMEOUT`] when nothing is said.
    pub fn ready_within(mut self, time: Duration) -> Self {
        self.ready_within = time;
        self
    }

    /// How it is stopped: work that is under way has `drain` to finish; then it is told `going_away` and has `leave` to end,
    /// then as long again after `SIGTERM`; then it is killed. [`DRAIN_TIMEOUT`] and [`LEAVE_TIMEOUT`] when nothing is said.
    pub fn stop_within(mut self, drain: Duration, leave: Duration) -> Self {
        self.drain = drain;
        self.leave = leave;
        self
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec")
            .field("admission", &self.admission)
            .field("policy", &self.policy)
            .field("serves", &self.serves)
            .finish_non_exhaustive()
    }
}
