//! Why a process could not enter its sandbox.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Feature;

/// Why a process could not enter its sandbox. It should end: it is not confined as it was to be.
#[derive(Debug)]
#[non_exhaustive]
pub enum SandboxError {
    /// The kernel lacks these parts, and the application has not allowed it.
    Missing(Vec<Feature>),
    /// There is no sandbox on this system.
    Unsupported,
    /// There are so many threads already; the others would stay outside.
    Threads(usize),
    /// Standard input is no socket: no hub has started this process, or it has connected already.
    NoSocket(io::Error),
    /// More paths were stated than [`super::PATHS_MAX`].
    Paths(usize),
    /// A stated path cannot be opened.
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path was stated as a device and is none.
    NotADevice(PathBuf),
    /// The kernel has refused a step.
    Refused {
        /// Which, as in "set limits".
        step: &'static str,
        /// What it said.
        source: io::Error,
    },
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(features) => {
                f.write_str("this system cannot confine the process; it lacks ")?;
                for (index, feature) in features.iter().enumerate() {
                    write!(f, "{}{feature}", if index == 0 { "" } else { " and " })?;
                }
                f.write_str("; an application that can do without says `allow_missing`")
            }
            Self::Unsupported => f.write_str("there is no sandbox for processes on this system"),
            Self::Threads(count) => write!(
                f,
                "the sandbox is entered before there are threads, and this process has {count}"
            ),
            Self::NoSocket(error) => write!(f, "there is no socket to enter with: {error}"),
            Self::Paths(count) => {
                write!(f, "{count} paths were stated; {} are allowed", super::PATHS_MAX)
            }
            Self::Path { path, source } => {
                write!(f, "the stated path {} cannot be opened: {source}", path.display())
            }
            Self::NotADevice(path) => {
                write!(f, "{} was stated as a device and is none", path.display())
            }
            Self::Refused { step, source } => write!(f, "the system would not {step}: {source}"),
        }
    }
}

impl std::error::Error for SandboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoSocket(source) | Self::Path { source, .. } | Self::Refused { source, .. } => {
                Some(source)
            }
            _ => None,
        }
    }
}
