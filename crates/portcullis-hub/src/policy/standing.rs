//! What a connected peer may do now: its role's rights, and what main has given to it or taken from it since, until it
//! runs out. What was begun by a right that ends, ends with it.

use std::fmt;
use std::sync::Arc;

use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use super::names::{Misfit, Names};
use super::rights::{Rights, SERVE, Scope, USE};
use super::role::Grant;
use super::roles::{RoleEntry, RoleIndex};
use crate::audit::{DenyReason, Subject};
use crate::calls::DENIED;
use crate::handles::Handle;
use crate::peer::{PeerId, PeerState};
use crate::work::Work;
use crate::{Hub, Turn};

/// Grants that one peer may hold beside those of its role that have no end.
pub const OWN_GRANTS_MAX: usize = 256;

/// Why something could not be granted or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantError {
    /// No such peer is connected.
    UnknownPeer,
    /// There is no such role.
    UnknownRole(String),
    /// The grant does not fit the contract.
    Misfit {
        /// What it names.
        grant: String,
        /// What is wrong with it.
        misfit: Misfit,
    },
    /// The role denies all of it, and that holds against any grant.
    Denied {
        /// What it names.
        grant: String,
    },
    /// As many grants are held as a peer may have.
    TooMany,
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPeer => f.write_str("no such peer is connected"),
            Self::UnknownRole(role) => write!(f, "there is no role `{role}`"),
            Self::Misfit { grant, misfit } => write!(f, "`{grant}`: {misfit}"),
            Self::Denied { grant } => {
                write!(
                    f,
                    "`{grant}` cannot be granted: the role denies it, and that holds against any grant"
                )
            }
            Self::TooMany => {
                write!(f, "a peer holds at most {OWN_GRANTS_MAX} grants beside those of its role")
            }
        }
    }
}

impl std::error::Error for GrantError {}

/// What a peer holds.
#[derive(Debug)]
pub(crate) struct Standing {
    /// All that it may do now: what every request is compared with.
    rights: Arc<Rights>,
    /// Its own grants, and those of its role that run out.
    own: Vec<(Scope, Option<Time>)>,
    /// When the first of them does.
    due: Option<Time>,
    /// What it has no more.
    lost: Option<Box<Lost>>,
}

#[derive(Debug)]
struct Lost {
    /// Of its role's rights; its own grants hold against that.
    revoked: Rights,
    /// For main's eyes.
    expired: Rights,
}

impl Standing {
    /// What a peer of that role may do at its admission.
    pub(crate) fn new(role: &RoleEntry, now: Time) -> Self {
        let rights = Arc::clone(&role.base);
        let timed = role.timed.iter().take(OWN_GRANTS_MAX);
        let own = timed.map(|(scope, time)| (scope.clone(), Some(now + *time))).collect();
        let mut standing = Self { rights, own, due: None, lost: None };
        standing.settle(role);
        standing
    }

    #[inline]
    pub(crate) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// When something of it runs out.
    #[inline]
    pub(crate) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Works out anew what the peer may do.
    fn settle(&mut self, role: &RoleEntry) {
        self.due = self.own.iter().filter_map(|(_, until)| *until).min();
        if self.own.is_empty() && self.lost.is_none() {
            self.rights = Arc::clone(&role.base);
            return;
        }
        let mut rights = (*role.base).clone();
        if let Some(lost) = &self.lost {
            rights.remove_all(&lost.revoked);
        }
        for (scope, _) in &self.own {
            rights.add(scope);
        }
        rights.remove_all(&role.denied);
        self.rights = Arc::new(rights);
    }

    fn lost(&mut self, names: &Names) -> &mut Lost {
        self.lost.get_or_insert_with(|| {
            let none = Rights::none(names);
            Box::new(Lost { revoked: none.clone(), expired: none })
        })
    }

