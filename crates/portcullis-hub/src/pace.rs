//! Peers that send faster than their budgets allow: their drivers are told not to read, or, where the transport cannot
//! wait, what they ask for is refused.

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::hub_ordinal;
use portcullis_proto::session::Event;
use portcullis_proto::time::Time;

use crate::peer::PeerId;
use crate::work::RelayOut;
use crate::{Hub, Turn};

/// So many bursts beyond its budget may a peer send whose transport cannot wait; further ones end it.
pub const RATE_FLOOD_BURSTS: u32 = 8;

impl Hub {
    /// Says that the transport of `peer` takes in whatever is sent (a message port): it cannot be made to wait by not
    /// reading. Before the first bytes are delivered.
    pub fn set_without_back_pressure(&mut self, peer: PeerId) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.waits = false;
        }
    }

    /// Counts what a read has brought, and says until when the next one has to wait.
    pub(crate) fn pace(
        &mut self,
        peer: PeerId,
        frames: u64,
        bytes: u64,
        now: Time,
        turn: &mut Turn,
    ) -> Option<Time> {
        let state = self.peers.get_mut(peer.0).filter(|state| state.waits)?;
        let (until, over) = state.account.spend([frames, bytes], now)?;
        let from = state.paused_until.map_or(now, |before| before.max(now));
        let wait = until.budget_ms(from);
        state.paused_until = Some(until);
        state.counters.paused += 1;
        state.counters.paused_ms += u64::from(wait);
        self.throttled(peer, over.what, turn);
        Some(until)
    }

    /// Counts what came from a peer that cannot be made to wait. True when its event was answered or dropped because it came too
    /// fast; what belongs to calls and streams that are open goes on, and has bounds of its own.
    ///
    /// # Errors
    ///
    /// The peer is far beyond its budget.
    pub(crate) fn too_fast(
        &mut self,
        peer: PeerId,
        event: Option<&Event<'_, RelayOut>>,
        (frames, bytes): (u64, u64),
        now: Time,
        turn: &mut Turn,
    ) -> Result<bool, Goodbye> {
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(false) };
        if state.waits {
            return Ok(false);
        }
        let Some((until, over)) = state.account.spend([frames, bytes], now) else {
            return Ok(false);
        };
        if state.account.is_flooding(RATE_FLOOD_BURSTS, now) {
            let text = format!("budget `{}`: far more came than it allows", over.what);
            return Err(Goodbye::because(Reason::RateExceeded, text));
        }
        let Some(event) = event else { return Ok(false) };
        let id = match event {
            // Whoever gives back what it has is not held up.
            Event::Request { binding: 0, ordinal, .. }
                if matches!(*ordinal, hub_ordinal::RELEASE | hub_ordinal::WITHDRAW) =>
            {
                return Ok(false);
            }
            Event::Request { id, .. } | Event::Subscribe { id, .. } => Some(*id),
            Event::Publish { id, .. } => *id,
            Event::Notify { .. } => None,
            _ => return Ok(false),
        };
        match id {
            Some(id) => {
                self.refuse_over(peer, id, over, until.budget_ms(now), now, turn);
            }
            None => self.drop_notification(peer, over.what, turn),
        }
        Ok(true)
    }
}
