//! How pictures arrive at one receiver: rate, bytes, gaps and latency, in total and since the last
//! report.

use super::Histogram;

/// One picture's arrival.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The picture's number; a gap counts as dropped pictures.
    pub sequence: u64,
    /// When it was taken, in microseconds since the Unix epoch.
    pub captured_us: u64,
    /// When it arrived, on the same clock.
    pub received_us: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Pictures that its sender has dropped for this receiver right before it: part of the gap.
    pub missed: u64,
    /// How often this process has copied it, before it was there to be used.
    pub copies: u64,
}

/// Records arrivals.
#[derive(Debug, Default)]
pub struct Statistics {
    next_sequence: Option<u64>,
    since_us: Option<u64>,
    interval: Counts,
    total: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    received: u64,
    dropped: u64,
    missed: u64,
    copies: u64,
    bytes: u64,
    latency: Histogram,
}

/// What arrived, at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatisticsReport {
    /// Pictures since the beginning.
    pub received: u64,
    /// Pictures that were missing between those that arrived, since the beginning.
    pub dropped: u64,
    /// Those of them that the sender has dropped for this receiver, since the beginning.
    pub missed: u64,
    /// How often this process has copied pictures, since the beginning.
    pub copies: u64,
    /// Bytes since the beginning.
    pub bytes: u64,
    /// Pictures a second, since the last report.
    pub rate: f64,
    /// Bytes a second, since the last report.
    pub bytes_per_second: f64,
    /// Half of all pictures since the last report arrived within this time.
    pub latency_p50_us: Option<u64>,
    /// 99 of 100 pictures since the last report arrived within this time.
    pub latency_p99_us: Option<u64>,
}

impl Statistics {
    /// Counts a picture. A number that is not above the last one begins a new sequence (the camera
    /// was changed or restarted), without a gap.
    pub fn record(&mut self, arrival: Arrival) {
        let gap = match self.next_sequence {
            Some(next) => arrival.sequence.saturating_sub(next),
            None => 0,
        };
        self.next_sequence = Some(arrival.sequence.saturating_add(1));
        self.since_us.get_or_insert(arrival.received_us);
        // Clocks may be set back; such a picture took no time that is known.
        let latency_us = arrival.received_us.saturating_sub(arrival.captured_us);
        for counts in [&mut self.interval, &mut self.total] {
            counts.received += 1;
            counts.dropped = counts.dropped.saturating_add(gap);
            counts.missed = counts.missed.saturating_add(arrival.missed);
            counts.copies = counts.copies.saturating_add(arrival.copies);
            counts.bytes = counts.bytes.saturating_add(arrival.bytes);
            counts.latency.record(latency_us);
        }
    }

    /// The next picture is of another camera: its number says nothing about a gap.
    pub fn begin(&mut self) {
        self.next_sequence = None;
    }

    /// Latency percentiles since the beginning.
    pub fn latency(&self) -> &Histogram {
        &self.total.latency
    }

    /// Sums up, and begins the next interval. The first interval begins with the first picture.
    pub fn report(&mut self, now_us: u64) -> StatisticsReport {
        let since_us = self.since_us.replace(now_us).unwrap_or(now_us);
        let seconds = now_us.saturating_sub(since_us) as f64 / 1e6;
        let rate_of = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        let report = StatisticsReport {
            received: self.total.received,
            dropped: self.total.dropped,
            missed: self.total.missed,
            copies: self.total.copies,
            bytes: self.total.bytes,
            rate: rate_of(self.interval.received),
            bytes_per_second: rate_of(self.interval.bytes),
            latency_p50_us: self.interval.latency.percentile_us(50.0),
            latency_p99_us: self.interval.latency.percentile_us(99.0),
        };
        self.interval.received = 0;
        self.interval.dropped = 0;
        self.interval.missed = 0;
        self.interval.copies = 0;
        self.interval.bytes = 0;
        self.interval.latency.clear();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(statistics: &mut Statistics, sequence: u64, at_us: u64, latency_us: u64) {
        let captured_us = at_us - latency_us;
        statistics.record(Arrival {
            sequence,
            captured_us,
            received_us: at_us,
            bytes: 100,
            missed: 1,
            copies: 2,
        });
    }

    #[test]
    fn rates_and_percentiles_are_of_the_interval_and_sums_of_all() {
        let mut statistics = Statistics::default();
        for i in 0..30 {
            arrive(&mut statistics, i, 1_000_000 + i * 33_333, 10);
        }
        let report = statistics.report(2_000_000);
        assert_eq!((report.received, report.dropped, report.bytes), (30, 0, 3000));
        assert_eq!((report.rate, report.bytes_per_second), (30.0, 3000.0));
        assert_eq!((report.latency_p50_us, report.latency_p99_us), (Some(10), Some(10)));

        for i in 0..10 {
            arrive(&mut statistics, 30 + i, 2_000_000 + i, if i == 9 { 15 } else { 12 });
        }
        let report = statistics.report(4_000_000);
        assert_eq!((report.received, report.rate), (40, 5.0));
        assert_eq!((report.missed, report.copies), (40, 80));
        assert_eq!((report.latency_p50_us, report.latency_p99_us), (Some(12), Some(15)));
        assert_eq!(statistics.latency().percentile_us(50.0), Some(10));
    }

    #[test]
    fn gaps_are_dropped_pictures_and_a_restart_is_none() {
        let mut statistics = Statistics::default();
        for sequence in [5, 6, 9, 10, 0, 1] {
            arrive(&mut statistics, sequence, 1_000_000, 0);
        }
        assert_eq!(statistics.report(1_000_000).dropped, 2);
        statistics.begin();
        arrive(&mut statistics, 500, 1_000_000, 0);
        assert_eq!(statistics.report(1_000_000).dropped, 2);
    }

    #[test]
    fn nothing_and_no_time_make_no_rate() {
        let mut statistics = Statistics::default();
        let report = statistics.report(5);
        assert_eq!((report.rate, report.latency_p50_us), (0.0, None));
        arrive(&mut statistics, 0, 5, 0);
        let report = statistics.report(5);
        assert_eq!((report.received, report.rate), (1, 0.0));
    }

    #[test]
    fn a_clock_that_was_set_back_is_no_latency() {
        let mut statistics = Statistics::default();
        let arrival = Arrival { captured_us: 9, received_us: 5, ..Arrival::default() };
        statistics.record(arrival);
        assert_eq!(statistics.report(6).latency_p99_us, Some(0));
    }
}
