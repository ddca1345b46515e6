//! Ends in order: of all connections when the application quits, of one when main stops its peer. Work that is under way
//! may finish, within a bound.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

#[cfg(unix)]
use portcullis_hub::PeerId;

use super::shared::{Hub, Shared};

/// How long connections have to close once their peers were told that the application quits.
const FAREWELL: Duration = Duration::from_secs(3);

/// Whether somebody waits for work to finish.
#[derive(Debug, Default)]
pub(super) struct Drains {
    quitting: AtomicBool,
    peers: AtomicUsize,
}

/// One peer is waited for while this is held.
#[cfg(unix)]
struct Draining<'a>(&'a AtomicUsize);

#[cfg(unix)]
impl<'a> Draining<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

#[cfg(unix)]
impl Drop for Draining<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Hub {
    /// The application is about to quit: from now on nobody is admitted and no call is begun. [`Self::shutdown`] does the rest.
    pub fn begin_shutdown(&self) {
        self.0.drains.quitting.store(true, Ordering::Release);
        self.0.turn(|core, _, _| core.drain());
    }

    /// The application quits. From now on nobody is admitted and no call is begun; calls that are under way have up to
    /// `grace` to end, but for streams that have begun and subscriptions. Then every peer is told `going_away`.
    ///
    /// Returns when all connections are closed, at the latest three seconds after `grace`.
    pub async fn shutdown(&self, grace: Duration) {
        self.begin_shutdown();
        let drained = self.0.told_until(|core| !core.has_work_to_drain());
        let _ = tokio::time::timeout(grace, drained).await;
        self.0.turn(|core, now, turn| core.close(now, turn));
        let gone = self.0.told_until(|core| core.peers().next().is_none());
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }

    /// Whether [`Self::begin_shutdown`] or [`Self::shutdown`] was called.
    pub fn is_quitting(&self) -> bool {
        self.0.drains.quitting.load(Ordering::Acquire)
    }

    /// Others begin no call on what `peer` serves any more. Returns when what is under way has ended, as in
    /// [`Self::shutdown`]; the caller bounds the wait.
    #[cfg(unix)]
    pub(crate) async fn drain_peer(&self, peer: PeerId) {
        let _draining = Draining::new(&self.0.drains.peers);
        self.0.turn(|core, _, _| core.drain_peer(peer));
        self.0.told_until(|core| !core.peer_has_work_to_drain(peer)).await;
    }
}

impl Shared {
    /// Waits until something holds, which may have become so whenever `emptied` is told.
    async fn told_until(&self, holds: impl Fn(&portcullis_hub::Hub) -> bool) {
        // Every turn waits for news.
        loop {
            let told = self.emptied.notified();
            if holds(&self.lock().core) {
                return;
            }
            told.await;
        }
    }

    /// Something has happened that somebody may wait for who lets work finish.
    pub(super) fn tell_drains(&self) {
        let Drains { quitting, peers } = &self.drains;
        if quitting.load(Ordering::Acquire) || peers.load(Ordering::Relaxed) > 0 {
            self.emptied.notify_waiters();
        }
    }
}
