//! A histogram of durations with a fixed set of buckets: recording never allocates, and a percentile
//! is at most one sixteenth too high.

/// How many buckets there are.
pub const BUCKETS: usize = GROUPS * STEPS;

/// Buckets between one power of two and the next; the relative error is one over this.
const STEPS: usize = 16;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Powers of two that are told apart; what is longer than about 71 minutes counts as that.
const GROUPS: usize = 29;

/// Counts durations in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    count: u64,
    max_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), count: 0, max_us: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration_us: u64) {
        self.counts[bucket(duration_us)] += 1;
        self.count += 1;
        self.max_us = self.max_us.max(duration_us);
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest duration; 0 when there was none.
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The duration that `percent` of all did not exceed, rounded up to its bucket's end, and never
    /// above the longest; nothing when none was counted.
    pub fn percentile_us(&self, percent: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let wanted = (self.count as f64 * percent.clamp(0.0, 100.0) / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found
            .filter(|&at| at + 1 < BUCKETS)
            .map(|at| last_us(at).min(self.max_us))
            .or(Some(self.max_us))
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts.iter()) {
            *count += more;
        }
        self.count += other.count;
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.count = 0;
        self.max_us = 0;
    }
}

/// Below [`STEPS`], every value has a bucket; above, the leading bits choose it.
fn bucket(value: u64) -> usize {
    let Some(shift) = (value | 1).ilog2().checked_sub(STEP_BITS) else {
        return value as usize;
    };
    let group = shift as usize + 1;
    let step = (value >> shift) as usize - STEPS;
    (group * STEPS + step).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn last_us(bucket: usize) -> u64 {
    let (group, step) = (bucket / STEPS, (bucket % STEPS) as u64);
    match group.checked_sub(1) {
        None => step,
        Some(shift) => ((STEPS as u64 + step + 1) << shift) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Histogram::default().percentile_us(50.0), None);
    }

    #[test]
    fn small_values_are_exact() {
        let mut histogram = Histogram::default();
        (1..=10).for_each(|value| histogram.record(value));
        assert_eq!(histogram.percentile_us(0.0), Some(1));
        assert_eq!(histogram.percentile_us(50.0), Some(5));
        assert_eq!(histogram.percentile_us(99.0), Some(10));
        assert_eq!((histogram.count(), histogram.max_us()), (10, 10));
    }

    #[test]
    fn the_longest_is_never_exceeded_and_the_endless_is_counted() {
        let mut histogram = Histogram::default();
        histogram.record(1_000_001);
        assert_eq!(histogram.percentile_us(99.0), Some(1_000_001));
        histogram.record(u64::MAX);
        assert_eq!(histogram.percentile_us(99.0), Some(u64::MAX));
        histogram.clear();
        assert_eq!(histogram, Histogram::default());
    }

    #[test]
    fn buckets_join_without_a_gap() {
        for at in 0..BUCKETS - 1 {
            assert_eq!(bucket(last_us(at)), at);
            assert_eq!(bucket(last_us(at) + 1), at + 1);
        }
    }

    proptest! {
        #[test]
        fn percentiles_are_at_most_a_sixteenth_too_high(
            mut values in prop::collection::vec(0u64..1 << 31, 1..200), percent in 0.0f64..=100.0,
        ) {
            let (left, right) = values.split_at(values.len() / 2);
            let [mut histogram, mut other] = [left, right].map(|half| {
                let mut histogram = Histogram::default();
                half.iter().for_each(|&value| histogram.record(value));
                histogram
            });
            histogram.merge(&other);
            other.clear();
            values.sort_unstable();
            let rank = ((values.len() as f64 * percent / 100.0).ceil() as usize).max(1);
            let exact = values[rank - 1];
            let seen = histogram.percentile_us(percent).expect("not empty");
            prop_assert!(exact <= seen && seen <= exact + exact / 16, "{seen} for {exact}");
        }
    }
}
