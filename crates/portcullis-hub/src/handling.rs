//! What main's own handlers work on for each peer: the arguments that they hold, and notifications, which no call's id
//! counts. Every job that is started is completed once, a cancelled one too, so both return to zero.

use crate::Hub;
use crate::account::Over;
use crate::budget::Resource;
use crate::peer::PeerId;

/// Arguments that a peer's handlers in main may hold at once, in bytes as they came; one request or notification is
/// always taken.
pub const HANDLED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Notifications of a peer whose handlers in main are under way; those beyond are dropped.
pub const NOTIFICATIONS_MAX: usize = 1024;

impl Hub {
    /// Counts a notification's handler that is about to be started for `peer` with arguments of that size, until
    /// [`Self::handled`]. That of a request is counted with the call.
    pub(crate) fn may_handle_notification(
        &mut self,
        peer: PeerId,
        bytes: usize,
    ) -> Result<(), Over> {
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(()) };
        state.account.take(Resource::HandledBytes, bytes)?;
        if let Err(over) = state.account.take(Resource::Notifications, 1) {
            state.account.give(Resource::HandledBytes, bytes);
            return Err(over);
        }
        Ok(())
    }

    /// Handlers have ended that held so many bytes, and so many of which were told by notifications; their peer may be gone.
    pub(crate) fn handled(&mut self, peer: PeerId, bytes: usize, notifications: usize) {
        let amounts = [(Resource::HandledBytes, bytes), (Resource::Notifications, notifications)];
        self.give_back(peer, &amounts);
    }

    /// Gives back what no charge does, to a peer or to what is left of one.
    pub(crate) fn give_back(&mut self, peer: PeerId, amounts: &[(Resource, usize)]) {
        let here = self.peers.get(peer.0).map(|state| &state.account);
        let Some(account) = here.or_else(|| self.leftovers.get(&peer)) else { return };
        amounts.iter().for_each(|(resource, amount)| account.give(*resource, *amount));
        if self.leftovers.get(&peer).is_some_and(|account| !account.is_owed()) {
            self.leftovers.remove(&peer);
            self.forget_users();
        }
    }

    /// Arguments that handlers in main hold, in bytes, and notifications that they work on, over all peers that are
    /// here: zero when nothing is going on.
    pub fn handling(&self) -> (usize, usize) {
        let of_peers =
            |resource| self.peers.iter().map(|(_, peer)| peer.account.used(resource)).sum();
        (of_peers(Resource::HandledBytes), of_peers(Resource::Notifications))
    }
}
