//! What a process has used besides processor time, as the kernel counts it: how often it was woken, and memory.

use std::fs;

use anyhow::{Context, Result};

/// Counts of one process so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    /// How often a thread gave up its core to wait: each ends with a wake-up.
    pub(crate) switches: u64,
    /// Memory that the process has written: its own, and what it shares.
    pub(crate) memory_kib: u64,
}

impl Resources {
    /// Those of this process, the switches of the thread that asks left out.
    pub(crate) fn of_other_threads() -> Result<Self> {
        let own = rustix::thread::gettid().as_raw_nonzero().to_string();
        let mut switches = 0;
        for task in fs::read_dir("/proc/self/task")? {
            let task = task?;
            if task.file_name().to_str() == Some(&own) {
                continue;
            }
            // A thread may end while its name is read.
            if let Ok(status) = fs::read_to_string(task.path().join("status")) {
                switches += number(&status, "voluntary_ctxt_switches:")?;
            }
        }
        Ok(Self { switches, memory_kib: own_memory_kib()? })
    }
}

/// Memory that this process has written.
pub(crate) fn own_memory_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(number(&status, "RssAnon:")? + number(&status, "RssShmem:")?)
}

fn number(status: &str, field: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| word.parse().ok())
        .with_context(|| format!("the kernel does not say {field}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let status =
            "RssAnon:\t  12 kB\nnonvoluntary_ctxt_switches:\t3\nvoluntary_ctxt_switches:\t4\n";
        assert_eq!(number(status, "voluntary_ctxt_switches:").ok(), Some(4));
        assert_eq!(number(status, "RssAnon:").ok(), Some(12));
        assert!(number(status, "RssShmem:").is_err());
    }
}
