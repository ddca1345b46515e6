//! What main's own handlers work on for each peer: the arguments that they hold, and notifications, which no call's id
//! counts. Every job that is started is completed once, a cancelled one too, so both return to zero.

use crate::Hub;
use crate::peer::PeerId;

/// Work of a peer's that its handlers have not ended yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handling {
    /// Arguments, as they came, in bytes.
    bytes: usize,
    notifications: usize,
}

/// Arguments that a peer's handlers in main may hold at once, in bytes as they came; one request or notification is
/// always taken.
pub const HANDLED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Notifications of a peer whose handlers in main are under way; those beyond are dropped.
pub const NOTIFICATIONS_MAX: usize = 1024;

impl Hub {
    /// Whether a handler may be started for `peer` with arguments of that size; then it is counted, until
    /// [`Self::handled`].
    pub(crate) fn may_handle(&mut self, peer: PeerId, bytes: usize, notification: bool) -> bool {
        let max = self.config.handled_bytes_max;
        let Some(state) = self.peers.get_mut(peer.0) else { return false };
        let Handling { bytes: held, notifications } = &mut state.handling;
        let fits = *held == 0 || held.saturating_add(bytes) <= max;
        if !fits || (notification && *notifications >= NOTIFICATIONS_MAX) {
            return false;
        }
        *held += bytes;
        *notifications += usize::from(notification);
        true
    }

    /// A handler has ended.
    pub(crate) fn handled(&mut self, peer: PeerId, bytes: usize, notification: bool) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            let Handling { bytes: held, notifications } = &mut state.handling;
            *held = held.saturating_sub(bytes);
            *notifications = notifications.saturating_sub(usize::from(notification));
        }
    }

    /// Arguments that handlers in main hold, in bytes, and notifications that they work on, over all peers: zero when
    /// nothing is going on.
    pub fn handling(&self) -> (usize, usize) {
        let of_peer = self.peers.iter().map(|(_, state)| state.handling);
        of_peer.fold((0, 0), |(bytes, notifications), each| {
            (bytes + each.bytes, notifications + each.notifications)
        })
    }
}
