//! Users: whose peers share a budget. An account is opened with a user's first peer and forgotten with its last.

use std::sync::Arc;

use portcullis_proto::session::NAME_BYTES_MAX;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::account::{Account, Over};
use crate::budget::{Budget, Resource};
use crate::observe::HubEvent;
use crate::peer::{Admission, AdmitError, PeerId};
use crate::policy::roles::RoleIndex;
use crate::{Hub, Turn};

/// How long whoever was refused because a budget is used up had better wait before trying again, in milliseconds.
pub const RETRY_AFTER_MS: u32 = 100;

impl Hub {
    /// The budget of a new peer, and an account for it under its user's.
    pub(crate) fn open_account(
        &mut self,
        admission: &Admission,
        role: RoleIndex,
    ) -> Result<(Budget, Arc<Account>), AdmitError> {
        let of_role = self.config.roles.get(role).map(|role| role.budget.clone());
        let budget = of_role.unwrap_or_default().or(&self.config.budget);
        let budget =
            budget.or(&Budget::of_peer(admission.kind)).peers(usize::MAX).half_open(usize::MAX);
        let user = match &admission.user {
            None => None,
            Some(user) if user.len() > NAME_BYTES_MAX as usize => {
                return Err(AdmitError::UserTooLong);
            }
            Some(user) => match self.users.get(user) {
                Some(account) => Some(Arc::clone(account)),
                None => {
                    let shared = self.config.user_budget.or(&Budget::of_user());
                    let account = Arc::new(Account::new(&shared, None, self.next_sharer));
                    self.next_sharer += 1;
                    self.users.insert(user.clone(), Arc::clone(&account));
                    Some(account)
                }
            },
        };
        let account = Arc::new(Account::new(&budget, user, self.next_sharer));
        self.next_sharer += 1;
        Ok((budget, account))
    }

    /// Forgets the users that nobody belongs to any more, and for whom no server works any more.
    pub(crate) fn forget_users(&mut self) {
        let peers = &self.peers;
        let served = |sharer| peers.iter().any(|(_, state)| state.served.contains_key(&sharer));
        // Every account of a peer holds its user's.
        self.users.retain(|_, account| Arc::strong_count(account) > 1 || served(account.sharer));
    }

    /// How many users have peers.
    pub fn users_open(&self) -> usize {
        self.users.len()
    }

    /// How much of something all peers that are here use: zero when nothing is going on.
    pub fn used(&self, resource: Resource) -> usize {
        self.peers.iter().map(|(_, state)| state.account.used(resource)).sum()
    }

    /// How much of something the peers of a user use together; `None` when it has none.
    pub fn used_by(&self, user: &str, resource: Resource) -> Option<usize> {
        self.users.get(user).map(|account| account.used(resource))
    }

    /// Counts that a peer was refused something, and tells of it.
    pub(crate) fn throttled(&mut self, peer: PeerId, what: &'static str, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        state.throttled += 1;
        let times = state.throttled;
        // Whoever goes on all the same can do so without end; the other events must not drown in that.
        if times.is_power_of_two() {
            let label = state.caller.label.clone();
            turn.events.push(HubEvent::Throttled { label, budget: what, times });
        }
    }

    /// Counts what is refused or dropped because a budget is used up.
    pub(crate) fn refused(&mut self, peer: PeerId, what: &'static str, turn: &mut Turn) {
        self.counters.refused += 1;
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.counters.refused += 1;
        }
        self.throttled(peer, what, turn);
    }

    /// Refuses a call because a budget is used up: the caller is told which, and when to try again.
    pub(crate) fn refuse_over(
        &mut self,
        peer: PeerId,
        id: u32,
        over: Over,
        after_ms: u32,
        now: Time,
        turn: &mut Turn,
    ) {
        self.refused(peer, over.what, turn);
        let failure = over.failure(after_ms);
        self.fail_call(peer, id, Status::ResourceExhausted, failure, now, turn);
    }
}
