//! One connection as a tokio task: reads, writes and time-outs of one link, in turns of bounded length.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use portcullis_proto::time::Time;
use tokio::time::{Sleep, sleep_until};

use super::wake_after_others;
use crate::clock::Clock;
use crate::link::{Framing, Link, RecvBuffer};

/// How often a connection may take in what came before others get their turn.
const TURNS_MAX: usize = 1;

/// The core at one end of a connection: a peer, or the hub's side of one.
pub(crate) trait Core: Send + Sync + 'static {
    /// Takes in what is received, and starts what came of it. True when it has left some of it, for others are to have their
    /// turn first: it is to be called again, before anything more is read.
    fn receive(&self, buffer: &mut RecvBuffer, framing: Framing) -> bool;
    /// Until when nothing is to be read, while that is so.
    fn paused_until(&self) -> Option<Time> {
        None
    }
    /// Moves what may leave to the end of `into`.
    fn transmit(&self, into: &mut Vec<u8>) -> bool;
    /// Ready when there is something to transmit, the time-out has changed, or the connection has ended.
    fn poll_output(&self, context: &mut Context<'_>) -> Poll<()>;
    fn next_timeout(&self) -> Option<Time>;
    fn handle_timeout(&self);
    fn has_ended(&self) -> bool;
    /// The transport is broken, and has taken `taken` bytes of `given`, which is what was transmitted last.
    fn untaken(&self, given: &[u8], taken: usize) {
        let _ = (given, taken);
    }
    /// The transport has ended: with an error, or just so.
    fn lost(&self, error: Option<io::Error>);
}

/// How long the last words of a connection may take, to leave or to come.
const LINGER: std::time::Duration = std::time::Duration::from_secs(2);

/// While reading pauses, the end of the connection is looked for so often, in milliseconds.
const PAUSE_LOOK_MS: u32 = 100;

struct Connection<'a, C, L> {
    core: &'a C,
    link: L,
    clock: Clock,
    buffer: RecvBuffer,
    /// Not all that was read is taken in.
    left: bool,
    /// It has had a turn, and has waited for nothing since.
    hurried: bool,
    out: Vec<u8>,
    written: usize,
    timer: Pin<&'a mut Sleep>,
    armed: Option<Time>,
    lingering: bool,
    /// Why nothing can be written any more.
    broken: Option<io::Error>,
}

/// Carries the bytes of `core` over `link` until either ends.
pub(crate) async fn run<C: Core, L: Link>(core: &C, link: L, clock: Clock) {
    let timer = pin!(sleep_until(clock.at(clock.now())));
    let mut connection = Connection {
        core,
        link,
        clock,
        buffer: RecvBuffer::default(),
        left: false,
        hurried: false,
        out: Vec::new(),
        written: 0,
        timer,
        armed: None,
        lingering: false,
        broken: None,
    };
    poll_fn(|context| connection.poll(context)).await;
}

