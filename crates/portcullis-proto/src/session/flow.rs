//! Credit of a stream's two flows (`docs/protocol.md`, section 6). It counts; who waits for credit is not known here.

/// Items that this side may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SendFlow {
    items: u32,
    /// Below zero after an item that overdrew it.
    bytes: i64,
}

impl SendFlow {
    pub(super) fn new(items: u32, bytes: u32) -> Self {
        Self { items, bytes: i64::from(bytes) }
    }

    pub(super) fn may_send(self) -> bool {
        self.items > 0 && self.bytes > 0
    }

    pub(super) fn spend(&mut self, bytes: usize) {
        self.items = self.items.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(super) fn add(&mut self, items: u32, bytes: u32) {
        self.items = self.items.saturating_add(items);
        self.bytes = self.bytes.saturating_add(i64::from(bytes));
    }
}

/// Items that the other side may send; the same sums, seen from the receiver.
pub(super) type RecvFlow = SendFlow;

/// The flows of one call, as this side sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flows {
    /// Open while this side may send.
    pub(super) send: Option<SendFlow>,
    /// Open while the other side may send.
    pub(super) recv: Option<RecvFlow>,
}
