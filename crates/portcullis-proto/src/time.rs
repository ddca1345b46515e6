//! A moment and its arithmetic, without a clock: drivers say what time it is.

use std::ops::Add;
use std::time::Duration;

/// Microseconds since a moment that the driver chose; only differences mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The driver's zero.
    pub const ZERO: Self = Self(0);

    /// From microseconds since the driver's zero.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the driver's zero.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The moment `ms` milliseconds later.
    pub const fn after_ms(self, ms: u32) -> Self {
        Self(self.0.saturating_add(ms as u64 * 1_000))
    }

    /// The moment `ms` milliseconds earlier.
    pub const fn before_ms(self, ms: u32) -> Self {
        Self(self.0.saturating_sub(ms as u64 * 1_000))
    }

    /// Whole milliseconds from `now` until this moment, rounded up: what a budget field carries.
    pub fn budget_ms(self, now: Self) -> u32 {
        let micros = self.0.saturating_sub(now.0);
        u32::try_from(micros.div_ceil(1_000)).unwrap_or(u32::MAX)
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}
