//! In the middle of a run main kills one of its own renderers, and watches whether the others keep their rate.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::receivers::{Receiver, Receivers};
use super::renderers::Renderer;
use crate::clock;

/// How long the victim has to come back, and how long the others are watched at least.
const WATCH_TIME: Duration = Duration::from_secs(10);
/// Reports of another receiver that are looked at after the kill.
const REPORTS: usize = 2;

/// What the kill did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Outcome {
    /// Who was killed.
    pub(super) killed: String,
    /// The number of its process.
    pub(super) process: u32,
    /// From the kill to the first report of the process that took its place; nothing when there was none in time.
    pub(super) back_after_ms: Option<u64>,
    /// What the others had in the meantime.
    pub(super) others: Vec<Rate>,
}

/// The rate of a receiver that was not killed, in pictures a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Rate {
    pub(super) label: String,
    /// As it reported last before the kill.
    pub(super) before: f64,
    /// The lowest that it reported while the other one was away, and just after.
    pub(super) lowest_after: f64,
}

/// Kills `victim` and watches. Returns when it is back and the others have reported, or when the time is over; at once, with
/// nothing, when it does not run.
pub(super) async fn run(victim: &Renderer, receivers: &Arc<Receivers>) -> Option<Outcome> {
    let present = |all: BTreeMap<String, Receiver>| {
        all.into_iter().filter(|(label, each)| each.present && label != victim.label())
    };
    let mut watched: Vec<Watched> = present(receivers.all()).map(Watched::new).collect();
    let killed_at = clock::monotonic();
    let process = victim.kill()?;
    let mut back_after = None;
    let watch = async {
        // Every turn waits for a report.
        loop {
            let reported = receivers.reported.notified();
            let all = receivers.all();
            for each in &mut watched {
                each.look(&all, killed_at);
            }
            let victim = all.get(victim.label());
            if let Some(at) = victim.and_then(|victim| victim.at).filter(|at| *at > killed_at) {
                back_after.get_or_insert(at.saturating_duration_since(killed_at));
            }
            if back_after.is_some() && watched.iter().all(Watched::is_done) {
                return;
            }
            reported.await;
        }
    };
    // Whoever has not reported by then is shown as it was.
    let _ = tokio::time::timeout(WATCH_TIME, watch).await;
    Some(Outcome {
        killed: victim.label().to_owned(),
        process,
        back_after_ms: back_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        others: watched.into_iter().map(|each| each.rate).collect(),
    })
}

struct Watched {
    rate: Rate,
    seen: Option<Instant>,
    reports: usize,
    gone: bool,
}

impl Watched {
    fn new((label, receiver): (String, Receiver)) -> Self {
        let before = receiver.last.frames_per_second;
        let rate = Rate { label, before, lowest_after: before };
        Self { rate, seen: receiver.at, reports: 0, gone: false }
    }

    fn look(&mut self, all: &BTreeMap<String, Receiver>, killed_at: Instant) {
        let Some(receiver) = all.get(&self.rate.label) else { return };
        // A window that was closed meanwhile has no rate.
        self.gone = !receiver.present;
        if self.gone || receiver.at == self.seen || receiver.at.is_none_or(|at| at < killed_at) {
            return;
        }
        self.seen = receiver.at;
        self.reports += 1;
        self.rate.lowest_after = self.rate.lowest_after.min(receiver.last.frames_per_second);
    }

    fn is_done(&self) -> bool {
        self.gone || self.reports >= REPORTS
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "killed {} (process {}, kill -9)", self.killed, self.process)?;
        match self.back_after_ms {
            Some(after) => write!(f, "; it was back after {after} ms")?,
            None => f.write_str("; it has not come back")?,
        }
        for Rate { label, before, lowest_after } in &self.others {
            write!(f, "; {label} had {before:.1}/s before and at least {lowest_after:.1}/s after")?;
        }
        Ok(())
    }
}
