//! What is told of supervised processes: to observers each event, to who holds one how it stands now.

use std::fmt;
use std::time::Duration;

use portcullis_hub::PeerId;
use tokio::sync::broadcast;

use super::exit::Exit;
use crate::hub::events::next;

/// Events that wait for a slow observer before the oldest are dropped.
pub const SUPERVISOR_EVENTS_MAX: usize = 1_024;

/// Something that has happened to a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisorEvent {
    /// Its label.
    pub label: String,
    /// What.
    pub what: Happened,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happened {
    /// It runs, and has yet to say hello.
    Started {
        /// The number of the process.
        process: Option<u32>,
    },
    /// It has said hello, and serves what it is there for.
    Ready {
        /// Its connection.
        peer: PeerId,
        /// From its start.
        after: Duration,
    },
    /// It has ended, or was not started at all.
    Exited(Exit),
    /// It will be started again.
    Restarting {
        /// After this wait.
        after: Duration,
        /// How many restarts that makes.
        restarts: u32,
    },
    /// It will not be started again, although it should run.
    GaveUp {
        /// How it ended last.
        exit: Exit,
        /// How often it was started again.
        restarts: u32,
    },
}

/// How a supervised process stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What it is doing.
    pub phase: Phase,
    /// Counts its starts: another number is another process.
    pub run: u32,
    /// How often it was started again.
    pub restarts: u32,
    /// The number of its process, while it runs.
    pub process: Option<u32>,
    /// Its connection, while it is ready.
    pub peer: Option<PeerId>,
    /// How the run before has ended; the last one, when there is no other.
    pub exit: Option<Exit>,
}

/// What a supervised process is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is started, and not ready.
    #[default]
    Starting,
    /// It is ready.
    Ready,
    /// It is about to end, because main wants it.
    Stopping,
    /// It has ended, and will be started again.
    Waiting,
    /// It has ended, as it should.
    Ended,
    /// It has ended, should not have, and is not started again.
    GaveUp,
}

impl Phase {
    /// Whether nothing follows.
    pub fn is_last(self) -> bool {
        matches!(self, Self::Ended | Self::GaveUp)
    }
}

/// The events of a supervisor, in order, from the moment of subscription.
#[derive(Debug)]
pub struct SupervisorEvents {
    pub(super) receiver: broadcast::Receiver<SupervisorEvent>,
    pub(super) missed: u64,
}

impl SupervisorEvents {
    /// The next event; `None` when the supervisor and all its processes are gone. A slow observer misses the oldest, see
    /// [`Self::missed`].
    pub async fn next(&mut self) -> Option<SupervisorEvent> {
        next(&mut self.receiver, &mut self.missed).await
    }

    /// Events that were dropped because this observer was too slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { process: Some(process) } => write!(f, "started (process {process})"),
            Self::Started { process: None } => f.write_str("started"),
            Self::Ready { after, .. } => write!(f, "ready after {after:.1?}"),
            Self::Exited(exit) => exit.fmt(f),
            Self::Restarting { after, restarts } => {
                write!(f, "starts again in {after:.1?} (restart {restarts})")
            }
            Self::GaveUp { exit, restarts } => {
                write!(f, "given up after {restarts} restarts; it {exit}")
            }
        }
    }
}

impl Happened {
    /// Logs what a maintainer wants to find in the log of main.
    pub(super) fn log(&self, label: &str) {
        match self {
            Self::GaveUp { .. } => tracing::error!(%label, "{self}"),
            Self::Exited(exit) if !exit.asked => tracing::warn!(%label, "{self}"),
            _ => tracing::info!(%label, "{self}"),
        }
    }
}
