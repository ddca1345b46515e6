//! A tap of a hub: the messages that pass, copied for whoever main lets look on. What waits for one that is slow is bounded,
//! and the oldest goes; the hub waits for nobody. Serving it to others is left to `portcullis-tap`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use portcullis_hub::{TapError, TapFilter, TapId, TapRecord, Tapped};
use portcullis_proto::schema::Schema;
use tokio::sync::Notify;

use super::shared::{Hub, Shared};

/// Messages that wait for a slow tap before the oldest are dropped.
pub const TAP_WAITING_MAX: usize = 4096;
/// Memory of the messages that wait for a slow tap before the oldest are dropped, in bytes.
pub const TAP_WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A message that has passed, and when.
#[derive(Clone, Debug)]
pub struct TapMessage {
    /// When, by the system's clock.
    pub at: SystemTime,
    /// The message.
    pub record: Arc<TapRecord>,
}

/// The messages of a hub from now on, until this is dropped.
///
/// Bodies may hold what the contract marks as secret: [`TapRecord::show`] leaves it out.
#[must_use = "nothing is tapped any more when this is dropped"]
pub struct Tap {
    hub: Arc<Shared>,
    id: TapId,
    queue: Arc<Queue>,
    missed: u64,
}

impl Hub {
    /// Taps the hub: copies what fits `filter`. A message costs more from now on, and nothing any more when the last tap is
    /// gone.
    ///
    /// # Errors
    ///
    /// See [`TapError`].
    pub fn tap(&self, filter: &TapFilter) -> Result<Tap, TapError> {
        let mut state = self.0.lock();
        let id = state.core.tap(filter)?;
        let queue = Arc::new(Queue::default());
        state.taps.0.insert(id, Arc::clone(&queue));
        drop(state);
        Ok(Tap { hub: Arc::clone(&self.0), id, queue, missed: 0 })
    }

    /// Whether it has a role of that name.
    pub fn has_role(&self, role: &str) -> bool {
        self.0.lock().core.roles().any(|each| each == role)
    }

    /// Its contract.
    pub fn schema(&self) -> Arc<Schema> {
        Arc::clone(self.0.lock().core.schema())
    }
}

impl Tap {
    /// Waits for messages, and takes up to `most` of them, the oldest first.
    pub async fn next(&mut self, most: usize) -> Vec<TapMessage> {
        // Every turn waits for a message.
        loop {
            {
                let mut waiting = self.queue.lock();
                self.missed += std::mem::take(&mut waiting.missed);
                if !waiting.messages.is_empty() {
                    return waiting.take(most.max(1));
                }
            }
            self.queue.came.notified().await;
        }
    }

    /// Messages that were dropped before those that [`Self::next`] has returned, because this tap was too slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.core.untap(self.id);
        let queue = state.taps.0.remove(&self.id);
        drop(state);
        drop(queue);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("id", &self.id).field("missed", &self.missed).finish()
    }
}

/// The taps of a hub; as many as its core has.
#[derive(Default)]
pub(super) struct Taps(BTreeMap<TapId, Arc<Queue>>);

impl Taps {
    /// Puts what has passed in a turn before those that want it. Under the hub's lock, so that it stands in order.
    #[cold]
    pub(super) fn pass(&self, tapped: &mut Vec<Tapped>) {
        let at = now();
        for Tapped { taps, record } in tapped.drain(..) {
            let message = TapMessage { at, record: Arc::new(record) };
            for queue in taps.iter().filter_map(|id| self.0.get(id)) {
                queue.lock().add(message.clone());
                queue.came.notify_one();
            }
        }
    }
}

/// What waits for one tap.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<TapMessage>,
    bytes: usize,
    missed: u64,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that can panic half-way leaves it torn.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, message: TapMessage) {
        self.bytes += message.record.weight();
        self.messages.push_back(message);
        // Every turn drops a message. One alone is never too much: what a record keeps of a body is bounded.
        while self.messages.len() > TAP_WAITING_MAX
            || (self.bytes > TAP_WAITING_BYTES_MAX && self.messages.len() > 1)
        {
            let Some(gone) = self.messages.pop_front() else { return };
            self.bytes -= gone.record.weight();
            self.missed += 1;
        }
    }

    fn take(&mut self, most: usize) -> Vec<TapMessage> {
        let count = most.min(self.messages.len());
        let taken: Vec<_> = self.messages.drain(..count).collect();
        self.bytes -= taken.iter().map(|message| message.record.weight()).sum::<usize>();
        taken
    }
}

#[expect(clippy::disallowed_methods, reason = "people see when messages passed")]
fn now() -> SystemTime {
    SystemTime::now()
}
