//! Ends: whoever closes, each waiter is told once, and nothing is left over (R14, f24, f49).

use std::pin::pin;
use std::time::Duration;

use portcullis::Status;
use portcullis::hub::{HubEvent, PeerId, Reason};
use portcullis::peer::{PeerConfig, Target};
use portcullis_proto::frame::{Head, Kind};
use sample_contract::{EchoClient, EchoInterface, EchoServer, FlowsClient, TopicsClient};

use super::{barrier, failed, poll_once, until};
use crate::raw::FIRST_ID;
use crate::scene::{ALL, By, Scene, Served};
use crate::seen::Seen;
use crate::service::EchoService;

/// Long enough to be no part of what is looked at.
const LONG: Duration = Duration::from_secs(600);

/// Calls, streams and a subscription of one client; then `end` happens, and each of them is told once.
async fn everything_ends(served: &Served, end: impl Future<Output = ()>, reason: Reason) {
    let echo: EchoClient = served.bind().await;
    let flows: FlowsClient = served.bind().await;
    let topics: TopicsClient = served.bind().await;
    let calls: Vec<_> = (0..5).map(|_| echo.with_timeout(LONG).never()).collect();
    let mut stalled = flows.stall();
    assert_eq!(stalled.next().await.expect("an item"), Some(1));
    let (mut sink, mut mirrored) = flows.mirror();
    sink.send(&"one".to_owned()).await.expect("sent");
    assert_eq!(mirrored.next().await.expect("an item"), Some("one".to_owned()));
    let mut ticked = topics.subscribe_ticked();
    barrier(&served.client).await;
    served.seen.started.reach(7).await;
    end.await;
    for call in calls {
        failed(call.await, Status::Unavailable);
    }
    failed(stalled.next().await.map(|_| ()), Status::Unavailable);
    assert_eq!(stalled.next().await.expect("told once"), None);
    failed(mirrored.next().await.map(|_| ()), Status::Unavailable);
    failed(ticked.next().await, Status::Unavailable);
    assert_eq!(ticked.next().await.expect("told once"), None);
    sink.send(&"two".to_owned()).await.expect_err("nobody takes it");
    assert_eq!(served.client.closed().await.reason, reason);
    // What comes later is told at once.
    failed(echo.nothing().await, Status::Unavailable);
    failed(served.client.bind::<EchoClient>(Target::Any).await, Status::Unavailable);
    failed(topics.subscribe_ticked().next().await, Status::Unavailable);
    echo.tell("a word".into()).expect_err("nobody hears it");
    served.seen.stopped.reach(7).await;
    until(|| served.hub.open_work() == 0).await;
}

fn number_of(served: &Served, label: &str) -> PeerId {
    let peers = served.hub.peers();
    peers.into_iter().find(|peer| peer.label == label).expect("connected").peer
}

/// The client closes.
pub async fn the_client_closes(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let mut events = served.hub.events();
    everything_ends(&served, async { served.client.close() }, Reason::Closed).await;
    let HubEvent::Left { peer, goodbye } = events.next().await.expect("an event") else {
        panic!("it leaves")
    };
    assert_eq!((peer.label.as_str(), goodbye.reason), ("client", Reason::Closed));
}

/// The hub takes back what it has granted.
pub async fn the_hub_closes(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let client = number_of(&served, "client");
    let end = async { assert!(served.hub.disconnect(client, Reason::Revoked)) };
    everything_ends(&served, end, Reason::Revoked).await;
    until(|| served.hub.peers().iter().all(|peer| peer.peer != client)).await;
    assert!(!served.hub.disconnect(client, Reason::Revoked), "it is gone");
}

/// The application quits.
pub async fn the_application_quits(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let end = served.hub.shutdown(Duration::from_millis(50));
    everything_ends(&served, end, Reason::GoingAway).await;
}

/// R18: on the way out, calls that are under way get the time to end.
pub async fn quitting_drains_what_is_under_way(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    let topics: TopicsClient = served.bind().await;
    let flows: FlowsClient = served.bind().await;
    // Neither a subscription nor a stream that has begun holds the drain up.
    let mut ticked = topics.subscribe_ticked();
    let mut stalled = flows.stall();
    assert_eq!(stalled.next().await.expect("an item"), Some(1));
    let call = echo.with_timeout(LONG).later(150);
    served.seen.started.reach(2).await;
    let (reply, ()) = tokio::join!(call, served.hub.shutdown(LONG));
    assert_eq!(reply.expect("drained"), 150);
    assert_eq!(served.client.closed().await.reason, Reason::GoingAway);
    failed(ticked.next().await, Status::Unavailable);
    failed(stalled.next().await.map(|_| ()), Status::Unavailable);
    assert!(served.hub.peers().is_empty());
    served.hub.connect("late", ALL, &PeerConfig::default()).expect_err("nobody is admitted");
}

