//! Ways to files: none of these was stated.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, XattrFlags};

use super::Targets;
use super::attempts::{Attempt, of_worker, open, privileged};

pub(super) const WAYS: &[Attempt] = &[
    open("read a file of the system", |_| File::open("/etc/passwd").map(drop)),
    open("read its own program", |_| File::open("/proc/self/exe").map(drop)),
    open("read a file of main's", |to| fs::read(secret(to)).map(drop)),
    open("list the root", |_| fs::read_dir("/").map(drop)),
    open("list main's folder", |to| fs::read_dir(&to.folder).map(drop)),
    open("make a file", |to| File::create(beside(to, "made")).map(drop)),
    open("append to a file of main's", |to| {
        OpenOptions::new().append(true).open(secret(to)).map(drop)
    }),
    open("overwrite a file of main's", |to| {
        OpenOptions::new().write(true).open(secret(to)).map(drop)
    }),
    open("make a folder", |to| fs::create_dir(beside(to, "folder"))),
    open("make a symbolic link", |to| symlink("/etc", beside(to, "link"))),
    open("make a hard link", |to| fs::hard_link(secret(to), beside(to, "hard"))),
    open("make a pipe with a name", |to| {
        Ok(rustix::fs::mkfifoat(CWD, beside(to, "pipe"), Mode::RUSR)?)
    }),
    privileged("make a device", |to| {
        let null = rustix::fs::makedev(1, 3);
        let kind = FileType::CharacterDevice;
        Ok(rustix::fs::mknodat(CWD, beside(to, "device"), kind, Mode::RUSR, null)?)
    }),
    open("change a mode", |to| fs::set_permissions(secret(to), Permissions::from_mode(0o644))),
    open("change an owner", |to| {
        chown(secret(to), None, Some(rustix::process::getegid().as_raw()))
    }),
    open("change an attribute", |to| {
        // Not every file system has them; the way was open then, too.
        Ok(rustix::fs::setxattr(secret(to), "user.probe", b"1", XattrFlags::empty())?)
    }),
    open("change times", |to| {
        let time = rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 };
        let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
        let flags = rustix::fs::AtFlags::empty();
        Ok(rustix::fs::utimensat(CWD, secret(to), &times, flags)?)
    }),
    open("rename a file of main's", |to| fs::rename(secret(to), beside(to, "renamed"))),
    open("remove a file of main's", |to| fs::remove_file(beside(to, "kept"))),
    open("read main's environment", |to| of_main(to, "environ").and_then(fs::read).map(drop)),
    open("open main's memory", |to| {
        of_main(to, "mem").and_then(|path| OpenOptions::new().write(true).open(path)).map(drop)
    }),
    open("list main's descriptors", |to| of_main(to, "fd").and_then(fs::read_dir).map(drop)),
    privileged("take main's standard output", |to| {
        of_main(to, "fd/1").and_then(File::open).map(drop)
    }),
    privileged("open the kernel's messages", |_| File::open("/dev/kmsg").map(drop)),
    open("change the folder it works in", |_| std::env::set_current_dir("/")),
    privileged("change its root", |_| std::os::unix::fs::chroot("/")),
    of_worker("find out whether a file exists", |_| fs::metadata("/etc/passwd").map(drop)),
    of_worker("find out where a link leads", |_| fs::read_link("/proc/self/exe").map(drop)),
    of_worker("find out about a file system", |_| Ok(rustix::fs::statfs("/").map(drop)?)),
];

fn secret(to: &Targets) -> PathBuf {
    beside(to, "secret")
}

fn beside(to: &Targets, name: &str) -> PathBuf {
    PathBuf::from(&to.folder).join(name)
}

fn of_main(to: &Targets, name: &str) -> io::Result<PathBuf> {
    Ok(PathBuf::from(format!("/proc/{}/{name}", to.main)))
}
