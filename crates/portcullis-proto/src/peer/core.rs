//! The state of a peer, under one lock: its session, the calls that wait, the interfaces that it serves.

use std::sync::Arc;
use std::task::Waker;

use super::cell::{Cells, Ending, Pending, Undo};
use super::control::Served;
use super::retired::Retired;
use crate::codec::{Blobs, Parts, from_bytes, to_bytes};
use crate::error::{Error, FailureBody};
use crate::frame::body_range;
use crate::goodbye::{Goodbye, Reason};
use crate::rpc::{
    Call, Caller, Host, Job, LocalCall, Origin, Service, Wakes, credited, stop_local,
};
use crate::session::{
    CallerTold, Config, Ended, Event, Expired, Hello, Lane, Leg, PROTOCOL, Received, Refused,
    SendError, Session, Side, Welcome,
};
use crate::status::Status;
use crate::time::Time;

/// How a peer introduces itself.
#[derive(Clone, Debug, Default)]
pub struct PeerConfig {
    /// What it calls itself: for logs only.
    pub client: String,
    /// Limits and bounds.
    pub session: Config,
    /// The interfaces that it was built with: a mismatch is found at the handshake.
    pub interfaces: Vec<&'static crate::rpc::Descriptor>,
}

/// An interface that this peer serves.
#[derive(Clone)]
pub(super) struct Export {
    pub(super) number: u32,
    pub(super) service: Arc<dyn Service>,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.service.descriptor().name;
        f.debug_struct("Export").field("number", &self.number).field("name", &name).finish()
    }
}

/// The state of a peer.
pub(super) struct Core {
    pub(super) session: Session<LocalCall, Pending>,
    pub(super) cells: Cells,
    pub(super) exports: Vec<Export>,
    /// Who makes the calls that come next, where the hub tells this peer.
    caller: Option<Arc<Caller>>,
    pub(super) welcome: Option<Welcome>,
    pub(super) ended: Option<Goodbye>,
    /// It ended as its transport did, and nobody said goodbye.
    pub(super) lost: bool,
    /// Those who wait for the handshake or for the end.
    pub(super) watchers: Vec<(u64, Option<Waker>)>,
    pub(super) next_watcher: u64,
    /// The driver, while it waits for something to send.
    pub(super) driver: Option<Waker>,
    /// Bindings whose instances have left, and that were not released.
    pub(super) unbound: Vec<u32>,
    /// Bindings and exports that are to be given back as soon as there is room for a call: each with the hub's ordinal.
    pub(super) giving_back: Vec<(u32, u32)>,
    /// What is to be done and dropped once the lock is gone.
    pub(super) retired: Retired,
}

/// What came of delivered bytes: handlers to be started once the lock is gone.
#[derive(Debug, Default)]
pub struct Turn {
    /// In the order of their requests.
    pub jobs: Vec<Job>,
}

/// How much of the delivered bytes was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Bytes that are done with.
    pub consumed: usize,
    /// Bytes that the frame at hand will have in all; a header's, when nothing is known of it.
    pub needed: usize,
    /// Whether the connection has ended.
    pub ended: bool,
}

