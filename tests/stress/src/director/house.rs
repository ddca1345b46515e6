//! The main process as the director sees it: what it is told, what it says, and what the system says of it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use conformance::gauge::Gauge;

use super::{LOOKS, Options, now};
use crate::house::{Order, State, word};

/// The most memory that main may hold more than after the warm-up, in KiB: what an allocator keeps.
const GROWTH_KIB_MAX: u64 = 48 * 1024;

/// Longer than idle threads of main stay.
const SETTLING: Duration = Duration::from_millis(700);

/// A main, and what it is told.
pub(super) struct Main {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Main {
    pub(super) fn start(options: &Options, folder: &Path) -> Result<Self> {
        let mut command = Command::new(&options.program);
        command.arg("main").arg("--folder").arg(folder);
        if let Some(fault) = options.fault {
            command.args(["--fault", &word(fault)]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = child.stdin.take().context("a pipe")?;
        let answers = BufReader::new(child.stdout.take().context("a pipe")?);
        Ok(Self { child, orders, answers })
    }

    pub(super) fn tell(&mut self, order: &Order) -> Result<String> {
        writeln!(self.orders, "{}", order.to_line())?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            bail!("main has ended: {}", self.child.wait()?);
        }
        Ok(answer.trim_end().to_owned())
    }

    pub(super) fn look(&mut self) -> Result<State> {
        State::of_line(&self.tell(&Order::Look)?)
    }

    pub(super) fn gauge(&self) -> Result<Gauge> {
        Gauge::of(self.child.id()).context("main is gone")
    }
}

impl Drop for Main {
    fn drop(&mut self) {
        // Its processes end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Main as it is when those who left are gone: when it holds no more than `before`, or for as long as patience lasts.
pub(super) fn settled(main: &Main, before: Option<Gauge>, patience: Duration) -> Result<Gauge> {
    let begun = now();
    let Some(before) = before else {
        // Nothing to wait for: what has no work ends within this time.
        std::thread::sleep(SETTLING);
        return main.gauge();
    };
    loop {
        let gauge = main.gauge()?;
        if grown(&before, &gauge).is_empty() || begun.elapsed() > patience {
            return Ok(gauge);
        }
        std::thread::sleep(LOOKS);
    }
}

/// What main has more than before, beyond what it may.
pub(super) fn grown(before: &Gauge, after: &Gauge) -> Vec<String> {
    let mut grown = Vec::new();
    for (what, before, after) in [
        ("descriptors", before.descriptors, after.descriptors),
        ("descriptors of shared memory", before.shared, after.shared),
        ("mappings of shared memory", before.mapped, after.mapped),
        ("threads", before.threads as usize, after.threads as usize),
    ] {
        if after > before {
            grown.push(format!("main has {after} {what}, {before} after the warm-up"));
        }
    }
    if after.rss_kib > before.rss_kib + GROWTH_KIB_MAX {
        let (before, after) = (before.rss_kib, after.rss_kib);
        grown.push(format!("main has {after} KiB of memory, {before} after the warm-up"));
    }
    grown
}
