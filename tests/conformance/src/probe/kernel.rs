//! Ways into the kernel, and to rights that were given up.

use std::io;

use rustix::fs::MemfdFlags;
use rustix::fs::inotify::CreateFlags;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use super::attempts::{Attempt, harmful, of_worker, open, privileged, raw};

/// A key that nobody uses: what is looked for by it is not there, and nothing is made.
const KEY: i64 = 0x7f_50_4f_52;

pub(super) const WAYS: &[Attempt] = &[
    open("map memory to run code from", |_| {
        let protection = libc::PROT_READ | libc::PROT_EXEC;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        raw(libc::SYS_mmap, [0, 4096, protection.into(), flags.into(), -1, 0]).map(drop)
    }),
    open("make memory executable", |_| {
        let protection = libc::PROT_READ | libc::PROT_EXEC;
        // Nothing is mapped there.
        raw(libc::SYS_mprotect, [4096, 4096, protection.into()]).map(drop)
    }),
    of_worker("make memory to share", |_| {
        Ok(rustix::fs::memfd_create("probe", MemfdFlags::CLOEXEC).map(drop)?)
    }),
    open("share memory by a key", |_| raw(libc::SYS_shmget, [KEY, 0, 0]).map(drop)),
    open("send messages by a key", |_| raw(libc::SYS_msgget, [KEY, 0]).map(drop)),
    open("open a message queue", |_| raw(libc::SYS_mq_open, [0, 0, 0, 0]).map(drop)),
    open("watch files", |_| Ok(rustix::fs::inotify::init(CreateFlags::empty()).map(drop)?)),
    privileged("watch all files", |_| raw(libc::SYS_fanotify_init, [0, 0]).map(drop)),
    privileged("submit calls by a ring", |_| raw(libc::SYS_io_uring_setup, [1, 0]).map(drop)),
    privileged("count the processor's events", |_| {
        raw(libc::SYS_perf_event_open, [0, 0, -1, -1, 0]).map(drop)
    }),
    privileged("handle page faults", |_| {
        raw(libc::SYS_userfaultfd, [i64::from(u32::MAX)]).map(drop)
    }),
    open("add a key to the keyring", |_| raw(libc::SYS_add_key, [0, 0, 0, 0, 0]).map(drop)),
    open("look at the keyring", |_| raw(libc::SYS_keyctl, [0, -3, 0]).map(drop)),
    privileged("make a namespace", |_| {
        raw(libc::SYS_unshare, [libc::CLONE_NEWUTS.into()]).map(drop)
    }),
    harmful("start a process in a namespace", |_| {
        let flags = libc::CLONE_NEWUSER | libc::SIGCHLD;
        raw(libc::SYS_clone, [flags.into(), 0, 0, 0, 0]).map(drop)
    }),
    privileged("rename the machine", |_| raw(libc::SYS_sethostname, [0, -1]).map(drop)),
    privileged("set the time", |_| raw(libc::SYS_settimeofday, [0, 0]).map(drop)),
    privileged("read the kernel's log", |_| raw(libc::SYS_syslog, [3, 0, 0]).map(drop)),
    privileged("swap to a file", |_| raw(libc::SYS_swapon, [0, 0]).map(drop)),
    open("change how programs run", |_| raw(libc::SYS_personality, [0x0004_0000]).map(drop)),
    open("install another filter", |_| raw(libc::SYS_seccomp, [2, 0, 0]).map(drop)),
    open("make more rules of landlock's", |_| {
        raw(libc::SYS_landlock_create_ruleset, [0, 0, 1]).map(drop)
    }),
    privileged("get its capabilities back", |_| capabilities()),
    open("type into the terminal", |_| {
        let typed = i64::try_from(libc::TIOCSTI).unwrap_or_default();
        raw(libc::SYS_ioctl, [1, typed, 0]).map(drop)
    }),
];

pub(super) const FATAL: &[Attempt] = &[
    privileged("load a program into the kernel", |_| raw(libc::SYS_bpf, [9999, 0, 0]).map(drop)),
    privileged("load a module", |_| raw(libc::SYS_finit_module, [-1, 0, 0]).map(drop)),
    privileged("mount", |_| raw(libc::SYS_mount, [0, 0, 0, 0, 0]).map(drop)),
    privileged("unmount", |_| raw(libc::SYS_umount2, [0, 0]).map(drop)),
    privileged("change the root of all", |_| raw(libc::SYS_pivot_root, [0, 0]).map(drop)),
    open("enter another namespace", |_| raw(libc::SYS_setns, [-1, 0]).map(drop)),
    privileged("open a file by its handle", |_| {
        raw(libc::SYS_open_by_handle_at, [-1, 0, 0]).map(drop)
    }),
    harmful("start the machine anew", |_| raw(libc::SYS_reboot, [0, 0, 0, 0]).map(drop)),
];

fn capabilities() -> io::Result<()> {
    let all = CapabilitySet::CHOWN;
    let none = CapabilitySet::empty();
    Ok(set_capabilities(
        None,
        CapabilitySets { effective: all, permitted: all, inheritable: none },
    )?)
}
