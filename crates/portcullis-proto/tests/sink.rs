//! A sink that drops what the other side is too slow for: it waits for nobody, and holds up nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

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
