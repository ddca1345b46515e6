//! Requests and notifications: who may make them, who serves them, and how they end.

use std::ops::Range;
use std::sync::Arc;

use portcullis_proto::codec::Parts;
use portcullis_proto::error::{Error, FailureBody, Retry};
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::rpc::{Call, Job, LocalCall, Service};
use portcullis_proto::schema::ChannelKind;
use portcullis_proto::schema::validate::Root;
use portcullis_proto::session::SendError;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::audit::{DenyReason, Subject};
use crate::budget::Resource;
use crate::catalog::InterfaceIndex;
use crate::handles::Handle;
use crate::instance::{InstanceId, Server};
use crate::peer::PeerId;
use crate::policy::rights::USE;
use crate::users::RETRY_AFTER_MS;
use crate::work::{Inbound, Meta, Work};
use crate::{Hub, Turn};

/// What a frame asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) binding: u32,
    pub(crate) ordinal: u32,
    pub(crate) budget_ms: u32,
    pub(crate) body: Parts<'a>,
    /// Where the body stands in the bytes delivered.
    pub(crate) range: Range<usize>,
}

/// Where a request goes.
pub(crate) enum Route {
    Main(Arc<dyn Service>),
    Peer { peer: PeerId, export: u32 },
}

impl Route {
    /// The peer that serves it; `None` for main.
    fn callee(&self) -> Option<PeerId> {
        match self {
            Self::Main(_) => None,
            Self::Peer { peer, .. } => Some(*peer),
        }
    }
}

/// Why a request is not routed.
pub(crate) enum Refusal {
    /// Not granted, or it does not exist: the answer is the same.
    Denied(Subject, DenyReason),
    /// The instance has left.
    Gone,
    /// The instance has topics only.
    Unserved,
    /// The application is about to quit.
    Quitting,
}

impl Hub {
    /// Looks up where a call goes, before its body is looked at.
    fn route(
        &self,
        peer: PeerId,
        binding: u32,
        ordinal: u32,
        notification: bool,
    ) -> Result<Result<(InterfaceIndex, InstanceId, Route), Refusal>, Goodbye> {
        let Some(state) = self.peers.get(peer.0) else { return Ok(Err(Refusal::Gone)) };
        let (instance, interface) = match state.handles.get(binding) {
            Some(Handle::Bound { instance, interface }) => (instance, interface),
            Some(Handle::Gone) => return Ok(Err(Refusal::Gone)),
            Some(Handle::Export { .. } | Handle::Withdrawn) => {
                return Ok(Err(Refusal::Denied(Subject::Nothing, DenyReason::Unknown)));
            }
            None => return Err(unknown_binding(binding)),
        };
        let granted = state.standing.rights().may_use(interface, ordinal);
        let fits =
            self.catalog.channel(interface, ordinal).is_some_and(|channel| match channel.kind {
                ChannelKind::Call | ChannelKind::Stream => !notification,
                ChannelKind::Notify => notification,
                ChannelKind::Event | ChannelKind::State => false,
            });
        if !granted || !fits {
            return Ok(Err(self.denial(peer, (interface, ordinal), fits, USE)));
        }
        if self.closing && !notification {
            return Ok(Err(Refusal::Quitting));
        }
        let Some(found) = self.instances.get(instance.0) else { return Ok(Err(Refusal::Gone)) };
        let route = match &found.server {
            Server::Main(Some(service)) => Route::Main(Arc::clone(service)),
            Server::Main(None) => return Ok(Err(Refusal::Unserved)),
            Server::Peer { peer, export } => Route::Peer { peer: *peer, export: *export },
        };
        Ok(Ok((interface, instance, route)))
    }

    /// That a channel may not be used, and why; `fits` when the contract has it for that use.
    #[cold]
    pub(crate) fn denial(
        &self,
        peer: PeerId,
        (interface, ordinal): (InterfaceIndex, u32),
        fits: bool,
        bits: u8,
    ) -> Refusal {
        if self.catalog.channel(interface, ordinal).is_none() {
            return Refusal::Denied(Subject::Interface(interface), DenyReason::Unknown);
        }
        let subject = Subject::Channel(interface, ordinal);
        if !fits {
            return Refusal::Denied(subject, DenyReason::Unknown);
        }
        Refusal::Denied(subject, self.why_denied(peer, subject, bits))
    }

