//! A rate with a burst, without a clock: a bucket that says until when it is overdrawn. What follows from that is left
//! to others.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_proto::time::Time;

use crate::budget::Rate;

const NANOS: u64 = 1_000_000_000;

/// A token bucket, kept as the moment at which it will be full again (the generic cell rate algorithm): one number, and
/// nothing to be done while nobody sends.
#[derive(Debug)]
pub struct Bucket {
    per_second: u64,
    /// How long it takes to fill, in nanoseconds.
    burst: u64,
    /// When it is full, in nanoseconds. Touched under the hub's `&mut` alone.
    full: AtomicU64,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate) -> Self {
        let per_second = rate.per_second.max(1);
        let burst = nanos(rate.burst.max(1), per_second);
        Self { per_second, burst, full: AtomicU64::new(0) }
    }

    /// A bucket that holds as much and fills so many times slower.
    pub(crate) fn slower(&self, times: u64) -> Self {
        let per_second = (self.per_second / times.max(1)).max(1);
        Self { per_second, burst: self.burst.saturating_mul(times), full: AtomicU64::new(0) }
    }

    /// Takes so many units out, whether they are there or not.
    pub fn take(&self, units: u64, now: Time) {
        let now = now.as_micros().saturating_mul(1_000);
        let full = self.full.load(Ordering::Relaxed).max(now);
        self.full.store(full.saturating_add(nanos(units, self.per_second)), Ordering::Relaxed);
    }

    /// From when on it is not overdrawn.
    pub fn free_at(&self) -> Time {
        let nanos = self.full.load(Ordering::Relaxed).saturating_sub(self.burst);
        Time::from_micros(nanos.div_ceil(1_000))
    }

    /// Whether it is overdrawn by more than so many bursts.
    pub(crate) fn is_beyond(&self, bursts: u32, now: Time) -> bool {
        let now = now.as_micros().saturating_mul(1_000);
        let allowed = self.burst.saturating_mul(u64::from(bursts).saturating_add(1));
        self.full.load(Ordering::Relaxed).saturating_sub(now) > allowed
    }
}

/// How long so many units take, in nanoseconds.
fn nanos(units: u64, per_second: u64) -> u64 {
    let whole = u128::from(units) * u128::from(NANOS) / u128::from(per_second);
    u64::try_from(whole).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Rate};
    use portcullis_proto::time::Time;

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_its_rate() {
        let bucket = Bucket::new(Rate::new(1_000, 10));
        let start = Time::from_micros(5_000_000);
        bucket.take(10, start);
        assert!(bucket.free_at() <= start, "the burst is free");
        bucket.take(5, start);
        assert_eq!(bucket.free_at(), start.after_ms(5));
        assert!(!bucket.is_beyond(1, start));
        bucket.take(10, start);
        assert!(bucket.is_beyond(1, start));
        // After a long rest it is full, and holds no more than that.
        let later = start.after_ms(60_000);
        bucket.take(11, later);
        assert_eq!(bucket.free_at(), later.after_ms(1));
    }

    #[test]
    fn no_rate_and_no_amount_overflows() {
        let bucket = Bucket::new(Rate::new(0, u64::MAX));
        bucket.take(u64::MAX, Time::from_micros(u64::MAX));
        bucket.take(u64::MAX, Time::from_micros(u64::MAX));
        assert!(!bucket.is_beyond(u32::MAX, Time::ZERO));
        let _ = bucket.free_at();
    }
}
