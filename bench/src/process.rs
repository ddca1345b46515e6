//! The other processes of a measurement: how they are started, pinned to a core, asked for what they have used and ended.
//! What they serve is the system's business.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::load::{Load, Work};
use crate::resources::Resources;
use crate::run;
use crate::systems;

/// A process at the other end, which ends when this is dropped (or when this process dies).
pub(crate) struct Server {
    child: Child,
    control: UnixStream,
}

/// What such a process is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Role {
    #[arg(long)]
    pub(crate) system: String,
    #[command(flatten)]
    pub(crate) load: Load,
    /// The core that it runs on, if not on any.
    #[arg(long)]
    pub(crate) core: Option<usize>,
}

/// Asks for processor time alone, which costs next to nothing.
const ASK_CPU: u8 = 0;
/// Asks for all of [`Resources`] besides.
const ASK_RESOURCES: u8 = 1;

impl Server {
    /// Starts this program as the other end of a system; gives this end of its link.
    pub(crate) fn start(role: &Role) -> Result<(Self, UnixStream)> {
        let (link, server_link) = UnixStream::pair()?;
        let (control, server_control) = UnixStream::pair()?;
        let Load { work, bytes, peers } = role.load;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["serve", "--system", &role.system, "--work", &run::name(&work)])
            .args(["--bytes", &bytes.to_string(), "--peers", &peers.to_string()])
            .stdin(Stdio::from(OwnedFd::from(server_link)))
            .stdout(Stdio::from(OwnedFd::from(server_control)));
        if let Some(core) = role.core {
            command.args(["--core", &core.to_string()]);
        }
        let child = command.spawn().context("a process does not start")?;
        Ok((Self { child, control }, link))
    }

    /// The processor time, user and system, that the process (with its helper) has used so far.
    pub(crate) fn cpu(&mut self) -> Result<Duration> {
        let [nanoseconds] = self.ask(ASK_CPU)?;
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// What else it has used, its helper's left out.
    pub(crate) fn resources(&mut self) -> Result<Resources> {
        let [switches, memory_kib] = self.ask(ASK_RESOURCES)?;
        Ok(Resources { switches, memory_kib })
    }

    fn ask<const N: usize>(&mut self, question: u8) -> Result<[u64; N]> {
        let mut words = [[0; 8]; N];
        self.control.write_all(&[question])?;
        let ended = "a process at the other end has ended";
        self.control.read_exact(words.as_flattened_mut()).context(ended)?;
        Ok(words.map(u64::from_le_bytes))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself when the link closed; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs as the other end: standard input is the link, standard output answers questions of what was used.
pub(crate) fn serve(role: &Role) -> Result<()> {
    if let Some(core) = role.core {
        pin(core)?;
    }
    let system = systems::find(&role.system)?;
    let link = socket(std::io::stdin().as_fd())?;
    let control = socket(std::io::stdout().as_fd())?;
    let calls = matches!(role.load.work, Work::Call | Work::InFlight);
    let (helper, helper_link) = match system.helper().filter(|_| calls) {
        Some(helper) => {
            let role = Role { system: helper.to_owned(), ..role.clone() };
            Server::start(&role).map(|(server, link)| (Some(server), Some(link)))?
        }
        None => (None, None),
    };
    std::thread::spawn(move || {
        if let Err(error) = answer_control(control, helper) {
            eprintln!("server of {error:#}");
        }
        std::process::exit(0);
    });
    let done =
        if calls { system.serve(link, helper_link) } else { system.receive(role.load, link) };
    if done.is_err() {
        // When all is measured, links close first, and then this process is ended: only what comes otherwise is told.
        std::thread::sleep(LINKS_CLOSE);
    }
    done
}

/// How long the end of a link may come before the end of the process.
const LINKS_CLOSE: Duration = Duration::from_secs(2);

fn answer_control(mut control: UnixStream, mut helper: Option<Server>) -> Result<()> {
    let mut question = [0];
    loop {
        match control.read_exact(&mut question) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if question == [ASK_RESOURCES] {
            let Resources { switches, memory_kib } = Resources::of_other_threads()?;
            control.write_all([switches, memory_kib].map(u64::to_le_bytes).as_flattened())?;
            continue;
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
