//! Starts the handlers of a turn, each inside its span.

use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::rpc::{
    Complete, HandlerReply, Job, Mode, Outcome, Replies, Running, start_job,
};
use portcullis_proto::time::Time;
use tracing::level_filters::LevelFilter;

use super::pace::Pace;
use crate::clock::Clock;

/// Starts the jobs of a turn that began at the time given, in order; `spawn` gets each that is still pending after its
/// first poll, with its span. Returns the time when all were started.
pub(crate) fn start_all(
    jobs: &mut Vec<Job>,
    input: &[u8],
    replies: &mut Replies,
    complete: &Arc<dyn Complete>,
    (pace, clock, began): (&Pace, &Clock, Time),
    mut spawn: impl FnMut(Mode, Running, tracing::Span),
) -> Time {
    // Where one ends, the next begins: the clock is read once for each.
    let mut last = pace.watches().then(|| clock.now());
    for mut job in jobs.drain(..) {
        // Spawned ones begin in any order, and order is all that a notification has: there is no outcome to wait for.
        job.in_place = job.id.is_none() || !pace.is_slow(job.channel());
        let channel = if last.is_some() { job.channel() } else { "" };
        let span = span(&job);
        let entered = span.enter();
        let pending = start_job(job, input, replies, complete);
        drop(entered);
        if let Some(last) = &mut last {
            let now = clock.now();
            pace.polled(channel, now.since(*last));
            *last = now;
        }
        if let Some((mode, running)) = pending {
            spawn(mode, running, span);
        }
    }
    let now = clock.now();
    pace.burst(now.since(began));
    now
}

/// What an inline handler may take before it is logged by name: it runs on a thread that others wait for.
pub(crate) const INLINE_MAX: Duration = Duration::from_millis(5);

/// Runs the jobs in place, in order: handlers that are marked `inline`, on the thread that brought their calls at `began`.
/// `spawn` gets each that waits for something after all. Returns the time when all have run.
pub(crate) fn start_inline(
    jobs: &mut Vec<Job>,
    input: &[u8],
    replies: &mut Replies,
    complete: &Arc<dyn Complete>,
    (clock, mut began): (&Clock, Time),
    mut spawn: impl FnMut(Mode, Running, tracing::Span),
) -> Time {
    for job in jobs.drain(..) {
        let channel = job.channel();
        let span = span(&job);
        let entered = span.enter();
        let pending = start_job(job, input, replies, complete);
        drop(entered);
        let ended = clock.now();
        let took = ended.since(began);
        if took > INLINE_MAX {
            tracing::warn!(
                channel,
                took_ms = took.as_millis() as u64,
                "an inline handler held up the thread that it runs on: without `inline` it runs elsewhere"
            );
        }
        began = ended;
        if let Some((mode, running)) = pending {
            spawn(mode, running, span);
        }
    }
    began
}

/// The span of a call. Where nobody listens, not even what stands in it is looked up.
#[inline]
fn span(job: &Job) -> tracing::Span {
    if LevelFilter::current() < LevelFilter::DEBUG {
        return tracing::Span::none();
    }
    tracing::debug_span!(
        "call",
        channel = job.channel(),
        correlation = job.call.correlation(),
        caller = job.call.caller().map(|caller| caller.label.as_str()),
    )
}

/// Logs the panics among outcomes, by the numbers that their callers are told.
pub(crate) fn log_panics(entries: &[HandlerReply]) {
    for entry in entries {
        if let Ok(Outcome::Panicked(text)) = &entry.outcome {
            tracing::error!(channel = entry.channel, correlation = entry.correlation, panic = %text, "a handler panicked");
        }
    }
}
