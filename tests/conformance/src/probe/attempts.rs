//! The list of ways out, and what is known of each beforehand. The ways themselves stand in `files`, `sockets`,
//! `processes` and `kernel`.

use std::io;

use super::{Targets, files, kernel, processes, sockets};

/// Who could go this way without a sandbox: what shows that an attempt is able to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Anybody.
    Anybody,
    /// The superuser: nobody else is let through anyway.
    Superuser,
    /// It is not tried: it would do harm.
    Harmful,
}

/// A way out.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// What is attempted.
    pub name: &'static str,
    /// Whether it is open without a sandbox.
    pub control: Control,
    /// Whether a worker with stated paths may do it.
    pub of_worker: bool,
    /// Tries it.
    pub run: fn(&Targets) -> io::Result<()>,
}

/// A way that is open to anybody.
pub(super) const fn open(name: &'static str, run: fn(&Targets) -> io::Result<()>) -> Attempt {
    Attempt { name, control: Control::Anybody, of_worker: false, run }
}

/// A way that is open to the superuser.
pub(super) const fn privileged(name: &'static str, run: fn(&Targets) -> io::Result<()>) -> Attempt {
    Attempt { name, control: Control::Superuser, of_worker: false, run }
}

/// A way that nobody should go to try it.
pub(super) const fn harmful(name: &'static str, run: fn(&Targets) -> io::Result<()>) -> Attempt {
    Attempt { name, control: Control::Harmful, of_worker: false, run }
}

/// A way that is closed to a renderer, and open to a worker with stated paths.
pub(super) const fn of_worker(name: &'static str, run: fn(&Targets) -> io::Result<()>) -> Attempt {
    Attempt { name, control: Control::Anybody, of_worker: true, run }
}

/// All ways after which the process goes on.
pub fn all() -> impl Iterator<Item = Attempt> {
    [files::WAYS, sockets::WAYS, processes::WAYS, kernel::WAYS].into_iter().flatten().copied()
}

/// All ways that end the process that tries them.
pub fn fatal() -> impl Iterator<Item = Attempt> {
    [processes::FATAL, kernel::FATAL].into_iter().flatten().copied()
}

/// A system call by its number, for what no safe function makes. All arguments are numbers: where the kernel wants an
/// address it gets none, and says `EFAULT` if it comes that far.
#[expect(unsafe_code, reason = "the probe goes ways that no safe function offers")]
pub(super) fn raw<const N: usize>(number: libc::c_long, arguments: [i64; N]) -> io::Result<i64> {
    let argument = |index| arguments.get(index).copied().unwrap_or(0);
    // SAFETY: no argument is an address, so the kernel neither reads nor writes memory of this process.
    let answer = unsafe {
        libc::syscall(
            number,
            argument(0),
            argument(1),
            argument(2),
            argument(3),
            argument(4),
            argument(5),
        )
    };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}
