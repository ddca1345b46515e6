//! The one place where the studio reads clocks. Everything else is told the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use portcullis::Timestamp;

/// The time of day, as it travels.
#[expect(clippy::disallowed_methods, reason = "the studio's processes are the edge")]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_system(SystemTime::now())
}

/// The time of day, in microseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the studio's processes are the edge")]
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// The clock that nobody sets.
#[expect(clippy::disallowed_methods, reason = "the studio's processes are the edge")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// A moment as it travels: the same to the microsecond.
pub(crate) fn timestamp(us: u64) -> Timestamp {
    i64::try_from(us).ok().and_then(Timestamp::from_micros).unwrap_or_default()
}

/// A moment that has travelled; what is before the epoch is the epoch.
pub(crate) fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros()).unwrap_or(0)
}
