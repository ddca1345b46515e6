//! Why a follower's change did not take effect, as far as that is known.

use std::fmt;

use portcullis_proto::error::Error;
use portcullis_proto::status::Status;

use super::version::Stale;

/// What the call that changes a shared state declares as its error: [`Stale`], or an error of the application's own with it
/// in a variant.
pub trait MayBeStale: Send + 'static {
    /// What it says, if it says that the change was made from an old version.
    fn stale(&self) -> Option<Stale>;
}

impl MayBeStale for Stale {
    fn stale(&self) -> Option<Stale> {
        Some(*self)
    }
}

/// An update that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateError<E = Stale> {
    /// The owner refused it with an error of the application's own. Nothing was changed.
    Refused(E),
    /// Others have changed the state before each of so many tries. Nothing was changed.
    Contended {
        /// How often it was sent.
        tries: u32,
    },
    /// It could not be sent, or was refused. Nothing was changed.
    Failed(Error),
    /// It was sent, and no answer has come: it may or may not have been applied. The state will tell.
    Unknown(Error),
}

impl<E> UpdateError<E> {
    /// What the failure of a call that was sent means.
    pub(super) fn of_call(error: Error) -> Self {
        match error.status() {
            _ if !error.was_sent() => Self::Failed(error),
            // With these, the handler may have run to its end.
            Status::Cancelled
            | Status::DeadlineExceeded
            | Status::Unavailable
            | Status::Internal
            | Status::DataLoss => Self::Unknown(error),
            _ => Self::Failed(error),
        }
    }

    /// Whether the change may have been applied all the same.
    pub fn may_be_applied(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

impl<E: fmt::Debug> fmt::Display for UpdateError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the owner refused the change: {error:?}"),
            Self::Contended { tries } => {
                write!(f, "others changed the state before each of {tries} tries")
            }
            Self::Failed(error) => write!(f, "the change was not made: {error}"),
            Self::Unknown(error) => {
                write!(f, "it is not known whether the change was made: {error}")
            }
        }
    }
}

impl<E: fmt::Debug> std::error::Error for UpdateError<E> {}
