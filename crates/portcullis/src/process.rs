//! Native processes as peers: started by main with a connected socket as their standard input, so that nobody else can
//! connect in their name.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{ExitStatus, Stdio};

use portcullis_hub::{Admission, AdmitError};
use portcullis_proto::goodbye::Goodbye;
use rustix::net::sockopt;
use tokio::process::{Child, Command};

use crate::hub::{Connection, Hub};
use crate::link::UnixLink;

/// A process that main has started, and its connection.
#[derive(Debug)]
pub struct Process {
    child: Child,
    connection: Connection,
}

/// Why a process was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// The hub did not admit it.
    Refused(AdmitError),
    /// The system did not start it.
    Io(io::Error),
}

impl std::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the process could not be started: {error}"),
        }
    }
}

impl std::error::Error for SpawnError {}

impl From<io::Error> for SpawnError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<AdmitError> for SpawnError {
    fn from(error: AdmitError) -> Self {
        Self::Refused(error)
    }
}

impl Hub {
    /// Starts `command` as a peer. Its standard input is its socket: it calls [`crate::client::connect_inherited`].
    ///
    /// The process is killed when the [`Process`] is dropped.
    ///
    /// # Errors
    ///
    /// See [`SpawnError`]; nothing runs then.
    pub fn spawn(
        &self,
        mut command: Command,
        admission: &Admission,
    ) -> Result<Process, SpawnError> {
        let (ours, theirs) = UnixStream::pair()?;
        let connection = self.attach(UnixLink::new(ours)?, admission)?;
        command.stdin(Stdio::from(OwnedFd::from(theirs))).kill_on_drop(true);
        match command.spawn() {
            Ok(child) => Ok(Process { child, connection }),
            Err(error) => {
                connection.close(portcullis_proto::goodbye::Reason::Closed);
                Err(error.into())
            }
        }
    }
}

impl Process {
    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the process and its connection to end: how it went, from both.
    ///
    /// # Errors
    ///
    /// When the system cannot say how the process ended.
    pub async fn wait(&mut self) -> io::Result<(ExitStatus, Goodbye)> {
        let status = self.child.wait().await?;
        Ok((status, self.connection.closed().await))
    }

    /// Kills the process at once, as a crash would.
    ///
    /// # Errors
    ///
    /// When it has ended already.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.start_kill()
    }
}

/// The socket that this process got as its standard input, which reads as empty from now on.
pub(crate) fn inherited_socket() -> io::Result<UnixStream> {
    let socket = rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), 3)?;
    let is_socket = sockopt::socket_type(&socket).is_ok();
    if !is_socket {
        return Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "standard input is no socket: this program is started by its main process",
        ));
    }
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixStream::from(socket))
}
