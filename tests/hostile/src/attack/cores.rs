//! On which processors threads run.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

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
