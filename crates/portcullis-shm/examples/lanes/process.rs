//! The other processes: this program again, pinned to a core, which finds shared memory as inherited descriptors.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::run::quantile;
use crate::{bare, ours};

/// How long each case is measured, after half of it for warming up.
const MEASURED: Duration = Duration::from_millis(120);

/// A process that serves one role until it is dropped.
pub(crate) struct Other(Child);

impl Other {
    pub(crate) fn start(role: &str, core: usize, descriptors: Vec<OwnedFd>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["serve", role, &core.to_string()]).stdin(Stdio::null());
        for descriptor in &descriptors {
            fcntl_setfd(descriptor, FdFlags::empty()).expect("it is inherited");
            command.arg(descriptor.as_raw_fd().to_string());
        }
        Self(command.spawn().expect("it starts"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn serve(args: &[String]) {
    let [role, core, descriptors @ ..] = args else { return };
    pin(core.parse().expect("a core"));
    let descriptors: Vec<OwnedFd> = descriptors
        .iter()
        .map(|number| {
            // Opened anew through its number, which needs no unsafe code.
            let path = format!("/proc/self/fd/{number}");
            File::options().read(true).write(true).open(path).expect("inherited").into()
        })
        .collect();
    match role.as_str() {
        "bare-call" => bare::serve_call(&descriptors, false),
        "bare-spin" => bare::serve_call(&descriptors, true),
        "bare-frame" => bare::serve_frames(&descriptors),
        other => ours::serve(other, descriptors),
    }
}

pub(crate) fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).expect("a core to run on");
}

/// Does `work` for a while, and gives the median of its microseconds.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub(crate) fn measure(mut work: impl FnMut(u32)) -> f64 {
    let started = Instant::now();
    let mut number = 0;
    while started.elapsed() < MEASURED / 2 {
        work(number);
        number += 1;
    }
    let mut samples = Vec::with_capacity(1 << 20);
    let started = Instant::now();
    while started.elapsed() < MEASURED {
        let before = Instant::now();
        work(number);
        samples.push(before.elapsed().as_secs_f64() * 1e6);
        number += 1;
    }
    quantile(&samples, 2)
}
