//! The message log: keeps the last messages, publishes what is new in bounded batches, and streams what was before to a
//! window that has just opened.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use camera_studio_contract::{
    ChannelKind, LOG_BATCH_RECORDS_MAX, LogBatch, LogRecord, MessageLog, MessageLogPublisher,
    MessageLogServer, NAME_BYTES_MAX,
};
use portcullis::hub::{Hosted, Hub};
use portcullis::{Call, Error, Sink};

use super::error::StudioError;
use crate::clock;

/// How many messages are remembered for windows that open later.
const REMEMBERED_MAX: usize = 2048;
/// How often what is new is published.
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// Messages of the log itself are left out: each would make another.
const OWN_CHANNELS: &str = "studio.log.";

/// A message, as main knows it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) channel: String,
    pub(super) kind: ChannelKind,
    pub(super) from: String,
    /// Empty for main.
    pub(super) to: String,
    pub(super) bytes: u32,
    pub(super) duration: Option<Duration>,
    pub(super) outcome: String,
}

/// What there is to log, and to serve as `studio.log`.
#[derive(Default)]
pub(super) struct Log {
    state: Mutex<State>,
    publisher: OnceLock<MessageLogPublisher>,
}

#[derive(Default)]
struct State {
    remembered: VecDeque<LogRecord>,
    fresh: LogBatch,
}

impl Log {
    /// Serves the log, and publishes what is added from now on.
    pub(super) fn serve(self: &Arc<Self>, hub: &Hub) -> Result<Hosted, StudioError> {
        let hosted = hub.serve(MessageLogServer::from_arc(Arc::clone(self)))?;
        let _ = self.publisher.set(hosted.publisher());
        let publishing = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(BATCH_EVERY);
            while let Some(log) = publishing.upgrade() {
                log.publish();
                drop(log);
                ticks.tick().await;
            }
        });
        Ok(hosted)
    }

    /// Adds a message.
    pub(super) fn add(&self, line: Line) {
        if line.channel.starts_with(OWN_CHANNELS) {
            return;
        }
        let record = LogRecord {
            at: clock::now(),
            channel: name(line.channel),
            kind: line.kind,
            from: main_if_empty(line.from),
            to: main_if_empty(line.to),
            bytes: line.bytes,
            duration: line.duration,
            outcome: name(line.outcome),
        };
        let mut state = self.lock();
        if state.remembered.len() == REMEMBERED_MAX {
            state.remembered.pop_front();
        }
        state.remembered.push_back(record.clone());
        if state.fresh.records.len() < LOG_BATCH_RECORDS_MAX as usize {
            state.fresh.records.push(record);
        } else {
            state.fresh.omitted = state.fresh.omitted.saturating_add(1);
        }
    }

    fn publish(&self) {
        let batch = std::mem::take(&mut self.lock().fresh);
        if batch.records.is_empty() {
            return;
        }
        if let Some(publisher) = self.publisher.get() {
            // It fails only when the hub is gone.
            let _ = publisher.recorded(&batch);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MessageLog for Log {
    async fn history(&self, _: &Call, mut out: Sink<LogBatch>) -> Result<u32, Error> {
        // What is in the batch that is being gathered will be published.
        let before: Vec<LogRecord> = {
            let state = self.lock();
            let count = state.remembered.len().saturating_sub(state.fresh.records.len());
            state.remembered.iter().take(count).cloned().collect()
        };
        let mut count = 0;
        for records in before.chunks(LOG_BATCH_RECORDS_MAX as usize) {
            out.send(&LogBatch { records: records.to_vec(), omitted: 0 }).await?;
            count += u32::try_from(records.len()).unwrap_or(u32::MAX);
        }
        Ok(count)
    }
}

fn main_if_empty(label: String) -> String {
    if label.is_empty() { "main".to_owned() } else { name(label) }
}

/// A name, cut to what the contract allows.
fn name(mut text: String) -> String {
    let mut end = text.len().min(NAME_BYTES_MAX as usize);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(channel: &str) -> Line {
        Line {
            channel: channel.to_owned(),
            kind: ChannelKind::Call,
            from: "controls-1".to_owned(),
            to: String::new(),
            bytes: 5,
            duration: None,
            outcome: "ok".to_owned(),
        }
    }

    #[test]
    fn batches_and_memory_are_bounded_and_the_log_does_not_log_itself() {
        let log = Log::default();
        for turn in 0..REMEMBERED_MAX + 10 {
            log.add(line(&format!("studio.cameras.list{turn}")));
            log.add(line("studio.log.recorded"));
        }
        let state = log.lock();
        assert_eq!(state.remembered.len(), REMEMBERED_MAX);
        assert_eq!(state.fresh.records.len(), LOG_BATCH_RECORDS_MAX as usize);
        let omitted = REMEMBERED_MAX + 10 - LOG_BATCH_RECORDS_MAX as usize;
        assert_eq!(state.fresh.omitted as usize, omitted);
        assert_eq!(state.remembered[0].channel, "studio.cameras.list10");
        assert_eq!(state.remembered[0].to, "main");
    }
}
