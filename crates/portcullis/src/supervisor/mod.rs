//! Keeps native processes running: starts them again by rules, gives up by rules, stops them within a bound, and tells how
//! each has ended. Starting one process, and tying its connection to it, is `process`.
//!
//! ```no_run
//! use portcullis::hub::{Admission, Kind};
//! use portcullis::supervisor::{Spec, Supervisor};
//! use tokio::process::Command;
//!
//! # async fn example(hub: portcullis::Hub) {
//! let supervisor = Supervisor::new(&hub);
//! let admission = Admission::new("worker", "writer", Kind::Native);
//! let spec = Spec::new(admission, || Ok(Command::new("notes-worker"))).serves("notes.list");
//! let mut worker = supervisor.start(spec);
//! worker.ready().await.expect("it comes up");
//! // Callers bind `Target::Label("worker")`, and bind again when a call has ended with `unavailable`.
//! supervisor.stop().await;
//! # }
//! ```
//!
//! A process that is stuck is found by its connection's keep-alive: while something is awaited of it, 10 s of silence and
//! 20 s after a ping. One that is stuck while nobody asks it for anything is found with the next call.
//!
//! **Main dies.** On Linux the kernel kills what a supervisor has started, once it has connected by this crate, stopped or
//! stuck ones too. Elsewhere, and for programs in other languages, the connection ends with main, and the process has to end
//! with its connection, as the peers of this crate do when their program waits for that.

mod exit;
mod handle;
mod keeper;
mod policy;
mod spec;
mod status;
mod stopping;

pub use crate::backoff::{
    WAIT_FACTOR as RESTART_FACTOR, WAIT_INITIAL as RESTART_INITIAL,
    WAIT_JITTER_PERCENT as RESTART_JITTER_PERCENT, WAIT_MAX as RESTART_WAIT_MAX,
    WAIT_STEADY as RESTART_STEADY,
};
pub use exit::{Exit, ExitReason, KilledFor};
pub use handle::{Supervised, Supervisor};
pub use policy::{RESTARTS, RESTARTS_MAX, RESTARTS_WITHIN, Restart, RestartPolicy};
pub use spec::{DRAIN_TIMEOUT, LEAVE_TIMEOUT, READY_TIMEOUT, Spec};
pub use status::{
    Happened, Phase, SUPERVISOR_EVENTS_MAX, Status, SupervisorEvent, SupervisorEvents,
};
pub use stopping::KILLED_TIMEOUT;
