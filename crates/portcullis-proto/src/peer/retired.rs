//! What is left to do once a peer's lock is gone.

use super::core::Export;
use crate::rpc::Wakes;

/// What a turn leaves for whoever has held the lock. It is dropped without it: any code may run then, which may come back
/// to this peer.
#[derive(Debug, Default)]
pub(super) struct Retired {
    /// Those to wake.
    pub(super) wakes: Wakes,
    /// Services that are served no longer.
    pub(super) exports: Vec<Export>,
}

impl Retired {
    /// Takes what there is; `None` in most turns.
    pub(super) fn take(&mut self) -> Option<Self> {
        let nothing = self.wakes.is_empty() && self.exports.is_empty();
        (!nothing).then(|| std::mem::take(self))
    }
}
