//! Topics: who subscribes, what is published, and what becomes of a value when a subscriber is too slow.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use portcullis_proto::codec::{Body, Parts};
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::peer::Why;
use portcullis_proto::schema::validate::ChannelPlan;
use portcullis_proto::schema::{ChannelKind, Overflow};
use portcullis_proto::session::Leg;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::audit::{DenyReason, Subject};
use crate::budget::Resource;
use crate::calls::{Asked, Refusal, unknown_binding};
use crate::handles::Handle;
use crate::instance::InstanceId;
use crate::peer::{PeerId, PeerState};
use crate::policy::rights::{OWN, PUBLISH, USE};
use crate::report::Origin;
use crate::subscriber::{Subscriber, Waiting};
use crate::users::RETRY_AFTER_MS;
use crate::work::Work;
use crate::{Hub, Turn};

/// Why main's own value was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The instance has been withdrawn.
    Gone,
    /// The channel is no topic.
    NoTopic,
    /// The value breaks its contract.
    Invalid(portcullis_proto::codec::CodecError),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the instance has been withdrawn"),
            Self::NoTopic => f.write_str("the channel is no topic"),
            Self::Invalid(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}

/// What became of a value for one subscriber.
enum Pushed {
    /// It is on its way, or waits for its turn.
    Kept,
    /// The subscriber missed values: the tokens of their reports.
    Dropped(Vec<u32>),
    /// The subscription ends.
    Disconnect,
}

