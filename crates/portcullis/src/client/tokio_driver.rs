//! A peer as the core of a connection task.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use portcullis_proto::peer::{Peer, Turn};
use portcullis_proto::rpc::{Complete, Mode, Replies};
use portcullis_proto::time::Time;
use tracing::Instrument;

use crate::clock::Clock;
use crate::driver::connection::Core;
use crate::driver::{Pace, start_all};
use crate::link::{Framing, RecvBuffer};

pub(super) struct Driven {
    peer: Peer,
    complete: Arc<dyn Complete>,
    runtime: tokio::runtime::Handle,
    clock: Clock,
    pace: Pace,
    ended: AtomicBool,
}

impl Driven {
    pub(super) fn new(peer: Peer, runtime: tokio::runtime::Handle, clock: Clock) -> Self {
        let complete = peer.completer();
        Self {
            peer,
            complete,
            runtime,
            clock,
            pace: Pace::default(),
            ended: AtomicBool::new(false),
        }
    }
}

impl Core for Driven {
    fn receive(&self, buffer: &mut RecvBuffer, framing: Framing) -> bool {
        let mut turn = Turn::default();
        let input = buffer.filled();
        let delivery = self.peer.deliver(input, &mut turn);
        if delivery.ended {
            self.ended.store(true, Ordering::Release);
        }
        if !turn.jobs.is_empty() {
            let mut replies = Replies::default();
            let pace = (&self.pace, &self.clock, self.clock.now());
            start_all(
                &mut turn.jobs,
                input,
                &mut replies,
                &self.complete,
                pace,
                |mode, running, span| {
                    spawn(&self.runtime, mode, running.instrument(span));
                },
            );
            self.complete.complete(&mut replies);
        }
        let whole = delivery.consumed == input.len();
        buffer.consume(delivery.consumed, delivery.needed);
        if framing == Framing::Messages && !whole && !delivery.ended {
            self.peer.lost("a message of the hub ends inside a frame");
        }
        // Nobody else waits for the turn of a peer.
        false
    }

    fn transmit(&self, into: &mut Vec<u8>) -> bool {
        self.peer.transmit(into)
    }

    fn poll_output(&self, context: &mut Context<'_>) -> Poll<()> {
        self.peer.poll_output(context)
    }

    fn next_timeout(&self) -> Option<Time> {
        self.peer.next_timeout()
    }

    fn handle_timeout(&self) {
        self.peer.handle_timeout();
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire) || self.peer.has_ended()
    }

    fn untaken(&self, given: &[u8], taken: usize) {
        self.peer.untaken(given, taken);
    }

    fn lost(&self, error: Option<io::Error>) {
        self.peer.lost(match error {
            Some(error) => format!("the connection to the hub was lost: {error}"),
            None => "the hub has closed the connection".to_owned(),
        });
    }
}

/// Lets a handler go on by itself.
pub(crate) fn spawn<F>(runtime: &tokio::runtime::Handle, mode: Mode, running: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    match mode {
        Mode::Async | Mode::Inline => {
            runtime.spawn(running);
        }
        Mode::Blocking => {
            let handle = runtime.clone();
            runtime.spawn_blocking(move || handle.block_on(running));
        }
    }
}
