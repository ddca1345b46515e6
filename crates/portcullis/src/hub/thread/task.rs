//! A ring that a task reads: what comes, the handlers that it starts, and what they answer. One thread of the runtime serves any
//! number of them, so that the answers of many peers wake one thread, and not one for each. Who sends, waits for room and keeps
//! time is as for a connection of threads.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use tokio::task::yield_now;
use tokio::time::sleep_until;

use super::Threads;
use super::reading::Turn;
use crate::driver::connection::Core;
use crate::link::RecvBuffer;
use crate::link::blocking::Rung;

impl Threads {
    /// Reads by a task from now on; `gone` is ready when the socket beside the ring has ended.
    pub(super) fn read_by_task(
        self: &Arc<Self>,
        ring: Rung,
        buffer: RecvBuffer,
        gone: impl Future<Output = ()> + Send + 'static,
    ) {
        let ending = EndOnDrop(Arc::clone(self));
        self.host.hub.runtime.spawn(async move {
            let EndOnDrop(threads) = &ending;
            threads.read_rung(ring, buffer, pin!(gone)).await;
        });
    }

    async fn read_rung(
        &self,
        mut ring: Rung,
        mut buffer: RecvBuffer,
        mut gone: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) {
        // Not all that was read is taken in; the peer is gone, and what it has left is taken in still.
        let (mut left, mut over) = (false, false);
        // Every turn waits for bytes, takes some in, or ends the loop.
        loop {
            if self.host.paused_until().is_some()
                // What it had no right to send yet is taken in no faster because it has gone.
                && (over || self.wait_out_pause(gone.as_mut()).await)
            {
                return self.host.lost(None);
            }
            let mut waited = false;
            if !left {
                let read = poll_fn(|context| {
                    let read = ring.poll_read(context, &mut buffer);
                    if read.is_ready() {
                        return read;
                    }
                    over = over || gone.as_mut().poll(context).is_ready();
                    if over {
                        return Poll::Ready(ring.take(&mut buffer));
                    }
                    waited = true;
                    Poll::Pending
                });
                match read.await {
                    Ok(1..) => {}
                    Ok(0) => return self.host.lost(None),
                    Err(error) => return self.host.lost(Some(error)),
                }
            }
            if !waited {
                // Whoever always has something does not keep others from their turn.
                yield_now().await;
            }
            let turn = self.turn(&mut buffer);
            if turn.ended {
                return;
            }
            Turn { left, .. } = turn;
        }
    }

    /// Waits while the peer has sent more than its budget allows. True when it hangs up meanwhile.
    async fn wait_out_pause(&self, mut gone: Pin<&mut (impl Future<Output = ()> + Send)>) -> bool {
        // Every turn waits for as long as the pause lasts.
        while let Some(until) = self.host.paused_until() {
            tokio::select! {
                biased;
                () = gone.as_mut() => return true,
                () = sleep_until(self.host.hub.clock.at(until)) => {}
            }
        }
        false
    }
}

/// Ends the connection when its task does, also with the runtime.
struct EndOnDrop(Arc<Threads>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        // Nothing happens to one that has ended already.
        self.0.host.lost(None);
        self.0.signal();
    }
}