impl Core {
    pub(super) fn new(config: &PeerConfig, lane: Option<Box<dyn Lane>>, now: Time) -> Self {
        let mut session = Session::new(Side::Peer, config.session, now);
        if let Some(lane) = lane {
            session.set_lane(lane);
        }
        let hello = Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            client: config.client.chars().take(16).collect(),
            limits: *session.our_limits(),
            interfaces: config.interfaces.iter().map(|each| each.offer()).collect(),
        };
        // A hello that breaks its own bounds has too many interfaces; the hub then hears none, and binds check hashes.
        if session.hello(&hello).is_err() {
            let _ = session.hello(&Hello { interfaces: Vec::new(), ..hello });
        }
        Self {
            session,
            cells: Cells::default(),
            exports: Vec::new(),
            caller: None,
            welcome: None,
            ended: None,
            lost: false,
            watchers: Vec::new(),
            next_watcher: 0,
            driver: None,
            unbound: Vec::new(),
            giving_back: Vec::new(),
            retired: Retired::default(),
        }
    }

    /// Takes bytes in. Requests become jobs of `turn`.
    pub(super) fn deliver(
        &mut self,
        input: &[u8],
        now: Time,
        host: &dyn Fn() -> Arc<dyn Host>,
        turn: &mut Turn,
    ) -> Delivery {
        self.session.date(now);
        let mut consumed = 0;
        // Most peers only call, and are called by nobody.
        let mut origin: Option<Arc<Origin>> = None;
        // Every turn uses up a frame, or ends the loop.
        loop {
            let rest = input.get(consumed..).unwrap_or_default();
            let received = self.session.receive(rest, now);
            consumed += received.as_ref().map_or(0, |received| received.consumed);
            // Looked into where it is: an event is not moved for nothing.
            let event = match received {
                Ok(Received {
                    event: Some(Event::Item { leg, missed, token, body, blobs }),
                    ..
                }) => {
                    if let (Leg::Outbound(id), Some(token)) = (leg, token) {
                        self.session.ack(id, token);
                    }
                    if let Some((local, wakes)) = self.reader_of(leg) {
                        local.push(missed, body, blobs, wakes);
                    }
                    continue;
                }
                Ok(Received { event: Some(Event::Row { leg, missed, row }), .. }) => {
                    if let Some((local, wakes)) = self.reader_of(leg) {
                        local.push_row(missed, row, wakes);
                    }
                    continue;
                }
                Ok(Received {
                    event: Some(Event::End { status, body, blobs, data, .. }), ..
                }) => {
                    self.outcome(data, status, (body, blobs), now);
                    continue;
                }
                Ok(Received { event: Some(event), .. }) => event,
                Ok(Received { event: None, needed: 0, .. }) => continue,
                Ok(Received { event: None, needed, .. }) => {
                    self.give_all_back(now);
                    let ended = self.ended.is_some();
                    return Delivery { consumed, needed, ended };
                }
                Err(goodbye) => {
                    self.end(goodbye, true);
                    return Delivery { consumed, needed: 0, ended: true };
                }
            };
            match event {
                Event::Request { id, binding, ordinal, budget_ms, body, blobs } => {
                    let origin = origin.get_or_insert_with(|| self.origin(host));
                    let deadline = (budget_ms != 0).then(|| now.after_ms(budget_ms));
                    let body = (body_range(consumed, body.len(), blobs.len()), blobs);
                    self.request(Some(id), binding, ordinal, deadline, body, origin, turn);
                }
                Event::Notify { binding, ordinal, body, blobs } => {
                    let origin = origin.get_or_insert_with(|| self.origin(host));
                    let body = (body_range(consumed, body.len(), blobs.len()), blobs);
                    self.request(None, binding, ordinal, None, body, origin, turn);
                }
                Event::Caller { peer, told } => {
                    let CallerTold { label, role } = told;
                    self.caller = Some(Arc::new(Caller { peer, label, role }));
                    origin = None;
                }
                other => self.event(other),
            }
        }
    }

    fn origin(&self, host: &dyn Fn() -> Arc<dyn Host>) -> Arc<Origin> {
        Arc::new(Origin::new(host(), self.caller.clone()))
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one frame")]
    fn request(
        &mut self,
        id: Option<u32>,
        binding: u32,
        ordinal: u32,
        deadline: Option<Time>,
        (body, blobs): (std::ops::Range<usize>, Blobs),
        origin: &Arc<Origin>,
        turn: &mut Turn,
    ) {
        let export = self.exports.iter().find(|export| export.number == binding);
        let Some(export) = export else {
            if let Some(id) = id {
                let failure = FailureBody::new("this interface is no longer served here");
                self.session.fail(id, Status::Unavailable, &failure);
            }
            return;
        };
        let number = self.welcome.as_ref().map_or(0, |welcome| welcome.peer);
        let correlation = id.map_or(0, |id| correlation(number, id));
        let call = Call::new(Arc::clone(origin), deadline, correlation);
        let job = Job {
            service: Arc::clone(&export.service),
            ordinal,
            id,
            body,
            blobs,
            call: call.clone(),
            in_place: true,
        };
        if let Some(id) = id {
            // The generated dispatcher knows which flows there are; items of one that it does not open only wait.
            self.session.accept(id, true, true);
            if let Some(local) = self.session.inbound_mut(id) {
                local.call = Some(call);
            }
        }
        turn.jobs.push(job);
    }

    /// Who reads the items that come on `leg`.
    #[inline]
    fn reader_of(&mut self, leg: Leg) -> Option<(&mut LocalCall, &mut Wakes)> {
        let local = match leg {
            Leg::Inbound(id) => self.session.inbound_mut(id)?,
            Leg::Outbound(id) => {
                // From here on the stream has no deadline: it has begun.
                self.session.clear_deadline(leg);
                self.session.outbound_mut(id)?.local.as_deref_mut()?
            }
        };
        Some((local, &mut self.retired.wakes))
    }

    fn event(&mut self, event: Event<'_, Pending>) {
        match event {
            Event::Welcome(welcome) => {
                self.welcome = Some(*welcome);
                for Refused { data: pending, bytes, room } in self.session.take_refused() {
                    let text = format!(
                        "a body of {bytes} bytes is larger than the {room} that the hub takes"
                    );
                    let body = to_bytes(&FailureBody::new(text)).unwrap_or_default();
                    let ending = Ending::Refused(Status::ResourceExhausted);
                    self.settle(pending, ending, &body, Blobs::new());
                }
                // Streams that were opened before have credit now.
                for (_, pending) in self.session.outbound_iter() {
                    if let Some(local) = &mut pending.local {
                        local.wake_writer(&mut self.retired.wakes);
                    }
                }
                self.wake_watchers();
            }
            Event::Goodbye(goodbye) => self.end(goodbye, false),
            Event::Credit { leg, .. } => {
                let end = credited(&mut self.session, leg, &mut self.retired.wakes);
                if let (Some(end), Leg::Inbound(id)) = (end, leg) {
                    let (status, body) = *end;
                    self.answer(id, status, body.parts());
                }
            }
            Event::Finish { id } => {
                if let Some(local) = self.session.inbound_mut(id) {
                    local.end_of_items(&mut self.retired.wakes);
                }
            }
            Event::Cancel { id } => self.stop(id, Status::Cancelled, "the caller cancelled"),
            Event::Unbound { binding } => {
                if self.unbound.len() < UNBOUND_MAX && !self.unbound.contains(&binding) {
                    self.unbound.push(binding);
                }
            }
            // Requests, items and outcomes are dealt with before; the session refuses the hub what only peers say, and a peer keeps what
            // main sends.
            Event::Item { .. }
            | Event::Row { .. }
            | Event::End { .. }
            | Event::Shed(_)
            | Event::Request { .. }
            | Event::Notify { .. }
            | Event::Caller { .. }
            | Event::Hello(_)
            | Event::Subscribe { .. }
            | Event::Publish { .. }
            | Event::Ack { .. } => {}
        }
    }

    /// A call of this side has ended.
    #[inline]
    fn outcome(
        &mut self,
        mut data: Pending,
        status: Status,
        (body, blobs): (&[u8], Blobs),
        now: Time,
    ) {
        if status == Status::Ok {
            if data.export.is_some()
                && let Ok(Served { export: number }) = from_bytes(body)
                && let Some(export) = data.export.take()
            {
                self.exports.push(Export { number, ..*export });
            }
            if data.undo != Undo::Nothing {
                self.undo(data.undo, body, now);
            }
        }
        if let Some(released) = data.released {
            self.unbound.retain(|each| *each != released);
        }
        self.settle(data, Ending::Answered(status), body, blobs);
    }

    /// Settles a call of this side, and wakes its future.
    #[inline]
    fn settle(&mut self, mut pending: Pending, ending: Ending, body: &[u8], blobs: Blobs) {
        self.retired.exports.extend(pending.export.take().map(|export| *export));
        self.cells.settle(pending, ending, body, blobs, &mut self.retired.wakes);
    }

    /// Ends a call that a handler here has served, behind the items that still wait for credit.
    pub(super) fn answer(&mut self, id: u32, status: Status, body: Parts<'_>) {
        let held = |local: &mut LocalCall| local.hold_end(status, body);
        if self.session.inbound_mut(id).is_some_and(held) {
            return;
        }
        let sent = self.session.reply(id, status, |out| out.body(body));
        match sent {
            Ok(mut local) => local.retire(&mut self.retired.wakes),
            Err(error @ SendError::TooLarge { .. }) => {
                let error = Error::from(error);
                self.fail(id, error.status(), error.body());
            }
            Err(_) => {}
        }
    }

    /// Ends a call that a handler here has served with an error.
    pub(super) fn fail(&mut self, id: u32, status: Status, failure: &FailureBody) {
        if let Some(mut local) = self.session.fail(id, status, failure) {
            local.retire(&mut self.retired.wakes);
        }
    }

    /// Nobody waits for a call any more: its handler is stopped, and the call ends at once.
    fn stop(&mut self, id: u32, status: Status, text: &str) {
        let Some(local) = self.session.inbound_mut(id) else { return };
        stop_local(local, &mut self.retired.wakes);
        self.session.fail(id, status, &FailureBody::new(text));
    }

    pub(super) fn handle_timeout(&mut self, now: Time) {
        self.session.date(now);
        let mut expired = Vec::new();
        self.session.handle_timeout(now, &mut expired);
        for expired in expired {
            match expired {
                Expired::Outbound { id, data, sent } => {
                    let cell = data.cell.and_then(|key| self.cells.get(key));
                    let undo = cell.map_or(Undo::Nothing, |cell| cell.undo);
                    self.undo_late(id, undo);
                    self.settle(data, Ending::Expired { sent }, &[], Blobs::new());
                }
                Expired::Inbound { id } => {
                    let text = "the time for the call ran out";
                    self.stop(id, Status::DeadlineExceeded, text);
                }
                Expired::Silent => self.end(Goodbye::new(Reason::Unresponsive), true),
            }
        }
    }

    /// Ends the connection: with a goodbye to the hub when `say`, else the hub or the transport has ended it.
    pub(super) fn end(&mut self, goodbye: Goodbye, say: bool) {
        if self.ended.is_some() {
            return;
        }
        let Ended { inbound, outbound, unsent } =
            if say { self.session.close(&goodbye) } else { self.session.abort() };
        self.ended = Some(goodbye);
        for (_, mut local) in inbound {
            stop_local(&mut local, &mut self.retired.wakes);
        }
        for (id, pending) in outbound {
            let sent = !unsent.contains(&id);
            self.settle(pending, Ending::Lost { sent }, &[], Blobs::new());
        }
        self.retired.exports.append(&mut self.exports);
        self.giving_back.clear();
        self.wake_watchers();
    }

    pub(super) fn wake_watchers(&mut self) {
        let wakes = &mut self.retired.wakes;
        self.watchers.drain(..).for_each(|(_, mut waker)| wakes.wake(&mut waker));
        wakes.wake(&mut self.driver);
    }
}

/// The number by which the logs of hub and callee name a call that a peer serves: the peer's number above the call's id.
pub fn correlation(peer: u32, id: u32) -> u64 {
    (u64::from(peer) << 32) | u64::from(id)
}

/// Most unbound bindings that are remembered: more than a peer may have.
const UNBOUND_MAX: usize = 1024;
