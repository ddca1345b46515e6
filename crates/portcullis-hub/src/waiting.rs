//! What waits of a relayed call: items for which the receiver has given no credit yet, and the outcome behind them. Few calls
//! have any, so that no memory is taken before there is something.

use std::collections::VecDeque;

use portcullis_proto::codec::Body;
use portcullis_proto::status::Status;

/// Items with what was missed before each, bounded by the hub's own grant, and an outcome.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Option<Box<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    items: VecDeque<(u32, Body)>,
    end: Option<(Status, Body)>,
}

impl Waiting {
    /// Whether no item waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|kept| kept.items.is_empty())
    }

    /// Whether nothing has ever waited.
    #[inline]
    pub(crate) fn is_unused(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn push(&mut self, missed: u32, item: Body) {
        self.0.get_or_insert_default().items.push_back((missed, item));
    }

    pub(crate) fn pop(&mut self) -> Option<(u32, Body)> {
        self.0.as_mut()?.items.pop_front()
    }

    /// The outcome comes behind the items.
    pub(crate) fn set_end(&mut self, status: Status, body: Body) {
        self.0.get_or_insert_default().end = Some((status, body));
    }

    /// The outcome, once no item waits before it.
    pub(crate) fn take_end(&mut self) -> Option<(Status, Body)> {
        self.0.as_mut().filter(|kept| kept.items.is_empty())?.end.take()
    }

    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |kept| kept.bytes())
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        let end = self.end.iter().map(|(_, body)| body.size());
        self.items.iter().map(|(_, item)| item.size()).chain(end).sum()
    }
}
