//! What waits of a relayed call: items for which the receiver has given no credit yet, and the outcome behind them. Few calls
//! have any, so that no memory is taken before there is something.

use std::collections::VecDeque;

use portcullis_proto::codec::Body;
use portcullis_proto::status::Status;

/// More items are not looked at at once, however little of them may leave.
const RUN_MAX: usize = 128;

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

    /// The first items that may share a frame, as nothing was missed between them: how many, and what was missed before.
    pub(crate) fn run(&self) -> Option<(u32, usize)> {
        let items = &self.0.as_ref()?.items;
        let (missed, _) = items.front()?;
        let more =
            items.iter().take(RUN_MAX).skip(1).take_while(|(missed, _)| *missed == 0).count();
        Some((*missed, more + 1))
    }

    pub(crate) fn item(&self, place: usize) -> Option<&Body> {
        self.0.as_ref()?.items.get(place).map(|(_, item)| item)
    }

    /// Drops the first items, which were sent. Returns how many bytes they had.
    pub(crate) fn drop_first(&mut self, count: usize) -> usize {
        let Some(kept) = &mut self.0 else { return 0 };
        let sent = kept.items.drain(..count.min(kept.items.len()));
        sent.map(|(_, item)| item.size()).sum()
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
