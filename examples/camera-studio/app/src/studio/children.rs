//! Processes that main keeps running from its own binary: how each is started and supervised, and how often it was
//! started again. Which processes there are is `cameras` and `renderers`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis::hub::{Admission, Hub, Kind};
use portcullis::supervisor::{Spec, Supervisor};
use tokio::process::Command;

use super::roles;

/// How long calls that are under way have to end before a process is told to.
const DRAIN_TIME: Duration = Duration::from_millis(250);
/// How long a process has to end before it is asked by signal, and then before it is killed.
const END_TIME: Duration = Duration::from_millis(500);

/// Starts processes as peers, and keeps them running.
#[derive(Debug, Clone)]
pub(super) struct Spawner {
    pub(super) supervisor: Supervisor,
    program: PathBuf,
    /// What is started as the light meter instead.
    light_meter: Option<PathBuf>,
}

impl Spawner {
    /// Starts `program`, which is this binary, but for the light meter where there is another.
    pub(super) fn new(hub: &Hub, program: PathBuf, light_meter: Option<PathBuf>) -> Self {
        Self { supervisor: Supervisor::new(hub), program, light_meter }
    }

    /// How a process is started and stopped. What `output` returns becomes its standard output.
    pub(super) fn spec(
        &self,
        label: &str,
        role: &str,
        arguments: Vec<OsString>,
        mut output: impl FnMut() -> io::Result<Stdio> + Send + 'static,
    ) -> Spec {
        let other = self.light_meter.as_ref().filter(|_| role == roles::LIGHT);
        let program = other.unwrap_or(&self.program).clone();
        let command = move || {
            let mut command = Command::new(&program);
            // In a group of its own: Ctrl-C in a terminal is for main, which ends the others in order.
            command.args(&arguments).stdout(output()?).process_group(0);
            Ok(command)
        };
        Spec::new(Admission::new(label, role, Kind::Native), command)
            .stop_within(DRAIN_TIME, END_TIME)
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
    fn restarts_are_counted_for_each_process() {
        let restarts = Restarts::default();
        restarts.count("light");
        assert_eq!((restarts.count("light"), restarts.count("camera-1")), (2, 1));
        assert_eq!(restarts.all(), BTreeMap::from([("camera-1".into(), 1), ("light".into(), 2)]));
    }
}
