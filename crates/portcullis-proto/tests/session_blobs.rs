//! Messages that wait for their blobs, when what they belong to ends first (faults 10 and 12).

mod session_support;

use portcullis_proto::codec::{Blob, CodecError, Encoder};
use portcullis_proto::error::FailureBody;
use portcullis_proto::frame::Kind;
use portcullis_proto::session::{Config, Leg, Opening};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use session_support::*;

/// Most exchanges of a test: more, and something goes in circles.
const TURNS_MAX: usize = 1000;

fn blobs(bytes: &[usize]) -> impl Fn(&mut Encoder<'_>) -> Result<(), CodecError> + use<> {
    let blobs: Vec<Blob> = bytes.iter().map(|bytes| Blob::from(vec![7; *bytes])).collect();
    move |out| blobs.iter().try_for_each(|blob| out.blob(blob))
}

/// Lets everything leave that may, and tells what comes to the hub.
fn exchange(hub: &mut Pair, peer: &mut Pair) -> Vec<String> {
    let mut events = Vec::new();
    for _ in 0..TURNS_MAX {
        let (up, down) = (sent(peer), sent(hub));
        if up.is_empty() && down.is_empty() {
            return events;
        }
        events.extend(take(hub, &up, Time::ZERO).expect("it keeps the protocol"));
        take(peer, &down, Time::ZERO).expect("it keeps the protocol");
    }
    panic!("it does not come to rest");
}

#[test]
fn f10_nothing_of_a_call_that_has_ended_comes_behind_the_next_of_its_slot() {
    let (mut hub, mut peer) = open(window(16 * 1024), Config::default());
    let stream = Opening { up: true, ..request(0) };
    let id = peer.open(stream, Time::ZERO, 1, |_| Ok(())).expect("opened");
    assert_eq!(exchange(&mut hub, &mut peer), [format!("request {id:#x} 0")]);
    hub.accept(id, true, false);
    peer.item(Leg::Outbound(id), 0, None, blobs(&[300_000])).expect("credit");
    peer.item(Leg::Outbound(id), 0, None, blobs(&[0])).expect("credit");
    peer.finish(id).expect("open");
    take(&mut hub, &sent(&mut peer), Time::ZERO).expect("the first piece of it");
    assert!(hub.arriving_bytes() > 0);
    hub.fail(id, Status::ResourceExhausted, &FailureBody::new("enough"));
    take(&mut peer, &sent(&mut hub), Time::ZERO).expect("the end");
    let next = peer.open(request(0), Time::ZERO, 2, |_| Ok(())).expect("opened");
    assert_eq!(next & 0xffff, id & 0xffff, "it has the slot");
    assert_eq!(exchange(&mut hub, &mut peer), [format!("request {next:#x} 0")]);
    assert_eq!((hub.arriving_bytes(), peer.outbox_bytes()), (0, 0));
}

#[test]
fn f12_a_message_that_is_taken_back_gives_up_what_has_left_of_it_and_nothing_else() {
    let (mut hub, mut peer) = open(window(16 * 1024), Config::default());
    let id = peer.open(request(0), Time::ZERO, 1, blobs(&[100, 300_000, 5])).expect("opened");
    let pieces = sent(&mut peer);
    assert_eq!(count(&pieces, Kind::Parcel), 2, "the third has not begun");
    take(&mut hub, &pieces, Time::ZERO).expect("pieces");
    assert_eq!(peer.cancel(id), Some(1));
    let words = exchange(&mut hub, &mut peer);
    assert!(words.is_empty(), "{words:?}");
    assert_eq!((hub.arriving_bytes(), peer.outbox_bytes(), peer.calls_open()), (0, 0, (0, 0)));
}

#[test]
fn f12_what_gives_a_parcel_up_waits_for_the_window_as_well() {
    let (mut hub, mut peer) = open(window(4096), Config::default());
    let id = peer.open(request(0), Time::ZERO, 1, blobs(&[300_000])).expect("opened");
    let piece = sent(&mut peer);
    assert!(piece.len() > 4096, "it overdraws the window");
    assert_eq!(peer.cancel(id), Some(1));
    assert!(sent(&mut peer).is_empty(), "there is no window left");
    take(&mut hub, &piece, Time::ZERO).expect("a piece");
    assert!(exchange(&mut hub, &mut peer).is_empty());
    assert_eq!((hub.arriving_bytes(), peer.outbox_bytes()), (0, 0));
}
