//! What the system tells of a process (Linux): memory, descriptors, threads, shared memory.

use std::fs;
use std::io;
use std::path::Path;

/// Memory and descriptors of a process, now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Memory that it holds, in KiB.
    pub rss_kib: u64,
    /// The most that it has held so far, in KiB.
    pub peak_kib: u64,
    /// Descriptors that are open.
    pub descriptors: usize,
    /// Those of them that are shared memory.
    pub shared: usize,
    /// Shared memory that is mapped, in pieces.
    pub mapped: usize,
    /// Its threads.
    pub threads: u64,
}

/// What the names of shared memory without a file begin with.
const SHARED: &str = "/memfd:";

impl Gauge {
    /// Looks at the process of that number.
    ///
    /// # Errors
    ///
    /// When it is gone, or this is no Linux.
    pub fn of(process: u32) -> io::Result<Self> {
        let folder = Path::new("/proc").join(process.to_string());
        let status = fs::read_to_string(folder.join("status"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim_matches([':', '\t', ' ', 'k', 'B']).parse().ok())
        };
        let mut gauge = Self {
            rss_kib: number("VmRSS").unwrap_or_default(),
            peak_kib: number("VmHWM").unwrap_or_default(),
            threads: number("Threads").unwrap_or_default(),
            mapped: fs::read_to_string(folder.join("maps"))?.matches(SHARED).count(),
            ..Self::default()
        };
        for descriptor in fs::read_dir(folder.join("fd"))? {
            gauge.descriptors += 1;
            // It may be closed by now.
            let target = fs::read_link(descriptor?.path()).unwrap_or_default();
            gauge.shared += usize::from(target.to_string_lossy().starts_with(SHARED));
        }
        Ok(gauge)
    }
}
