//! Items of streams on their way through the hub: to a handler of main's, or on to the peer at the other end, as far as that
//! one has given credit.

use portcullis_proto::codec::Parts;
use portcullis_proto::goodbye::Goodbye;
use portcullis_proto::session::{Leg, Session};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::batch::Batch;
use crate::checks::{channel_item, check_item};
use crate::peer::PeerId;
use crate::relay::{QUEUE_FULL, TOO_LARGE, u32_of};
use crate::waiting::Waiting;
use crate::work::{Inbound, RelayOut, Work};
use crate::{Hub, Turn};

impl Hub {
    /// Items that have come on one leg of a stream.
    pub(crate) fn items(
        &mut self,
        from: PeerId,
        leg: Leg,
        missed: u32,
        batch: Batch<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        match leg {
            Leg::Inbound(id) => self.items_up(from, id, missed, batch, now, turn),
            Leg::Outbound(id) => self.items_down(from, id, missed, batch, now, turn),
        }
    }

    /// Items from a caller.
    fn items_up(
        &mut self,
        caller: PeerId,
        id: u32,
        missed: u32,
        batch: Batch<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get_mut(caller.0) else { return Ok(()) };
        let Some(inbound) = state.session.inbound_mut(id) else { return Ok(()) };
        let up =
            inbound.meta.and_then(|meta| Some((meta, channel_item(&self.catalog, &meta, true)?)));
        let Some((meta, up)) = up else { return Ok(()) };
        for item in batch.items() {
            check_item(&self.catalog, &meta, up, item)?;
        }
        let callee = match &inbound.work {
            Work::Local(_) => None,
            Work::Relay(relay) => match relay.callee_id {
                Some(callee_id) => Some((relay.callee, callee_id)),
                // The callee has ended the call: nobody takes items any more.
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if let Err(over) = self.may_queue(caller, batch.size()) {
            self.refused(caller, over.what, turn);
            self.cancelled(caller, id, Status::ResourceExhausted, QUEUE_FULL, now, turn);
            return Ok(());
        }
        batch.items().for_each(|item| self.tap_item(caller, &meta, true, item, turn));
        let Some((callee, callee_id)) = callee else {
            if let Some(state) = self.peers.get_mut(caller.0)
                && let Some(inbound) = state.session.inbound_mut(id)
                && let Work::Local(local) = &mut inbound.work
            {
                let wakes = &mut turn.retired.wakes;
                match batch {
                    Batch::One(item) => local.push(missed, item.bytes, item.to_blobs(), wakes),
                    Batch::Row(row) => local.push_row(missed, row, wakes),
                }
            }
            return Ok(());
        };
        if let Some(other) = self.peers.get_mut(callee.0)
            && let Some(out) = other.session.outbound_mut(callee_id)
        {
            for (missed, item) in batch.with_missed(missed) {
                out.waiting.push(missed, item.to_body());
            }
        } else {
            self.unqueued(caller, batch.size());
        }
        self.flush_up(callee, callee_id, now, turn);
        Ok(())
    }

    /// Sends on what a caller has sent, as far as the callee has given credit; the caller gets as much back.
    pub(crate) fn flush_up(&mut self, callee: PeerId, callee_id: u32, now: Time, turn: &mut Turn) {
        let leg = Leg::Outbound(callee_id);
        let Some(state) = self.peers.get_mut(callee.0) else { return };
        let Some(out) = state.session.outbound_mut(callee_id) else { return };
        let mut waiting = std::mem::take(&mut out.waiting);
        let Flushed { items, bytes, failed } = flush(&mut state.session, leg, &mut waiting);
        let Some(out) = state.session.outbound_mut(callee_id) else { return };
        out.waiting = waiting;
        let (caller, caller_id) = (out.caller, out.caller_id);
        if out.finished && out.waiting.is_empty() {
            out.finished = false;
            let _ = state.session.finish(callee_id);
        }
        self.touch(callee, turn);
        self.unqueued(caller, bytes);
        let Some(caller_id) = caller_id else { return };
        if failed {
            self.cancelled(caller, caller_id, Status::ResourceExhausted, TOO_LARGE, now, turn);
        } else if items > 0
            && let Some(state) = self.peers.get_mut(caller.0)
        {
            state.session.credit(Leg::Inbound(caller_id), items, u32_of(bytes));
            self.touch(caller, turn);
        }
    }

    /// The caller has sent its last item.
    pub(crate) fn finish_up(&mut self, caller: PeerId, id: u32, now: Time, turn: &mut Turn) {
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        match state.session.inbound_mut(id).map(|inbound| &mut inbound.work) {
            Some(Work::Local(local)) => local.end_of_items(&mut turn.retired.wakes),
            Some(Work::Relay(relay)) => {
                let Some(callee_id) = relay.callee_id else { return };
                let callee = relay.callee;
                let Some(other) = self.peers.get_mut(callee.0) else { return };
                if let Some(out) = other.session.outbound_mut(callee_id) {
                    out.finished = true;
                }
                self.flush_up(callee, callee_id, now, turn);
            }
            _ => {}
        }
    }

    /// Items from a callee.
    fn items_down(
        &mut self,
        callee: PeerId,
        callee_id: u32,
        missed: u32,
        batch: Batch<'_>,
        now: Time,
        turn: &mut Turn,
    ) -> Result<(), Goodbye> {
        let Some(state) = self.peers.get_mut(callee.0) else { return Ok(()) };
        let Some(out) = state.session.outbound_mut(callee_id) else { return Ok(()) };
        let (caller, Some(caller_id)) = (out.caller, out.caller_id) else { return Ok(()) };
        // From here on the stream has no deadline: it has begun.
        state.session.clear_deadline(Leg::Outbound(callee_id));
        let leg = Leg::Inbound(caller_id);
        let Some(other) = self.peers.get_mut(caller.0) else { return Ok(()) };
        other.session.clear_deadline(leg);
        let Some(inbound) = other.session.inbound_mut(caller_id) else { return Ok(()) };
        let Some(meta) = inbound.meta else { return Ok(()) };
        if let Some(down) = channel_item(&self.catalog, &meta, false) {
            for item in batch.items() {
                check_item(&self.catalog, &meta, down, item)?;
            }
        }
        let Work::Relay(relay) = &inbound.work else { return Ok(()) };
        let (sent, wrong) = if relay.waiting.is_empty() {
            other.session.items(leg, missed, batch.count(), batch.writer())
        } else {
            (0, Ok(()))
        };
        let bytes = batch.items().take(sent).map(|item| item.size()).sum();
        // Those that wait are on their way, too; those behind one that cannot be sent are not.
        let passed = if wrong.is_ok() { batch.count() } else { sent };
        for item in batch.items().take(passed) {
            self.tap_item(caller, &meta, false, item, turn);
        }
        if sent > 0 {
            self.touch(caller, turn);
            if let Some(state) = self.peers.get_mut(callee.0) {
                state.session.credit(Leg::Outbound(callee_id), u32_of(sent), u32_of(bytes));
                self.touch(callee, turn);
            }
        }
        if wrong.is_err() {
            self.cancelled(caller, caller_id, Status::ResourceExhausted, TOO_LARGE, now, turn);
        } else if sent < batch.count() {
            let rest = batch.with_missed(missed).skip(sent);
            self.queue_down((callee, batch.size() - bytes), caller, caller_id, rest, now, turn);
        }
        Ok(())
    }

    /// Keeps items of so many bytes, for which the caller has given no credit yet.
    fn queue_down<'a>(
        &mut self,
        (callee, bytes): (PeerId, usize),
        caller: PeerId,
        caller_id: u32,
        items: impl Iterator<Item = (u32, Parts<'a>)>,
        now: Time,
        turn: &mut Turn,
    ) {
        if let Err(over) = self.may_queue(callee, bytes) {
            self.refused(callee, over.what, turn);
            self.cancelled(caller, caller_id, Status::ResourceExhausted, QUEUE_FULL, now, turn);
            return;
        }
        if let Some(state) = self.peers.get_mut(caller.0)
            && let Some(inbound) = state.session.inbound_mut(caller_id)
            && let Work::Relay(relay) = &mut inbound.work
        {
            for (missed, item) in items {
                relay.waiting.push(missed, item.to_body());
            }
        } else {
            self.unqueued(callee, bytes);
        }
    }

    /// Sends on what a callee has sent, as far as the caller has given credit; the callee gets as much back.
    pub(crate) fn flush_down(&mut self, caller: PeerId, id: u32, now: Time, turn: &mut Turn) {
        let leg = Leg::Inbound(id);
        let Some(state) = self.peers.get_mut(caller.0) else { return };
        let Some(Work::Relay(relay)) = state.session.inbound_mut(id).map(|call| &mut call.work)
        else {
            return;
        };
        let mut waiting = std::mem::take(&mut relay.waiting);
        let Flushed { items, bytes, failed } = flush(&mut state.session, leg, &mut waiting);
        let Some(Work::Relay(relay)) = state.session.inbound_mut(id).map(|call| &mut call.work)
        else {
            return;
        };
        relay.waiting = waiting;
        let (callee, callee_id) = (relay.callee, relay.callee_id);
        let end = relay.waiting.take_end();
        self.touch(caller, turn);
        let end_bytes = end.as_ref().map_or(0, |(_, body)| body.size());
        self.unqueued(callee, bytes.saturating_add(end_bytes));
        if failed {
            self.cancelled(caller, id, Status::ResourceExhausted, TOO_LARGE, now, turn);
        } else if let Some((status, body)) = end {
            self.pass_on_end(caller, id, status, body.parts(), now, turn);
        } else if items > 0
            && let Some(callee_id) = callee_id
            && let Some(state) = self.peers.get_mut(callee.0)
        {
            state.session.credit(Leg::Outbound(callee_id), items, u32_of(bytes));
            self.touch(callee, turn);
        }
    }
}

/// What has left of items that waited.
#[derive(Default)]
struct Flushed {
    items: u32,
    bytes: usize,
    /// The next one cannot be sent, ever.
    failed: bool,
}

/// Sends what waits, as far as there is credit for it.
fn flush(session: &mut Session<Inbound, RelayOut>, leg: Leg, waiting: &mut Waiting) -> Flushed {
    let mut flushed = Flushed::default();
    // Every turn sends an item, or is the last.
    while let Some((missed, count)) = waiting.run() {
        let (sent, wrong) = session.items(leg, missed, count, |place, out| {
            waiting.item(place).map_or(Ok(()), |item| out.body(item.parts()))
        });
        flushed.items = flushed.items.saturating_add(u32_of(sent));
        flushed.bytes += waiting.drop_first(sent);
        flushed.failed = wrong.is_err();
        if sent < count {
            break;
        }
    }
    flushed
}
