//! What came of a stress, as a table for people.

use std::fmt;

use conformance::gauge::Gauge;

use crate::figures::Figures;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// All rounds together.
    pub figures: Figures,
    /// Main before the first round, after the warm-up and in the end; and the most memory after any round since the warm-up.
    pub gauges: [Gauge; 3],
    /// The most memory that main held after a round since the warm-up, in KiB.
    pub most_kib: u64,
    /// The seed of the last round.
    pub last: u64,
    /// What does not hold in the last round.
    pub broken: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.figures)?;
        writeln!(
            f,
            "{:<16}{:>12}{:>13}{:>15}{:>9}{:>9}",
            "main", "memory KiB", "descriptors", "shared memory", "mapped", "threads"
        )?;
        for (when, gauge) in ["at first", "warm", "in the end"].iter().zip(&self.gauges) {
            let Gauge { rss_kib, descriptors, shared, mapped, threads, .. } = gauge;
            writeln!(
                f,
                "{when:<16}{rss_kib:>12}{descriptors:>13}{shared:>15}{mapped:>9}{threads:>9}"
            )?;
        }
        let peak = self.gauges[2].peak_kib;
        writeln!(f, "most memory after a round: {} KiB, at any time: {peak} KiB", self.most_kib)?;
        for broken in &self.broken {
            writeln!(f, "broken: {broken}")?;
        }
        if !self.broken.is_empty() {
            writeln!(f, "the same choices again: cargo xtask stress --seed {}", self.last)?;
        }
        Ok(())
    }
}
