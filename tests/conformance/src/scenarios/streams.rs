//! Streams: both directions, credit, overflow, and every end.

use std::time::Duration;

use portcullis::peer::PeerConfig;
use portcullis::rpc::Failure;
use portcullis::{Limits, Status};
use sample_contract::{EchoClient, FlowsClient, FlowsError, Summary};

use super::{failed, limits, until};
use crate::scene::{By, Scene, Served};

/// Items that one leg of a stream takes before its reader has to give credit.
const CREDIT: u32 = 16;

async fn flows(scene: &Scene, by: By) -> (Served, FlowsClient) {
    let served = scene.served(by).await;
    let flows = served.bind().await;
    (served, flows)
}

/// Legs between the two ends of a stream.
fn legs(by: By) -> u32 {
    match by {
        By::Main => 1,
        By::Peer => 2,
    }
}

/// Gives everything that may happen the time to happen.
async fn round_trips(served: &Served, count: u32) {
    let echo: EchoClient = served.bind().await;
    for number in 0..count {
        assert_eq!(echo.inline(number).await.expect("a reply"), number);
    }
}

/// R10: items come in order, and the reply behind them.
pub async fn items_come_in_order(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    let mut count = flows.count(1_000, None);
    for expected in 0..1_000 {
        assert_eq!(count.next().await.expect("an item"), Some(expected));
    }
    assert_eq!(count.next().await.expect("the end"), None);
    assert_eq!(count.next().await.expect("still the end"), None);
    assert_eq!(count.reply().await.expect("a reply"), Summary { items: 1_000, sum: 499_500 });
}

/// The reply can be had without the items.
pub async fn a_reply_without_its_items(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    assert_eq!(flows.count(300, None).reply().await.expect("a reply").items, 300);
    assert_eq!(flows.count(0, None).reply().await.expect("a reply").items, 0);
}

/// R10: a fast sender waits for a slow reader.
pub async fn a_fast_sender_waits(scene: &Scene, by: By) {
    let (served, flows) = flows(scene, by).await;
    let mut count = flows.count(500, None);
    served.seen.sent.reach(CREDIT).await;
    round_trips(&served, 50).await;
    let sent = served.seen.sent.get();
    assert!(sent <= CREDIT * legs(by), "{sent} items without a reader");
    for expected in 0..500 {
        assert_eq!(count.next().await.expect("an item"), Some(expected));
    }
    assert_eq!(count.reply().await.expect("a reply").items, 500);
}

/// Items go up, and the reply counts them.
pub async fn items_go_up(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    let (mut sink, sum) = flows.sum();
    for number in 0..100 {
        sink.send(&number).await.expect("sent");
    }
    // More at once than there is ever credit for.
    sink.send_all(&Vec::from_iter(100..500)).await.expect("sent");
    sink.finish();
    assert_eq!(sum.await.expect("a sum"), Summary { items: 500, sum: 124_750 });
    let (sink, sum) = flows.sum();
    drop(sink);
    assert_eq!(sum.await.expect("a sum"), Summary::default());
}

/// Both directions at once, item by item.
pub async fn items_go_both_ways(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    let (mut sink, mut mirrored) = flows.mirror();
    for round in 0..100 {
        let text = format!("{round}");
        sink.send(&text).await.expect("sent");
        assert_eq!(mirrored.next().await.expect("an item"), Some(text));
    }
    sink.finish();
    assert_eq!(mirrored.next().await.expect("the end"), None);
    mirrored.reply().await.expect("a reply");
}

/// f23: with the credit of both directions used up nobody is stuck for good, and the sender above is held.
pub async fn f23_both_ways_fill_up_and_drain(scene: &Scene, by: By) {
    let (served, flows) = flows(scene, by).await;
    let (mut sink, mut mirrored) = flows.mirror();
    let mut sent = 0u32;
    // Both directions fill up; then three looks, far apart, find no room.
    let mut refused = 0;
    while refused < 3 {
        if sink.try_send(&format!("{sent}")).expect("an open stream") {
            sent += 1;
            refused = 0;
            assert!(sent <= 1_000, "nothing holds the sender");
        } else {
            refused += 1;
            round_trips(&served, 20).await;
        }
    }
    assert!(sent >= CREDIT, "{sent}");
    assert!(sent <= CREDIT * legs(by) * 2 + 1, "{sent} items on their way");
    for expected in 0..sent {
        assert_eq!(mirrored.next().await.expect("an item"), Some(format!("{expected}")));
    }
    sink.finish();
    assert_eq!(mirrored.next().await.expect("the end"), None);
}

/// Items larger than the credit in bytes pass one after the other.
pub async fn large_items_pass(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    let (mut sink, mut mirrored) = flows.mirror();
    let sending = async {
        for round in 0..8u32 {
            sink.send(&round.to_string().repeat(1_500_000)).await.expect("sent");
        }
        sink.finish();
    };
    let reading = async {
        for round in 0..8u32 {
            let text = mirrored.next().await.expect("an item").expect("an item");
            assert!(text == round.to_string().repeat(1_500_000));
        }
        assert_eq!(mirrored.next().await.expect("the end"), None);
    };
    tokio::join!(sending, reading);
}

