//! Runs commands so that a reader sees what ran: the command line, its output as it comes, how it ended in a sentence.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::counts::{self, Counts};
use crate::place;

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

fn announce(command: &Command) -> String {
    let shown = shown(command);
    println!("$ {shown}");
    shown
}
