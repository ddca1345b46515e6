//! Who uses how much: one account for each peer, above it one for its user, which holds what all the user's peers use
//! together. Every amount is taken and given back here and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_proto::error::{FailureBody, Retry};
use portcullis_proto::time::Time;

use crate::budget::{Budget, Resource};
use crate::rate::Bucket;

/// What has a rate, by the word that errors and events use.
const RATED: [&str; 2] = ["frames", "bytes"];

/// A peer that sends no more than one in so many of what its user may is not to blame when that is overdrawn.
const USERS_PART: u64 = 4;

/// What a peer or a user uses, and may use. Numbers are atomic so that a [`Charge`] can hold the account; they change
/// under the hub's `&mut` alone, so that plain loads and stores are enough.
#[derive(Debug)]
pub(crate) struct Account {
    used: [AtomicUsize; Resource::COUNT],
    max: [usize; Resource::COUNT],
    /// How fast it may send, by [`RATED`].
    rates: [Option<Bucket>; RATED.len()],
    /// What the peer itself sends, beside its part of what its user may, by [`RATED`].
    pressed: [Option<Bucket>; RATED.len()],
    user: Option<Arc<Account>>,
    /// Names whoever shares what others offer: the user, or the peer of none.
    pub(crate) sharer: u64,
}

/// Something was not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) what: &'static str,
    /// The peer itself has room; its user has not.
    pub(crate) of_user: bool,
}

impl Over {
    /// What a caller is told: the fixed word, who has used it up, and when to try again.
    pub(crate) fn failure(self, after_ms: u32) -> FailureBody {
        let whose = if self.of_user { "this peer's user" } else { "this peer" };
        let text = format!("budget `{}`: {whose} has as much as it may", self.what);
        FailureBody { retry: Retry::After(after_ms.max(1)), ..FailureBody::new(text) }
    }
}

impl Account {
    pub(crate) fn new(budget: &Budget, user: Option<Arc<Self>>, sharer: u64) -> Self {
        Self {
            used: Default::default(),
            max: budget.counts.map(|count| count.unwrap_or(usize::MAX)),
            rates: [budget.frames, budget.bytes].map(|rate| rate.map(Bucket::new)),
            pressed: user.as_ref().map_or_else(Default::default, |user| {
                user.rates.each_ref().map(|rate| rate.as_ref().map(|rate| rate.slower(USERS_PART)))
            }),
            sharer: user.as_ref().map_or(sharer, |user| user.sharer),
            user,
        }
    }

    pub(crate) fn used(&self, resource: Resource) -> usize {
        self.used.get(resource as usize).map_or(0, |used| used.load(Ordering::Relaxed))
    }

    pub(crate) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Whether something was taken that no [`Charge`] gives back.
    pub(crate) fn is_owed(&self) -> bool {
        let by_hand = [Resource::QueuedBytes, Resource::HandledBytes, Resource::Notifications];
        by_hand.into_iter().any(|resource| self.used(resource) > 0)
    }

    fn has_room(&self, resource: Resource, amount: usize) -> bool {
        let max = self.max.get(resource as usize).copied().unwrap_or(0);
        let used = self.used(resource);
        // Something that is larger than the whole budget could never be done.
        let alone = resource.is_bytes();
        used.saturating_add(amount) <= max || (alone && used == 0)
    }

    fn add(&self, resource: Resource, amount: usize) {
        if let Some(used) = self.used.get(resource as usize) {
            used.store(used.load(Ordering::Relaxed).saturating_add(amount), Ordering::Relaxed);
        }
    }

    fn sub(&self, resource: Resource, amount: usize) {
        if let Some(used) = self.used.get(resource as usize) {
            let now = used.load(Ordering::Relaxed);
            debug_assert!(now >= amount, "{resource:?}: {amount} given back of {now}");
            used.store(now.saturating_sub(amount), Ordering::Relaxed);
        }
    }

    /// Takes an amount from the peer and from its user, or from neither.
    pub(crate) fn take(&self, resource: Resource, amount: usize) -> Result<(), Over> {
        let what = resource.name();
        if !self.has_room(resource, amount) {
            return Err(Over { what, of_user: false });
        }
        if let Some(user) = &self.user {
            if !user.has_room(resource, amount) {
                return Err(Over { what, of_user: true });
            }
            user.add(resource, amount);
        }
        self.add(resource, amount);
        Ok(())
    }

