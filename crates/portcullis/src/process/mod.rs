//! Native processes as peers: started by main with a connected socket as their standard input, so that nobody else can
//! connect in their name. What they may do on the system is `sandbox`; here they get nothing else of main's.

mod bound;
mod environment;
#[cfg(target_os = "linux")]
pub(crate) mod life;

#[cfg(target_os = "linux")]
pub use bound::STARTS_MAX;
pub(crate) use bound::{Spawn, spawn_bound};
pub use environment::ENVIRONMENT_KEPT;

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::BorrowedFd;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{ExitStatus, Stdio};
#[cfg(target_os = "linux")]
use std::sync::Arc;

use portcullis_hub::{Admission, AdmitError};
use portcullis_proto::goodbye::Goodbye;
use rustix::net::sockopt;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::hub::{Connection, Hub};
use crate::link::UnixLink;

/// A process that main has started, and its connection.
#[derive(Debug)]
pub struct Process {
    child: Child,
    connection: Connection,
    #[cfg(target_os = "linux")]
    descriptor: Option<Arc<OwnedFd>>,
}

/// The first descriptor that a process does not get: it has standard input, output and error.
const FIRST_NOT_INHERITED: i32 = 3;

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
    /// Of main's environment it gets [`ENVIRONMENT_KEPT`], `LC_…` and what was set on the command; of main's descriptors
    /// standard output and error, unless the command says otherwise. On Linux its connection ends with it, even if another
    /// process holds its socket by then.
    ///
    /// The process is killed when the [`Process`] is dropped.
    ///
    /// # Errors
    ///
    /// See [`SpawnError`]; nothing runs then.
    pub fn spawn(&self, command: Command, admission: &Admission) -> Result<Process, SpawnError> {
        let attach = |socket| Ok(self.attach(UnixLink::new(socket)?, admission)?);
        self.spawn_attached(command, attach)
    }

    /// As [`Self::spawn`], with the connection on threads of its own ([`Self::attach_blocking`]): the process may offer a ring of
    /// shared memory.
    ///
    /// # Errors
    ///
    /// See [`SpawnError`]; nothing runs then.
    #[cfg(feature = "blocking")]
    pub fn spawn_blocking(
        &self,
        command: Command,
        admission: &Admission,
    ) -> Result<Process, SpawnError> {
        self.spawn_attached(command, |socket| Ok(self.attach_blocking(socket, admission)?))
    }

    /// As [`Self::spawn_blocking`], with its ring read by a task ([`Self::attach_ring`]).
    ///
    /// # Errors
    ///
    /// See [`SpawnError`]; nothing runs then.
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub fn spawn_ring(
        &self,
        command: Command,
        admission: &Admission,
    ) -> Result<Process, SpawnError> {
        self.spawn_attached(command, |socket| Ok(self.attach_ring(socket, admission)?))
    }

    fn spawn_attached(
        &self,
        mut command: Command,
        attach: impl FnOnce(UnixStream) -> Result<Connection, SpawnError>,
    ) -> Result<Process, SpawnError> {
        let (ours, theirs) = UnixStream::pair()?;
        #[cfg(target_os = "linux")]
        let watched = ours.try_clone()?;
        let connection = attach(ours)?;
        command.stdin(Stdio::from(OwnedFd::from(theirs))).kill_on_drop(true);
        environment::clear(&mut command);
        // The standard library opens nothing that a child would get; other libraries of main may.
        close_fds::set_fds_cloexec_threadsafe(FIRST_NOT_INHERITED, &[]);
        match command.spawn() {
            #[cfg(target_os = "linux")]
            Ok(child) => {
                let descriptor = life::of_child(child.id());
                if let Some(process) = &descriptor {
                    self.end_with_process(Arc::clone(process), watched, &connection)?;
                }
                Ok(Process { child, connection, descriptor })
            }
            #[cfg(not(target_os = "linux"))]
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

    /// The kernel's descriptor of the process, where there is one: it never means another process, and is readable once
    /// this one has ended.
    #[cfg(target_os = "linux")]
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(|descriptor| descriptor.as_fd())
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

    /// Asks the process to end, by `SIGTERM`.
    ///
    /// # Errors
    ///
    /// When it has ended already.
    pub fn terminate(&mut self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(process) = &self.descriptor {
            return life::signal(process, Signal::TERM);
        }
        // It was not waited for while it has a number, which is its own until then.
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(kill_process(id.ok_or(io::ErrorKind::NotFound)?, Signal::TERM)?)
    }

    /// Kills the process at once, as a crash would.
    ///
    /// # Errors
    ///
    /// When it has ended already.
    pub fn kill(&mut self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(process) = &self.descriptor {
            return life::signal(process, Signal::KILL);
        }
        self.child.start_kill()
    }
}

/// The socket that this process got as its standard input, which reads as empty from now on.
pub(crate) fn inherited_socket() -> io::Result<UnixStream> {
    let socket = rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), 3)?;
    let is_socket = sockopt::socket_type(&socket).is_ok();
    if is_socket {
        bound::end_with_main()?;
    } else {
        return Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "standard input is no socket: this program is started by its main process",
        ));
    }
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixStream::from(socket))
}
