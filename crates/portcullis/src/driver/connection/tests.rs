//! Turns: ends that come from another thread at any moment of one, and what is left for the next.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::link::IoLink;

/// A core that another thread ends in the midst of its task: with the last of so many calls from there.
struct EndsMeanwhile(Mutex<Ending>);

struct Ending {
    calls_left: u32,
    last_words: &'static [u8],
    /// Something has happened that nobody was told of.
    news: bool,
    waker: Option<Waker>,
}

impl EndsMeanwhile {
    fn after(calls_left: u32, last_words: &'static [u8]) -> Self {
        Self(Mutex::new(Ending { calls_left, last_words, news: false, waker: None }))
    }

    /// What a call finds, behind which the other thread may have been.
    fn call<T>(&self, find: impl FnOnce(&mut Ending) -> T) -> T {
        let mut ending = self.0.lock().expect("no panic");
        let found = find(&mut ending);
        if ending.calls_left == 1 {
            ending.news = true;
            ending.waker.take().inspect(Waker::wake_by_ref);
        }
        ending.calls_left = ending.calls_left.saturating_sub(1);
        found
    }
}

impl Core for EndsMeanwhile {
    fn receive(&self, _: &mut RecvBuffer, _: Framing) -> bool {
        false
    }
    fn transmit(&self, into: &mut Vec<u8>) -> bool {
        self.call(|ending| {
            let words = if ending.calls_left == 0 { ending.last_words } else { b"" };
            into.extend_from_slice(words);
            ending.last_words = &ending.last_words[words.len()..];
            !words.is_empty()
        })
    }
    fn poll_output(&self, context: &mut Context<'_>) -> Poll<()> {
        self.call(|ending| {
            // Told once.
            if std::mem::take(&mut ending.news) {
                return Poll::Ready(());
            }
            ending.waker = Some(context.waker().clone());
            Poll::Pending
        })
    }
    fn next_timeout(&self) -> Option<Time> {
        self.call(|_| None)
    }
    fn handle_timeout(&self) {}
    fn has_ended(&self) -> bool {
        self.call(|ending| ending.calls_left == 0)
    }
    fn lost(&self, _: Option<io::Error>) {}
}

#[tokio::test(start_paused = true)]
async fn an_end_by_another_thread_is_seen_and_its_last_words_leave() {
    for (calls, last_words) in (1..20).flat_map(|calls| [(calls, "bye"), (calls, "")]) {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let core = Arc::new(EndsMeanwhile::after(calls, last_words.as_bytes()));
        // A task of its own, which nothing wakes but what it has asked for.
        let running = tokio::spawn({
            let core = Arc::clone(&core);
            async move { run(&*core, IoLink::new(ours), Clock::tokio()).await }
        });
        for _ in 0..calls {
            // By then it waits, unless it has ended.
            tokio::time::sleep(Duration::from_millis(1)).await;
            core.call(|_| ());
        }
        let ended = tokio::time::timeout(Duration::from_secs(60), running).await;
        ended.expect("in time").expect("no panic");
        let mut heard = Vec::new();
        theirs.read_to_end(&mut heard).await.expect("all is read");
        assert_eq!(heard, last_words.as_bytes(), "ended behind call {calls}");
    }
}

/// A core that takes in a byte in each turn.
#[derive(Default)]
struct ByteByByte(AtomicUsize);

impl Core for ByteByByte {
    fn receive(&self, buffer: &mut RecvBuffer, _: Framing) -> bool {
        buffer.consume(1, 0);
        self.0.fetch_add(1, Ordering::Relaxed);
        !buffer.filled().is_empty()
    }
    fn transmit(&self, _: &mut Vec<u8>) -> bool {
        false
    }
    fn poll_output(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
    fn next_timeout(&self) -> Option<Time> {
        None
    }
    fn handle_timeout(&self) {}
    fn has_ended(&self) -> bool {
        false
    }
    fn lost(&self, _: Option<io::Error>) {}
}

#[tokio::test]
async fn others_have_their_turn_before_what_is_left_is_taken_in() {
    const BYTES: usize = 10;
    let (ours, mut theirs) = tokio::io::duplex(64);
    let core = Arc::new(ByteByByte::default());
    let running = tokio::spawn({
        let core = Arc::clone(&core);
        async move { run(&*core, IoLink::new(ours), Clock::tokio()).await }
    });
    theirs.write_all(&[0; BYTES]).await.expect("room");
    drop(theirs);
    let mut seen = 0;
    while !running.is_finished() {
        tokio::task::yield_now().await;
        let taken = core.0.load(Ordering::Relaxed);
        // The first two in a row, since one read is mostly all there is.
        assert!(taken <= seen + if seen == 0 { 2 } else { 1 }, "{taken} behind {seen}");
        seen = taken;
    }
    assert_eq!(seen, BYTES, "all that came before the end is taken in");
}
