//! `cargo xtask fuzz`: runs every fuzz target, or those that are named, for a time, and tells of each how much ran and
//! whether something was found. What the targets do is theirs; how libFuzzer reports, [`report`]'s.

mod report;
mod typescript;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{place, process};
use report::Report;

/// The target that Node runs.
const TYPESCRIPT: &str = "ts_decoder";
/// Longest input, in bytes.
const INPUT_BYTES_MAX: &str = "-max_len=2048";
/// Memory that a target may take before it counts as a finding, in MiB.
const MEMORY: &str = "-rss_limit_mb=1024";
/// Seconds that one input may take before it counts as a hang.
const HANG: &str = "-timeout=20";
/// Most targets at once.
pub(crate) const JOBS_MAX: u8 = 2;

/// A time as one types it: `90s`, `10m`, `1h`, or seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    let number: u64 =
        digits.parse().map_err(|_| format!("`{text}` is no time: 90s, 10m and 1h are"))?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    };
    match seconds {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`{text}` is no time: 90s, 10m and 1h are")),
    }
}

/// Runs the targets of these names, or all, each for `time`; fails when one of them finds something.
pub(crate) fn run(time: Duration, jobs: u8, sanitizer: &str, only: &[String]) -> Result<()> {
    let mut targets = names()?;
    if let Some(name) = only.iter().find(|name| !targets.contains(name)) {
        bail!("there is no target {name}, only {}", targets.join(", "));
    }
    targets.retain(|name| only.is_empty() || only.contains(name));
    if targets.iter().any(|name| name != TYPESCRIPT) {
        provide()?;
        // Once for all of them, so that two that run at once do not wait for each other.
        process::run(cargo_fuzz(&["build", "--sanitizer", sanitizer]))?;
    }
    let waiting = Mutex::new(targets.into_iter());
    let reports = Mutex::new(Vec::new());
    let worker = || {
        loop {
            let next = waiting.lock().ok().and_then(|mut names| names.next());
            let Some(name) = next else { return Ok(()) };
            let report = if name == TYPESCRIPT {
                typescript::run(time)?
            } else {
                native(&name, time, sanitizer)?
            };
            println!("{report}");
            if let Ok(mut reports) = reports.lock() {
                reports.push(report);
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.clamp(1, JOBS_MAX)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(_) => bail!("a target's watcher has panicked"),
        })
    })?;
    let reports = reports.into_inner().unwrap_or_default();
    println!("\n{}", Report::HEAD);
    let mut found = 0;
    for report in &reports {
        println!("{}", report.row());
        found += usize::from(report.finding.is_some());
    }
    if found > 0 {
        bail!("{found} of {} targets found something", reports.len());
    }
    Ok(())
}

/// Every target: those of cargo-fuzz, and the one that Node runs.
fn names() -> Result<Vec<String>> {
    let folder = place::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))?;
    let mut names = vec![TYPESCRIPT.to_owned()];
    for entry in entries {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// cargo-fuzz itself, which is not installed unasked.
fn provide() -> Result<()> {
    let probe = process::command(place::cargo(), &["fuzz", "--version"]);
    if process::output(probe).is_err() {
        bail!("cargo-fuzz is not installed: `cargo install cargo-fuzz --locked` installs it");
    }
    Ok(())
}

fn cargo_fuzz(args: &[&str]) -> std::process::Command {
    let mut command = process::cargo(&["fuzz"]);
    command.args(args).current_dir(place::root().join("fuzz"));
    command.env("CARGO_TARGET_DIR", place::target().join("fuzz"));
    // The stable compiler then takes what cargo-fuzz passes.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

fn native(name: &str, time: Duration, sanitizer: &str) -> Result<Report> {
    let folder = |kind: &str| -> PathBuf { place::root().join("fuzz").join(kind).join(name) };
    // What is found on the way is kept apart from the corpus that is committed.
    fs::create_dir_all(folder("found"))?;
    let mut command = cargo_fuzz(&["run", "--sanitizer", sanitizer, name]);
    command.arg(folder("found"));
    command.args(["corpus", "seeds"].map(folder).iter().filter(|folder| folder.is_dir()));
    command.args(["--", MEMORY, HANG, INPUT_BYTES_MAX, "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={}", time.as_secs()));
    let shown = process::shown(&command);
    println!("$ {shown}");
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{shown}` does not start"))?;
    let mut report = Report::new(name);
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).context("its output cannot be read")? > 0 {
            report.read(&String::from_utf8_lossy(&line), || descriptors(child.id()));
            line.clear();
        }
    }
    let status = child.wait().with_context(|| format!("`{shown}` cannot be waited for"))?;
    if !status.success() && report.finding.is_none() {
        report.finding = Some(format!("it ended with {status}:\n{}", report.last_lines()));
    }
    Ok(report)
}

/// How many descriptors the youngest child of a process has open, where the system tells.
fn descriptors(pid: u32) -> Option<usize> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let child = children.split_whitespace().next_back()?;
    Some(fs::read_dir(format!("/proc/{child}/fd")).ok()?.count())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn times_are_read_as_one_types_them() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "m", "0m", "-1s", "10ms", "1d", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
