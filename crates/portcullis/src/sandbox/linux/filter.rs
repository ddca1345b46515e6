//! The system call filter: which calls a profile allows, and with which arguments. All others fail with `EPERM`.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is,
    SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::calls::{self, Number};
use super::refused;
use crate::sandbox::SandboxError;
use crate::sandbox::profile::{Access, Kind, Profile};

/// Kinds of new namespaces, and what would let another process look on: no thread is started with these.
const CLONE_NEVER: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_PTRACE
    | libc::CLONE_PARENT;
/// What makes a thread out of a process.
const CLONE_THREAD: i32 = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;

/// Names for threads and for memory.
const PRCTL: &[i32] = &[libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_VMA];

/// Nothing that sends signals (`F_SETOWN`) or grows a pipe.
const FCNTL: &[i32] = &[
    libc::F_DUPFD,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
    libc::F_OFD_GETLK,
    libc::F_OFD_SETLK,
    libc::F_OFD_SETLKW,
    libc::F_DUPFD_CLOEXEC,
    libc::F_ADD_SEALS,
    libc::F_GET_SEALS,
];

/// Time-outs and buffers; no filters.
const SOCKET_OPTIONS: &[i32] =
    &[libc::SO_RCVTIMEO, libc::SO_SNDTIMEO, libc::SO_RCVBUF, libc::SO_SNDBUF];

/// What the standard library asks of any descriptor; nothing that writes into a terminal's input.
const IOCTL: &[u64] = &[
    libc::FIONBIO as _,
    libc::FIOCLEX as _,
    libc::FIONREAD as _,
    libc::TCGETS as _,
    libc::TIOCGWINSZ as _,
];
/// The letter of the terminal's controls, in the second byte of each.
const IOCTL_TERMINAL: u64 = b'T' as u64;

/// What the arguments of an allowed call must be: one of these, or anything when there is none.
type Rules = BTreeMap<Number, Vec<SeccompRule>>;

/// Where the kernel tells what a filter can do.
const ACTIONS: &str = "/proc/sys/kernel/seccomp/actions_avail";

/// Whether this kernel has filters, for an architecture for which there is one here.
pub(super) fn is_there() -> bool {
    TargetArch::try_from(std::env::consts::ARCH).is_ok()
        && std::fs::read_to_string(ACTIONS).is_ok_and(|actions| actions.contains("errno"))
}

/// Installs the filter. False when the kernel has none.
///
/// Of several filters, the strictest answer counts. The one that allows comes last, since it denies to install more.
pub(super) fn install(profile: &Profile) -> Result<bool, SandboxError> {
    let made = programs(profile).map_err(|error| {
        refused("make the system call filter")(io::Error::other(error.to_string()))
    })?;
    for program in made {
        match seccompiler::apply_filter(&program) {
            Ok(()) => {}
            // The kernel was built without it: the call is not there, or does not know the operation.
            Err(Error::Seccomp(error))
                if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) =>
            {
                return Ok(false);
            }
            Err(Error::Seccomp(error) | Error::Prctl(error)) => {
                return Err(refused("install the system call filter")(error));
            }
            Err(other) => {
                let other = io::Error::other(other.to_string());
                return Err(refused("install the system call filter")(other));
            }
        }
    }
    Ok(true)
}

fn programs(profile: &Profile) -> Result<[BpfProgram; 3], BackendError> {
    let errno = |number: i32| SeccompAction::Errno(number.unsigned_abs());
    let any = |calls: &[Number]| calls.iter().map(|call| (*call, Vec::new())).collect::<Rules>();
    let program = |rules, others, these| {
        let arch = TargetArch::try_from(std::env::consts::ARCH)?;
        BpfProgram::try_from(SeccompFilter::new(rules, others, these, arch)?)
    };
    Ok([
        program(any(calls::FATAL), SeccompAction::Allow, SeccompAction::KillProcess)?,
        program(any(calls::ABSENT), SeccompAction::Allow, errno(libc::ENOSYS))?,
        program(allowed(profile)?, errno(libc::EPERM), SeccompAction::Allow)?,
    ])
}

/// The calls that a profile allows.
fn allowed(profile: &Profile) -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    let mut any = |calls: &[Number]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    any(calls::ALWAYS);
    any(calls::ALWAYS_OLD);
    // The filter for absent ones answers these.
    any(calls::ABSENT);
    if profile.kind == Kind::Worker {
        any(calls::SHARED_MEMORY);
    }
    let writes = profile.states(Access::Write);
    if !profile.paths.is_empty() {
        any(calls::LOOKING);
        any(calls::LOOKING_OLD);
    }
    if writes {
        any(calls::CHANGING);
        any(calls::CHANGING_OLD);
    }
    own_process(&mut rules)?;
    memory(&mut rules, profile.executable_memory)?;
    descriptors(&mut rules, profile.states(Access::Device))?;
    if !profile.paths.is_empty() {
        opening(&mut rules, writes || profile.states(Access::Device))?;
    }
    Ok(rules)
}

