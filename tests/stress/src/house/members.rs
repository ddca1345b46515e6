//! The processes that main has started: who sits at which place, how one is killed, stopped or ended, and who still lives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use conformance::transport::Browser;
use portcullis::Hub;
use portcullis::hub::{Admission, Connection, Kind, Reason};
use portcullis::supervisor::{Supervised, Supervisor};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::process::Command;

use super::kept;
use super::orders::word;
use super::{ROLE, window_of};
use crate::fact::Fact;
use crate::fault::Fault;
use crate::journal::Journal;
use crate::peer::Part;
use crate::publishing::label_of;

/// All processes of main.
pub(super) struct Members {
    hub: Hub,
    journal: Journal,
    supervisor: Supervisor,
    state: Arc<Mutex<State>>,
}

/// Who is there.
#[derive(Default)]
pub(super) struct State {
    folder: PathBuf,
    first: u32,
    next: u32,
    fault: Option<Fault>,
    places: BTreeMap<String, Member>,
    living: BTreeSet<u32>,
    kept: Option<Supervised>,
    /// The serials of its processes that have not ended.
    pub(super) kept_serials: VecDeque<u32>,
}

struct Member {
    serial: u32,
    label: String,
    process: Arc<OwnedFd>,
    connection: Option<Connection>,
}

impl State {
    /// How a process is started: as this program, with its orders.
    pub(super) fn command(&mut self, part: Part, seed: u64) -> std::io::Result<(u32, Command)> {
        let serial = self.next;
        self.next += 1;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("peer").arg("--folder").arg(&self.folder);
        for (name, value) in [
            ("--serial", serial.to_string()),
            ("--first", self.first.to_string()),
            ("--seed", seed.to_string()),
            ("--part", word(part)),
        ] {
            command.args([name, &value]);
        }
        if let Some(fault) = self.fault {
            command.args(["--fault", &word(fault)]);
        }
        // What its process says on standard output is for main's own answers alone.
        command.stdout(Stdio::null());
        Ok((serial, command))
    }
}

impl Members {
    pub(super) fn new(hub: &Hub, journal: &Journal) -> Self {
        let supervisor = Supervisor::new(hub);
        let state = State { next: 1, ..State::default() };
        let members = Self {
            hub: hub.clone(),
            journal: journal.clone(),
            supervisor,
            state: Arc::new(Mutex::new(state)),
        };
        tokio::spawn(kept::note_ends(
            members.supervisor.events(),
            journal.clone(),
            Arc::clone(&members.state),
        ));
        members
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A round begins, with one that is kept running.
    pub(super) fn begin(&self, folder: PathBuf, first: u32, fault: Option<Fault>) {
        let mut state = self.state();
        // Serials go on, also over rounds that are played again.
        (state.folder, state.first, state.next, state.fault) = (folder, first, first, fault);
        state.places.clear();
        let spec = kept::spec(&self.state, &self.journal);
        state.kept = Some(self.supervisor.start(spec));
    }

    /// Starts a process at a place, unless one is there; its serial, or 0.
    pub(super) fn join(
        &self,
        place: usize,
        page: Option<&Browser>,
        part: Part,
        seed: u64,
    ) -> Result<u32> {
        let mut state = self.state();
        let window = window_of(place);
        if state.places.get(&window).is_some_and(|there| state.living.contains(&there.serial)) {
            return Ok(0);
        }
        let (serial, mut command) = state.command(part, seed)?;
        self.journal.note(Fact::Started { serial });
        state.living.insert(serial);
        let label = label_of(serial);
        let (journal, shared) = (self.journal.clone(), Arc::clone(&self.state));
        let ended = move |status: ExitStatus| note_end(&journal, &shared, serial, status);
        let (process, connection) = match page {
            None => {
                let admission = Admission::new(&label, ROLE, Kind::Native);
                let mut process = self.hub.spawn(command, &admission)?;
                let descriptor = process.pidfd().map(|found| found.try_clone_to_owned());
                let descriptor = descriptor.ok_or_else(|| anyhow::anyhow!("no such process"))??;
                let connection = process.connection().clone();
                tokio::spawn(async move {
                    if let Ok((status, _)) = process.wait().await {
                        ended(status);
                    }
                });
                (descriptor, Some(connection))
            }
            Some(browser) => {
                let address = browser.address.to_string();
                command.args(["--page", &address, &browser.cookie, &window]);
                command.stdin(Stdio::null()).kill_on_drop(true);
                let mut child = command.spawn()?;
                let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
                let id = id.ok_or_else(|| anyhow::anyhow!("no such process"))?;
                // It was not waited for, so that its number is its own.
                let descriptor = pidfd_open(id, PidfdFlags::empty())?;
                tokio::spawn(async move {
                    if let Ok(status) = child.wait().await {
                        ended(status);
                    }
                });
                (descriptor, None)
            }
        };
        let member = Member { serial, label, process: Arc::new(process), connection };
        state.places.insert(window, member);
        Ok(serial)
    }

    /// The label of whoever comes through the gate for a place.
    pub(super) fn awaited(&self, window: &str) -> Option<String> {
        let state = self.state();
        let member = state.places.get(window)?;
        state.living.contains(&member.serial).then(|| member.label.clone())
    }

    /// Whoever was awaited is in.
    pub(super) fn is_in(&self, window: &str, connection: Connection) {
        if let Some(member) = self.state().places.get_mut(window) {
            member.connection = Some(connection);
        }
    }

    fn process(&self, place: usize) -> Option<Arc<OwnedFd>> {
        self.state().places.get(&window_of(place)).map(|member| Arc::clone(&member.process))
    }

    pub(super) fn kill(&self, place: usize) {
        signal(self.process(place).as_ref(), Signal::KILL);
    }

    /// Stops a process, and continues it, whatever becomes of the place meanwhile.
    pub(super) fn stop(&self, place: usize, time: Duration) {
        let process = self.process(place);
        signal(process.as_ref(), Signal::STOP);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            signal(process.as_ref(), Signal::CONT);
        });
    }

    pub(super) fn end(&self, place: usize) {
        let state = self.state();
        let connection = state.places.get(&window_of(place));
        let connection = connection.and_then(|member| member.connection.clone());
        drop(state);
        if let Some(connection) = connection {
            connection.close(Reason::Revoked);
        }
    }

    pub(super) fn kill_kept(&self) {
        if let Some(kept) = &self.state().kept {
            kept.kill();
        }
    }

    /// Stops the one that is kept running.
    pub(super) async fn stop_kept(&self) {
        let kept = self.state().kept.take();
        if let Some(kept) = kept {
            kept.stop().await;
        }
    }

    /// Processes of the one that is kept running that have not ended.
    pub(super) fn kept(&self) -> usize {
        self.state().kept_serials.len()
    }

    /// The others that have not ended.
    pub(super) fn living(&self) -> Vec<u32> {
        self.state().living.iter().copied().collect()
    }
}

fn signal(process: Option<&Arc<OwnedFd>>, signal: Signal) {
    if let Some(process) = process {
        // It may have ended.
        let _ = pidfd_send_signal(process.as_fd(), signal);
    }
}

/// Writes down how a process has ended, and forgets it.
pub(super) fn note_end(journal: &Journal, state: &Mutex<State>, serial: u32, status: ExitStatus) {
    let signal = status.signal().unwrap_or_default().unsigned_abs();
    let code = status.code().unwrap_or_default().unsigned_abs();
    journal.note(Fact::Exited { serial, signal, code });
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.living.remove(&serial);
    // Its descriptor goes with it.
    state.places.retain(|_, member| member.serial != serial);
}
