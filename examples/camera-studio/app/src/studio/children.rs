//! Processes that main starts from its own binary: how each is started, how long to wait before it is started again, and
//! how often that was. Which processes there are is `cameras` and `renderers`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis::hub::{Admission, Hub, Kind, Reason};
use portcullis::process::{Process, SpawnError};
use tokio::process::Command;
use tokio::time::timeout;

use super::roles;

/// The wait before the first restart; it doubles with each that follows.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// The longest wait before a restart.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A process that has run so long was well: the next restart is the first one again.
const STEADY: Duration = Duration::from_secs(10);
/// How long a process has to end before it is killed.
const END_TIME: Duration = Duration::from_secs(1);

/// Starts processes as peers.
#[derive(Debug, Clone)]
pub(super) struct Spawner {
    hub: Hub,
    program: PathBuf,
    /// What is started as the light meter instead.
    light_meter: Option<PathBuf>,
}

impl Spawner {
    /// Starts `program`, which is this binary, but for the light meter where there is another.
    pub(super) fn new(hub: Hub, program: PathBuf, light_meter: Option<PathBuf>) -> Self {
        Self { hub, program, light_meter }
    }

    /// Starts a process. What is given as `output` becomes its standard output.
    pub(super) fn spawn(
        &self,
        label: &str,
        role: &str,
        arguments: &[impl AsRef<OsStr>],
        output: Stdio,
    ) -> Result<Process, SpawnError> {
        let other = self.light_meter.as_ref().filter(|_| role == roles::LIGHT);
        let mut command = Command::new(other.unwrap_or(&self.program));
        // In a group of its own: Ctrl-C in a terminal is for main, which ends the others in order.
        command.args(arguments).stdout(output).process_group(0);
        let admission = Admission::new(label, role, Kind::Native);
        self.hub.spawn(command, &admission)
    }
}

/// Ends a process: its connection is closed, which it ends with; one that does not is killed.
pub(super) async fn end(mut process: Process) {
    process.connection().close(Reason::Closed);
    if timeout(END_TIME, process.wait()).await.is_err() {
        // It has ended in this very moment otherwise.
        let _ = process.kill();
        let _ = process.wait().await;
    }
}

/// How long to wait before a process that has ended is started again.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(BACKOFF_MIN)
    }

    /// The wait after a process that has `lived` so long.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= STEADY {
            self.0 = BACKOFF_MIN;
        }
        let wait = self.0;
        self.0 = (wait * 2).min(BACKOFF_MAX);
        wait
    }
}

/// How often each process was started again after it had ended by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Restarts(Arc<Mutex<BTreeMap<String, u32>>>);

impl Restarts {
    /// Counts one, and tells how many there were.
    pub(super) fn count(&self, label: &str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(label.to_owned()).or_insert(0);
        *count += 1;
        *count
    }

    pub(super) fn all(&self) -> BTreeMap<String, u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds_and_begin_anew_after_a_steady_run() {
        let mut backoff = Backoff::new();
        let waits: Vec<u128> =
            (0..8).map(|_| backoff.after(Duration::from_secs(1)).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(backoff.after(STEADY).as_millis(), 100);
        assert_eq!(backoff.after(Duration::ZERO).as_millis(), 200);
    }

    #[test]
    fn restarts_are_counted_for_each_process() {
        let restarts = Restarts::default();
        restarts.count("light");
        assert_eq!((restarts.count("light"), restarts.count("camera-1")), (2, 1));
        assert_eq!(restarts.all(), BTreeMap::from([("camera-1".into(), 1), ("light".into(), 2)]));
    }
}
