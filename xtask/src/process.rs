//! Runs commands so that a reader sees what ran: the command line, its output as it comes, how it ended in a sentence.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::counts::{self, Counts};
use crate::{hung, place};

/// How long a runner of tests may take before it counts as hung: several times of what any takes.
const RUNNER_MAX: Duration = Duration::from_secs(10 * 60);

/// A command that runs at the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(place::root()).stdin(Stdio::null());
    command
}

/// Cargo, with one target folder for everything.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = command(place::cargo(), args);
    command.env("CARGO_TARGET_DIR", place::target());
    command
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let args = command.get_args().map(|arg| format!(" {}", arg.to_string_lossy()));
    name + &args.collect::<String>()
}

/// Whether a program can be started at all.
pub(crate) fn exists(program: &str) -> bool {
    let mut probe = Command::new(program);
    probe.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// What a command writes to its standard output, without showing it.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let shown = shown(&command);
    let output = command.output().with_context(|| format!("`{shown}` does not start"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed ({}): {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Shows and runs a command; its output goes where this program's goes.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let shown = announce(&command);
    let status = command.status().with_context(|| format!("`{shown}` does not start"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// As [`run`], and counts the tests that the output tells of. The counts come back even when the command failed.
pub(crate) fn run_tests(mut command: Command, total: &mut Counts) -> Result<()> {
    let shown = announce(&command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{shown}` does not start"))?;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).context("its output cannot be read")? > 0 {
            let mut out = std::io::stdout().lock();
            out.write_all(&line).and_then(|()| out.flush()).context("standard output is closed")?;
            *total += counts::of_line(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().with_context(|| format!("`{shown}` cannot be waited for"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// As [`run_tests`], for a runner whose tests each have a watchdog. When the runner itself hangs, what it was doing is
/// shown, and it is started once more: a fault of its own must not decide about the tests.
pub(crate) fn run_tests_of_runner(runner: impl Fn() -> Command, total: &mut Counts) -> Result<()> {
    let mut counts = Counts::default();
    let (ended, hung) = watched(|| run_tests(runner(), &mut counts));
    if hung {
        println!("the runner did not end within {} minutes; once more", RUNNER_MAX.as_secs() / 60);
        return run_tests(runner(), total);
    }
    *total += counts;
    ended
}

/// Does some work that starts processes. When it takes too long these are shown and killed, which ends it.
fn watched<T>(work: impl FnOnce() -> T) -> (T, bool) {
    let (done, waiting) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        let hung = waiting.recv_timeout(RUNNER_MAX) == Err(RecvTimeoutError::Timeout);
        if hung {
            println!("what hangs:");
            hung::show_descendants(std::process::id());
            hung::kill_descendants(std::process::id());
        }
        hung
    });
    let result = work();
    drop(done);
    (result, watchdog.join().unwrap_or(false))
}

fn announce(command: &Command) -> String {
    let shown = shown(command);
    println!("$ {shown}");
    shown
}