/// Threads, and what is asked of this process by its number.
fn own_process(rules: &mut Rules) -> Result<(), BackendError> {
    let own = u64::from(std::process::id());
    let thread = masked(0, CLONE_THREAD | CLONE_NEVER, CLONE_THREAD)?;
    rules.insert(libc::SYS_clone, vec![one(thread)?]);
    // `abort`, and a thread's signal to another.
    rules.insert(libc::SYS_tgkill, vec![one(equal(0, own)?)?]);
    rules.insert(libc::SYS_kill, vec![one(equal(0, own)?)?]);
    // Zero is this thread, whose processors are its own affair.
    rules.insert(libc::SYS_sched_setaffinity, vec![one(equal(0, 0)?)?]);
    // Limits can be looked at.
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![equal(0, 0)?, null(2)?])?]);
    rules.insert(libc::SYS_prctl, each(0, PRCTL)?);
    Ok(())
}

fn memory(rules: &mut Rules, executable: bool) -> Result<(), BackendError> {
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let plain =
            if executable { Vec::new() } else { vec![one(masked(2, libc::PROT_EXEC, 0)?)?] };
        rules.insert(call, plain);
    }
    Ok(())
}

/// What is open.
fn descriptors(rules: &mut Rules, devices: bool) -> Result<(), BackendError> {
    rules.insert(libc::SYS_fcntl, each(1, FCNTL)?);
    // Nowhere but to where the socket is connected.
    rules.insert(libc::SYS_sendto, vec![one(null(4)?)?]);
    // Its two ends are this process's. The runtime wakes itself by one.
    let unix = libc::AF_UNIX.unsigned_abs();
    rules.insert(libc::SYS_socketpair, vec![one(equal(0, unix.into())?)?]);
    let options = SOCKET_OPTIONS.iter().map(|option| {
        let level = equal(1, libc::SOL_SOCKET.unsigned_abs().into())?;
        SeccompRule::new(vec![level, equal(2, option.unsigned_abs().into())?])
    });
    rules.insert(libc::SYS_setsockopt, options.collect::<Result<_, _>>()?);
    let mut controls =
        IOCTL.iter().map(|control| one(equal(1, *control)?)).collect::<Result<Vec<_>, _>>()?;
    if devices {
        // Any letter but the terminal's: one of its bits differs.
        for bit in (0..8).map(|bit| 1 << bit) {
            let (bit, differs) = (bit << 8, (!IOCTL_TERMINAL & bit) << 8);
            controls.push(one(condition(1, Is::MaskedEq(bit), differs)?)?);
        }
    }
    rules.insert(libc::SYS_ioctl, controls);
    Ok(())
}

/// Opening paths, of which landlock says which: for reading only while none was stated for writing.
fn opening(rules: &mut Rules, writes: bool) -> Result<(), BackendError> {
    let reading = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC;
    let flags = |argument| {
        if writes { Ok(Vec::new()) } else { Ok(vec![one(masked(argument, reading, 0)?)?]) }
    };
    rules.insert(libc::SYS_openat, flags(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, flags(1)?);
    Ok(())
}

fn one(condition: SeccompCondition) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![condition])
}

/// A rule for each value that an argument may have.
fn each(argument: u8, values: &[i32]) -> Result<Vec<SeccompRule>, BackendError> {
    values.iter().map(|value| one(equal(argument, value.unsigned_abs().into())?)).collect()
}

/// The kernel looks at the lower half of such an argument only, and so does this.
fn condition(argument: u8, is: Is, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Length::Dword, is, value)
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    condition(argument, Is::Eq, value)
}

fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompCondition, BackendError> {
    let bits = |number: i32| u64::from(number.cast_unsigned());
    condition(argument, Is::MaskedEq(bits(mask)), bits(value))
}

fn null(argument: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Length::Qword, Is::Eq, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel takes no longer programs.
    const INSTRUCTIONS_MAX: usize = 4096;

    #[test]
    fn every_profile_has_a_filter_that_the_kernel_takes() {
        for profile in [
            Profile::renderer(),
            Profile::worker(),
            Profile::worker().read("/a").write("/b").device("/c").executable_memory(true),
        ] {
            for program in programs(&profile).expect("it compiles") {
                assert!(program.len() < INSTRUCTIONS_MAX, "{}", program.len());
            }
        }
    }

    #[test]
    fn f38_what_leads_out_is_allowed_to_no_profile() {
        let widest = Profile::worker().read("/a").write("/b").device("/c").executable_memory(true);
        let rules = allowed(&widest).expect("it compiles");
        for call in [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_setrlimit,
            libc::SYS_seccomp,
            libc::SYS_io_uring_setup,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_send_signal,
            libc::SYS_pidfd_getfd,
            libc::SYS_fchmodat,
            libc::SYS_linkat,
            libc::SYS_symlinkat,
            libc::SYS_mknodat,
        ] {
            assert!(!rules.contains_key(&call), "{call}");
        }
        for call in calls::FATAL {
            assert!(!rules.contains_key(call), "{call} is fatal and allowed");
        }
    }

    #[test]
    fn a_renderer_opens_nothing_and_makes_no_memory_to_share() {
        let rules = allowed(&Profile::renderer()).expect("it compiles");
        for call in [libc::SYS_openat, libc::SYS_newfstatat, libc::SYS_memfd_create] {
            assert!(!rules.contains_key(&call), "{call}");
        }
        let reading = allowed(&Profile::renderer().read("/a")).expect("it compiles");
        assert_eq!(reading[&libc::SYS_openat].len(), 1, "under a condition");
        assert!(!reading.contains_key(&libc::SYS_unlinkat));
    }
}