impl Hub {
    pub(crate) fn subscribe(
        &mut self,
        peer: PeerId,
        id: u32,
        binding: u32,
        ordinal: u32,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get(peer.0) else { return Ok(()) };
        let (instance, interface) = match state.handles.get(binding) {
            Some(Handle::Bound { instance, interface }) => (instance, interface),
            Some(Handle::Gone) => {
                self.refuse(peer, id, Refusal::Gone, now, turn);
                return Ok(());
            }
            Some(Handle::Export { .. } | Handle::Withdrawn) => {
                let denied = Refusal::Denied(Subject::Nothing, DenyReason::Unknown);
                self.refuse(peer, id, denied, now, turn);
                return Ok(());
            }
            None => return Err(unknown_binding(binding)),
        };
        let channel = self.catalog.channel(interface, ordinal);
        let is_topic = channel.is_some_and(|channel| channel.kind.is_topic());
        if !is_topic || !state.standing.rights().may_use(interface, ordinal) {
            let denied = self.denial(peer, (interface, ordinal), is_topic, USE);
            self.refuse(peer, id, denied, now, turn);
            return Ok(());
        }
        let charge = match state.account.charge(Resource::Subscriptions) {
            Ok(charge) => charge,
            Err(over) => {
                self.refuse_over(peer, id, over, RETRY_AFTER_MS, now, turn);
                return Ok(());
            }
        };
        let Some(found) = self.instances.get_mut(instance.0) else { return Ok(()) };
        let Some(topic) = found.topics.get_mut(ordinal as usize) else { return Ok(()) };
        topic.subscribers.push((peer, id));
        let retained = topic.retained.clone();
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(()) };
        state.session.accept(id, false, true);
        let subscriber = Subscriber {
            instance,
            ordinal,
            queue: VecDeque::new(),
            queued_bytes: 0,
            retained: channel.is_some_and(|channel| channel.kind == ChannelKind::State),
            missed: 0,
            awaited: BTreeSet::new(),
        };
        if let Some(inbound) = state.session.inbound_mut(id) {
            inbound.work = Work::Subscription(Box::new(subscriber));
            inbound.charge = Some(charge);
        }
        if let Some(value) = retained {
            // A new subscription has credit, so that the value leaves at once.
            self.push_value(peer, id, value.parts(), &mut None, None, (Overflow::Conflate, 1));
        }
        self.touch(peer, turn);
        Ok(())
    }

    /// Takes a subscription off its topic, and settles the reports that wait for it.
    pub(crate) fn unsubscribe(
        &mut self,
        peer: PeerId,
        id: u32,
        subscriber: &Subscriber,
        turn: &mut Turn,
    ) {
        if let Some(instance) = self.instances.get_mut(subscriber.instance.0)
            && let Some(topic) = instance.topics.get_mut(subscriber.ordinal as usize)
        {
            topic.subscribers.retain(|each| *each != (peer, id));
        }
        self.subscriber_left(peer, id, &subscriber.awaited, turn);
    }

    /// A value from a peer.
    pub(crate) fn take_published(
        &mut self,
        peer: PeerId,
        id: Option<u32>,
        asked: &Asked<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get(peer.0) else { return Ok(()) };
        let (instance, interface, own) = match state.handles.get(asked.binding) {
            Some(Handle::Bound { instance, interface }) => (instance, interface, false),
            Some(Handle::Export { instance, interface }) => (instance, interface, true),
            Some(Handle::Gone) => {
                self.refuse_published(peer, id, Refusal::Gone, now, turn);
                return Ok(());
            }
            Some(Handle::Withdrawn) => {
                let denied = Refusal::Denied(Subject::Nothing, DenyReason::Revoked);
                self.refuse_published(peer, id, denied, now, turn);
                return Ok(());
            }
            None => return Err(unknown_binding(asked.binding)),
        };
        let channel = self.catalog.channel(interface, asked.ordinal);
        let is_topic = channel.is_some_and(|channel| channel.kind.is_topic());
        let is_state = channel.is_some_and(|channel| channel.kind == ChannelKind::State);
        let granted = state.standing.rights().may_publish(interface, asked.ordinal, own);
        let (true, true, Some(args)) = (is_topic, granted, channel.map(|channel| channel.args))
        else {
            let bits = if own { OWN } else { PUBLISH };
            let denied = self.denial(peer, (interface, asked.ordinal), is_topic, bits);
            self.refuse_published(peer, id, denied, now, turn);
            return Ok(());
        };
        if let Some(id) = id {
            match state.account.charge(Resource::Reports) {
                Ok(charge) => {
                    let inbound =
                        self.peers.get_mut(peer.0).and_then(|state| state.session.inbound_mut(id));
                    if let Some(inbound) = inbound {
                        inbound.charge = Some(charge);
                    }
                }
                Err(over) => {
                    self.refuse_over(peer, id, over, RETRY_AFTER_MS, now, turn);
                    return Ok(());
                }
            }
        }
        self.check_args(interface, args, asked)?;
        if is_state && let Err(over) = self.hold_retained(peer, instance, asked) {
            match id {
                Some(id) => self.refuse_over(peer, id, over, RETRY_AFTER_MS, now, turn),
                None => self.refused(peer, over.what, turn),
            }
            return Ok(());
        }
        let origin = id.map(|id| Origin::Peer { peer, id });
        let budget_ms = if asked.budget_ms == 0 { REPORT_MS } else { asked.budget_ms };
        if let Some(id) = id
            && let Some(state) = self.peers.get_mut(peer.0)
        {
            // The report itself keeps the time: it ends with what is known, not with an error.
            state.session.clear_deadline(Leg::Inbound(id));
        }
        let value = (Some(peer), asked.body);
        self.spread(instance, asked.ordinal, value, origin, budget_ms, now, turn);
        Ok(())
    }

    /// Answers a value that is not taken, where an answer is waited for.
    fn refuse_published(
        &mut self,
        peer: PeerId,
        id: Option<u32>,
        refusal: Refusal,
        now: Time,
        turn: &mut Turn,
    ) {
        match (id, refusal) {
            (Some(id), refusal) => self.refuse(peer, id, refusal, now, turn),
            (None, Refusal::Denied(subject, reason)) => {
                self.denied(peer, subject, reason, turn);
            }
            (None, _) => {}
        }
    }

    /// Publishes a value of main's own.
    ///
    /// # Errors
    ///
    /// See [`PublishError`]; nobody has got anything then.
    pub fn publish<'a>(
        &mut self,
        instance: InstanceId,
        ordinal: u32,
        value: impl Into<Parts<'a>>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), PublishError> {
        let value = value.into();
        self.check_own(instance, ordinal, value)?;
        self.spread(instance, ordinal, (None, value), None, 0, now, turn);
        self.end_slow(now, turn);
        Ok(())
    }

    /// Publishes a value of main's own and answers with a key: the report under it comes in a [`Turn`], at the latest
    /// when `within_ms` is over and [`Self::expire_report`] is called, or another value is published so.
    ///
    /// # Errors
    ///
    /// See [`PublishError`]; nobody has got anything then.
    pub fn publish_reported<'a>(
        &mut self,
        instance: InstanceId,
        ordinal: u32,
        value: impl Into<Parts<'a>>,
        within_ms: u32,
        now: Time,
        turn: &mut Turn,
    ) -> Result<u32, PublishError> {
        let value = value.into();
        self.check_own(instance, ordinal, value)?;
        self.expire_main_reports(now, turn);
        let origin = Some(Origin::Main);
        let value = (None, value);
        let key = self.spread(instance, ordinal, value, origin, within_ms, now, turn);
        self.end_slow(now, turn);
        Ok(key)
    }

    fn check_own(
        &self,
        instance: InstanceId,
        ordinal: u32,
        value: Parts<'_>,
    ) -> Result<(), PublishError> {
        let found = self.instances.get(instance.0).ok_or(PublishError::Gone)?;
        let channel = self.catalog.channel(found.interface, ordinal);
        let channel =
            channel.filter(|channel| channel.kind.is_topic()).ok_or(PublishError::NoTopic)?;
        let checked = self.catalog.plan.validate_parts(channel.args, value.bytes, value.blobs);
        checked.map_err(PublishError::Invalid)
    }

    /// Hands a value of a peer's, or of main's own, to every subscriber. Returns the token of its report, or 0.
    #[allow(
        clippy::too_many_arguments,
        reason = "a value, where it goes, and who waits for the report"
    )]
    fn spread(
        &mut self,
        instance: InstanceId,
        ordinal: u32,
        (publisher, value): (Option<PeerId>, Parts<'_>),
        origin: Option<Origin>,
        budget_ms: u32,
        now: Time,
        turn: &mut Turn,
    ) -> u32 {
        let catalog = Arc::clone(&self.catalog);
        let Some(found) = self.instances.get_mut(instance.0) else { return 0 };
        let interface = found.interface;
        let Some(channel) = catalog.channel(interface, ordinal) else { return 0 };
        let name = catalog.full_name(interface, ordinal);
        let Some(topic) = found.topics.get_mut(ordinal as usize) else { return 0 };
        // Made once, and only if it must be kept.
        let mut shared: Option<Arc<Body>> = None;
        if channel.kind == ChannelKind::State {
            let value = Arc::new(value.to_body());
            topic.retained = Some(Arc::clone(&value));
            shared = Some(value);
        }
        let subscribers = std::mem::take(&mut topic.subscribers);
        if publisher.is_none() {
            let before = topic.charge.take();
            self.let_go(before);
        }
        self.counters.published += 1;
        let token =
            origin.map(|origin| self.open_report(origin, &subscribers, now.after_ms(budget_ms)));
        let policy = policy(channel);
        let mut slow = Vec::new();
        let mut missed = 0;
        for (peer, id) in &subscribers {
            match self.push_value(*peer, *id, value, &mut shared, token, policy) {
                Pushed::Kept => {}
                Pushed::Dropped(tokens) => {
                    missed += 1;
                    for token in tokens {
                        self.settle(token, *peer, *id, Some(Why::Dropped));
                        self.close_report_if_done(token, turn);
                    }
                }
                Pushed::Disconnect => {
                    if let Some(token) = token {
                        self.settle(token, *peer, *id, Some(Why::Dropped));
                    }
                    slow.push((*peer, *id));
                }
            }
            self.touch(*peer, turn);
        }
        let reached = (subscribers.len(), missed);
        self.tap_value((interface, ordinal), publisher, value, reached, turn);
        self.published(name, publisher, value.size(), reached, &mut turn.events);
        if let Some(found) = self.instances.get_mut(instance.0)
            && let Some(topic) = found.topics.get_mut(ordinal as usize)
        {
            topic.subscribers = subscribers;
        }
        for (peer, id) in slow {
            let text = "this subscriber is too slow for the topic";
            self.cancelled(peer, id, Status::ResourceExhausted, text, now, turn);
        }
        if let Some(token) = token {
            self.close_report_if_done(token, turn);
        }
        token.unwrap_or(0)
    }

    fn push_value(
        &mut self,
        peer: PeerId,
        id: u32,
        value: Parts<'_>,
        shared: &mut Option<Arc<Body>>,
        token: Option<u32>,
        (overflow, depth): (Overflow, usize),
    ) -> Pushed {
        let Some(state) = self.peers.get_mut(peer.0) else { return Pushed::Kept };
        let leg = Leg::Inbound(id);
        let may_send = state.session.may_send(leg) == Some(true);
        let Some(Work::Subscription(subscriber)) =
            state.session.inbound_mut(id).map(|inbound| &mut inbound.work)
        else {
            return Pushed::Kept;
        };
        subscriber.awaited.extend(token);
        if may_send && subscriber.queue.is_empty() {
            let missed = std::mem::take(&mut subscriber.missed);
            let sent = state.session.item(leg, missed, token, |out| out.body(value));
            if sent.is_ok() {
                state.counters.values += 1;
                return Pushed::Kept;
            }
            // Larger than this peer takes frames: it misses the value.
            state.counters.missed += 1;
            subscriber_of(state, id, |subscriber| subscriber.missed_before_next(missed, 1));
            return Pushed::Dropped(token.into_iter().collect());
        }
        let mut dropped = Vec::new();
        let mut count: u32 = 0;
        // Every turn takes a value out, or ends the loop.
        while !subscriber.may_wait(depth, value.size(), &state.account) {
            match overflow {
                Overflow::DropNewest => {
                    subscriber.missed = subscriber.missed.saturating_add(1);
                    state.counters.missed += 1;
                    return Pushed::Dropped(token.into_iter().collect());
                }
                Overflow::Disconnect => return Pushed::Disconnect,
                Overflow::DropOldest | Overflow::Conflate | Overflow::Wait => {
                    let Some(gone) = subscriber.pop(&state.account) else {
                        // What waits for this peer elsewhere leaves no room.
                        subscriber.missed = subscriber.missed.saturating_add(1);
                        state.counters.missed += u64::from(count) + 1;
                        dropped.extend(token);
                        return Pushed::Dropped(dropped);
                    };
                    subscriber.missed_before_next(gone.missed, 1);
                    dropped.extend(gone.token);
                    count += 1;
                }
            }
        }
        let value = Arc::clone(shared.get_or_insert_with(|| Arc::new(value.to_body())));
        let missed = std::mem::take(&mut subscriber.missed);
        subscriber.queue.push_back(Waiting { value, token, missed });
        if count == 0 {
            return Pushed::Kept;
        }
        state.counters.missed += u64::from(count);
        Pushed::Dropped(dropped)
    }

    /// A subscriber has given credit: what waits for it leaves.
    pub(crate) fn flush_values(&mut self, peer: PeerId, id: u32, turn: &mut Turn) {
        let leg = Leg::Inbound(id);
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        let mut lost = Vec::new();
        // Every turn spends credit.
        while state.session.may_send(leg) == Some(true) {
            let Some(Work::Subscription(subscriber)) =
                state.session.inbound_mut(id).map(|inbound| &mut inbound.work)
            else {
                break;
            };
            let Some(Waiting { value, token, missed }) = subscriber.pop(&state.account) else {
                break;
            };
            let sent = state.session.item(leg, missed, token, |out| out.body(value.parts()));
            if sent.is_ok() {
                state.counters.values += 1;
            } else {
                state.counters.missed += 1;
                subscriber_of(state, id, |subscriber| subscriber.missed_before_next(missed, 1));
                lost.extend(token);
            }
        }
        for token in lost {
            self.settle(token, peer, id, Some(Why::Dropped));
            self.close_report_if_done(token, turn);
        }
        self.touch(peer, turn);
    }
}

/// Works on a subscription, if it still stands.
fn subscriber_of(state: &mut PeerState, id: u32, work: impl FnOnce(&mut Subscriber)) {
    if let Some(inbound) = state.session.inbound_mut(id)
        && let Work::Subscription(subscriber) = &mut inbound.work
    {
        work(subscriber);
    }
}

/// What happens to a subscriber that is too slow, and how many values wait for it before.
fn policy(channel: &ChannelPlan) -> (Overflow, usize) {
    match channel.kind {
        ChannelKind::State => (Overflow::Conflate, 1),
        _ => (channel.overflow, (channel.depth as usize).max(1)),
    }
}

/// How long a report waits when its publisher does not say, in milliseconds.
const REPORT_MS: u32 = 5_000;
