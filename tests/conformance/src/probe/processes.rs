//! Ways to other processes, and to more of them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit, setpriority_process,
    test_kill_current_process_group, test_kill_process,
};
use rustix::thread::{sched_getaffinity, sched_setaffinity};

use super::attempts::{Attempt, harmful, open, privileged, raw};

/// How many processes a fork bomb starts here.
const BOMB: usize = 200;

pub(super) const WAYS: &[Attempt] = &[
    open("start a program", |_| program().status().map(drop)),
    open("start a program by a shell", |_| {
        Command::new("sh").arg("-c").arg(":").status().map(drop)
    }),
    harmful("become another program", |_| Err(program().exec())),
    harmful("become a program in memory", |_| raw(libc::SYS_execveat, [-1, 0, 0, 0, 0]).map(drop)),
    harmful("fork", |_| fork()),
    harmful("start a fork bomb", |_| {
        let started = (0..BOMB).filter(|_| program().spawn().is_ok()).count();
        if started > 0 { Ok(()) } else { program().spawn().map(drop) }
    }),
    open("look for main by a signal", |to| Ok(test_kill_process(process(to.main)?)?)),
    harmful("kill main", |to| Ok(kill_process(process(to.main)?, Signal::KILL)?)),
    harmful("kill a bystander", |to| Ok(kill_process(process(to.bystander)?, Signal::KILL)?)),
    harmful("stop a bystander", |to| Ok(kill_process(process(to.bystander)?, Signal::STOP)?)),
    open("signal its group", |_| Ok(test_kill_current_process_group()?)),
    open("signal a thread of main's", |to| {
        raw(libc::SYS_tgkill, [to.main.into(), to.main.into(), 0]).map(drop)
    }),
    open("signal a thread by its number alone", |to| {
        raw(libc::SYS_tkill, [to.main.into(), 0]).map(drop)
    }),
    open("queue a signal for main", |to| {
        raw(libc::SYS_rt_sigqueueinfo, [to.main.into(), 0, 0]).map(drop)
    }),
    open("have signals sent to main", |to| {
        raw(libc::SYS_fcntl, [1, libc::F_SETOWN.into(), to.main.into()]).map(drop)
    }),
    open("open a descriptor of main", |to| {
        raw(libc::SYS_pidfd_open, [to.main.into(), 0]).map(drop)
    }),
    open("take a descriptor from a process", |_| raw(libc::SYS_pidfd_getfd, [-1, 0, 0]).map(drop)),
    open("signal by a descriptor", |_| raw(libc::SYS_pidfd_send_signal, [-1, 0, 0, 0]).map(drop)),
    open("slow main down", |to| Ok(setpriority_process(Some(process(to.bystander)?), 0)?)),
    open("move main to other processors", |to| {
        let processors = sched_getaffinity(None)?;
        Ok(sched_setaffinity(Some(process(to.main)?), &processors)?)
    }),
    open("limit main", |to| {
        let limit = getrlimit(Resource::Core);
        Ok(prlimit(Some(process(to.main)?), Resource::Core, limit).map(drop)?)
    }),
    open("raise a limit", |_| {
        let held = getrlimit(Resource::Nofile).maximum;
        Ok(rustix::process::setrlimit(Resource::Nofile, Rlimit { current: held, maximum: held })?)
    }),
    open("let anybody trace it", |_| {
        Ok(rustix::process::set_ptracer(rustix::process::PTracer::Any)?)
    }),
    privileged("be another user", |_| raw(libc::SYS_setresuid, [-1, 0, -1]).map(drop)),
    open("use a descriptor that it was left", |_| left_over()),
];

pub(super) const FATAL: &[Attempt] = &[
    privileged("trace a bystander", |to| {
        raw(libc::SYS_ptrace, [libc::PTRACE_SEIZE.into(), to.bystander.into(), 0, 0]).map(drop)
    }),
    privileged("read a bystander's memory", |to| {
        raw(libc::SYS_process_vm_readv, [to.bystander.into(), 0, 0, 0, 0, 0]).map(drop)
    }),
    privileged("write a bystander's memory", |to| {
        raw(libc::SYS_process_vm_writev, [to.bystander.into(), 0, 0, 0, 0, 0]).map(drop)
    }),
];

/// The number of a descriptor that whoever starts the probe leaves open for it.
pub(super) const LEFT_OVER: i64 = 9;

fn program() -> Command {
    let mut command = Command::new("/bin/true");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A child that is not there to stay.
fn fork() -> io::Result<()> {
    let clone = [libc::SIGCHLD.into(), 0, 0, 0, 0];
    if raw(libc::SYS_clone, clone)? == 0 {
        std::process::exit(0);
    }
    Ok(())
}

/// That it is closed is no denial to the kernel, and one to whoever wanted it. What was left is a file, in which one can
/// seek; what the process itself has opened since then, perhaps under the same number, is none.
fn left_over() -> io::Result<()> {
    match raw(libc::SYS_lseek, [LEFT_OVER, 0, libc::SEEK_CUR.into()]) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EBADF | libc::ESPIPE)) => {
            Err(io::Error::from_raw_os_error(libc::EACCES))
        }
        other => other.map(drop),
    }
}

fn process(number: u32) -> io::Result<Pid> {
    Pid::from_raw(number.cast_signed()).ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
}
