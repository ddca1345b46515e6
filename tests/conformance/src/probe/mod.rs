//! A process that tries to get out of its sandbox, one way after the other, and tells main by calls how each went. Here
//! is what is said between the two; the ways are `attempts`, main's half is `desk`, the process `inside`.

mod attempts;
mod desk;
mod files;
mod inside;
mod kernel;
mod old_kernel;
mod processes;
mod sockets;

pub use attempts::{Attempt, Control, all, fatal};
pub use desk::{Finished, Lacks, Place, Run, Sandbox};
pub use inside::run;

use portcullis::{Call, message};

/// Where the process may try to get to: all of it is main's, or a bystander's.
#[message]
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// The number of main's process.
    pub main: u32,
    /// The number of another process of the same user.
    pub bystander: u32,
    /// A folder that was not stated, with files `secret` and `kept`, and a socket `hub` on which main listens.
    pub folder: String,
    /// A folder that a worker may read, with a file `open`.
    pub readable: String,
    /// A folder that a worker may write.
    pub writable: String,
    /// A port on which main listens.
    pub port: u16,
    /// The name of an abstract socket on which main listens.
    pub name: String,
}

/// How an attempt went.
#[message]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It worked.
    Done,
    /// The kernel has denied it.
    Denied {
        /// `EPERM` or `EACCES`.
        errno: i32,
    },
    /// It came to nothing, for another reason: the way was open.
    Failed {
        /// The number of the error.
        errno: i32,
    },
    /// It has killed the process that tried.
    Killed {
        /// The number of the signal.
        signal: i32,
    },
}

impl Outcome {
    /// What an attempt has come to.
    pub fn of(attempted: std::io::Result<()>) -> Self {
        match attempted.map_err(|error| error.raw_os_error().unwrap_or(libc::EIO)) {
            Ok(()) => Self::Done,
            Err(errno @ (libc::EPERM | libc::EACCES)) => Self::Denied { errno },
            Err(errno) => Self::Failed { errno },
        }
    }

    /// Whether the way was closed.
    pub fn is_denied(self) -> bool {
        matches!(self, Self::Denied { .. } | Self::Killed { signal: libc::SIGSYS })
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Denied { errno: libc::EPERM } => f.write_str("EPERM"),
            Self::Denied { .. } => f.write_str("EACCES"),
            Self::Failed { errno } => write!(f, "error {errno}"),
            Self::Killed { signal: libc::SIGSYS } => f.write_str("killed"),
            Self::Killed { signal } => write!(f, "signal {signal}"),
        }
    }
}

/// What main serves to the process.
#[portcullis::interface(name = "probe.desk", version = 1)]
pub trait Desk {
    /// Where it may try to get to.
    #[call]
    async fn targets(&self, cx: &Call) -> Targets;

    /// What its sandbox says of itself.
    #[call]
    async fn entered(&self, cx: &Call, status: String);

    /// How an attempt went.
    #[call]
    async fn report(&self, cx: &Call, attempt: String, outcome: Outcome);

    /// Answers with the same bytes: the connection works inside.
    #[call]
    async fn bytes(&self, cx: &Call, bytes: Vec<u8>) -> Vec<u8>;

    /// Who calls, as the hub knows it.
    #[call]
    async fn who(&self, cx: &Call) -> String;
}

portcullis::contract! { name = "probe", interfaces = [Desk] }
