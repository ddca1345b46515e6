//! What rounds came to, in numbers.

use std::collections::BTreeMap;
use std::fmt;

use crate::fact::{Fate, How};

/// Counts of one round, or of many together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Rounds that were played to their end.
    pub rounds: u64,
    /// Processes that were started.
    pub processes: u64,
    /// Those that stayed to the end of their round.
    pub stayed: u64,
    /// Those that have ended by themselves, those who stayed among them.
    pub left: u64,
    /// Those that were killed.
    pub killed: u64,
    /// Those that have crashed by themselves.
    pub aborted: u64,
    /// Times that a process was stopped for a while.
    pub stopped: u64,
    /// How requests ended, by what they asked for.
    pub outcomes: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// Requests that handlers were given.
    pub handled: u64,
    /// Notifications that have come.
    pub notifications: u64,
    /// Subscriptions.
    pub subscriptions: u64,
    /// Values that were published.
    pub published: u64,
    /// Values that were read.
    pub values: u64,
    /// Values that subscribers were told they missed.
    pub missed: u64,
    /// Delivery reports that were held against what was read.
    pub reports: u64,
    /// Whom they named, by what had become of the value.
    pub named: BTreeMap<&'static str, u64>,
    /// Blobs that main lent to processes.
    pub blobs_lent: u64,
    /// Blobs that were copied for them, and for pages.
    pub blobs_copied: u64,
    /// Facts that processes wrote down.
    pub facts: u64,
}

impl Figures {
    pub(crate) fn add_request(&mut self, what: &'static str, how: Option<How>) {
        // Only who has crashed may have been told of none.
        let how = how.map_or("crashed", How::name);
        *self.outcomes.entry(what).or_default().entry(how).or_default() += 1;
    }

    pub(crate) fn add_named(&mut self, fate: Fate) {
        *self.named.entry(fate.name()).or_default() += 1;
    }

    /// Adds those of another round.
    pub fn add(&mut self, other: &Self) {
        for (mine, other) in [
            (&mut self.rounds, other.rounds),
            (&mut self.processes, other.processes),
            (&mut self.stayed, other.stayed),
            (&mut self.left, other.left),
            (&mut self.killed, other.killed),
            (&mut self.aborted, other.aborted),
            (&mut self.stopped, other.stopped),
            (&mut self.handled, other.handled),
            (&mut self.notifications, other.notifications),
            (&mut self.subscriptions, other.subscriptions),
            (&mut self.published, other.published),
            (&mut self.values, other.values),
            (&mut self.missed, other.missed),
            (&mut self.reports, other.reports),
            (&mut self.blobs_lent, other.blobs_lent),
            (&mut self.blobs_copied, other.blobs_copied),
            (&mut self.facts, other.facts),
        ] {
            *mine += other;
        }
        for (what, by_outcome) in &other.outcomes {
            for (how, count) in by_outcome {
                *self.outcomes.entry(what).or_default().entry(how).or_default() += count;
            }
        }
        for (fate, count) in &other.named {
            *self.named.entry(fate).or_default() += count;
        }
    }

    /// How many requests ended so; with `None`, in any way.
    pub fn count(&self, how: Option<&str>) -> u64 {
        let all = self.outcomes.values().flatten();
        all.filter(|(name, _)| how.is_none_or(|wanted| **name == wanted))
            .map(|(_, count)| count)
            .sum()
    }
}

fn list(counts: &BTreeMap<&'static str, u64>) -> String {
    let each: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    each.join(", ")
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, processes, stayed, left, killed, aborted, stopped, .. } = self;
        writeln!(f, "rounds {rounds}, facts {}", self.facts)?;
        writeln!(
            f,
            "processes {processes}: {killed} killed, {aborted} crashed, {stopped} stopped for a while, {left} left ({stayed} of them at the end)"
        )?;
        let Self { handled, notifications, blobs_lent, blobs_copied, .. } = self;
        writeln!(
            f,
            "handled {handled}, notifications {notifications}, blobs from main: {blobs_lent} lent, {blobs_copied} copied"
        )?;
        let Self { subscriptions, published, values, missed, reports, named, .. } = self;
        writeln!(
            f,
            "subscriptions {subscriptions}: {published} values published, {values} read, {missed} told as missed"
        )?;
        writeln!(f, "reports {reports}, which name {}", list(named))?;
        writeln!(f, "requests {}:", self.count(None))?;
        for (what, by_outcome) in &self.outcomes {
            writeln!(f, "  {what:<8} {}", list(by_outcome))?;
        }
        Ok(())
    }
}
