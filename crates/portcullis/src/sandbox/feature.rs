//! The parts of a sandbox that a kernel may lack, and what a process that has entered one got of them.

use std::fmt;

/// A part of the sandbox that some kernels do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The system call filter (seccomp).
    SystemCalls,
    /// Rules for files and folders (landlock, ABI 1).
    Files,
    /// Rules for TCP (landlock, ABI 4).
    Network,
    /// No signals and no abstract sockets to processes outside (landlock, ABI 6).
    Scopes,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SystemCalls, Self::Files, Self::Network, Self::Scopes];

    /// Its name, as in messages and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemCalls => "the system call filter",
            Self::Files => "landlock's rules for files",
            Self::Network => "landlock's rules for the network",
            Self::Scopes => "landlock's scopes for signals and sockets",
        }
    }

    /// The first Linux that can have it; it may be switched off there all the same.
    pub const fn since(self) -> &'static str {
        match self {
            Self::SystemCalls => "3.17",
            Self::Files => "5.13",
            Self::Network => "6.7",
            Self::Scopes => "6.12",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (since Linux {})", self.name(), self.since())
    }
}

/// What holds for a process that has entered its sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Which profile it is: `renderer` or `worker`.
    pub profile: &'static str,
    /// What the application has allowed to be missing, and is.
    pub missing: Vec<Feature>,
    /// Descriptors that came from the process that has started this one, and were closed.
    pub closed: usize,
}

impl Status {
    /// Whether everything holds.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sandbox {}", self.profile)?;
        for (index, feature) in self.missing.iter().enumerate() {
            write!(f, "{} {feature}", if index == 0 { ", without" } else { " and" })?;
        }
        Ok(())
    }
}
