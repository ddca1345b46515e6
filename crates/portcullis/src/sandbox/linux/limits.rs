//! Resource limits: lowered for good, and never raised above what holds already.

use std::fs;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sandbox::profile::{FILE_BYTES_MAX, Profile, TASKS_MAX};

/// Lowers the limits to those of the profile.
pub(super) fn lower(profile: &Profile) -> io::Result<()> {
    let tasks = tasks()?.saturating_add(TASKS_MAX);
    for (resource, limit) in [
        (Resource::Core, 0),
        (Resource::Nproc, tasks),
        (Resource::Nofile, profile.descriptors_max),
        (Resource::Fsize, FILE_BYTES_MAX),
        (Resource::As, profile.memory_bytes_max),
    ] {
        let held = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Some(limit.min(held));
        setrlimit(resource, Rlimit { current: limit, maximum: limit })?;
    }
    Ok(())
}

/// Threads of all processes on the system now: no less than this user's, and told at once.
fn tasks() -> io::Result<u64> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let count = load.split_whitespace().nth(3).and_then(|tasks| tasks.split_once('/'));
    let count = count.and_then(|(_, all)| all.parse().ok());
    count.ok_or_else(|| io::Error::other("the number of threads is not told"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_system_tells_its_threads() {
        // This one, and the harness's.
        assert!(super::tasks().expect("told") >= 2);
    }
}
