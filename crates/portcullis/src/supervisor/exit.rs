//! How a process has ended: what the system says of it, what main did to it, and what its connection said.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use portcullis_hub::AdmitError;
use portcullis_proto::goodbye::{Goodbye, Reason};

use super::policy::Ending;
use crate::process::SpawnError;

/// How one run of a process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// How.
    pub reason: ExitReason,
    /// What ended its connection; `None` when there was none.
    pub goodbye: Option<Goodbye>,
    /// How long it was ready: it had said hello and served what it is there for.
    pub ready: Duration,
    /// Main had asked for it.
    pub asked: bool,
}

/// How a process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of somebody else's, or of its own fault.
    Signal(i32),
    /// The supervisor has killed it.
    Killed(KilledFor),
    /// It was never started: the sentence says why.
    NotStarted(String),
    /// The system does not say: it could not be waited for, or has not ended although it was killed.
    Unknown,
}

/// Why a supervisor has killed a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KilledFor {
    /// It was not ready in time.
    NotReady,
    /// It was silent while it was awaited.
    Unresponsive,
    /// It broke the protocol.
    Violation(Reason),
    /// Its connection had ended for this reason, and it stayed.
    Staying(Reason),
    /// It was to stop, and did not in time.
    NotStopping,
    /// Main has called [`super::Supervised::kill`].
    Asked,
}

impl fmt::Display for KilledFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady => f.write_str("it was not ready in time"),
            Self::Unresponsive => f.write_str("it was silent while it was awaited"),
            Self::Violation(reason) => write!(f, "it broke the protocol ({})", reason.name()),
            Self::Staying(reason) => {
                write!(f, "it stayed when its connection had ended ({})", reason.name())
            }
            Self::NotStopping => f.write_str("it did not stop in time"),
            Self::Asked => f.write_str("main asked for it"),
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
            Self::Killed(why) => write!(f, "killed: {why}"),
            Self::NotStarted(why) => write!(f, "not started: {why}"),
            Self::Unknown => f.write_str("ended in a way that the system does not tell"),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        match &self.goodbye {
            Some(goodbye) if goodbye.reason != Reason::Closed => write!(f, " ({goodbye})"),
            _ => Ok(()),
        }
    }
}

impl ExitReason {
    /// What the system says, unless the process died of what the supervisor did.
    pub(super) fn of(status: ExitStatus, killed: Option<KilledFor>) -> Self {
        match (status.signal(), status.code(), killed) {
            (Some(_), _, Some(killed)) => Self::Killed(killed),
            (Some(signal), ..) => Self::Signal(signal),
            (None, code, _) => Self::Code(code.unwrap_or_default()),
        }
    }
}

impl Exit {
    /// The process was not started.
    pub(super) fn not_started(error: &dyn fmt::Display, asked: bool) -> Self {
        let reason = ExitReason::NotStarted(error.to_string());
        Self { reason, goodbye: None, ready: Duration::ZERO, asked }
    }

    /// What the rules make of it.
    pub(super) fn ending(&self) -> Ending {
        let said = self.goodbye.as_ref().map(|goodbye| goodbye.reason);
        match (&self.reason, said) {
            _ if self.asked => Ending::Asked,
            (_, Some(Reason::Revoked | Reason::GoingAway)) => Ending::Asked,
            (_, Some(Reason::ContractMismatch | Reason::VersionMismatch)) => Ending::Hopeless,
            (ExitReason::Code(0), _) => Ending::Normal,
            _ => Ending::Abnormal,
        }
    }
}

/// What the rules make of a start that failed.
pub(super) fn ending_of(error: &SpawnError) -> Ending {
    match error {
        SpawnError::Refused(AdmitError::Closing) => Ending::Asked,
        SpawnError::Refused(
            AdmitError::UnknownRole(_) | AdmitError::LabelTooLong | AdmitError::UserTooLong,
        ) => Ending::Hopeless,
        _ => Ending::Abnormal,
    }
}