    /// Takes what was given back right before: it had room.
    fn take_back(&self, resource: Resource, amount: usize) {
        for account in std::iter::once(self).chain(self.user.as_deref()) {
            account.add(resource, amount);
        }
    }

    /// Gives back what was taken.
    pub(crate) fn give(&self, resource: Resource, amount: usize) {
        self.sub(resource, amount);
        if let Some(user) = &self.user {
            user.sub(resource, amount);
        }
    }

    /// Takes one, which is given back when the charge is dropped.
    pub(crate) fn charge(self: &Arc<Self>, resource: Resource) -> Result<Charge, Over> {
        self.hold(resource, 1)
    }

    /// Takes an amount, which is given back when the charge is dropped.
    pub(crate) fn hold(
        self: &Arc<Self>,
        resource: Resource,
        amount: usize,
    ) -> Result<Charge, Over> {
        self.take(resource, amount)?;
        Ok(Charge { account: Arc::clone(self), resource, amount, stream: false })
    }

    /// Counts what has come from the peer: frames and bytes. Returns until when it should send no more, if it should not
    /// now, and why.
    pub(crate) fn spend(&self, units: [u64; RATED.len()], now: Time) -> Option<(Time, Over)> {
        for (pressed, units) in self.pressed.iter().zip(units) {
            pressed.as_ref().inspect(|bucket| bucket.take(units, now));
        }
        let mut until: Option<(Time, Over)> = None;
        for (account, of_user) in [(Some(self), false), (self.user.as_deref(), true)] {
            let Some(account) = account else { continue };
            for ((what, bucket), units) in RATED.into_iter().zip(&account.rates).zip(units) {
                let Some(bucket) = bucket else { continue };
                bucket.take(units, now);
                let free = bucket.free_at();
                if free > now && until.is_none_or(|(until, _)| until < free) {
                    until = Some((free, Over { what, of_user }));
                }
            }
        }
        until
    }

    /// Whether the peer goes on sending although it was told to wait: so many bursts beyond what it may; or its user is
    /// so far beyond, and it sends more than its part of what that may. One that merely has such a user is not.
    pub(crate) fn is_flooding(&self, bursts: u32, now: Time) -> bool {
        let alone = self.rates.iter().flatten().any(|bucket| bucket.is_beyond(bursts, now));
        let Some(user) = &self.user else { return alone };
        let mut rates = user.rates.iter().flatten().zip(self.pressed.iter().flatten());
        alone || rates.any(|(user, own)| user.is_beyond(bursts, now) && own.is_beyond(0, now))
    }
}

/// One call, subscription, binding or the like of a peer's, or bytes that are its, until this is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    account: Arc<Account>,
    resource: Resource,
    amount: usize,
    /// It is a call with streams, and counts as one of these, too.
    stream: bool,
}

impl Charge {
    /// Whether it is taken from that account.
    pub(crate) fn is_of(&self, account: &Arc<Account>) -> bool {
        Arc::ptr_eq(&self.account, account)
    }

    /// Takes another amount instead; what does not fit changes nothing.
    pub(crate) fn resize(&mut self, amount: usize) -> Result<(), Over> {
        self.account.give(self.resource, self.amount);
        let taken = self.account.take(self.resource, amount);
        if taken.is_ok() {
            self.amount = amount;
        } else {
            self.account.take_back(self.resource, self.amount);
        }
        taken
    }

    /// Gives all of it back before it is dropped; [`Self::take_again`] takes one anew.
    pub(crate) fn give_back(&mut self) {
        if self.amount > 0 {
            self.account.give(self.resource, std::mem::take(&mut self.amount));
        }
        if std::mem::take(&mut self.stream) {
            self.account.give(Resource::Streams, 1);
        }
    }

    /// Takes one from the account, of a charge that was given back. What does not fit changes nothing.
    pub(crate) fn take_again(&mut self, resource: Resource) -> Result<(), Over> {
        self.account.take(resource, 1)?;
        (self.resource, self.amount) = (resource, 1);
        Ok(())
    }

    /// Counts a call as a stream, too.
    pub(crate) fn and_stream(mut self) -> Result<Self, Over> {
        self.account.take(Resource::Streams, 1)?;
        self.stream = true;
        Ok(self)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back();
    }
}
