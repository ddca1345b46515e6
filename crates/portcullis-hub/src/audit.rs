//! Denials as main sees them: of whom, of what, why, and how often. Repeats are gathered, so that whoever asks without end
//! fills neither memory nor anybody's queue of events; the peer itself gets one constant answer, which is left to `calls.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::catalog::InterfaceIndex;
use crate::observe::HubEvent;
use crate::peer::PeerId;
use crate::{Hub, Turn};

/// Denials of one peer that are told apart, by channel and reason; what comes beyond is told by its reason alone.
pub const DENIALS_APART_MAX: usize = 64;

/// Why something was denied: for main's eyes only. The order is that of how much each says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DenyReason {
    /// The contract does not have it, or not for this use.
    Unknown,
    /// The role does not grant it.
    NotGranted,
    /// The role grants the interface, but may not address who serves it.
    NotAddressed,
    /// Main has taken it back.
    Revoked,
    /// It was granted for a time that is over.
    Expired,
    /// The role denies it, whatever is granted.
    Denied,
}

impl DenyReason {
    /// As logs and events write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotGranted => "not_granted",
            Self::NotAddressed => "not_addressed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Denied => "denied",
        }
    }
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was asked for, as far as it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Nothing,
    Interface(InterfaceIndex),
    Channel(InterfaceIndex, u32),
}

/// How often something was denied.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    seen: u64,
    told: u64,
}

/// The denials of one peer.
#[derive(Debug, Default)]
pub(crate) struct Denials(BTreeMap<(Subject, DenyReason), Tally>);

impl Denials {
    /// Counts one. Tells as what, and how many times since it was told last, when it is time to tell.
    fn count(&mut self, subject: Subject, reason: DenyReason) -> Option<(Subject, u64)> {
        let mut key = (subject, reason);
        if self.0.len() >= DENIALS_APART_MAX && !self.0.contains_key(&key) {
            // As many entries more as there are reasons.
            key.0 = Subject::Nothing;
        }
        let tally = self.0.entry(key).or_default();
        tally.seen += 1;
        if !tally.seen.is_power_of_two() {
            return None;
        }
        let count = tally.seen - tally.told;
        tally.told = tally.seen;
        Some((key.0, count))
    }

    /// What was counted and not told.
    fn rest(self) -> impl Iterator<Item = (Subject, DenyReason, u64)> {
        let rest = self.0.into_iter();
        rest.map(|((subject, reason), tally)| (subject, reason, tally.seen - tally.told))
            .filter(|(_, _, count)| *count > 0)
    }
}

impl Hub {
    /// Counts and tells a denial. The peer itself learns nothing but that.
    pub(crate) fn denied(
        &mut self,
        peer: PeerId,
        subject: Subject,
        reason: DenyReason,
        turn: &mut Turn,
    ) {
        self.counters.denied += 1;
        self.tap_denial(peer, subject, turn);
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        state.counters.denied += 1;
        if let Some((subject, count)) = state.denials.count(subject, reason) {
            self.tell_denial(peer, subject, reason, count, &mut turn.events);
        }
    }

    /// A peer has ended: what was not told of its denials is told.
    pub(crate) fn tell_denials(&mut self, peer: PeerId, events: &mut Vec<HubEvent>) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        for (subject, reason, count) in std::mem::take(&mut state.denials).rest() {
            self.tell_denial(peer, subject, reason, count, events);
        }
    }

    fn tell_denial(
        &self,
        peer: PeerId,
        subject: Subject,
        reason: DenyReason,
        count: u64,
        events: &mut Vec<HubEvent>,
    ) {
        let Some(state) = self.peers.get(peer.0) else { return };
        let channel = match subject {
            Subject::Nothing => None,
            Subject::Interface(interface) => {
                self.catalog.interface(interface).map(|entry| Arc::clone(&entry.name))
            }
            Subject::Channel(interface, ordinal) => {
                self.catalog.full_name(interface, ordinal).cloned()
            }
        };
        let (label, role) = (state.caller.label.clone(), state.caller.role.clone());
        events.push(HubEvent::Denied { peer, label, role, channel, reason, count });
    }
}
