//! Delivery reports: a published value is followed to each subscriber until that one has it, has lost it, or the time is
//! over.

use std::collections::BTreeSet;

use portcullis_proto::codec::to_bytes;
use portcullis_proto::error::FailureBody;
use portcullis_proto::peer::{DeliveryReport, Miss, Recipient, Why};
use portcullis_proto::session::SendError;
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::peer::PeerId;
use crate::work::Work;
use crate::{Hub, Turn};

/// Who waits for a report.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// A peer, with the id of its call.
    Peer { peer: PeerId, id: u32 },
    /// Main.
    Main,
}

#[derive(Debug)]
pub(crate) struct Report {
    origin: Origin,
    deadline: Time,
    /// Subscriptions that have not answered yet.
    waiting: BTreeSet<(PeerId, u32)>,
    result: DeliveryReport,
}

impl Hub {
    pub(crate) fn open_report(
        &mut self,
        origin: Origin,
        subscribers: &[(PeerId, u32)],
        deadline: Time,
    ) -> u32 {
        let token = self.next_token;
        self.next_token = self.next_token.wrapping_add(1).max(1);
        let report = Report {
            origin,
            deadline,
            waiting: subscribers.iter().copied().collect(),
            result: DeliveryReport::default(),
        };
        self.reports.insert(token, report);
        match origin {
            Origin::Main => {
                self.main_reports.insert((deadline, token));
            }
            Origin::Peer { peer, id } => {
                if let Some(state) = self.peers.get_mut(peer.0) {
                    state.reports.insert((deadline, token));
                    if let Some(inbound) = state.session.inbound_mut(id) {
                        inbound.work = Work::Report(token);
                    }
                }
            }
        }
        token
    }

    /// Notes what became of a value for one subscriber: `None` when it has it.
    pub(crate) fn settle(
        &mut self,
        token: u32,
        peer: PeerId,
        subscription: u32,
        missed: Option<Why>,
    ) {
        let label = self.peers.get(peer.0).map(|state| state.caller.label.clone());
        let label = label.unwrap_or_default();
        let Some(report) = self.reports.get_mut(&token) else { return };
        if !report.waiting.remove(&(peer, subscription)) {
            return;
        }
        if let Some(state) = self.peers.get_mut(peer.0)
            && let Some(inbound) = state.session.inbound_mut(subscription)
            && let Work::Subscription(subscriber) = &mut inbound.work
        {
            subscriber.awaited.remove(&token);
        }
        match missed {
            None => report.result.delivered.push(Recipient { peer: peer.0, label }),
            Some(why) => report.result.missed.push(Miss { peer: peer.0, label, why }),
        }
    }

    /// A subscriber has a value.
    pub(crate) fn acknowledged(
        &mut self,
        peer: PeerId,
        subscription: u32,
        token: u32,
        turn: &mut Turn,
    ) {
        self.settle(token, peer, subscription, None);
        self.close_report_if_done(token, turn);
    }

    /// A subscription has ended: what was on its way to it is lost.
    pub(crate) fn subscriber_left(
        &mut self,
        peer: PeerId,
        subscription: u32,
        awaited: &BTreeSet<u32>,
        turn: &mut Turn,
    ) {
        for token in awaited {
            self.settle(*token, peer, subscription, Some(Why::Left));
            self.close_report_if_done(*token, turn);
        }
    }

    pub(crate) fn close_report_if_done(&mut self, token: u32, turn: &mut Turn) {
        if self.reports.get(&token).is_some_and(|report| report.waiting.is_empty()) {
            self.close_report(token, turn);
        }
    }

    fn close_report(&mut self, token: u32, turn: &mut Turn) {
        let Some(report) = self.forget_report(token) else { return };
        match report.origin {
            Origin::Main => turn.reports.push((token, report.result)),
            Origin::Peer { peer, id } => {
                // Labels were checked when they were given, so a report always fits its own bounds.
                let body = to_bytes(&report.result).unwrap_or_default();
                let Some(state) = self.peers.get_mut(peer.0) else { return };
                let sent = state.session.reply(id, Status::Ok, |out| out.body((&body).into()));
                if let Err(SendError::TooLarge { .. }) = sent {
                    let failure = FailureBody::new("the report is larger than this peer takes");
                    state.session.fail(id, Status::ResourceExhausted, &failure);
                }
                self.touch(peer, turn);
            }
        }
    }

    /// Takes a report out of every table.
    fn forget_report(&mut self, token: u32) -> Option<Report> {
        let report = self.reports.remove(&token)?;
        let entry = (report.deadline, token);
        match report.origin {
            Origin::Main => {
                self.main_reports.remove(&entry);
            }
            Origin::Peer { peer, .. } => {
                if let Some(state) = self.peers.get_mut(peer.0) {
                    state.reports.remove(&entry);
                }
            }
        }
        for (peer, subscription) in &report.waiting {
            if let Some(state) = self.peers.get_mut(peer.0)
                && let Some(inbound) = state.session.inbound_mut(*subscription)
                && let Work::Subscription(subscriber) = &mut inbound.work
            {
                subscriber.awaited.remove(&token);
            }
        }
        Some(report)
    }

    /// The time for a report is over: those who have not answered are named as such.
    pub fn expire_report(&mut self, token: u32, turn: &mut Turn) {
        let Some(report) = self.reports.get(&token) else { return };
        for (peer, subscription) in report.waiting.clone() {
            self.settle(token, peer, subscription, Some(Why::TimedOut));
        }
        self.close_report_if_done(token, turn);
    }

    /// The time is over for what `peer` waits for.
    pub(crate) fn expire_reports(&mut self, peer: PeerId, now: Time, turn: &mut Turn) {
        // Every turn takes a report out.
        while let Some(state) = self.peers.get(peer.0)
            && let Some((due, token)) = state.reports.first().copied()
            && due <= now
        {
            self.expire_report(token, turn);
        }
    }

    /// The time is over for what main waited for and has not asked after.
    pub(crate) fn expire_main_reports(&mut self, now: Time, turn: &mut Turn) {
        // Every turn takes a report out.
        while let Some((due, token)) = self.main_reports.first().copied()
            && due <= now
        {
            self.expire_report(token, turn);
        }
    }

    /// Its publisher is gone: nobody waits for it.
    pub(crate) fn drop_report(&mut self, token: u32) {
        self.forget_report(token);
    }
}
