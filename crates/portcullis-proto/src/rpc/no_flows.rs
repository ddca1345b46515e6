//! A host for calls that have no flows.

use std::task::{Context, Poll};

use super::items::Taken;
use super::local::{Host, WriteBody};
use crate::session::{Leg, SendError};
use crate::time::Time;

/// What the calls of an [`Origin`](super::Origin) have where nobody carries flows, and time stands still: for who starts handlers
/// without a connection. No item can be sent, and none comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFlows;

impl Host for NoFlows {
    fn now(&self) -> Time {
        Time::ZERO
    }

    fn poll_send(
        &self,
        _: Leg,
        _: Option<u32>,
        _: &mut Context<'_>,
        _: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>> {
        Poll::Ready(Err(SendError::CallEnded))
    }

    fn poll_take(&self, _: Leg, _: &mut Context<'_>) -> Poll<Option<Taken>> {
        Poll::Ready(None)
    }

    fn finish(&self, _: Leg) {}
}
