//! A sink that drops what the other side is too slow for: it waits for nobody, and holds up nobody.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use portcullis_proto::codec::{Encoder, from_bytes};
use portcullis_proto::rpc::{Host, SENT_IN_A_ROW_MAX, Sink, Taken, WriteBody};
use portcullis_proto::session::{Leg, SendError};
use portcullis_proto::time::Time;

/// Takes every item at once.
#[derive(Default)]
struct Takes(AtomicU32);

impl Host for Takes {
    fn now(&self) -> Time {
        Time::ZERO
    }

    fn poll_send(
        &self,
        _: Leg,
        _: Option<u32>,
        _: &mut Context<'_>,
        _: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_take(&self, _: Leg, _: &mut Context<'_>) -> Poll<Option<Taken>> {
        Poll::Ready(None)
    }

    fn finish(&self, _: Leg) {}
}

#[derive(Default)]
struct Bell(AtomicU32);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_handler_that_never_waits_lets_others_have_their_turn() {
    let host = Arc::new(Takes::default());
    let mut sink = Sink::<u32>::new(Arc::clone(&host) as _, Leg::Inbound(0x1_0000)).dropping(4);
    let items = SENT_IN_A_ROW_MAX * 3;
    let mut sends = Box::pin(async move {
        for number in 0..items {
            sink.send(&number).await.expect("taken");
        }
    });
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let mut turns = 0;
    while sends.as_mut().poll(&mut context).is_pending() {
        turns += 1;
        // It asks for its next turn by itself.
        assert_eq!(bell.0.load(Ordering::Relaxed), turns);
        assert_eq!(host.0.load(Ordering::Relaxed), SENT_IN_A_ROW_MAX * turns);
    }
    assert_eq!(turns, 2);
    assert_eq!(host.0.load(Ordering::Relaxed), items);
}

/// Takes items while it has credit, and keeps what they were.
#[derive(Default)]
struct Credit {
    left: AtomicU32,
    bodies: Mutex<Vec<Vec<u8>>>,
}

impl Host for Credit {
    fn now(&self) -> Time {
        Time::ZERO
    }

    fn poll_send(
        &self,
        _: Leg,
        _: Option<u32>,
        _: &mut Context<'_>,
        body: WriteBody<'_>,
    ) -> Poll<Result<(), SendError>> {
        if self.left.load(Ordering::Relaxed) == 0 {
            return Poll::Pending;
        }
        self.left.fetch_sub(1, Ordering::Relaxed);
        let mut bytes = Vec::new();
        body(&mut Encoder::new(&mut bytes)).map_err(SendError::Codec)?;
        self.bodies.lock().expect("not poisoned").push(bytes);
        Poll::Ready(Ok(()))
    }

    fn poll_take(&self, _: Leg, _: &mut Context<'_>) -> Poll<Option<Taken>> {
        Poll::Ready(None)
    }

    fn finish(&self, _: Leg) {}
}

#[test]
fn a_row_of_items_waits_where_credit_ends_and_goes_on_from_there() {
    let host = Arc::new(Credit::default());
    let mut sink = Sink::<u32>::new(Arc::clone(&host) as _, Leg::Inbound(0x1_0000));
    let items: Vec<u32> = (0..SENT_IN_A_ROW_MAX * 2 + 22).collect();
    let mut context = Context::from_waker(Waker::noop());
    let mut all = Box::pin(sink.send_all(&items));
    let mut sent = 0;
    // None, a few, to the middle of the second row, and more than is needed.
    for more in [0, 7, SENT_IN_A_ROW_MAX, 1_000] {
        host.left.store(more, Ordering::Relaxed);
        let done = all.as_mut().poll(&mut context);
        sent = (sent + more as usize).min(items.len());
        assert_eq!(host.bodies.lock().expect("not poisoned").len(), sent);
        assert_eq!(done.is_ready(), sent == items.len());
    }
    let bodies = host.bodies.lock().expect("not poisoned");
    let came = bodies.iter().map(|body| from_bytes::<u32>(body).expect("a number"));
    assert!(came.eq(items.iter().copied()), "each once, in order");
}

#[test]
fn rows_of_a_sink_that_drops_let_others_have_their_turn() {
    let host = Arc::new(Takes::default());
    let mut sink = Sink::<u32>::new(Arc::clone(&host) as _, Leg::Inbound(0x1_0000)).dropping(4);
    let items = vec![0; SENT_IN_A_ROW_MAX as usize * 3];
    let mut context = Context::from_waker(Waker::noop());
    let mut all = Box::pin(sink.send_all(&items));
    let mut turns = 1;
    while all.as_mut().poll(&mut context).is_pending() {
        assert_eq!(host.0.load(Ordering::Relaxed), SENT_IN_A_ROW_MAX * turns);
        turns += 1;
    }
    assert_eq!(turns, 3);
    assert_eq!(host.0.load(Ordering::Relaxed), SENT_IN_A_ROW_MAX * 3);
}
