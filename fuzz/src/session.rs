//! The targets of sessions: an owner that does what owners may, against any bytes or against another of its kind.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_proto::error::FailureBody;
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::session::{
    Config, Event, Expired, Hello, Leg, Limits, Opening, PROTOCOL, SendError, Session, Side,
    Welcome,
};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use super::input::Input;
use super::wire;

/// Most steps of a run.
const STEPS_MAX: usize = 200;
/// Rounds after which two that only answer each other must have come to rest.
const ROUNDS_MAX: usize = 10_000;

/// A session and an owner that keeps the rules; calls carry a serial number, by which each end is counted.
struct Owner {
    side: Side,
    session: Session<Option<()>, u32>,
    limits: Limits,
    /// What has been received and not yet taken in.
    received: Vec<u8>,
    /// How often each call of this side was told its end.
    ends: BTreeMap<u32, u32>,
    /// Ids of this side's calls, to be used or misused.
    ids: Vec<u32>,
    /// Those of them that have brought items: only then is there anything to give credit for.
    taken: BTreeSet<u32>,
    /// Calls of the other side that are open here.
    serving: Vec<u32>,
    ended: Option<Goodbye>,
}

/// Data that may wait for the other side, in bytes. Replies are never held back, and may be more.
const OUTBOX_BYTES_MAX: usize = 64 * 1024;

/// Which flows a channel has: its number says, so that both sides agree.
fn flows(kind: Kind, ordinal: u32) -> (bool, bool) {
    match kind {
        Kind::Request => (ordinal & 1 != 0, ordinal & 2 != 0),
        Kind::Subscribe => (false, true),
        _ => (false, false),
    }
}

fn limits(input: &mut Input<'_>) -> Limits {
    Limits {
        frame_bytes: input.pick(&[4096, 8192, 16 * 1024 * 1024]),
        window_bytes: input.pick(&[4096, 5000, 4 * 1024 * 1024]),
        calls: input.pick(&[1, 2, 4, 1024]),
        stream_items: input.pick(&[1, 2, 16]),
        stream_bytes: input.pick(&[1, 20, 1024 * 1024]),
        blob_bytes: input.pick(&[0, 5000, 64 * 1024 * 1024]),
        pools: input.pick(&[0, 2]),
    }
}

impl Owner {
    fn new(side: Side, input: &mut Input<'_>) -> Self {
        let limits = limits(input);
        let config = Config { limits, outbox_bytes_max: OUTBOX_BYTES_MAX, keepalive: input.flag() };
        let mut session = Session::new(side, config, Time::ZERO);
        if side == Side::Peer {
            let hello = Hello {
                protocol_min: PROTOCOL,
                protocol_max: PROTOCOL,
                limits,
                ..Hello::default()
            };
            session.hello(&hello).expect("a hello within its bounds");
        }
        Self {
            side,
            session,
            limits,
            received: Vec::new(),
            ends: BTreeMap::new(),
            ids: Vec::new(),
            taken: BTreeSet::new(),
            serving: Vec::new(),
            ended: None,
        }
    }

    fn told(&mut self, serial: u32) {
        *self.ends.get_mut(&serial).expect("a call that was opened") += 1;
    }

    /// Takes in what has been received, until there is no whole frame left.
    fn take_in(&mut self, now: Time) {
        let received = std::mem::take(&mut self.received);
        let mut rest = &received[..];
        // Every turn uses up a frame, or ends the loop.
        while self.ended.is_none() {
            let taken = match self.session.receive(rest, now) {
                Ok(taken) => taken,
                Err(goodbye) => {
                    let unbroken = [Reason::VersionMismatch, Reason::SlowConsumer];
                    assert!(goodbye.reason.is_violation() || unbroken.contains(&goodbye.reason));
                    // Slow is who pings while more waits for it than may.
                    let waiting = self.session.outbox_bytes();
                    assert!(goodbye.reason != Reason::SlowConsumer || waiting > OUTBOX_BYTES_MAX);
                    self.end(goodbye);
                    break;
                }
            };
            assert!(taken.consumed <= rest.len());
            rest = &rest[taken.consumed..];
            let Some(event) = taken.event else {
                assert!(taken.needed <= self.limits.frame_bytes as usize);
                if taken.needed == 0 {
                    continue;
                }
                break;
            };
            self.event(event);
        }
        self.received = rest.to_vec();
    }

