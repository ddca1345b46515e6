//! How pictures reach those who get them, in their own words: the statistics that renderers and viewer windows stream to
//! main, kept for each label and published for the windows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use camera_studio_contract::{Reports, ReportsPublisher, ReportsServer, Statistics};
use portcullis::hub::{Hosted, Hub};
use portcullis::rpc::Caller;
use portcullis::{Call, Error, Source, Status};
use tokio::sync::Notify;

use super::error::StudioError;
use crate::clock;

/// All receivers that have ever reported, by label. Windows take the lowest number that is free, so there are never more
/// than were open at once.
#[derive(Default)]
pub(super) struct Receivers {
    known: Mutex<BTreeMap<String, Receiver>>,
    publisher: OnceLock<ReportsPublisher>,
    /// Knows what main has copied for each.
    hub: OnceLock<Hub>,
    /// Told at each report.
    pub(super) reported: Notify,
}

/// One receiver, over all processes and windows that had its label.
#[derive(Debug, Clone, Default)]
pub(super) struct Receiver {
    /// What earlier ones of this label had received, dropped and taken in bytes.
    before: Totals,
    /// The present one's number at the hub: it may open one stream after the other.
    peer: u32,
    /// What the present one has said last.
    pub(super) last: Statistics,
    /// When it has said so.
    pub(super) at: Option<Instant>,
    /// Whether it is still connected.
    pub(super) present: bool,
}

/// Sums over a receiver's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) received: u64,
    pub(super) dropped: u64,
    pub(super) missed: u64,
    pub(super) copies: u64,
    pub(super) bytes: u64,
}

impl Receiver {
    /// The sums over all that had this label. What receivers say of themselves may be any number.
    pub(super) fn totals(&self) -> Totals {
        Totals {
            received: self.before.received.saturating_add(self.last.received),
            dropped: self.before.dropped.saturating_add(self.last.dropped),
            missed: self.before.missed.saturating_add(self.last.missed),
            copies: self.before.copies.saturating_add(self.last.copies),
            bytes: self.before.bytes.saturating_add(self.last.bytes),
        }
    }
}

impl Receivers {
    /// Takes reports from now on.
    pub(super) fn serve(hub: &Hub) -> Result<(Arc<Self>, Hosted), StudioError> {
        let receivers = Arc::new(Self::default());
        let hosted = hub.serve(ReportsServer::from_arc(Arc::clone(&receivers)))?;
        let _ = receivers.publisher.set(hosted.publisher());
        let _ = receivers.hub.set(hub.clone());
        Ok((receivers, hosted))
    }

    /// All of them, as they are now.
    pub(super) fn all(&self) -> BTreeMap<String, Receiver> {
        self.with(|known| known.clone())
    }

    fn with<R>(&self, work: impl FnOnce(&mut BTreeMap<String, Receiver>) -> R) -> R {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self, caller: &Caller) {
        self.with(|known| {
            let receiver = known.entry(caller.label.clone()).or_default();
            if receiver.peer != caller.peer {
                receiver.before = receiver.totals();
                receiver.last = Statistics::default();
                receiver.peer = caller.peer;
            }
            receiver.present = true;
        });
    }

    /// How often main has copied pictures for a receiver alone: it gets no other blobs.
    fn copies_by_main(&self, peer: u32) -> u64 {
        let peers = self.hub.get().map(Hub::peers).unwrap_or_default();
        let found = peers.iter().find(|each| each.peer.number() == peer);
        found.map_or(0, |found| found.counters.blob_copies)
    }

    fn take(&self, label: &str, mut statistics: Statistics) {
        label.clone_into(&mut statistics.receiver);
        if let Some(publisher) = self.publisher.get() {
            let _ = publisher.reported(&statistics);
        }
        self.with(|known| {
            if let Some(receiver) = known.get_mut(label) {
                receiver.last = statistics;
                receiver.at = Some(clock::monotonic());
            }
        });
        self.reported.notify_waiters();
    }
}

/// Notes that a receiver is gone: at the end of its stream, or when the handler is dropped with its connection.
struct Present<'a>(&'a Receivers, String);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.with(|known| {
            if let Some(receiver) = known.get_mut(&self.1) {
                receiver.present = false;
            }
        });
    }
}

impl Reports for Receivers {
    async fn report(&self, cx: &Call, mut input: Source<Statistics>) -> Result<u64, Error> {
        let unknown = || Error::new(Status::Internal, "the hub names every caller");
        let caller = cx.caller().ok_or_else(unknown)?;
        self.begin(caller);
        let present = Present(self, caller.label.clone());
        let mut count = 0;
        while let Some(mut statistics) = input.next().await? {
            let by_main = self.copies_by_main(caller.peer);
            statistics.copies = statistics.copies.saturating_add(by_main);
            self.take(&present.1, statistics);
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f34_what_receivers_claim_of_themselves_may_be_any_number() {
        let receivers = Receivers::default();
        let all = Statistics {
            received: u64::MAX,
            dropped: u64::MAX,
            missed: u64::MAX,
            copies: u64::MAX,
            bytes: u64::MAX,
            ..Default::default()
        };
        for peer in [7, 9] {
            receivers.begin(&Caller { peer, label: "viewer-1".into(), role: String::new() });
            receivers.take("viewer-1", all.clone());
        }
        let totals = receivers.all()["viewer-1"].totals();
        assert_eq!([totals.received, totals.missed, totals.copies], [u64::MAX; 3]);
    }

    #[test]
    fn a_receiver_that_comes_back_goes_on_counting() {
        let receivers = Receivers::default();
        let statistics = |received, dropped| Statistics { received, dropped, ..Default::default() };
        let caller = |peer| Caller { peer, label: "statistics".into(), role: String::new() };
        receivers.begin(&caller(7));
        receivers.take("statistics", statistics(10, 1));
        receivers.begin(&caller(7));
        receivers.take("statistics", statistics(30, 1));
        receivers.begin(&caller(9));
        receivers.take("statistics", statistics(5, 2));
        let all = receivers.all();
        assert_eq!(
            all["statistics"].totals(),
            Totals { received: 35, dropped: 3, ..Totals::default() }
        );
        assert_eq!(all["statistics"].last.receiver, "statistics");
    }
}