    /// Adds a grant, or says anew how long one holds. False when there are too many.
    fn give(&mut self, scope: &Scope, until: Option<Time>) -> bool {
        if let Some((_, held)) = self.own.iter_mut().find(|(held, _)| held == scope) {
            *held = until;
        } else if self.own.len() < OWN_GRANTS_MAX {
            self.own.push((scope.clone(), until));
        } else {
            return false;
        }
        if let Some(lost) = &mut self.lost {
            lost.expired.remove(scope);
        }
        true
    }

    /// Takes it out of the peer's own grants.
    fn strip(&mut self, scope: &Scope) {
        for (held, _) in &mut self.own {
            held.subtract(scope);
        }
        self.own.retain(|(held, _)| !held.is_empty());
        if let Some(lost) = &mut self.lost {
            lost.expired.remove(scope);
        }
    }

    /// Why a right is not held, for main's eyes. `place` is a channel, or none for the interface as a whole.
    fn why_not(
        &self,
        role: &RoleEntry,
        interface: usize,
        place: Option<u32>,
        bits: u8,
    ) -> DenyReason {
        let has = |rights: &Rights| rights.at(interface, place) & bits != 0;
        if has(&role.denied) {
            return DenyReason::Denied;
        }
        match &self.lost {
            Some(lost) if has(&lost.expired) => DenyReason::Expired,
            Some(lost) if has(&lost.revoked) => DenyReason::Revoked,
            _ if has(&role.revoked) => DenyReason::Revoked,
            _ => DenyReason::NotGranted,
        }
    }
}

