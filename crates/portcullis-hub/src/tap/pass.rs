//! Where messages pass: what each kind of them leaves for the taps. While there is none, each of these looks at one flag.

use std::sync::Arc;

use portcullis_proto::codec::{Parts, to_bytes};
use portcullis_proto::error::FailureBody;
use portcullis_proto::session::Leg;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use super::record::{TapBody, TapId, TapKind, TapRecord, Tapped, u32_of};
use crate::audit::Subject;
use crate::calls::Asked;
use crate::catalog::InterfaceIndex;
use crate::peer::PeerId;
use crate::work::Meta;
use crate::{Hub, Turn};

/// What stands in place of the label of a peer that the hub has forgotten already.
const LEFT_LABEL: &str = "(left)";

/// Keeps what is done for taps out of the way of everything else: the code around it stays as it would be without.
#[cold]
#[inline(never)]
fn aside(work: impl FnOnce()) {
    work();
}

impl Hub {
    /// A call or stream begins.
    #[inline]
    pub(crate) fn tap_request(&self, from: PeerId, meta: &Meta, body: Parts<'_>, turn: &mut Turn) {
        if self.taps.on() {
            aside(move || {
                let ends = (self.label(Some(from)), self.label(meta.callee));
                self.add_of_call(TapKind::Request, meta, ends, Some(body), turn);
            });
        }
    }

    /// A call or stream has ended. Where nobody heard of it any more, there is no body.
    #[inline]
    pub(crate) fn tap_outcome(
        &self,
        caller: PeerId,
        meta: Option<&Meta>,
        status: Status,
        body: Option<Parts<'_>>,
        now: Time,
        turn: &mut Turn,
    ) {
        if self.taps.on()
            && let Some(meta) = meta
        {
            aside(move || {
                let kind = TapKind::Outcome { status, duration: now.since(meta.started) };
                let ends = (self.label(meta.callee), self.label(Some(caller)));
                self.add_of_call(kind, meta, ends, body, turn);
            });
        }
    }

    /// A call has failed.
    #[inline]
    pub(crate) fn tap_failure(
        &self,
        caller: PeerId,
        meta: Option<&Meta>,
        status: Status,
        failure: &FailureBody,
        now: Time,
        turn: &mut Turn,
    ) {
        if self.taps.on() {
            aside(move || {
                let body = to_bytes(&failure.bounded()).unwrap_or_default();
                self.tap_outcome(caller, meta, status, Some((&body).into()), now, turn);
            });
        }
    }

    /// An item of a stream, from the caller (`up`) or to it.
    #[inline]
    pub(crate) fn tap_item(
        &self,
        caller: PeerId,
        meta: &Meta,
        up: bool,
        body: Parts<'_>,
        turn: &mut Turn,
    ) {
        if self.taps.on() {
            aside(move || {
                let (caller, callee) = (self.label(Some(caller)), self.label(meta.callee));
                let (ends, kind) = match up {
                    true => ((caller, callee), TapKind::ItemUp),
                    false => ((callee, caller), TapKind::ItemDown),
                };
                self.add_of_call(kind, meta, ends, Some(body), turn);
            });
        }
    }

    /// What the stream of a handler in main is about, if somebody taps its channel.
    #[inline]
    pub(crate) fn tapped_stream(&mut self, caller: PeerId, leg: Leg) -> Option<Meta> {
        let Leg::Inbound(id) = leg else { return None };
        if !self.taps.on() {
            return None;
        }
        let meta = self.peers.get_mut(caller.0)?.session.inbound_mut(id)?.meta?;
        self.taps.of((meta.interface, meta.ordinal)).next().is_some().then_some(meta)
    }

    /// A notification.
    #[inline]
    pub(crate) fn tap_notification(
        &self,
        from: PeerId,
        (interface, to, correlation): (InterfaceIndex, Option<PeerId>, u64),
        asked: &Asked<'_>,
        turn: &mut Turn,
    ) {
        if self.taps.on() {
            aside(move || {
                let place = (interface, asked.ordinal);
                let ends = (self.label(Some(from)), Some(self.label(to)));
                let body = Some(asked.body);
                self.add(TapKind::Notification, place, ends, correlation, body, turn);
            });
        }
    }

    /// A topic's value.
    #[inline]
    pub(crate) fn tap_value(
        &self,
        place: (InterfaceIndex, u32),
        publisher: Option<PeerId>,
        body: Parts<'_>,
        (subscribers, missed): (usize, u32),
        turn: &mut Turn,
    ) {
        if self.taps.on() {
            aside(move || {
                let kind = TapKind::Value { subscribers: u32_of(subscribers), missed };
                self.add(kind, place, (self.label(publisher), None), 0, Some(body), turn);
            });
        }
    }

    /// Something was denied.
    pub(crate) fn tap_denial(&self, peer: PeerId, subject: Subject, turn: &mut Turn) {
        if self.taps.on()
            && let Subject::Channel(interface, ordinal) = subject
        {
            aside(move || {
                let ends = (self.label(Some(peer)), None);
                self.add(TapKind::Denied, (interface, ordinal), ends, 0, None, turn);
            });
        }
    }

    fn add_of_call(
        &self,
        kind: TapKind,
        meta: &Meta,
        (from, to): (&str, &str),
        body: Option<Parts<'_>>,
        turn: &mut Turn,
    ) {
        let place = (meta.interface, meta.ordinal);
        self.add(kind, place, (from, Some(to)), meta.correlation, body, turn);
    }

    fn add(
        &self,
        kind: TapKind,
        place: (InterfaceIndex, u32),
        (from, to): (&str, Option<&str>),
        correlation: u64,
        body: Option<Parts<'_>>,
        turn: &mut Turn,
    ) {
        let taps: Vec<TapId> =
            self.taps.of(place).filter(|tap| tap.wants(from, to)).map(|tap| tap.id).collect();
        let Some(channel) = self.catalog.full_name(place.0, place.1) else { return };
        if taps.is_empty() {
            return;
        }
        let record = TapRecord {
            kind,
            channel: Arc::clone(channel),
            from: from.to_owned(),
            to: to.map(str::to_owned),
            bytes: body.map_or(0, |body| u32_of(body.size())),
            correlation,
            body: body.map(TapBody::of),
            place,
        };
        turn.tapped.push(Tapped { taps, record });
    }

    /// The label of a peer; empty for main.
    fn label(&self, peer: Option<PeerId>) -> &str {
        match peer.map(|peer| self.peers.get(peer.0)) {
            None => "",
            Some(Some(state)) => &state.caller.label,
            Some(None) => LEFT_LABEL,
        }
    }
}
