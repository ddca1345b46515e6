//! What runs came to, in numbers.

use std::collections::BTreeMap;
use std::fmt;

use portcullis_proto::status::Status;

/// Counts of one run, or of many together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Runs that were finished.
    pub runs: u64,
    /// Steps, each followed by a look at everything.
    pub steps: u64,
    /// Virtual time, in milliseconds.
    pub virtual_ms: u64,
    /// Connections that were made.
    pub connections: u64,
    /// Connections that broke, half of a frame or more being lost.
    pub crashes: u64,
    /// Pages that were reloaded.
    pub reloads: u64,
    /// Times that somebody stopped reading for a while.
    pub stalls: u64,
    /// How operations ended, by what they were and their status; `given up` is none of the protocol's.
    pub outcomes: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// Items of streams, and values of topics, that were read.
    pub items: u64,
    /// Delivery reports that were held against what subscribers read.
    pub reports: u64,
    /// Frames that were watched on their way.
    pub frames: u64,
    /// Made of all bytes that went over any connection, in order: two runs of a seed have the same.
    pub digest: u64,
}

impl Figures {
    /// An operation has ended.
    pub(crate) fn ended(&mut self, what: &'static str, how: Option<Status>) {
        let name = how.map_or("given up", Status::name);
        let by_status = self.outcomes.entry(what).or_default();
        *by_status.entry(name).or_default() += 1;
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.virtual_ms += other.virtual_ms;
        self.connections += other.connections;
        self.crashes += other.crashes;
        self.reloads += other.reloads;
        self.stalls += other.stalls;
        for (what, by_status) in &other.outcomes {
            for (status, count) in by_status {
                let of_status = self.outcomes.entry(what).or_default();
                *of_status.entry(status).or_default() += count;
            }
        }
        self.items += other.items;
        self.reports += other.reports;
        self.frames += other.frames;
        self.digest = self.digest.rotate_left(1) ^ other.digest;
    }

    /// How many operations ended with that status; with `None`, with any.
    pub fn count(&self, status: Option<&str>) -> u64 {
        let all = self.outcomes.values().flatten();
        all.filter(|(name, _)| status.is_none_or(|wanted| **name == wanted))
            .map(|(_, count)| count)
            .sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, steps, connections, crashes, reloads, stalls, .. } = self;
        let hours = self.virtual_ms as f64 / 3_600_000.0;
        writeln!(f, "runs {runs}, steps {steps}, virtual time {hours:.1} h")?;
        writeln!(
            f,
            "connections {connections}: {crashes} broken, {reloads} reloaded, {stalls} times stopped reading"
        )?;
        let Self { frames, items, reports, .. } = self;
        writeln!(f, "frames {frames}, items and values {items}, reports checked {reports}")?;
        writeln!(f, "operations {}:", self.count(None))?;
        for (what, by_status) in &self.outcomes {
            let ends: Vec<String> =
                by_status.iter().map(|(status, count)| format!("{status} {count}")).collect();
            writeln!(f, "  {what:<10} {}", ends.join(", "))?;
        }
        Ok(())
    }
}