impl<C: Core, L: Link> Connection<'_, C, L> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut turns = 0;
        // Every turn but the last takes something in, has something to send or has ended; the former are bounded.
        loop {
            // Looked for before writing: the last words of an end by another thread are there by now, and leave.
            let ended = self.core.has_ended();
            if self.broken.is_none() {
                self.broken = self.poll_write_all(context).err();
                if self.broken.is_some() {
                    self.core.untaken(&self.out, self.written);
                }
            }
            if self.broken.is_some() {
                return self.poll_hear_out(context);
            }
            if ended {
                return self.poll_last_words(context);
            }
            if turns == TURNS_MAX {
                return self.give_way(context);
            }
            let paused = self.core.paused_until();
            let read = match paused {
                // What it had no right to send yet is taken in no faster because it has gone.
                Some(_) if self.link.has_hung_up(context) => Poll::Ready(Ok(0)),
                Some(_) => Poll::Pending,
                None => self.poll_bytes(context),
            };
            match read {
                Poll::Ready(Ok(0)) => {
                    self.core.untaken(&self.out, self.written);
                    self.core.lost(None);
                    return Poll::Ready(());
                }
                Poll::Ready(Ok(_)) => {
                    turns += 1;
                    self.left = self.core.receive(&mut self.buffer, self.link.framing());
                    continue;
                }
                Poll::Ready(Err(error)) => {
                    self.core.untaken(&self.out, self.written);
                    self.core.lost(Some(error));
                    if self.core.has_ended() {
                        continue;
                    }
                    return Poll::Ready(());
                }
                Poll::Pending => {}
            }
            let idle = self.written == self.out.len();
            // Asked in any case: it may end while the other side takes nothing, and whoever only waits for room would never
            // hear of it.
            let told = self.core.poll_output(context).is_ready();
            if told && self.core.has_ended() {
                // It has since the look above, and nobody tells of it again.
                continue;
            }
            if idle && told {
                if self.fill() {
                    continue;
                }
                // Only the time-out has changed; be told of the next change.
                if self.core.poll_output(context).is_ready() {
                    continue;
                }
            }
            if self.poll_timer(context, paused).is_pending() {
                self.hurried = false;
                return Poll::Pending;
            }
        }
    }

    /// Others have their turn, then this goes on.
    fn give_way(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !std::mem::replace(&mut self.hurried, true) {
            // Mostly there is no more, and those who are ready come first all the same.
            context.waker().wake_by_ref();
        } else {
            wake_after_others(context);
        }
        Poll::Pending
    }

    /// Ready with the count of bytes that are to be taken in: those that were left, or else what is read.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.left {
            return Poll::Ready(Ok(self.buffer.filled().len().max(1)));
        }
        self.link.poll_read(context, &mut self.buffer)
    }

    /// The other side takes nothing any more. It may have said why: what it sent before is still on its way in.
    fn poll_hear_out(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let may_speak = self.core.paused_until().is_none() && !self.core.has_ended();
        if self.poll_linger(context).is_pending() && may_speak {
            match self.poll_bytes(context) {
                Poll::Ready(Ok(1..)) => {
                    self.left = self.core.receive(&mut self.buffer, self.link.framing());
                    return self.give_way(context);
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0) | Err(_)) => {}
            }
        }
        self.core.lost(self.broken.take());
        Poll::Ready(())
    }

    /// Takes more from the core, once all that was taken is written.
    fn fill(&mut self) -> bool {
        self.out.clear();
        self.written = 0;
        self.core.transmit(&mut self.out)
    }

    /// Writes as much as the link takes.
    fn poll_write_all(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        // Every turn writes something, or ends the loop.
        loop {
            if self.written == self.out.len() && !self.fill() {
                if let Poll::Ready(Err(error)) = self.link.poll_flush(context) {
                    return Err(error);
                }
                return Ok(());
            }
            let wrote = match self.link.framing() {
                Framing::Messages => self.link.poll_write_message(context, &mut self.out),
                Framing::Stream => {
                    let rest = self.out.get(self.written..).unwrap_or_default();
                    self.link.poll_write(context, rest)
                }
            };
            match wrote {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                // A message that the link keeps is taken as a whole.
                Poll::Ready(Ok(_)) if self.out.is_empty() => {}
                Poll::Ready(Ok(count)) => self.written += count,
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
    }

    fn poll_timer(&mut self, context: &mut Context<'_>, paused: Option<Time>) -> Poll<()> {
        // Nobody tells of a hang-up while data waits to be read, so it is looked for.
        let look = paused.map(|until| until.min(self.clock.now().after_ms(PAUSE_LOOK_MS)));
        let next = self.core.next_timeout().into_iter().chain(look).min();
        let Some(next) = next else {
            self.armed = None;
            return Poll::Pending;
        };
        // A timer that fires too early costs one look; moving it for each call would cost more.
        if self.armed.is_none_or(|armed| next < armed) {
            self.timer.as_mut().reset(self.clock.at(next));
            self.armed = Some(next);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.armed = None;
                self.core.handle_timeout();
                Poll::Ready(())
            }
        }
    }

    /// The connection has ended: its goodbye leaves, if the other side takes it in time.
    fn poll_last_words(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let flushed = self.written == self.out.len()
            && matches!(self.link.poll_flush(context), Poll::Ready(_));
        if flushed {
            return Poll::Ready(());
        }
        self.poll_linger(context)
    }

    /// Ready when the end of the connection has taken long enough.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.lingering {
            self.lingering = true;
            let until = tokio::time::Instant::now() + LINGER;
            self.timer.as_mut().reset(until);
        }
        self.timer.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests;