/// While the application quits nothing new is begun, and whoever takes too long is told.
pub async fn quitting_begins_nothing_new(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    let held = echo.with_timeout(LONG).never();
    served.seen.started.reach(1).await;
    let hub = served.hub.clone();
    let quitting = tokio::spawn(async move { hub.shutdown(Duration::from_millis(300)).await });
    until(|| served.hub.is_quitting()).await;
    failed(echo.nothing().await, Status::Unavailable);
    failed(held.await, Status::Unavailable);
    quitting.await.expect("it ends");
    served.seen.stopped.reach(1).await;
}

/// f24: the server of a relayed call goes away; its callers are told, and stay connected.
pub async fn f24_the_server_goes_away(scene: &Scene) {
    let served = scene.served(By::Peer).await;
    let echo: EchoClient = served.bind().await;
    let flows: FlowsClient = served.bind().await;
    let topics: TopicsClient = served.bind().await;
    let calls: Vec<_> = (0..5).map(|_| echo.with_timeout(LONG).never()).collect();
    let mut stalled = flows.stall();
    assert_eq!(stalled.next().await.expect("an item"), Some(1));
    let mut ticked = topics.subscribe_ticked();
    barrier(&served.client).await;
    served.seen.started.reach(6).await;
    served.server.as_ref().expect("a peer serves").close();
    for call in calls {
        failed(call.await, Status::Unavailable);
    }
    failed(stalled.next().await.map(|_| ()), Status::Unavailable);
    failed(ticked.next().await, Status::Unavailable);
    served.seen.stopped.reach(6).await;
    failed(echo.nothing().await, Status::Unavailable);
    let _own = served.hub.serve(EchoServer::new(EchoService::default())).expect("served");
    let echo: EchoClient = served.bind().await;
    assert_eq!(echo.inline(9).await.expect("the client lives"), 9);
}

/// f24: a connection is cut without a word, in the middle of a call: its handler stops, and it leaves once.
pub async fn f24_a_cut_connection_stops_its_handlers(scene: &Scene) {
    let hub = scene.hub();
    let seen = Seen::default();
    let _echo = hub.serve(EchoServer::new(EchoService::new(&seen))).expect("served");
    let mut raw = scene.raw("raw", ALL).await;
    raw.join().await;
    let binding = raw.bind::<EchoInterface>(FIRST_ID).await;
    let mut events = hub.events();
    // `never`.
    let id = FIRST_ID + 1;
    let head = Head { binding, ordinal: 8, id, budget: 600_000, ..Head::new(Kind::Request) };
    raw.say(head, &[]).await;
    seen.started.reach(1).await;
    drop(raw);
    seen.stopped.reach(1).await;
    until(|| hub.peers().is_empty()).await;
    let HubEvent::Left { peer, goodbye } = events.next().await.expect("an event") else {
        panic!("it leaves")
    };
    assert_eq!(peer.label, "raw");
    assert!(!goodbye.reason.is_violation(), "{goodbye}");
    let _later = scene.peer("later").await;
    let next = events.next().await.expect("an event");
    assert!(matches!(&next, HubEvent::Joined(info) if info.label == "later"), "{next:?}");
}

/// f49: close, cancel, drop and reply in every order that a scheduler comes up with.
pub async fn f49_ends_in_any_order(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    for round in 0..30u32 {
        let client = scene.peer(&format!("{round}")).await;
        let echo: EchoClient = client.bind(Target::Any).await.expect("bound");
        let flows: FlowsClient = client.bind(Target::Any).await.expect("bound");
        let dropped = echo.inline(1);
        let mut count = flows.count(100, None);
        let kept = echo.inline(2);
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }
        drop(dropped);
        let _ = poll_once(pin!(count.next())).await;
        client.close();
        drop(count);
        // It has come before the end, or it has not: there is one outcome.
        match kept.await {
            Ok(number) => assert_eq!(number, 2),
            Err(error) => assert_eq!(error.status(), Status::Unavailable),
        }
    }
    let stay = ["client", "server"];
    until(|| served.hub.peers().iter().all(|peer| stay.contains(&&*peer.label))).await;
    until(|| served.hub.open_work() == 0).await;
    assert_eq!(served.hub.counters().violations(), 0);
}