    fn event(&mut self, event: Event<'_, u32>) {
        match event {
            Event::Hello(_) => {
                let welcome =
                    Welcome { protocol: PROTOCOL, limits: self.limits, ..Welcome::default() };
                self.session.welcome(&welcome).expect("a welcome within its bounds");
            }
            Event::Welcome(_) => {
                for refused in self.session.take_refused() {
                    self.told(refused.data);
                }
            }
            Event::Goodbye(goodbye) => {
                let open = self.session.abort();
                self.gone(open.outbound);
                self.ended = Some(goodbye);
            }
            Event::Request { id, ordinal, .. } => {
                let (up, down) = flows(Kind::Request, ordinal);
                self.session.accept(id, up, down);
                self.serving.push(id);
            }
            Event::Subscribe { id, .. } => {
                self.session.accept(id, false, true);
                self.serving.push(id);
            }
            Event::Publish { id, .. } => self.serving.extend(id),
            Event::Item { leg: Leg::Outbound(id), token, .. } => {
                self.taken.insert(id);
                if let (Side::Peer, Some(token)) = (self.side, token) {
                    self.session.ack(id, token);
                }
            }
            Event::Row { leg, row, .. } => {
                let sizes = row.bodies().map(<[u8]>::len);
                assert_eq!(
                    (sizes.clone().count(), sizes.sum()),
                    (row.count() as usize, row.size())
                );
                if let Leg::Outbound(id) = leg {
                    self.taken.insert(id);
                }
            }
            Event::Cancel { id } => self.stop(id, Status::Cancelled),
            Event::End { data, .. } => self.told(data),
            Event::Shed(shed) => panic!("without a bound for parcels nothing is shed: {shed:?}"),
            Event::Item { .. }
            | Event::Notify { .. }
            | Event::Ack { .. }
            | Event::Credit { .. }
            | Event::Finish { .. }
            | Event::Caller { .. }
            | Event::Unbound { .. } => {}
        }
    }

    fn stop(&mut self, id: u32, status: Status) {
        assert!(self.session.inbound_mut(id).is_some(), "whoever is to stop is at work");
        self.session.fail(id, status, &FailureBody::new("stopped")).expect("it ends once");
        assert!(self.session.fail(id, status, &FailureBody::new("twice")).is_none());
        self.serving.retain(|each| *each != id);
    }

    fn end(&mut self, goodbye: Goodbye) {
        let open = self.session.close(&goodbye);
        self.gone(open.outbound);
        self.ended = Some(goodbye);
    }

    fn gone(&mut self, outbound: Vec<(u32, u32)>) {
        for (_, serial) in outbound {
            self.told(serial);
        }
        self.serving.clear();
    }

    /// What runs out.
    fn time(&mut self, now: Time) {
        let mut expired = Vec::new();
        self.session.handle_timeout(now, &mut expired);
        for expired in expired {
            match expired {
                Expired::Outbound { data, .. } => self.told(data),
                Expired::Inbound { id } => self.stop(id, Status::DeadlineExceeded),
                Expired::Silent => {}
            }
        }
    }

