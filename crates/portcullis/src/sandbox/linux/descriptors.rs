//! Descriptors that came with the process: all but standard input, output and error are closed.

use std::fs;
use std::io;
use std::os::fd::RawFd;

/// Where the kernel tells of this process's descriptors.
const TABLE: &str = "/proc/self/fdinfo";

/// Closes what was inherited, and counts it.
///
/// Whatever has come through `exec` lacks the flag to be closed there, and whatever this program has opened since then
/// by the standard library has it: so the two can be told apart, and nothing is closed under its owner.
pub(super) fn close_inherited() -> io::Result<usize> {
    let mut inherited = Vec::new();
    for entry in fs::read_dir(TABLE)? {
        let name = entry?.file_name();
        let Some(descriptor) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()) else {
            continue;
        };
        // The one by which the table is read has the flag, too, and is gone when it is looked at.
        let told = fs::read_to_string(format!("{TABLE}/{descriptor}")).unwrap_or_default();
        if descriptor > 2 && is_inherited(&told) {
            inherited.push(descriptor);
        }
    }
    for descriptor in &inherited {
        nix::unistd::close(*descriptor)?;
    }
    Ok(inherited.len())
}

/// Whether a descriptor lacks the flag to be closed when the process becomes another program.
fn is_inherited(told: &str) -> bool {
    let flags = told.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & libc::O_CLOEXEC == 0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use super::*;

    fn told(file: &File) -> String {
        fs::read_to_string(format!("{TABLE}/{}", file.as_raw_fd())).expect("it is open")
    }

    #[test]
    fn a_descriptor_without_the_flag_is_inherited() {
        let file = File::open("/dev/null").expect("there");
        assert!(!is_inherited(&told(&file)));
        let flags = rustix::io::FdFlags::empty();
        rustix::io::fcntl_setfd(&file, flags).expect("set");
        assert!(is_inherited(&told(&file)));
        assert!(!is_inherited(""), "what is gone needs no closing");
    }
}
