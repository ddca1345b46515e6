//! Wakers that come back: waking or dropping one may run any code, such as that of a task whose last handle it is. So none
//! is woken or dropped while the lock is held; loom reports it as a deadlock.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::bench::{ECHO, FLOW};
use super::{Hub, in_every_order};
use crate::codec::Message;
use crate::error::Error;
use crate::peer::{Calling, Incoming, Peer};
use crate::rpc::Sink;

/// Asks the peer something whenever it is woken, and when it is dropped.
struct Asks(Peer);

impl Wake for Asks {
    fn wake(self: Arc<Self>) {
        let _ = self.0.has_ended();
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        let _ = self.0.has_ended();
    }
}

fn asks(hub: &Hub) -> Waker {
    Waker::from(Arc::new(Asks(hub.peer.clone())))
}

/// Waits for `future` twice, with another waker each time, of which nobody else knows.
fn waits<F: Future + Unpin>(hub: &Hub, future: &mut F) {
    for _ in 0..2 {
        let waker = asks(hub);
        let mut context = Context::from_waker(&waker);
        let polled = std::pin::Pin::new(&mut *future).poll(&mut context);
        assert!(matches!(polled, Poll::Pending));
    }
}

/// How everything that waits ends.
#[derive(Clone, Copy)]
enum End {
    Answer,
    Deadline,
    Loss,
    Close,
    Drop,
}

const ENDS: [End; 5] = [End::Answer, End::Deadline, End::Loss, End::Close, End::Drop];

/// Brings the end about, for all but what is dropped.
fn bring(hub: &mut Hub, end: End) {
    match end {
        End::Answer => {
            hub.answer_all();
            hub.tell();
        }
        End::Deadline => hub.run_out().join().unwrap(),
        End::Loss => hub.peer.lost("gone"),
        End::Close => hub.peer.close(),
        End::Drop => {}
    }
}

#[test]
fn f49_no_waker_of_a_call_is_touched_under_the_lock() {
    in_every_order(|| {
        for end in ENDS {
            let (mut hub, binding) = Hub::bound();
            let mut call: Calling<u32, Error> = binding.call(&ECHO, |out| 7u32.encode(out));
            waits(&hub, &mut call);
            hub.hear();
            bring(&mut hub, end);
            drop((call, binding));
            hub.nothing_is_left();
        }
    });
}

#[test]
fn f49_no_waker_of_a_stream_is_touched_under_the_lock() {
    in_every_order(|| {
        for end in ENDS {
            let (mut hub, binding) = Hub::bound();
            let stream = binding.stream_both(&FLOW, |_| Ok(()));
            let (mut sink, mut items): (Sink<u32>, Incoming<u32, u32, Error>) = stream;
            hub.hear();
            assert!(sink.try_send(&1).unwrap());
            waits(&hub, &mut Box::pin(sink.send(&2)));
            waits(&hub, &mut Box::pin(items.next()));
            bring(&mut hub, end);
            drop((sink, items, binding));
            hub.nothing_is_left();
        }
    });
}

#[test]
fn f49_no_waker_of_an_item_or_of_credit_is_touched_under_the_lock() {
    in_every_order(|| {
        let (mut hub, binding) = Hub::bound();
        let stream = binding.stream_both(&FLOW, |_| Ok(()));
        let (mut sink, mut items): (Sink<u32>, Incoming<u32, u32, Error>) = stream;
        hub.hear();
        assert!(sink.try_send(&1).unwrap());
        waits(&hub, &mut Box::pin(sink.send(&2)));
        waits(&hub, &mut Box::pin(items.next()));
        hub.item(7);
        hub.credit();
        hub.tell();
        drop((sink, items, binding));
        hub.nothing_is_left();
    });
}

#[test]
fn f49_no_waker_of_the_end_is_touched_under_the_lock() {
    in_every_order(|| {
        for end in [End::Loss, End::Close, End::Drop] {
            let mut hub = Hub::connected();
            let peer = hub.peer.clone();
            let mut closed = Box::pin(async move { peer.closed().await });
            waits(&hub, &mut closed);
            waits(&hub, &mut std::future::poll_fn(|context| hub.peer.poll_output(context)));
            bring(&mut hub, end);
            drop(closed);
            // The driver's.
            hub.peer.close();
            hub.nothing_is_left();
        }
    });
}
