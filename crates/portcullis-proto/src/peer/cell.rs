//! Where the outcome of a call waits for its future: slots that are used again, with their buffers, so that a steady
//! stream of calls allocates nothing for them.

use std::task::Waker;

use super::core::Export;
use crate::codec::Blobs;
use crate::rpc::{LocalCall, Locals, Wakes};
use crate::status::Status;

/// Names a cell; the generation tells it apart from the one that had its slot before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellKey {
    slot: u32,
    generation: u32,
}

/// How a call of this side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It has not.
    Open,
    /// With an `end`: its body stands in the cell.
    Answered(Status),
    /// This side found that the hub does not take it; a body as of an `end` stands in the cell.
    Refused(Status),
    /// Its deadline passed.
    Expired {
        /// Whether the hub may have seen the request.
        sent: bool,
    },
    /// The connection ended.
    Lost {
        /// Whether the hub may have seen the request.
        sent: bool,
    },
}

/// What a call of this side leaves for its future.
#[derive(Debug)]
pub(super) struct Cell {
    /// The call's id on the wire.
    pub(super) id: u32,
    pub(super) ending: Ending,
    pub(super) body: Vec<u8>,
    pub(super) blobs: Blobs,
    pub(super) waker: Option<Waker>,
    /// What is to be done when nobody takes a good outcome.
    pub(super) undo: Undo,
    /// Items of a stream or topic that were not taken, once the call has ended.
    pub(super) left_over: Option<Box<LocalCall>>,
    generation: u32,
    free: bool,
}

/// All calls of this side whose futures are alive.
#[derive(Debug, Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    free: Vec<u32>,
}

impl Cells {
    pub(super) fn claim(&mut self) -> CellKey {
        if let Some(slot) = self.free.pop()
            && let Some(cell) = self.cells.get_mut(slot as usize)
        {
            cell.free = false;
            cell.ending = Ending::Open;
            cell.id = 0;
            cell.undo = Undo::Nothing;
            return CellKey { slot, generation: cell.generation };
        }
        let slot = self.cells.len() as u32;
        self.cells.push(Cell {
            id: 0,
            ending: Ending::Open,
            body: Vec::new(),
            blobs: Blobs::new(),
            waker: None,
            undo: Undo::Nothing,
            left_over: None,
            generation: 0,
            free: false,
        });
        CellKey { slot, generation: 0 }
    }

    pub(super) fn get(&mut self, key: CellKey) -> Option<&mut Cell> {
        let cell = self.cells.get_mut(key.slot as usize)?;
        (!cell.free && cell.generation == key.generation).then_some(cell)
    }

    /// Frees a cell. Whom it would have woken comes back, to be dropped without the lock.
    #[inline]
    #[must_use]
    pub(super) fn release(&mut self, key: CellKey) -> Option<Waker> {
        let cell = self.get(key)?;
        cell.free = true;
        cell.generation = cell.generation.wrapping_add(1);
        let waker = cell.waker.take();
        cell.body.clear();
        cell.blobs.clear();
        // A large reply must not stay in memory for ever.
        cell.body.shrink_to(BODY_BYTES_KEPT);
        cell.left_over = None;
        self.free.push(key.slot);
        waker
    }

    /// How many futures are alive.
    #[cfg(all(test, loom))]
    pub(super) fn held(&self) -> usize {
        self.cells.len() - self.free.len()
    }

    /// Settles a call, and wakes its future.
    #[inline]
    pub(super) fn settle(
        &mut self,
        pending: Pending,
        ending: Ending,
        body: &[u8],
        blobs: Blobs,
        wakes: &mut Wakes,
    ) {
        let Some(key) = pending.cell else { return };
        let Some(cell) = self.get(key) else { return };
        cell.ending = ending;
        cell.body.clear();
        cell.body.extend_from_slice(body);
        cell.blobs = blobs;
        if let Some(mut local) = pending.local {
            local.end_of_items(wakes);
            local.wake_writer(wakes);
            cell.left_over = Some(local);
        }
        wakes.wake(&mut cell.waker);
    }
}

/// A cell keeps a buffer of up to this size for its next call, in bytes.
const BODY_BYTES_KEPT: usize = 4 * 1024;

/// What the session keeps for a call of this side.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// `None` when nobody waits for the outcome (`release`, say).
    pub(super) cell: Option<CellKey>,
    /// The items of a stream or topic; a plain call has none.
    pub(super) local: Option<Box<LocalCall>>,
    /// What the hub is asked to take as served: requests for it may stand right behind the answer.
    pub(super) export: Option<Box<Export>>,
    /// Set when the call was given up, and its outcome is wanted to be undone.
    pub(super) undo: Undo,
    /// The binding that the call gives back.
    pub(super) released: Option<u32>,
}

/// What a good outcome of a call has brought about, and what is to be given back when nobody wants it any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Undo {
    /// Nothing.
    #[default]
    Nothing,
    /// A binding.
    Bound,
    /// An export.
    Served,
}

impl Locals for Pending {
    fn local(&mut self) -> Option<&mut LocalCall> {
        self.local.as_deref_mut()
    }
}

impl Locals for LocalCall {
    fn local(&mut self) -> Option<&mut LocalCall> {
        Some(self)
    }
}
