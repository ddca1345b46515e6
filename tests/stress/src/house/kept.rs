//! The process that is kept running: it serves, is killed now and then, and comes back.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis::hub::{Admission, Kind};
use portcullis::supervisor::{
    ExitReason, Happened, KilledFor, RestartPolicy, Spec, SupervisorEvents,
};

use super::ROLE;
use super::members::{State, note_end};
use crate::fact::Fact;
use crate::journal::Journal;
use crate::peer::Part;

/// Its label, and its instance.
pub(crate) const KEPT: &str = "kept";
/// The signal of whoever is killed.
const KILLED: i32 = 9;
/// How long it has to be ready, and for each step of its end: no part of what is looked at.
const LONG: Duration = Duration::from_secs(60);

/// How it is kept running.
pub(super) fn spec(state: &Arc<Mutex<State>>, journal: &Journal) -> Spec {
    let (shared, journal) = (Arc::clone(state), journal.clone());
    let policy = RestartPolicy {
        initial: Duration::from_millis(5),
        max: Duration::from_millis(50),
        restarts: 1_000,
        ..RestartPolicy::default()
    };
    let spec = Spec::new(Admission::new(KEPT, ROLE, Kind::Native), move || {
        let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (serial, command) = state.command(Part::Server, 0)?;
        journal.note(Fact::Started { serial });
        state.kept_serials.push_back(serial);
        Ok(command)
    });
    let spec = spec.policy(policy).serves("stress.work").ready_within(LONG);
    spec.stop_within(LONG, LONG)
}

/// Writes down what becomes of the one that is kept running. Its starts and its ends come in the same order.
pub(super) async fn note_ends(
    mut events: SupervisorEvents,
    journal: Journal,
    state: Arc<Mutex<State>>,
) {
    while let Some(event) = events.next().await {
        match event.what {
            Happened::Exited(exit) => {
                let serial = {
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.kept_serials.pop_front()
                };
                let status = match exit.reason {
                    ExitReason::Code(code) => ExitStatus::from_raw((code & 0xff) << 8),
                    ExitReason::Signal(signal) => ExitStatus::from_raw(signal),
                    ExitReason::Killed(KilledFor::Asked) => ExitStatus::from_raw(KILLED),
                    reason => {
                        journal.broken(&format!("the supervised one ended so: {reason:?}"));
                        ExitStatus::from_raw(KILLED)
                    }
                };
                if let Some(serial) = serial {
                    note_end(&journal, &state, serial, status);
                }
            }
            Happened::GaveUp { exit, restarts } => {
                journal.broken(&format!("given up after {restarts} restarts: {exit:?}"));
            }
            _ => {}
        }
    }
}
