//! The drivers' clock: the one place where the time is read.

#[cfg(all(unix, feature = "blocking"))]
use std::time::Instant;

use portcullis_proto::time::Time;

/// Monotonic time since the clock was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    zero: Zero,
}

#[derive(Clone, Copy, Debug)]
enum Zero {
    #[cfg(all(unix, feature = "blocking"))]
    System(Instant),
    /// tokio's clock: the same, but tests can pause it.
    Tokio(tokio::time::Instant),
}

impl Clock {
    /// The system's monotonic clock. It does not run while the machine sleeps.
    #[cfg(all(unix, feature = "blocking"))]
    #[expect(clippy::disallowed_methods, reason = "drivers tell the core what time it is")]
    pub(crate) fn system() -> Self {
        Self { zero: Zero::System(Instant::now()) }
    }

    /// tokio's clock, which tests can pause.
    pub(crate) fn tokio() -> Self {
        Self { zero: Zero::Tokio(tokio::time::Instant::now()) }
    }

    /// The time.
    #[inline]
    pub(crate) fn now(&self) -> Time {
        let since = match self.zero {
            #[cfg(all(unix, feature = "blocking"))]
            Zero::System(zero) => zero.elapsed(),
            Zero::Tokio(zero) => zero.elapsed(),
        };
        Time::ZERO + since
    }

    /// The moment of `time` on tokio's clock.
    pub(crate) fn at(&self, time: Time) -> tokio::time::Instant {
        let since = time.since(Time::ZERO);
        match self.zero {
            #[cfg(all(unix, feature = "blocking"))]
            Zero::System(zero) => tokio::time::Instant::from_std(zero + since),
            Zero::Tokio(zero) => zero + since,
        }
    }
}