    pub(crate) fn request(
        &mut self,
        peer: PeerId,
        id: u32,
        asked: &Asked<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let (interface, instance, route) =
            match self.route(peer, asked.binding, asked.ordinal, false)? {
                Ok(found) => found,
                Err(refusal) => {
                    self.refuse(peer, id, refusal, now, turn);
                    return Ok(());
                }
            };
        let Some(channel) = self.catalog.channel(interface, asked.ordinal) else { return Ok(()) };
        let (args, up, down) = (channel.args, channel.up.is_some(), channel.down.is_some());
        let declared_ms = u32::try_from(channel.deadline.as_millis()).unwrap_or(u32::MAX);
        let budget_ms = if asked.budget_ms == 0 { declared_ms } else { asked.budget_ms };
        let deadline = now.after_ms(budget_ms);
        let correlation = self.correlation();
        let callee = route.callee();
        let meta = Meta {
            interface,
            instance,
            ordinal: asked.ordinal,
            started: now,
            bytes_in: u32::try_from(asked.body.size()).unwrap_or(u32::MAX),
            correlation,
            callee,
        };
        self.tap_request(peer, &meta, asked.body, turn);
        let Some(state) = self.peers.get_mut(peer.0) else { return Ok(()) };
        if asked.budget_ms == 0 {
            state.session.set_inbound_deadline(id, deadline);
        }
        if up || down {
            state.session.accept(id, up, down);
        }
        let charged = match state.spares.charge(&state.account) {
            Ok(one) if up || down => one.and_stream(),
            charged => charged,
        };
        let (mut charge, mut over) = match charged {
            Ok(charge) => (Some(charge), None),
            Err(over) => (None, Some(over)),
        };
        // What a handler in main is to hold is taken last, and nothing fails behind it.
        let mut started = None;
        if let (Some(_), Route::Main(_), Some(origin)) = (&charge, &route, &state.origin) {
            match state.account.take(Resource::HandledBytes, asked.body.size()) {
                Ok(()) => {
                    started = Some(state.spares.call(origin, deadline, correlation));
                }
                Err(beyond) => (charge, over) = (None, Some(beyond)),
            }
        }
        let mut job = None;
        if let Some(inbound) = state.session.inbound_mut(id) {
            inbound.meta = Some(meta);
            inbound.charge = charge;
            if let Some((handled, call)) = started {
                job = Some(handled);
                inbound.work = if up || down {
                    let mut local = Box::new(LocalCall::default());
                    local.call = Some(call);
                    Work::Local(local)
                } else {
                    Work::Handler(call)
                };
            }
        }
        if let Some(over) = over {
            self.refuse_over(peer, id, over, RETRY_AFTER_MS, now, turn);
            return Ok(());
        }
        match route {
            Route::Main(service) => {
                let Some(call) = job else { return Ok(()) };
                turn.jobs.push(Job {
                    service,
                    ordinal: asked.ordinal,
                    id: Some(id),
                    body: asked.range.clone(),
                    blobs: asked.body.to_blobs(),
                    in_place: true,
                    call,
                });
                Ok(())
            }
            Route::Peer { peer: callee, export } => {
                self.check_args(interface, args, asked)?;
                self.relay(peer, id, callee, export, asked, deadline, (up, down), now, turn);
                Ok(())
            }
        }
    }

