//! Who waits for what, and what has become of it: operations with their ends, what handlers were given, and everything that was
//! found to be wrong. What topics owe their subscribers is kept in `topics.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use portcullis_proto::status::Status;
use portcullis_proto::time::Time;

use crate::bench::World;
use crate::figures::Figures;
use crate::topics::Topics;

/// What all programs and handlers of a run write into.
pub(crate) struct Ledger {
    world: Arc<World>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: BTreeMap<u64, Operation>,
    next: u64,
    /// How often a handler was given each number that was called with.
    handled: BTreeMap<u64, u32>,
    /// The last number of each row that a handler was given.
    rows: BTreeMap<u32, u32>,
    rows_made: u32,
    topics: Topics,
    figures: Figures,
    broken: Vec<String>,
}

struct Operation {
    what: &'static str,
    who: String,
    due: Option<Time>,
}

/// An operation that has not ended. Dropped without an end, it was given up.
pub(crate) struct Ticket {
    ledger: Arc<Ledger>,
    number: u64,
}

impl Ledger {
    pub(crate) fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self { world, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }

    /// An operation begins, which must have an end within `limit_ms`.
    pub(crate) fn begin(
        self: &Arc<Self>,
        what: &'static str,
        who: &str,
        limit_ms: Option<u32>,
    ) -> Ticket {
        let due = limit_ms.map(|ms| self.world.now().after_ms(ms));
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        state.open.insert(number, Operation { what, who: who.to_owned(), due });
        drop(state);
        Ticket { ledger: Arc::clone(self), number }
    }

    /// Something does not hold.
    pub(crate) fn broken(&self, what: String) {
        self.state().broken.push(what);
    }

    /// What was found so far, and every operation that should have ended.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let now = self.world.now();
        let mut state = self.state();
        let mut broken = std::mem::take(&mut state.broken);
        for Operation { what, who, due } in state.open.values() {
            if let Some(late) = due.filter(|due| *due < now) {
                broken.push(format!("{what} of {who} has no outcome since {late:?}"));
            }
        }
        broken
    }

    /// Operations that have not ended.
    pub(crate) fn open(&self) -> usize {
        self.state().open.len()
    }

    /// A row of numbers that must reach their handler in order.
    pub(crate) fn row(&self) -> u32 {
        let mut state = self.state();
        state.rows_made += 1;
        state.rows_made
    }

    /// A handler was given the number of a call.
    pub(crate) fn handled(&self, number: u64) {
        let mut state = self.state();
        let count = state.handled.entry(number).or_default();
        *count += 1;
        if *count > 1 {
            let text = format!("the handler of {number:#x} ran {count} times");
            state.broken.push(text);
        }
        drop(state);
        self.in_row((number >> 32) as u32, number as u32);
    }

    /// A handler was given a number of a row.
    pub(crate) fn in_row(&self, row: u32, number: u32) {
        let mut state = self.state();
        let before = state.rows.insert(row, number);
        if let Some(before) = before.filter(|before| *before >= number) {
            state.broken.push(format!("row {row}: {number} came behind {before}"));
        }
    }

    /// A call has an outcome that only its handler can have given.
    pub(crate) fn must_be_handled(&self, number: u64) {
        let mut state = self.state();
        if state.handled.get(&number) != Some(&1) {
            state.broken.push(format!("{number:#x} was answered without its handler"));
        }
    }

    /// Items were read.
    pub(crate) fn read(&self, count: u64) {
        self.state().figures.items += count;
    }

    /// Works on what topics owe.
    pub(crate) fn topics<R>(&self, work: impl FnOnce(&mut Topics) -> R) -> R {
        let mut state = self.state();
        let result = work(&mut state.topics);
        let mut found = state.topics.take_broken();
        state.broken.append(&mut found);
        result
    }

    /// Works on the figures.
    pub(crate) fn figures<R>(&self, work: impl FnOnce(&mut Figures) -> R) -> R {
        work(&mut self.state().figures)
    }
}

impl Ticket {
    /// The one outcome.
    pub(crate) fn end(self, how: Status) {
        self.ledger.close(self.number, Some(how));
    }

    /// Time is no longer bounded: a stream has begun.
    pub(crate) fn unbounded(&self) {
        if let Some(open) = self.ledger.state().open.get_mut(&self.number) {
            open.due = None;
        }
    }
}

impl Ledger {
    fn close(&self, number: u64, how: Option<Status>) {
        let mut state = self.state();
        if let Some(ended) = state.open.remove(&number) {
            state.figures.ended(ended.what, how);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.ledger.close(self.number, None);
    }
}
