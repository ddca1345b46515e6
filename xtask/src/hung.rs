//! What to do about a command that does not end: show which processes it waits for, and end them all.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// One process, as `/proc` tells of it.
struct Process {
    pid: i32,
    parent: i32,
    /// `R`, `S`, `D`, `T`, `Z`: see proc(5).
    state: String,
    /// The function of the kernel that it sleeps in, where that may be read.
    sleeps_in: String,
    command: String,
}

/// Prints the processes that `ancestor` started, and theirs, each with what it does.
pub(crate) fn show_descendants(ancestor: u32) {
    for Process { pid, parent, state, sleeps_in, command } in descendants(ancestor) {
        println!("  {pid} (of {parent}) {state} {sleeps_in} {command}");
    }
}

/// Kills them, children before their parents.
pub(crate) fn kill_descendants(ancestor: u32) {
    for process in descendants(ancestor).iter().rev() {
        if let Some(pid) = Pid::from_raw(process.pid) {
            // One that has ended meanwhile is none that hangs.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Parents before their children; none where there is no `/proc`.
fn descendants(ancestor: u32) -> Vec<Process> {
    let Ok(ancestor) = i32::try_from(ancestor) else { return Vec::new() };
    let mut of_parent: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    for process in all() {
        of_parent.entry(process.parent).or_default().push(process);
    }
    let mut found = of_parent.remove(&ancestor).unwrap_or_default();
    let mut next = 0;
    while let Some(process) = found.get(next) {
        let children = of_parent.remove(&process.pid).unwrap_or_default();
        found.extend(children);
        next += 1;
    }
    found
}

fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// `None` for a process that has ended.
fn read(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may itself hold some.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.to_owned();
    let parent = fields.next()?.parse().ok()?;
    let sleeps_in = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    Some(Process { pid, parent, state, sleeps_in, command })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_whole_tree_is_seen_and_ended() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 600 & sleep 601; true"]).stdout(Stdio::null());
        let mut shell = shell.spawn().expect("sh starts");
        let pid = shell.id();
        let sleepers = || {
            let found = descendants(pid);
            found.into_iter().filter(|process| process.command.contains("sleep 60")).count()
        };
        while sleepers() < 2 {
            std::thread::yield_now();
        }
        kill_descendants(pid);
        assert!(shell.wait().is_ok());
        assert_eq!(sleepers(), 0);
    }
}
