//! Why the studio cannot run, each in one sentence, and with which code the process ends.

use std::path::PathBuf;

use portcullis::hub::{AdmitError, ConfigError, ListenError, ServeError};
use portcullis::web::GateError;
use portcullis_desktop::registry::RegistryError;

use crate::source::SourceError;

/// Why the studio has ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudioError {
    /// The arguments do not fit each other.
    #[error("{0}")]
    Arguments(String),
    /// A source cannot be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A camera worker could not be started, or could not open its source.
    #[error("{0}")]
    Camera(String),
    /// The windows cannot be served: the port is in use, say.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// Visitors cannot be let in at the path that was named.
    #[error(transparent)]
    Socket(#[from] ListenError),
    /// The tap cannot be read at the path that was named.
    #[error(transparent)]
    Tap(#[from] portcullis_tap::StartError),
    /// A process was built from another contract.
    #[error("`{label}` was built from another contract: {why}")]
    Contract {
        /// The process.
        label: String,
        /// What differs, in the hub's words.
        why: String,
    },
    /// The summary could not be written.
    #[error("cannot write {}: {error}", path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The system does not let the studio run.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// The hub does not take the contract or a role: a mistake in this program.
    #[error("{0}")]
    Internal(String),
}

macro_rules! internal {
    ($($error:ty),*) => {
        $(impl From<$error> for StudioError {
            fn from(error: $error) -> Self {
                Self::Internal(error.to_string())
            }
        })*
    };
}

internal!(AdmitError, ConfigError, RegistryError, ServeError, portcullis::Error);

impl StudioError {
    /// The code with which the process ends: 2 for what the user can mend.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Internal(_) => 1,
            _ => 2,
        }
    }
}