    pub(crate) fn notify(
        &mut self,
        peer: PeerId,
        asked: &Asked<'_>,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let (interface, _, route) = match self.route(peer, asked.binding, asked.ordinal, true)? {
            Ok(found) => found,
            Err(Refusal::Denied(subject, reason)) => {
                self.denied(peer, subject, reason, turn);
                return Ok(());
            }
            Err(Refusal::Gone | Refusal::Unserved | Refusal::Quitting) => return Ok(()),
        };
        let Some(channel) = self.catalog.channel(interface, asked.ordinal) else { return Ok(()) };
        let args = channel.args;
        let correlation = self.correlation();
        self.tap_notification(peer, (interface, route.callee(), correlation), asked, turn);
        match route {
            Route::Main(service) => {
                let may = self.may_handle_notification(peer, asked.body.size());
                if let Err(over) = may {
                    // A notification promises nothing.
                    self.drop_notification(peer, over.what, turn);
                    return Ok(());
                }
                let Some(state) = self.peers.get_mut(peer.0) else { return Ok(()) };
                let Some(origin) = state.origin.clone() else { return Ok(()) };
                turn.jobs.push(Job {
                    service,
                    ordinal: asked.ordinal,
                    id: None,
                    body: asked.range.clone(),
                    blobs: asked.body.to_blobs(),
                    in_place: true,
                    call: Call::new(origin, None, correlation),
                });
            }
            Route::Peer { peer: callee, export } => {
                self.check_args(interface, args, asked)?;
                let untold = self.untold(callee, peer);
                let Some(state) = self.peers.get_mut(callee.0) else { return Ok(()) };
                if state.session.is_crowded() {
                    // A notification promises nothing, and nobody is ended for what others tell it.
                    return Ok(());
                }
                if let Some(who) = untold {
                    state.tell_caller(peer, who);
                }
                let _ = state.session.one_way(
                    portcullis_proto::frame::Kind::Notify,
                    export,
                    asked.ordinal,
                    |out| out.body(asked.body),
                );
                self.touch(callee, turn);
            }
        }
        Ok(())
    }

    pub(crate) fn drop_notification(&mut self, peer: PeerId, what: &'static str, turn: &mut Turn) {
        if let Some(state) = self.peers.get_mut(peer.0) {
            state.counters.dropped += 1;
        }
        self.refused(peer, what, turn);
    }

    /// What goes to another peer is checked here, where it comes in.
    pub(crate) fn check_args(
        &self,
        interface: InterfaceIndex,
        args: Root,
        asked: &Asked<'_>,
    ) -> Result<(), Goodbye> {
        self.catalog.plan.validate_parts(args, asked.body.bytes, asked.body.blobs).map_err(
            |error| {
                let name = self.catalog.full_name(interface, asked.ordinal);
                let name = name.map_or("", |name| name);
                let text = format!("the arguments of `{name}`: {error}");
                Goodbye::because(Reason::MalformedPayload, text)
            },
        )
    }

    /// Answers a request that is not routed.
    pub(crate) fn refuse(
        &mut self,
        peer: PeerId,
        id: u32,
        refusal: Refusal,
        now: Time,
        turn: &mut Turn,
    ) {
        let (status, text) = match refusal {
            Refusal::Denied(subject, reason) => {
                self.denied(peer, subject, reason, turn);
                (Status::PermissionDenied, DENIED)
            }
            Refusal::Gone => (Status::Unavailable, "the instance has left: bind again"),
            Refusal::Unserved => (Status::Unimplemented, "the instance has topics only"),
            Refusal::Quitting => (Status::Unavailable, "the application is quitting"),
        };
        self.fail_call(peer, id, status, FailureBody::new(text), now, turn);
    }

    /// Ends a call with a body.
    pub(crate) fn end_call(
        &mut self,
        peer: PeerId,
        id: u32,
        status: Status,
        body: Parts<'_>,
        now: Time,
        turn: &mut Turn,
    ) {
        self.write_end(peer, id, status, body, now, turn);
        self.touch(peer, turn);
    }

    /// The same for whoever ends many, and then sees to it that they leave. What the call's handler in main was told comes back.
    pub(crate) fn write_end(
        &mut self,
        peer: PeerId,
        id: u32,
        status: Status,
        body: Parts<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Option<Call> {
        let state = self.peers.get_mut(peer.0)?;
        let sent = state.session.reply(id, status, |out| out.body(body));
        match sent {
            Ok(inbound) => {
                self.tap_outcome(peer, inbound.meta.as_ref(), status, Some(body), now, turn);
                return self.settled(peer, id, inbound, status, body.size(), now, turn);
            }
            Err(error @ SendError::TooLarge { .. }) => {
                let error = Error::from(error);
                self.fail_call(peer, id, error.status(), error.body().clone(), now, turn);
            }
            // It was cancelled or ran out meanwhile, and has its outcome.
            Err(_) => {}
        }
        None
    }

    /// Ends a call with an error that names the channel and the call.
    pub(crate) fn fail_call(
        &mut self,
        peer: PeerId,
        id: u32,
        status: Status,
        mut failure: FailureBody,
        now: Time,
        turn: &mut Turn,
    ) {
        let meta = self.peers.get_mut(peer.0).and_then(|state| state.session.inbound_mut(id)?.meta);
        let channel = meta.and_then(|meta| self.catalog.channel(meta.interface, meta.ordinal));
        let helps = status.retry_helps(channel.is_some_and(|channel| channel.idempotent));
        if helps && failure.retry == Retry::Never {
            failure.retry = Retry::Later;
        }
        self.fail_call_as_said(peer, id, status, failure, now, turn);
    }

    /// The same, with the callee's own advice on trying again.
    pub(crate) fn fail_call_as_said(
        &mut self,
        peer: PeerId,
        id: u32,
        status: Status,
        mut failure: FailureBody,
        now: Time,
        turn: &mut Turn,
    ) {
        let catalog = Arc::clone(&self.catalog);
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        if let Some(meta) = state.session.inbound_mut(id).and_then(|inbound| inbound.meta) {
            failure.correlation = meta.correlation;
            if let Some(name) = catalog.full_name(meta.interface, meta.ordinal) {
                failure.channel = name.to_string();
            }
        }
        if let Some(inbound) = state.session.fail(id, status, &failure) {
            self.tap_failure(peer, inbound.meta.as_ref(), status, &failure, now, turn);
            self.settled(peer, id, inbound, status, 0, now, turn);
            self.touch(peer, turn);
        }
    }

    /// Counts a call that has ended, stops what is left of its work and keeps what the next one can use.
    #[allow(clippy::too_many_arguments, reason = "a call, and how it ended")]
    fn settled(
        &mut self,
        peer: PeerId,
        id: u32,
        inbound: Inbound,
        status: Status,
        bytes_out: usize,
        now: Time,
        turn: &mut Turn,
    ) -> Option<Call> {
        if let Some(meta) = &inbound.meta {
            self.call_ended(peer, meta, status, bytes_out, now, &mut turn.events);
        }
        let mut handled = None;
        match inbound.work {
            // It has just ended by itself.
            Work::Handler(call) => handled = Some(call),
            Work::Relay(relay) if relay.is_over() => {}
            work => self.stop_work(peer, id, work, turn),
        }
        if let (Some(charge), Some(state)) = (inbound.charge, self.peers.get_mut(peer.0)) {
            state.spares.keep_charge(charge);
        }
        handled
    }

    /// A caller has given up, or its time is over: the work stops, and the call ends at once.
    pub(crate) fn cancelled(
        &mut self,
        peer: PeerId,
        id: u32,
        status: Status,
        text: &str,
        now: Time,
        turn: &mut Turn,
    ) {
        let Some(state) = self.peers.get_mut(peer.0) else { return };
        let Some(inbound) = state.session.inbound_mut(id) else { return };
        let work = std::mem::take(&mut inbound.work);
        self.stop_work(peer, id, work, turn);
        self.fail_call(peer, id, status, FailureBody::new(text), now, turn);
    }
}

/// The one answer to everything that is not granted or does not exist.
pub(crate) const DENIED: &str = "not granted, or it does not exist";

#[cold]
pub(crate) fn unknown_binding(binding: u32) -> Goodbye {
    let text = format!("binding {binding} was never given to this peer");
    Goodbye::because(Reason::UnknownBinding, text)
}