impl Hub {
    /// Gives a connected peer what its role does not grant, for as long as the grant lasts, or until it leaves. What the
    /// role denies cannot be given.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn grant(
        &mut self,
        peer: PeerId,
        grant: &Grant,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), GrantError> {
        let scope = self.resolve(grant)?;
        let state = self.peers.get_mut(peer.0).filter(|state| state.ended.is_none());
        let state = state.ok_or(GrantError::UnknownPeer)?;
        let role = self.roles.get(state.role).ok_or(GrantError::UnknownPeer)?;
        may_be_given(role, &scope, grant)?;
        if !state.standing.give(&scope, grant.lasting.map(|time| now + time)) {
            return Err(GrantError::TooMany);
        }
        state.standing.settle(role);
        // A grant that was held for longer may hold for less now.
        self.expire_grants(peer, now, turn);
        self.time_moved(peer, turn);
        Ok(())
    }

    /// Takes something from a connected peer, be it its role's or its own: what is under way by it ends with
    /// `permission_denied`, and what it serves by it is withdrawn. A later [`Self::grant`] holds against it.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn revoke(
        &mut self,
        peer: PeerId,
        grant: &Grant,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), GrantError> {
        let scope = self.resolve(grant)?;
        let state = self.peers.get_mut(peer.0).filter(|state| state.ended.is_none());
        let state = state.ok_or(GrantError::UnknownPeer)?;
        let role = self.roles.get(state.role).ok_or(GrantError::UnknownPeer)?;
        state.standing.strip(&scope);
        state.standing.lost(&self.catalog.names).revoked.add(&scope);
        state.standing.settle(role);
        self.part_with_receivers();
        self.end_unheld(peer, now, turn);
        self.end_slow(now, turn);
        Ok(())
    }

    /// Gives something to a role: to its peers that are connected, and to those that come. A grant that lasts for some time
    /// does so from now, or from the admission of each.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn grant_role(
        &mut self,
        role: &str,
        grant: &Grant,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), GrantError> {
        let scope = self.resolve(grant)?;
        let unknown = || GrantError::UnknownRole(role.to_owned());
        let index = self.roles.find(role).ok_or_else(unknown)?;
        let entry = self.roles.get_mut(index).ok_or_else(unknown)?;
        may_be_given(entry, &scope, grant)?;
        match grant.lasting {
            None => Arc::make_mut(&mut entry.base).add(&scope),
            Some(time) => {
                entry.timed.retain(|(held, _)| *held != scope);
                if entry.timed.len() >= OWN_GRANTS_MAX {
                    return Err(GrantError::TooMany);
                }
                entry.timed.push((scope.clone(), time));
            }
        }
        entry.revoked.remove(&scope);
        for peer in self.peers_of(index) {
            let Some(entry) = self.roles.get(index) else { continue };
            let Some(state) = self.peers.get_mut(peer.0) else { continue };
            if let Some(time) = grant.lasting {
                // Whoever holds too many of its own goes without; the role's next peers do not.
                let _ = state.standing.give(&scope, Some(now + time));
            } else if let Some(lost) = &mut state.standing.lost {
                lost.revoked.remove(&scope);
                lost.expired.remove(&scope);
            }
            state.standing.settle(entry);
            self.expire_grants(peer, now, turn);
            self.time_moved(peer, turn);
        }
        Ok(())
    }

    /// Takes something from a role: from its peers that are connected, as [`Self::revoke`] does, and from those that come.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn revoke_role(
        &mut self,
        role: &str,
        grant: &Grant,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), GrantError> {
        let scope = self.resolve(grant)?;
        let unknown = || GrantError::UnknownRole(role.to_owned());
        let index = self.roles.find(role).ok_or_else(unknown)?;
        let entry = self.roles.get_mut(index).ok_or_else(unknown)?;
        Arc::make_mut(&mut entry.base).remove(&scope);
        entry.revoked.add(&scope);
        for (held, _) in &mut entry.timed {
            held.subtract(&scope);
        }
        entry.timed.retain(|(held, _)| !held.is_empty());
        self.part_with_receivers();
        for peer in self.peers_of(index) {
            let Some(entry) = self.roles.get(index) else { continue };
            let Some(state) = self.peers.get_mut(peer.0) else { continue };
            state.standing.strip(&scope);
            state.standing.settle(entry);
            self.end_unheld(peer, now, turn);
        }
        self.end_slow(now, turn);
        Ok(())
    }

    fn resolve(&self, grant: &Grant) -> Result<Scope, GrantError> {
        let misfit = |misfit| GrantError::Misfit { grant: grant.what.clone(), misfit };
        self.catalog.names.resolve(grant).map_err(misfit)
    }

    fn peers_of(&self, role: RoleIndex) -> Vec<PeerId> {
        let of_role = |state: &PeerState| state.role == role && state.ended.is_none();
        self.peers.iter().filter(|(_, state)| of_role(state)).map(|(key, _)| PeerId(key)).collect()
    }

    /// Takes from a peer what has run out by `now`.
    pub(crate) fn expire_grants(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        if state.ended.is_some() || state.standing.due.is_none_or(|due| due > now) {
            return;
        }
        let Some(role) = self.roles.get(state.role) else { return };
        let is_over = |until: &Option<Time>| until.is_some_and(|until| until <= now);
        let own = std::mem::take(&mut state.standing.own);
        let (over, held) = own.into_iter().partition(|(_, until)| is_over(until));
        state.standing.own = held;
        let over: Vec<(Scope, Option<Time>)> = over;
        let lost = state.standing.lost(&self.catalog.names);
        for (scope, _) in &over {
            lost.expired.add(scope);
        }
        state.standing.settle(role);
        self.part_with_receivers();
        self.end_unheld(peer, now, turn);
    }

    /// Whoever has lost something may have mapped what he is not to see any more: nothing new comes there, whoever publishes it.
    fn part_with_receivers(&mut self) {
        for (_, state) in self.peers.iter_mut() {
            state.session.part_with_receivers();
        }
    }

    /// Ends what a peer has begun and may do no more: each call and subscription once, and what it serves.
    fn end_unheld(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        let rights = Arc::clone(&state.standing.rights);
        let mut ending = Vec::new();
        for (id, inbound) in state.session.inbound_iter() {
            let channel = match (&inbound.meta, &inbound.work) {
                (Some(meta), _) => Some((meta.interface, meta.ordinal)),
                (None, Work::Subscription(subscriber)) => {
                    let instance = self.instances.get(subscriber.instance.0);
                    instance.map(|instance| (instance.interface, subscriber.ordinal))
                }
                _ => None,
            };
            if let Some((interface, ordinal)) = channel
                && !rights.may_use(interface, ordinal)
            {
                ending.push((id, interface, ordinal));
            }
        }
        let exports: Vec<_> = state
            .handles
            .iter()
            .filter_map(|(number, handle)| match handle {
                Handle::Export { instance, interface } if !rights.may_serve(interface) => {
                    Some((number, instance, interface))
                }
                _ => None,
            })
            .collect();
        for (id, interface, ordinal) in ending {
            let subject = Subject::Channel(interface, ordinal);
            let reason = self.why_denied(peer, subject, USE);
            self.denied(peer, subject, reason, turn);
            self.cancelled(peer, id, Status::PermissionDenied, DENIED, now, turn);
        }
        for (number, instance, interface) in exports {
            if let Some(state) = self.peers.get_mut(peer.0) {
                state.handles.set_withdrawn(number);
            }
            let subject = Subject::Interface(interface);
            let reason = self.why_denied(peer, subject, SERVE);
            self.denied(peer, subject, reason, turn);
            self.instance_left(instance, now, turn);
        }
    }

    /// What runs out for a peer has changed: whoever keeps its time looks again.
    fn time_moved(&mut self, peer: PeerId, turn: &mut Turn) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.touched = false;
        }
        self.touch(peer, turn);
    }

    /// Why a peer does not hold a right, for main's eyes.
    pub(crate) fn why_denied(&self, peer: PeerId, subject: Subject, bits: u8) -> DenyReason {
        let Some(state) = self.peers.get(peer.0) else { return DenyReason::NotGranted };
        let Some(role) = self.roles.get(state.role) else { return DenyReason::NotGranted };
        match subject {
            Subject::Nothing => DenyReason::Unknown,
            Subject::Channel(interface, ordinal) => {
                state.standing.why_not(role, interface, Some(ordinal), bits)
            }
            Subject::Interface(interface) if bits == SERVE => {
                state.standing.why_not(role, interface, None, bits)
            }
            // Of all its channels, the reason that says most.
            Subject::Interface(interface) => {
                let channels = self.catalog.names.interfaces.get(interface);
                let channels = channels.map_or(0, |names| names.channels.len() as u32);
                let reasons = (0..channels)
                    .map(|ordinal| state.standing.why_not(role, interface, Some(ordinal), bits));
                reasons.max().unwrap_or(DenyReason::NotGranted)
            }
        }
    }
}

