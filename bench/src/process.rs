//! The other process of a measurement: how it is started, pinned to a core, asked for its processor
//! time and ended. What it serves is the system's business.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::systems;

/// A server process, which ends when this is dropped (or when this process dies).
pub(crate) struct Server {
    child: Child,
    control: UnixStream,
}

impl Server {
    /// Starts this program as the server of a system; gives the client's end of its link.
    pub(crate) fn start(system: &str, core: usize) -> Result<(Self, UnixStream)> {
        let (link, server_link) = UnixStream::pair()?;
        let (control, server_control) = UnixStream::pair()?;
        let child = Command::new(std::env::current_exe()?)
            .args(["serve", "--system", system, "--core", &core.to_string()])
            .stdin(Stdio::from(OwnedFd::from(server_link)))
            .stdout(Stdio::from(OwnedFd::from(server_control)))
            .spawn()
            .context("the server process does not start")?;
        Ok((Self { child, control }, link))
    }

    /// The processor time, user and system, that the server (with its helper) has used so far.
    pub(crate) fn cpu(&mut self) -> Result<Duration> {
        let mut nanoseconds = [0; 8];
        self.control.write_all(&[0])?;
        self.control.read_exact(&mut nanoseconds).context("the server process has ended")?;
        Ok(Duration::from_nanos(u64::from_le_bytes(nanoseconds)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself when the link closed; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs as the server: standard input is the link, standard output answers questions for CPU time.
pub(crate) fn serve(name: &str, core: usize) -> Result<()> {
    pin(core)?;
    let system = systems::find(name)?;
    let link = socket(std::io::stdin().as_fd())?;
    let control = socket(std::io::stdout().as_fd())?;
    let (helper, helper_link) = match system.helper() {
        Some(helper) => {
            Server::start(helper, core).map(|(server, link)| (Some(server), Some(link)))?
        }
        None => (None, None),
    };
    std::thread::spawn(move || {
        if let Err(error) = answer_control(control, helper) {
            eprintln!("server of {error:#}");
        }
        std::process::exit(0);
    });
    system.serve(link, helper_link)
}

fn answer_control(mut control: UnixStream, mut helper: Option<Server>) -> Result<()> {
    let mut question = [0];
    loop {
        match control.read_exact(&mut question) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let mut total = own_cpu();
        if let Some(helper) = &mut helper {
            total += helper.cpu()?;
        }
        control.write_all(&(total.as_nanos() as u64).to_le_bytes())?;
    }
}

/// The processor time, user and system, of all threads of this process.
pub(crate) fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Binds this process, and what it starts from now on, to one core.
pub(crate) fn pin(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("core {core} is not to be had"))
}

/// The cores that this process may use, lowest first.
pub(crate) fn cores() -> Result<Vec<usize>> {
    let allowed = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect())
}

/// A socket that was handed over as a standard stream.
fn socket(stream: BorrowedFd<'_>) -> Result<UnixStream> {
    Ok(UnixStream::from(stream.try_clone_to_owned()?))
}
