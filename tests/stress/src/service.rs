//! The work, done so that its journal knows which requests a handler was given, and whether it has answered.

use std::time::Duration;

use portcullis::{Call, Sink, Source};

use crate::contract::{Load, Work, WorkError, mixed};
use crate::fact::Fact;
use crate::journal::Journal;

/// Most items of a stream, and most bytes of each, whoever asks.
const ITEMS_MAX: u32 = 1_000;
const BYTES_MAX: u32 = 1 << 20;
/// Longest time that a handler takes, in milliseconds, whoever asks.
const MS_MAX: u32 = 2_000;

/// What main and each process serves.
#[derive(Debug)]
pub(crate) struct Worker(Journal);

impl Worker {
    pub(crate) fn new(journal: &Journal) -> Self {
        Self(journal.clone())
    }

    /// A handler was given a request.
    fn handling(&self, number: u64) -> Handling<'_> {
        self.0.note(Fact::Handling { number });
        Handling { journal: &self.0, number, answered: false }
    }
}

/// A handler that runs. Dropped without an answer, it was cancelled.
struct Handling<'a> {
    journal: &'a Journal,
    number: u64,
    answered: bool,
}

impl Handling<'_> {
    /// The handler is about to answer.
    fn answer<T>(mut self, with: T) -> T {
        self.answered = true;
        with
    }

    fn broken(&self, text: &str) {
        self.journal.broken(&format!("handler of {:#x}: {text}", self.number));
    }
}

impl Drop for Handling<'_> {
    fn drop(&mut self) {
        let Self { number, answered, .. } = *self;
        self.journal.note(Fact::Handled { number, answered });
    }
}

async fn pause(ms: u32) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms.min(MS_MAX).into())).await;
    }
}

impl Work for Worker {
    async fn ask(&self, _: &Call, load: Load, ms: u32) -> Load {
        let handling = self.handling(load.number);
        if !load.is_whole() {
            handling.broken("a load was not whole");
        }
        pause(ms).await;
        let answer = Load::new(!load.number, load.len.min(BYTES_MAX));
        handling.answer(answer)
    }

    async fn hurry(&self, _: &Call, number: u64, ms: u32) -> u64 {
        let handling = self.handling(number);
        pause(ms).await;
        handling.answer(!number)
    }

    async fn fail(&self, _: &Call, number: u64) -> Result<u64, WorkError> {
        let result = if number % 2 == 1 { Err(WorkError::Asked { number }) } else { Ok(!number) };
        self.handling(number).answer(result)
    }

    async fn block(&self, cx: &Call, number: u64, ms: u32) -> u64 {
        let handling = self.handling(number);
        for _ in 0..ms.min(MS_MAX) {
            if cx.is_cancelled() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        handling.answer(!number)
    }

    async fn tell(&self, _: &Call, row: u64, place: u32, load: Load) {
        self.0.note(Fact::Told { row, place });
        if !load.is_of(mixed(row, place)) {
            self.0.broken(&format!("notification {place} of {row:#x} was not whole"));
        }
    }

    async fn down(&self, _: &Call, number: u64, count: u32, len: u32, mut out: Sink<Load>) -> u32 {
        let handling = self.handling(number);
        let sent = send(number, count, len, &mut out).await;
        handling.answer(sent)
    }

    async fn up(&self, _: &Call, number: u64, mut input: Source<Load>) -> u32 {
        let handling = self.handling(number);
        let mut count = 0;
        while let Ok(Some(load)) = input.next().await {
            if !load.is_of(mixed(number, count)) {
                handling.broken(&format!("another load came where {count} was due"));
            }
            count += 1;
        }
        handling.answer(count)
    }

    async fn both(
        &self,
        _: &Call,
        number: u64,
        mut input: Source<Load>,
        mut out: Sink<Load>,
    ) -> u32 {
        let handling = self.handling(number);
        let mut count = 0;
        while let Ok(Some(load)) = input.next().await {
            if !load.is_of(mixed(number, count)) {
                handling.broken(&format!("another load came where {count} was due"));
            }
            if out.send(&load).await.is_err() {
                break;
            }
            count += 1;
        }
        handling.answer(count)
    }

    async fn skim(&self, _: &Call, number: u64, count: u32, len: u32, mut out: Sink<Load>) -> u32 {
        let handling = self.handling(number);
        let sent = send(number, count, len, &mut out).await;
        handling.answer(sent)
    }
}

/// Sends the loads of a stream while they are taken, and says how many were.
async fn send(number: u64, count: u32, len: u32, out: &mut Sink<Load>) -> u32 {
    for place in 0..count.min(ITEMS_MAX) {
        let load = Load::new(mixed(number, place), len.min(BYTES_MAX));
        if out.send(&load).await.is_err() {
            return place;
        }
    }
    count.min(ITEMS_MAX)
}