    /// Some operation of an owner's.
    fn act(&mut self, input: &mut Input<'_>, now: Time) {
        let choice = input.below(9);
        let id = input.pick(&[0, 1, 2, 3, 255]);
        let length = usize::from(input.byte()) * if input.flag() { 1 } else { 40 };
        let body = vec![0x5a; length];
        let mine = self.ids.iter().rev().nth(id).copied().unwrap_or(0x7_0007);
        let theirs = self.serving.iter().rev().nth(id).copied().unwrap_or(0x7_0007);
        let leg = if input.flag() { Leg::Outbound(mine) } else { Leg::Inbound(theirs) };
        let done = match choice {
            0 => self.open(input, now, &body),
            1 => {
                let kind = if self.side == Side::Peer && input.flag() {
                    Kind::Publish
                } else {
                    Kind::Notify
                };
                self.session.one_way(kind, 1, 1, |out| {
                    out.raw(&body);
                    Ok(())
                })
            }
            2 if input.flag() => {
                let items = input.below(20);
                let (sent, done) = self.session.items(leg, 0, items, |_, out| {
                    out.raw(&body);
                    Ok(())
                });
                assert!(sent <= items && (done.is_ok() || sent < items));
                done
            }
            2 => {
                let token = (self.side == Side::Hub && input.flag()).then_some(9);
                self.session.item(leg, 0, token, |out| {
                    out.raw(&body);
                    Ok(())
                })
            }
            // Before its first item a call may still wait to leave, and credit would overtake it.
            3 if leg == Leg::Outbound(mine) && !self.taken.contains(&mine) => Ok(()),
            3 => {
                self.session.credit(leg, input.byte().into(), input.byte().into());
                Ok(())
            }
            4 => self.session.finish(mine),
            5 => {
                if let Some(serial) = self.session.cancel(mine) {
                    self.told(serial);
                }
                Ok(())
            }
            6 => match self.session.reply(theirs, Status::Ok, |out| {
                out.raw(&body);
                Ok(())
            }) {
                Ok(_) => {
                    self.serving.retain(|each| *each != theirs);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            7 => {
                self.session.clear_deadline(leg);
                Ok(())
            }
            _ => {
                if self.session.inbound_mut(theirs).is_some() {
                    self.stop(theirs, Status::Internal);
                }
                Ok(())
            }
        };
        assert!(!matches!(done, Err(SendError::Codec(_))), "raw bytes break no contract");
    }

    fn open(&mut self, input: &mut Input<'_>, now: Time, body: &[u8]) -> Result<(), SendError> {
        let kinds: &[Kind] = match self.side {
            Side::Peer => &[Kind::Request, Kind::Subscribe, Kind::Publish],
            Side::Hub => &[Kind::Request],
        };
        let kind = input.pick(kinds);
        let ordinal = u32::from(input.byte() & 3);
        let (up, down) = flows(kind, ordinal);
        let deadline = input.flag().then(|| now.after_ms(u32::from(input.byte()) * 10));
        let opening = Opening { kind, binding: 1, ordinal, deadline, slack_ms: 0, up, down };
        let serial = self.ends.len() as u32;
        self.ends.insert(serial, 0);
        let opened = self.session.open(opening, now, serial, |out| {
            // A subscription has no body.
            out.raw(if kind == Kind::Subscribe { &[] } else { body });
            Ok(())
        });
        match opened {
            Ok(id) => {
                self.ids.push(id);
                Ok(())
            }
            Err(error) => {
                // It never was.
                self.ends.remove(&serial);
                Err(error)
            }
        }
    }

    fn transmit(&mut self, into: &mut Vec<u8>) {
        let start = into.len();
        while self.session.transmit(into) {}
        wire::check_sent(&into[start..], self.side == Side::Hub, u32::MAX);
        assert!(
            !self.session.has_output() || into.len() > start || self.session.outbox_bytes() > 0
        );
    }

    fn check(&mut self) {
        let (inbound, _) = self.session.calls_open();
        assert!(inbound <= usize::from(self.limits.calls), "{inbound} calls are open");
        assert_eq!(inbound, self.serving.len(), "whoever is at work is known");
        assert!(self.ends.values().all(|ends| *ends <= 1), "a call ends once: {:?}", self.ends);
    }

    /// The connection is over: everybody was told, and nothing is left.
    fn over(&mut self) {
        if self.ended.is_none() {
            self.end(Goodbye::new(Reason::Closed));
        }
        self.transmit(&mut Vec::new());
        assert!(self.ends.values().all(|ends| *ends == 1), "each call ends: {:?}", self.ends);
        assert_eq!(self.session.calls_open(), (0, 0));
        assert_eq!(self.session.next_timeout(), None);
        assert_eq!(self.session.outbox_bytes(), 0);
    }
}

/// One owner's session, on either side: between its operations come any frames and any bytes.
pub fn session(data: &[u8]) {
    let mut input = Input::new(data);
    let side = if input.flag() { Side::Hub } else { Side::Peer };
    let mut owner = Owner::new(side, &mut input);
    let mut now = Time::ZERO;
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        match input.below(8) {
            0 => {
                let count = input.byte();
                let bytes = input.bytes(count.into());
                owner.received.extend_from_slice(bytes);
                owner.take_in(now);
            }
            1..=3 => {
                for _ in 0..=input.below(3) {
                    wire::write(&mut input, Kind::ALL, &mut owner.received);
                }
                owner.take_in(now);
            }
            4 => {
                now = now.after_ms(u32::from(input.byte()) * 100);
                owner.time(now);
            }
            5 => owner.transmit(&mut Vec::new()),
            _ => owner.act(&mut input, now),
        }
        owner.check();
    }
    owner.over();
}

/// Two owners that keep the rules, over a connection that cuts anywhere: neither finds fault with the other, and when all
/// is answered no call is open on either side.
pub fn session_pair(data: &[u8]) {
    let mut input = Input::new(data);
    let mut sides = [Owner::new(Side::Peer, &mut input), Owner::new(Side::Hub, &mut input)];
    let mut ways = [Vec::new(), Vec::new()];
    let mut now = Time::ZERO;
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        let which = input.below(2);
        match input.below(6) {
            0 | 1 => {
                let far = 1 - which;
                sides[which].transmit(&mut ways[which]);
                let count = usize::from(input.byte()) * 20;
                let count = count.min(ways[which].len());
                sides[far].received.extend(ways[which].drain(..count));
                sides[far].take_in(now);
            }
            2 => {
                now = now.after_ms(u32::from(input.byte()) * 20);
                sides[which].time(now);
            }
            // Before its hello has come a hub speaks to nobody.
            _ if sides[which].side == Side::Hub && !sides[which].session.is_open() => {}
            _ => sides[which].act(&mut input, now),
        }
        sides.iter_mut().for_each(Owner::check);
        if anyone_is_slow(&sides) {
            break;
        }
    }
    if !anyone_is_slow(&sides) {
        settle(&mut sides, &mut ways, now);
    }
    let slow = anyone_is_slow(&sides);
    for side in &mut sides {
        assert!(slow || side.session.calls_open() == (0, 0), "all is answered");
        side.over();
    }
}

/// Whether a side was ended for what waited for it: who asks for more than it takes does not break the rules. Nobody else
/// was ended.
fn anyone_is_slow(sides: &[Owner; 2]) -> bool {
    let ends = sides.iter().filter_map(|side| side.ended.as_ref());
    ends.inspect(|goodbye| {
        assert_eq!(goodbye.reason, Reason::SlowConsumer, "nobody breaks the rules");
    })
    .count()
        > 0
}

/// Everything arrives, and every call is answered.
fn settle(sides: &mut [Owner; 2], ways: &mut [Vec<u8>; 2], now: Time) {
    for _ in 0..ROUNDS_MAX {
        let mut quiet = true;
        for which in 0..2 {
            sides[which].transmit(&mut ways[which]);
            let arrived = std::mem::take(&mut ways[which]);
            let far = &mut sides[1 - which];
            quiet &= arrived.is_empty();
            far.received.extend(arrived);
            far.take_in(now);
            while let Some(id) = far.serving.first().copied() {
                quiet = false;
                far.stop(id, Status::Internal);
            }
        }
        if quiet {
            return;
        }
    }
    panic!("two that only answer each other do not come to rest");
}
