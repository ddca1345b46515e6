//! Delivery reports: a published value is followed to each subscriber until that one has it, has lost it, or the time is
//! over.

use portcullis_proto::codec::to_bytes;
use portcullis_proto::peer::{DeliveryReport, Miss, Recipient, Why};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::peer::{PeerId, Work};
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
    waiting: Vec<(PeerId, u32)>,
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
            waiting: subscribers.to_vec(),
            result: DeliveryReport::default(),
        };
        self.reports.insert(token, report);
        if let Origin::Peer { peer, id } = origin
            && let Some(state) = self.peers.get_mut(peer.0)
            && let Some(inbound) = state.session.inbound_mut(id)
        {
            inbound.work = Work::Report(token);
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
        turn: &mut Turn,
    ) {
        let label = self.peers.get(peer.0).map(|state| state.caller.label.clone());
        let label = label.unwrap_or_default();
        let Some(report) = self.reports.get_mut(&token) else { return };
        let Some(at) = report.waiting.iter().position(|each| *each == (peer, subscription)) else {
            return;
        };
        report.waiting.swap_remove(at);
        match missed {
            None => report.result.delivered.push(Recipient { peer: peer.0, label }),
            Some(why) => report.result.missed.push(Miss { peer: peer.0, label, why }),
        }
        let _ = turn;
    }

    /// A subscriber has a value.
    pub(crate) fn acknowledged(&mut self, peer: PeerId, id: u32, token: u32, turn: &mut Turn) {
        self.settle(token, peer, id, None, turn);
        self.close_report_if_done(token, turn);
    }

    /// A subscription has ended: what was on its way to it is lost.
    pub(crate) fn subscriber_left(&mut self, peer: PeerId, subscription: u32, turn: &mut Turn) {
        let waits = |report: &Report| report.waiting.contains(&(peer, subscription));
        let tokens: Vec<u32> = self
            .reports
            .iter()
            .filter(|(_, report)| waits(report))
            .map(|(token, _)| *token)
            .collect();
        for token in tokens {
            self.settle(token, peer, subscription, Some(Why::Left), turn);
            self.close_report_if_done(token, turn);
        }
    }

    pub(crate) fn close_report_if_done(&mut self, token: u32, turn: &mut Turn) {
        if self.reports.get(&token).is_some_and(|report| report.waiting.is_empty()) {
            self.close_report(token, turn);
        }
    }

    fn close_report(&mut self, token: u32, turn: &mut Turn) {
        let Some(report) = self.reports.remove(&token) else { return };
        match report.origin {
            Origin::Main => turn.reports.push((token, report.result)),
            Origin::Peer { peer, id } => {
                // Labels were checked when they were given, so a report always fits its own bounds.
                let body = to_bytes(&report.result).unwrap_or_default();
                let Some(state) = self.peers.get_mut(peer.0) else { return };
                let sent = state.session.reply(id, Status::Ok, |out| {
                    out.raw(&body);
                    Ok(())
                });
                if sent.is_ok() {
                    self.touch(peer, turn);
                }
            }
        }
    }

    /// The time for a report is over: those who have not answered are named as such.
    pub fn expire_report(&mut self, token: u32, turn: &mut Turn) {
        let Some(report) = self.reports.get(&token) else { return };
        for (peer, subscription) in report.waiting.clone() {
            self.settle(token, peer, subscription, Some(Why::TimedOut), turn);
        }
        self.close_report_if_done(token, turn);
    }

    /// The reports that run out by `now`, and when the next one does.
    pub(crate) fn due_reports(&self, peer: PeerId, now: Time) -> (Vec<u32>, Option<Time>) {
        let own = self.reports.iter().filter(|(_, report)| {
            matches!(report.origin, Origin::Peer { peer: origin, .. } if origin == peer)
        });
        let mut due = Vec::new();
        let mut next: Option<Time> = None;
        for (token, report) in own {
            if report.deadline <= now {
                due.push(*token);
            } else {
                next = Some(next.map_or(report.deadline, |next| next.min(report.deadline)));
            }
        }
        (due, next)
    }

    /// Its publisher is gone: nobody waits for it.
    pub(crate) fn drop_report(&mut self, token: u32) {
        self.reports.remove(&token);
    }
}
