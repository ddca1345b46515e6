//! Who uses how much: one account for each peer, above it one for its user, which holds what all the user's peers use
//! together. Every amount is taken and given back here and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_proto::error::{FailureBody, Retry};
use portcullis_proto::time::Time;

use crate::budget::{Budget, Resource};
use crate::rate::Bucket;

/// What a peer or a user uses, and may use. Numbers are atomic so that a [`Charge`] can hold the account; they change
/// under the hub's `&mut` alone, so that plain loads and stores are enough.
#[derive(Debug)]
pub(crate) struct Account {
    used: [AtomicUsize; Resource::COUNT],
    max: [usize; Resource::COUNT],
    frames: Option<Bucket>,
    bytes: Option<Bucket>,
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
            frames: budget.frames.map(Bucket::new),
            bytes: budget.bytes.map(Bucket::new),
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

    /// Whether nothing of it is in use.
    pub(crate) fn is_empty(&self) -> bool {
        self.used.iter().all(|used| used.load(Ordering::Relaxed) == 0)
    }

    fn has_room(&self, resource: Resource, amount: usize) -> bool {
        let max = self.max.get(resource as usize).copied().unwrap_or(0);
        let used = self.used(resource);
        // Something that is larger than the whole budget could never be done.
        let alone = matches!(resource, Resource::QueuedBytes | Resource::HandledBytes);
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

    /// Gives back what was taken.
    pub(crate) fn give(&self, resource: Resource, amount: usize) {
        self.sub(resource, amount);
        if let Some(user) = &self.user {
            user.sub(resource, amount);
        }
    }

    /// Takes one, which is given back when the charge is dropped.
    pub(crate) fn charge(self: &Arc<Self>, resource: Resource) -> Result<Charge, Over> {
        self.take(resource, 1)?;
        Ok(Charge { account: Arc::clone(self), resource, stream: false })
    }

    /// What bounds how fast the peer may send.
    fn buckets(&self) -> impl Iterator<Item = (&'static str, &Bucket)> {
        let user = self.user.as_deref();
        let frames = [self.frames.as_ref(), user.and_then(|user| user.frames.as_ref())];
        let bytes = [self.bytes.as_ref(), user.and_then(|user| user.bytes.as_ref())];
        let frames = frames.into_iter().flatten().map(|bucket| ("frames", bucket));
        frames.chain(bytes.into_iter().flatten().map(|bucket| ("bytes", bucket)))
    }

    /// Counts what has come from the peer. Returns until when it should send no more, if it should not now.
    pub(crate) fn spend(&self, frames: u64, bytes: u64, now: Time) -> Option<(Time, &'static str)> {
        let mut until: Option<(Time, &'static str)> = None;
        for (what, bucket) in self.buckets() {
            bucket.take(if what == "frames" { frames } else { bytes }, now);
            let free = bucket.free_at();
            if free > now && until.is_none_or(|(until, _)| until < free) {
                until = Some((free, what));
            }
        }
        until
    }

    /// Whether the peer goes on sending although it was told to wait: so many bursts beyond what it may.
    pub(crate) fn is_flooding(&self, bursts: u32, now: Time) -> bool {
        [&self.frames, &self.bytes]
            .into_iter()
            .flatten()
            .any(|bucket| bucket.is_beyond(bursts, now))
    }
}

/// One call, subscription, binding or the like of a peer's, until this is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    account: Arc<Account>,
    resource: Resource,
    /// It is a call with streams, and counts as one of these, too.
    stream: bool,
}

impl Charge {
    /// Counts a call as a stream, too.
    pub(crate) fn and_stream(mut self) -> Result<Self, Over> {
        self.account.take(Resource::Streams, 1)?;
        self.stream = true;
        Ok(self)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give(self.resource, 1);
        if self.stream {
            self.account.give(Resource::Streams, 1);
        }
    }
}