fn may_be_given(role: &RoleEntry, scope: &Scope, grant: &Grant) -> Result<(), GrantError> {
    if role.denied.holds(scope) {
        return Err(GrantError::Denied { grant: grant.what.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use portcullis_proto::schema::ChannelKind;

    use super::*;
    use crate::policy::names::{ChannelNames, InterfaceNames};
    use crate::policy::role::Role;
    use crate::policy::roles::Roles;

    #[test]
    fn f33_grants_of_one_peer_are_bounded() {
        let channel = |number| ChannelNames {
            name: format!("c{number}"),
            capability: String::new(),
            kind: ChannelKind::Call,
        };
        let channels: Vec<ChannelNames> = (0..=OWN_GRANTS_MAX).map(channel).collect();
        let interfaces = vec![InterfaceNames { name: "many".to_owned(), channels }];
        let names = Names { interfaces };
        let roles = Roles::new(&names, &[Role::new("guest")]).expect("it fits");
        let role = roles.get(0).expect("the only one");
        let mut standing = Standing::new(role, Time::ZERO);
        let scope = |number| names.resolve(&Grant::call(format!("many.c{number}"))).expect("there");
        for round in 0..2 {
            for number in 0..OWN_GRANTS_MAX {
                assert!(standing.give(&scope(number), None), "the same again is one: {round}");
            }
            assert!(!standing.give(&scope(OWN_GRANTS_MAX), None));
        }
        standing.strip(&scope(7));
        assert!(standing.give(&scope(OWN_GRANTS_MAX), None), "what was taken makes room");
    }
}
