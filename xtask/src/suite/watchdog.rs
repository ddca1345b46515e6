//! Ends the run when a section hangs, with the closing line that a run always has. It measures nothing: no section
//! takes anywhere near as long.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::counts::Counts;
use crate::hung;

/// How long a section may take before it counts as hung.
const SECTION_MAX: Duration = Duration::from_secs(30 * 60);

/// Watches one section until it is stopped.
pub(super) struct Watchdog {
    done: Sender<()>,
}

impl Watchdog {
    /// Begins to watch; `so_far` are the counts of the sections before.
    pub(super) fn set(title: &'static str, so_far: Counts) -> Self {
        let (done, waiting) = mpsc::channel();
        thread::spawn(move || {
            if waiting.recv_timeout(SECTION_MAX) == Err(RecvTimeoutError::Timeout) {
                println!("\n{title} did not end within {} minutes", SECTION_MAX.as_secs() / 60);
                hung::show_descendants(std::process::id());
                hung::kill_descendants(std::process::id());
                println!("{}", Counts { failed: so_far.failed + 1, ..so_far });
                std::process::exit(1);
            }
        });
        Self { done }
    }

    /// The section has ended.
    pub(super) fn stop(self) {
        drop(self.done);
    }
}
