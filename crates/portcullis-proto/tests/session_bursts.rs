//! Calls that are made in a row: the clock is read once for them, and none of them ends too early or is told another time than
//! it has.

mod session_support;

use std::cell::Cell;
use std::time::Duration;

use portcullis_proto::codec::Blob;
use portcullis_proto::frame::Kind;
use portcullis_proto::session::{Config, Limits, Opening};
use portcullis_proto::time::Time;
use session_support::*;

const WITHIN: Duration = Duration::from_millis(500);

/// A clock, and how often it was read.
struct Watch {
    now: Cell<Time>,
    read: Cell<u32>,
}

impl Watch {
    fn at(now: Time) -> Self {
        Self { now: Cell::new(now), read: Cell::new(0) }
    }

    fn begin(&self, peer: &mut Pair, opening: Opening) -> u32 {
        let clock = || {
            self.read.set(self.read.get() + 1);
            self.now.get()
        };
        peer.open_within(opening, WITHIN, clock, 1, |_| Ok(())).expect("sent")
    }
}

/// How many calls have run out by then.
fn expired(peer: &mut Pair, now: Time) -> usize {
    let mut expired = Vec::new();
    peer.handle_timeout(now, &mut expired);
    expired.len()
}

#[test]
fn the_clock_is_read_once_and_time_runs_from_then() {
    let (mut hub, mut peer) = open(Config::default(), Config::default());
    let watch = Watch::at(at(1_000));
    let ids: Vec<u32> = (0..3).map(|_| watch.begin(&mut peer, request(0))).collect();
    assert_eq!(watch.read.get(), 1, "for the first one in flight");
    assert!(peer.has_undated());
    peer.date(at(1_200));
    assert!(!peer.has_undated());
    let requests = take(&mut hub, &sent(&mut peer), at(1_200)).expect("requests");
    let whole: Vec<String> = ids.iter().map(|id| format!("request {id:#x} 500")).collect();
    assert_eq!(requests, whole);
    assert_eq!(peer.next_timeout(), Some(at(1_500)));
    let ended = [1_499, 1_500, 1_699, 1_700].map(|ms| expired(&mut peer, at(ms)));
    assert_eq!(ended, [0, 1, 0, 2]);
}

#[test]
fn what_depends_on_the_time_is_told_it_at_once() {
    let limits = Limits { window_bytes: 4096, ..Limits::DEFAULT };
    let (mut hub, mut peer) = open(Config { limits, ..Config::default() }, Config::default());
    let watch = Watch::at(at(0));
    watch.begin(&mut peer, request(0));
    // It ends with an outer call.
    watch.begin(&mut peer, request(100));
    assert_eq!((watch.read.get(), peer.next_timeout()), (2, Some(at(100))));
    // It has to wait for the window, and its budget is what is left when it leaves.
    let data = |bytes: usize| {
        move |out: &mut portcullis_proto::codec::Encoder<'_>| {
            out.raw(&vec![0; bytes]);
            Ok(())
        }
    };
    peer.one_way(Kind::Notify, 1, 0, data(5_000)).expect("it overdraws the window");
    let waits = watch.begin(&mut peer, request(0));
    assert_eq!((watch.read.get(), peer.has_undated()), (3, false));
    take(&mut hub, &sent(&mut peer), at(0)).expect("data");
    take(&mut peer, &sent(&mut hub), at(300)).expect("a window");
    let events = take(&mut hub, &sent(&mut peer), at(300)).expect("a request");
    assert_eq!(events, [format!("request {waits:#x} 200")]);
    // A message with blobs leaves behind them.
    let blob = Blob::from(vec![1; 10]);
    let clock = || at(400);
    peer.open_within(request(0), WITHIN, clock, 1, |out| out.blob(&blob)).expect("sent");
    assert!(!peer.has_undated());
}

#[test]
fn f20_calls_that_nobody_dates_are_bounded() {
    let (_, mut peer) = open(Config::default(), Config::default());
    let watch = Watch::at(at(7));
    for _ in 0..1_000 {
        watch.begin(&mut peer, request(0));
    }
    assert!((2..1_000).contains(&watch.read.get()));
    peer.date(at(7));
    assert_eq!(expired(&mut peer, at(506)), 0);
    assert_eq!(expired(&mut peer, at(507)), 1_000);
}

#[test]
fn a_call_that_was_given_up_has_no_time() {
    let (_, mut peer) = open(Config::default(), Config::default());
    let watch = Watch::at(at(0));
    let ids = [(); 2].map(|()| watch.begin(&mut peer, request(0)));
    assert_eq!(ids.map(|id| peer.cancel(id)), [Some(1), Some(1)]);
    peer.date(at(0));
    assert_eq!((peer.next_timeout(), expired(&mut peer, at(10_000))), (Some(at(500)), 0));
}
