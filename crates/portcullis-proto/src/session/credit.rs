//! What comes of a stream, charged to the flows of its call: items, credit for more, and that no more will come
//! (`docs/protocol.md`, section 6).

use super::calls::Found;
use super::flow::Flows;
use super::receive::unknown_id;
use super::{Event, Leg, Session};
use crate::frame::{FLAG_CALLEE, Head};
use crate::goodbye::{Goodbye, Reason};

impl<I: Default, O> Session<I, O> {
    /// The call of an item, whose credit is spent; none when nobody wants it any more.
    pub(super) fn spend_item(
        &mut self,
        head: Head,
        body_bytes: usize,
    ) -> Result<Option<Leg>, Goodbye> {
        let Some((leg, flows)) = self.flows_named(head)? else { return Ok(None) };
        spend(flows, body_bytes)?;
        Ok(Some(leg))
    }

    /// The flows of the call that a frame with [`FLAG_CALLEE`] or without it names; none when it is over for this side.
    #[inline]
    pub(super) fn flows_named(&mut self, head: Head) -> Result<Option<(Leg, &mut Flows)>, Goodbye> {
        let id = head.id;
        if head.flags & FLAG_CALLEE != 0 {
            return match self.outbound.find(id) {
                Found::Open(call) if call.data.is_none() => Ok(None),
                Found::Open(call) => Ok(Some((Leg::Outbound(id), &mut call.flows))),
                _ => Err(unknown_id(id)),
            };
        }
        match self.inbound.find(id) {
            Found::Open(call) => Ok(Some((Leg::Inbound(id), &mut call.flows))),
            Found::Ended | Found::Beyond => Ok(None),
            Found::Unknown => Err(unknown_id(id)),
        }
    }

    pub(super) fn take_credit<'a>(&mut self, head: Head) -> Result<Option<Event<'a, O>>, Goodbye> {
        let Head { ordinal: items, budget: bytes, .. } = head;
        let Some((leg, flows)) = self.flows_named(head)? else { return Ok(None) };
        let Some(flow) = &mut flows.send else { return Ok(None) };
        flow.add(items, bytes);
        Ok(Some(Event::Credit { leg, items, bytes }))
    }

    pub(super) fn take_finish<'a>(&mut self, id: u32) -> Result<Option<Event<'a, O>>, Goodbye> {
        match self.inbound.find(id) {
            Found::Open(call) => match call.flows.recv.take() {
                Some(_) => Ok(Some(Event::Finish { id })),
                None => {
                    let text = "`finish` on a flow that is not open";
                    Err(Goodbye::because(Reason::CreditExceeded, text))
                }
            },
            Found::Ended | Found::Beyond => Ok(None),
            Found::Unknown => Err(unknown_id(id)),
        }
    }
}

/// Charges an item to the credit that this side has given.
#[inline]
pub(super) fn spend(flows: &mut Flows, bytes: usize) -> Result<(), Goodbye> {
    let text = match &mut flows.recv {
        Some(flow) if flow.may_send() => {
            flow.spend(bytes);
            return Ok(());
        }
        Some(_) => "an item without credit",
        None => "an item on a flow that is not open",
    };
    Err(Goodbye::because(Reason::CreditExceeded, text))
}