/// A sender that may drop its oldest items never waits; the reader gets the newest, and learns how many it missed.
pub async fn drop_oldest_says_what_was_missed(scene: &Scene, by: By) {
    let (served, flows) = flows(scene, by).await;
    let mut pictures = flows.pictures(300, 10);
    // Nobody reads, and all the same the sender comes to its end.
    served.seen.stopped.reach(1).await;
    assert_eq!(served.seen.sent.get(), 300);
    let (mut got, mut missed, mut last) = (0, 0, None);
    while let Some(picture) = pictures.next().await.expect("an item") {
        assert!(last.is_none_or(|last| picture.sequence > last), "{last:?}, then {picture:?}");
        let skipped = picture.sequence - last.map_or(0, |last| last + 1);
        assert_eq!(pictures.missed(), skipped, "before {}", picture.sequence);
        missed += pictures.missed();
        got += 1;
        last = Some(picture.sequence);
    }
    assert_eq!(last, Some(299), "the newest is never dropped");
    assert_eq!(got + missed, 300);
    assert!(got <= CREDIT * legs(by) + 4, "{got} were kept");
    assert_eq!(pictures.reply().await.expect("a reply").items, 300);
}

/// A reader that leaves early stops the handler.
pub async fn an_early_drop_stops_the_handler(scene: &Scene, by: By) {
    let (served, flows) = flows(scene, by).await;
    let mut count = flows.count(u32::MAX, None);
    for expected in 0..40 {
        assert_eq!(count.next().await.expect("an item"), Some(expected));
    }
    drop(count);
    served.seen.stopped.reach(1).await;
    let mut stalled = flows.stall();
    assert_eq!(stalled.next().await.expect("an item"), Some(1));
    drop(stalled);
    served.seen.stopped.reach(2).await;
    let (mut sink, sum) = flows.sum();
    sink.send(&1).await.expect("sent");
    served.seen.taken.reach(1).await;
    drop(sum);
    served.seen.stopped.reach(3).await;
    until(|| served.hub.open_work() == 0).await;
    let error = sink.send(&2).await.expect_err("nobody takes it");
    assert_eq!(error.status(), Status::Cancelled);
}

/// An error in the middle comes behind the items that were sent before it.
pub async fn an_error_comes_behind_its_items(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    let mut count = flows.count(1_000, Some(70));
    for expected in 0..70 {
        assert_eq!(count.next().await.expect("an item"), Some(expected));
    }
    let error = count.next().await.expect_err("its own error");
    assert_eq!(error, Failure::App(FlowsError::Broken { after: 70 }));
    assert_eq!(count.next().await.expect("told once"), None);
}

/// The budget covers the time to the first item; from then on the stream has all the time it wants.
pub async fn a_stream_that_has_begun_has_no_deadline(scene: &Scene, by: By) {
    let (served, flows) = flows(scene, by).await;
    let mut stalled = flows.with_timeout(Duration::from_millis(400)).stall();
    assert_eq!(stalled.next().await.expect("an item"), Some(1));
    let waited = tokio::time::timeout(Duration::from_millis(800), stalled.next()).await;
    assert!(waited.is_err(), "{waited:?}");
    assert_eq!(served.seen.stopped.get(), 0);
    drop(stalled);
    served.seen.stopped.reach(1).await;
}

/// A stream that does not begin in time ends.
pub async fn a_stream_must_begin_in_time(scene: &Scene, by: By) {
    let (served, flows) = flows(scene, by).await;
    let hasty = flows.with_timeout(Duration::from_millis(50));
    let (_sink, mut mirrored) = hasty.mirror();
    let error = failed(mirrored.next().await.map(|_| ()), Status::DeadlineExceeded);
    assert_eq!(error.channel(), "sample.flows.mirror");
    until(|| served.hub.open_work() == 0).await;
    served.seen.stopped.reach(served.seen.started.get()).await;
}

/// Many streams share a connection without disturbing one another.
pub async fn many_streams_at_once(scene: &Scene, by: By) {
    let (_served, flows) = flows(scene, by).await;
    let read = |count: u32| {
        let mut stream = flows.count(count, None);
        async move {
            for expected in 0..count {
                assert_eq!(stream.next().await.expect("an item"), Some(expected));
            }
            assert_eq!(stream.reply().await.expect("a reply").items, count);
        }
    };
    futures_util::future::join_all((0..24).map(|number| read(number * 9))).await;
}

/// An item that the other end does not take ends its stream, in so many words, and nothing else.
pub async fn an_item_too_large_ends_its_stream(scene: &Scene, by: By) {
    let small = limits(Limits { frame_bytes: 8 * 1024, ..Limits::DEFAULT });
    let served = scene.served_with(by, small, PeerConfig::default()).await;
    let flows: FlowsClient = served.bind().await;
    let (mut sink, mut mirrored) = flows.mirror();
    sink.send(&"small".to_owned()).await.expect("sent");
    assert_eq!(mirrored.next().await.expect("an item"), Some("small".to_owned()));
    sink.send(&"x".repeat(9 * 1024)).await.expect("sent");
    match by {
        // The handler is told, and gives up of itself.
        By::Main => assert_eq!(mirrored.next().await.expect("the end"), None),
        // Nobody can be told any more but the reader.
        By::Peer => {
            failed(mirrored.next().await.map(|_| ()), Status::ResourceExhausted);
        }
    }
    served.seen.stopped.reach(1).await;
    round_trips(&served, 1).await;
}

/// The same on the way up: the caller is told.
pub async fn an_item_too_large_for_the_server_ends_its_stream(scene: &Scene) {
    let small = limits(Limits { frame_bytes: 8 * 1024, ..Limits::DEFAULT });
    let served = scene.served_with(By::Peer, PeerConfig::default(), small).await;
    let flows: FlowsClient = served.bind().await;
    let (mut sink, mut mirrored) = flows.mirror();
    sink.send(&"small".to_owned()).await.expect("sent");
    assert_eq!(mirrored.next().await.expect("an item"), Some("small".to_owned()));
    sink.send(&"x".repeat(9 * 1024)).await.expect("sent");
    failed(mirrored.next().await.map(|_| ()), Status::ResourceExhausted);
    served.seen.stopped.reach(1).await;
    round_trips(&served, 1).await;
}
