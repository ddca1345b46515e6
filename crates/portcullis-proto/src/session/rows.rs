//! Items that share a frame, sent and taken in (`docs/protocol.md`, section 6).

use std::ops::Range;

use super::credit::spend;
use super::flow::SendFlow;
use super::{Leg, SendError, Session};
use crate::codec::{CodecError, Encoder};
use crate::frame::{FLAG_ROW, HEADER_BYTES, Head, Kind};
use crate::goodbye::Goodbye;
use crate::row::{self, Row};

/// A row that has so many bytes is not made longer: what it saves is saved by then, and others want to come between.
const ROW_BYTES_MAX: usize = 16 * 1024;

impl<I, O> Session<I, O> {
    /// Sends so many items, as far as credit goes, and as many in a frame as may share one. Returns how many were sent, and
    /// what is wrong with the one behind them, if anything is.
    pub fn items(
        &mut self,
        leg: Leg,
        mut missed: u32,
        count: usize,
        mut body: impl FnMut(usize, &mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> (usize, Result<(), SendError>) {
        let mut sent = 0;
        // Every turn sends an item, or is the last.
        while sent < count {
            match self.may_send(leg) {
                Some(true) => {}
                Some(false) => break,
                None => return (sent, Err(SendError::CallEnded)),
            }
            // One by itself is no row.
            let row =
                if count - sent > 1 { self.row(leg, missed, sent..count, &mut body) } else { 0 };
            if row == 0
                && let Err(error) = self.item_with_credit(leg, missed, None, |out| body(sent, out))
            {
                return (sent, Err(error));
            }
            sent += row.max(1);
            missed = 0;
        }
        (sent, Ok(()))
    }

    /// Sends the items of `places` in a row, as far as credit goes and one frame has room. Returns how many: an item is left
    /// to be sent by itself that has blobs, is too large, or breaks its contract.
    fn row(
        &mut self,
        leg: Leg,
        missed: u32,
        places: Range<usize>,
        body: &mut impl FnMut(usize, &mut Encoder<'_>) -> Result<(), CodecError>,
    ) -> usize {
        let Some(mut flow) = self.flows(leg).and_then(|flows| flows.send) else { return 0 };
        let (id, callee) = leg.id_and_flags();
        let head = Head { flags: callee | FLAG_ROW, ordinal: missed, id, ..Head::new(Kind::Item) };
        let frame_bytes_max = self.theirs.frame_bytes as usize;
        let (writing, out) = self.outbox.begin(head);
        let frame = out.len() - HEADER_BYTES;
        let mut sent = 0;
        self.blobs.clear();
        for place in places {
            if !SendFlow::may_send(flow) || out.len() - frame >= ROW_BYTES_MAX {
                break;
            }
            let start = row::begin(out);
            let written = body(place, &mut Encoder::with_blobs(out, &mut self.blobs));
            let fits =
                written.is_ok() && self.blobs.is_empty() && out.len() - frame <= frame_bytes_max;
            let Some(bytes) = fits.then(|| row::finish(out, start)).flatten() else {
                out.truncate(start);
                self.blobs.clear();
                break;
            };
            flow.spend(bytes);
            sent += 1;
        }
        if sent == 0 {
            self.outbox.abandon(writing);
        } else {
            let held = self.commit(writing, || None);
            if let Some(flows) = self.flows(leg) {
                flows.send = Some(flow);
            }
            if held.is_some() {
                self.note_followed(leg);
            }
        }
        sent
    }
}

impl<I: Default, O> Session<I, O> {
    /// Takes a row in, and spends the credit of its items. No leg when nobody wants them any more.
    pub(super) fn take_row<'a>(
        &mut self,
        head: Head,
        body: &'a [u8],
    ) -> Result<(Row<'a>, Option<Leg>), Goodbye> {
        let Some((leg, flows)) = self.flows_named(head)? else {
            return Ok((Row::parse(body)?, None));
        };
        Ok((Row::parse_each(body, |bytes| spend(flows, bytes))?, Some(leg)))
    }
}
