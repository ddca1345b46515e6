//! What an embedded connection hands to the hub's runtime: calls whose handlers must not run on the embedder's thread,
//! started there in their order. One task while there are any, and none otherwise.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::rpc::{Complete, Job, Replies};
use portcullis_proto::session::Limits;

use super::host::PeerHost;

/// Calls that may wait for their start before messages are kept unread.
const JOBS_MAX: usize = 1024;
/// Their arguments, in bytes, before messages are kept unread.
const BODIES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a message that is kept costs beside its bytes: empty ones count too.
const UNREAD_COST_BYTES: usize = 32;
/// What a peer may send beyond its window and one frame before it is ended: control frames, which no window counts.
const CONTROL_BYTES_MAX: usize = 1024 * 1024;

pub(super) struct Backlog {
    host: Arc<PeerHost>,
    /// Messages are kept unread: those that come now have to wait behind them.
    full: AtomicBool,
    waiting: Mutex<Waiting>,
    unread_bytes_max: usize,
}

/// Calls of one message, and their arguments.
struct Batch {
    jobs: Vec<Job>,
    bodies: Vec<u8>,
}

#[derive(Default)]
struct Waiting {
    batches: VecDeque<Batch>,
    jobs: usize,
    bodies_bytes: usize,
    unread: VecDeque<Box<[u8]>>,
    unread_bytes: usize,
    /// A task is at work.
    running: bool,
}

/// What the task does next.
enum Next {
    Start(Batch),
    Read(Box<[u8]>),
    End,
}

impl Backlog {
    pub(super) fn new(host: Arc<PeerHost>, limits: &Limits) -> Self {
        let window = limits.window_bytes as usize + limits.frame_bytes as usize;
        Self {
            host,
            full: AtomicBool::new(false),
            waiting: Mutex::default(),
            unread_bytes_max: window.saturating_add(CONTROL_BYTES_MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a message at once, or keeps it until those before it were taken in.
    pub(super) fn deliver(self: &Arc<Self>, message: &[u8]) {
        if !self.full.load(Ordering::Acquire) || !self.keep(message) {
            self.read(message);
        }
    }

    /// Keeps a message unread; false when it need not wait any more.
    fn keep(&self, message: &[u8]) -> bool {
        let mut waiting = self.lock();
        if !self.full.load(Ordering::Acquire) {
            return false;
        }
        let cost = message.len() + UNREAD_COST_BYTES;
        if waiting.unread_bytes + cost > self.unread_bytes_max {
            drop(waiting);
            let text = "more came than its window allows while its handlers are behind";
            let goodbye = Goodbye::because(Reason::WindowExceeded, text);
            let peer = self.host.peer;
            self.host.hub.turn(|core, now, turn| core.end_peer(peer, goodbye, now, turn));
            return true;
        }
        waiting.unread_bytes += cost;
        waiting.unread.push_back(message.into());
        true
    }

    fn read(self: &Arc<Self>, message: &[u8]) {
        self.host.receive_message(message, |jobs, bodies| self.push(Batch { jobs, bodies }));
    }

    fn push(self: &Arc<Self>, batch: Batch) {
        let mut waiting = self.lock();
        waiting.jobs += batch.jobs.len();
        waiting.bodies_bytes += batch.bodies.len();
        waiting.batches.push_back(batch);
        if waiting.jobs > JOBS_MAX || waiting.bodies_bytes > BODIES_BYTES_MAX {
            self.full.store(true, Ordering::Release);
        }
        let start = !std::mem::replace(&mut waiting.running, true);
        drop(waiting);
        if start {
            self.host.hub.runtime.spawn(Arc::clone(self).run());
        }
    }

    async fn run(self: Arc<Self>) {
        let mut replies = Replies::default();
        // Every turn starts the calls of a message, or takes one in that waited.
        loop {
            match self.next() {
                Next::Start(Batch { mut jobs, bodies }) => {
                    let began = self.host.hub.clock.now();
                    self.host.start(&mut jobs, &bodies, &mut replies, began);
                    if !replies.entries.is_empty() {
                        self.host.complete(&mut replies);
                    }
                }
                Next::Read(message) => self.read(&message),
                Next::End => return,
            }
            tokio::task::yield_now().await;
        }
    }

    fn next(&self) -> Next {
        let mut waiting = self.lock();
        if let Some(batch) = waiting.batches.pop_front() {
            waiting.jobs -= batch.jobs.len();
            waiting.bodies_bytes -= batch.bodies.len();
            return Next::Start(batch);
        }
        if let Some(message) = waiting.unread.pop_front() {
            waiting.unread_bytes -= message.len() + UNREAD_COST_BYTES;
            return Next::Read(message);
        }
        self.full.store(false, Ordering::Release);
        waiting.running = false;
        Next::End
    }
}
