//! Calls that are given up, and what their good outcomes have brought about and nobody wants any more: it is given back.

use super::cell::{CellKey, Ending, Pending, Undo};
use super::control::{Bound, Served, hub_ordinal};
use super::core::Core;
use crate::codec::{Message, from_bytes};
use crate::frame::Kind;
use crate::session::Opening;
use crate::status::Status;
use crate::time::Time;

impl Core {
    /// The future of a call is dropped: the call is given up, and a good outcome undone. What belonged to it comes back,
    /// to be dropped without the lock.
    pub(super) fn give_up(&mut self, key: CellKey, now: Time) -> Option<Pending> {
        let cell = self.cells.get(key)?;
        let (id, ending, undo) = (cell.id, cell.ending, cell.undo);
        let body = std::mem::take(&mut cell.body);
        let mut waker = self.cells.release(key);
        self.retired.wakes.forget(&mut waker);
        match ending {
            Ending::Open => {
                let mut pending = self.session.cancel(id)?;
                if let Some(local) = &mut pending.local {
                    // Whoever sends items hears that nobody takes them any more.
                    local.wake_writer(&mut self.retired.wakes);
                }
                self.undo_late(id, undo);
                Some(pending)
            }
            Ending::Answered(Status::Ok) => {
                self.undo(undo, &body, now);
                None
            }
            Ending::Answered(_)
            | Ending::Refused(_)
            | Ending::Expired { .. }
            | Ending::Lost { .. } => None,
        }
    }

    /// A call was given up whose good outcome, should it come, is to be undone.
    pub(super) fn undo_late(&mut self, id: u32, undo: Undo) {
        if undo != Undo::Nothing {
            self.session.expect_late(id, Pending { undo, ..Pending::default() });
        }
    }

    /// Gives back what nobody wants any more.
    pub(super) fn undo(&mut self, undo: Undo, body: &[u8], now: Time) {
        match undo {
            Undo::Nothing => {}
            Undo::Bound => {
                if let Ok(bound) = from_bytes::<Bound>(body) {
                    self.give_back(hub_ordinal::RELEASE, bound.binding, now);
                }
            }
            Undo::Served => {
                if let Ok(Served { export }) = from_bytes(body) {
                    let gone = self.exports.extract_if(.., |each| each.number == export);
                    self.retired.exports.extend(gone);
                    self.give_back(hub_ordinal::WITHDRAW, export, now);
                }
            }
        }
    }

    /// Gives a binding or an export back; when there is no room for a call, as soon as there is.
    pub(super) fn give_back(&mut self, ordinal: u32, number: u32, now: Time) {
        if self.ended.is_none() {
            self.giving_back.push((ordinal, number));
            self.give_all_back(now);
        }
    }

    pub(super) fn give_all_back(&mut self, now: Time) {
        // Every turn makes a call, or ends the loop.
        while let Some((ordinal, number)) = self.giving_back.first().copied() {
            let opening = Opening {
                kind: Kind::Request,
                binding: 0,
                ordinal,
                // The hub answers at once, and what is to be undone must not be given up.
                deadline: None,
                slack_ms: 0,
                up: false,
                down: false,
            };
            let released = (ordinal == hub_ordinal::RELEASE).then_some(number);
            let pending = Pending { released, ..Pending::default() };
            if self.session.open(opening, now, pending, |out| number.encode(out)).is_err() {
                return;
            }
            self.giving_back.remove(0);
        }
    }
}
