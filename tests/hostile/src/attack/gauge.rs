//! What the system tells of a process, and on which processors threads run.

use std::fs;
use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Memory and descriptors of a process, now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauge {
    /// Memory that it holds, in KiB.
    pub(super) rss_kib: u64,
    /// The most that it has held so far, in KiB.
    pub(super) peak_kib: u64,
    /// Descriptors that are open.
    pub(super) descriptors: usize,
    /// Its threads.
    pub(super) threads: u64,
}

impl Gauge {
    /// Looks at the process of that number.
    ///
    /// # Errors
    ///
    /// When it is gone, or this is no Linux.
    pub(super) fn of(process: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim_matches([':', '\t', ' ', 'k', 'B']).parse().ok())
        };
        Ok(Self {
            rss_kib: number("VmRSS").unwrap_or_default(),
            peak_kib: number("VmHWM").unwrap_or_default(),
            threads: number("Threads").unwrap_or_default(),
            descriptors: fs::read_dir(format!("/proc/{process}/fd"))?.count(),
        })
    }
}

/// Two processors: one for who attacks, one for the hub and whoever may notice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cores {
    /// Those who attack.
    pub(super) attackers: usize,
    /// Main, its processes and the bystanders.
    pub(super) others: usize,
}

impl Cores {
    /// The first two that this process may use, if there are two.
    pub(super) fn find() -> Option<Self> {
        let allowed = sched_getaffinity(None).ok()?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Some(Self { attackers: cores.next()?, others: cores.next()? })
    }
}

/// Keeps this thread, and whatever it starts from now on, to one processor.
pub(super) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // What cannot be pinned runs anywhere; the figures are worse for it, and nothing else.
    let _ = sched_setaffinity(None, &set);
}
