//! Limits: what is beyond them is denied or put off, and nothing leaks (f16, f20).

use std::time::Duration;

use futures_util::future::join_all;
use portcullis::hub::{Budget, HubEvent, Reason};
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Limits, Role, Status};
use portcullis_proto::error::Retry;
use portcullis_proto::frame::{Head, Kind};
use portcullis_proto::session::Hello;
use sample_contract::{EchoClient, EchoInterface, EchoServer, TopicsClient};

use super::{barrier, failed, limits, until};
use crate::raw::{FIRST_ID, bytes_of, frame, hello};
use crate::scene::{ALL, By, Scene};
use crate::service::EchoService;

/// Long enough to be no part of what is looked at.
const LONG: Duration = Duration::from_secs(600);
/// The call `sample.echo.bytes`, by its place in its interface.
const BYTES: u32 = 1;

/// f16: calls beyond what the hub takes fail at once; when others end there is room again.
pub async fn f16_calls_beyond_the_limit(scene: &Scene, by: By) {
    scene.hub_with(|builder| builder.limits(Limits { calls: 8, ..Limits::DEFAULT }));
    let served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    let patient = echo.with_timeout(LONG);
    let held: Vec<_> = (0..8).map(|_| patient.never()).collect();
    let error = failed(echo.nothing().await, Status::ResourceExhausted);
    assert_ne!(error.retry(), Retry::Never, "{error:?}");
    served.seen.started.reach(8).await;
    drop(held);
    served.seen.stopped.reach(8).await;
    until(|| served.client.calls_open() == (0, 0)).await;
    let all = join_all((0..8).map(|number| echo.inline(number))).await;
    assert!(all.into_iter().all(|reply| reply.is_ok()));
}

/// f15, f16: calls beyond what a serving peer takes fail for their callers alone; one caller gets half of it at most.
pub async fn f15_f16_calls_beyond_what_the_server_takes(scene: &Scene) {
    let small = limits(Limits { calls: 4, ..Limits::DEFAULT });
    let served = scene.served_with(By::Peer, PeerConfig::default(), small).await;
    let echo: EchoClient = served.bind().await;
    let other = scene.peer("other").await;
    let elsewhere: EchoClient = other.bind(Target::Any).await.expect("bound");
    let [greedy, patient] = [&echo, &elsewhere].map(|echo| echo.with_timeout(LONG));
    let mut held: Vec<_> = (0..2).map(|_| greedy.never()).collect();
    served.seen.started.reach(2).await;
    failed(echo.nothing().await, Status::ResourceExhausted);
    elsewhere.nothing().await.expect("there is room for others");
    held.extend((0..2).map(|_| patient.never()));
    served.seen.started.reach(4).await;
    let third = scene.peer("third").await;
    let none: EchoClient = third.bind(Target::Any).await.expect("bound");
    failed(none.nothing().await, Status::ResourceExhausted);
    drop(held);
    served.seen.stopped.reach(4).await;
    until(|| served.hub.open_work() == 0).await;
    echo.nothing().await.expect("there is room again");
}

/// Arguments larger than a serving peer takes fail for their caller alone.
pub async fn arguments_too_large_for_the_server(scene: &Scene) {
    let small = limits(Limits { frame_bytes: 8 * 1024, ..Limits::DEFAULT });
    let served = scene.served_with(By::Peer, PeerConfig::default(), small).await;
    let echo: EchoClient = served.bind().await;
    failed(echo.bytes(vec![0; 9 * 1024]).await, Status::ResourceExhausted);
    assert_eq!(echo.bytes(vec![0; 7 * 1024]).await.expect("both live").len(), 7 * 1024);
}

/// f16: subscriptions beyond the limit are refused; those that stand are not disturbed.
pub async fn f16_subscriptions_beyond_the_limit(scene: &Scene) {
    scene.hub_with(|builder| builder.configure(|config| config.subscriptions_max(3)));
    let served = scene.served(By::Main).await;
    let topics: TopicsClient = served.bind().await;
    let mut held: Vec<_> = (0..3).map(|_| topics.subscribe_ticked()).collect();
    failed(topics.subscribe_ticked().next().await, Status::ResourceExhausted);
    served.publisher.ticked(&5).expect("published");
    for subscription in &mut held {
        assert_eq!(subscription.next().await.expect("a value"), Some(5));
    }
    held.pop();
    barrier(&served.client).await;
    let mut again = topics.subscribe_ticked();
    barrier(&served.client).await;
    served.publisher.ticked(&6).expect("published");
    assert_eq!(again.next().await.expect("a value"), Some(6));
}

/// f16: interfaces beyond what a peer may serve are refused.
pub async fn f16_exports_beyond_the_limit(scene: &Scene) {
    let server = scene.peer("server").await;
    let service = || EchoServer::new(EchoService::default());
    let mut held = Vec::new();
    for number in 0..64 {
        held.push(server.serve(service(), format!("{number}")).await.expect("served"));
    }
    let beyond = server.serve(service(), "one more").await.map(|_| ());
    failed(beyond, Status::ResourceExhausted);
    held.pop();
    let _more = server.serve(service(), "one more").await.expect("there is room again");
}

/// f20: who takes no answers is put off once its outbox is full, even when its transport is stuck; others go on.
pub async fn f20_who_takes_nothing_is_put_off(scene: &Scene) {
    let hub = scene.hub_with(|builder| builder.outbox_bytes_max(1024 * 1024));
    let _echo = hub.serve(EchoServer::new(EchoService::default())).expect("served");
    let client = scene.peer("client").await;
    let echo: EchoClient = client.bind(Target::Any).await.expect("bound");
    let mut stuck = scene.raw("stuck", ALL).await;
    stuck.join().await;
    let binding = stuck.bind::<EchoInterface>(FIRST_ID).await;
    let mut events = hub.events();
    let body = bytes_of(&vec![7u8; 512 * 1024]);
    // It asks on and on, and reads nothing.
    for slot in 1..=32 {
        let head =
            Head { binding, ordinal: BYTES, id: FIRST_ID + slot, ..Head::new(Kind::Request) };
        if !stuck.send(&frame(head, &body)).await {
            break;
        }
    }
    let HubEvent::Left { peer, goodbye } = events.next().await.expect("an event") else {
        panic!("it leaves")
    };
    assert_eq!((peer.label.as_str(), goodbye.reason), ("stuck", Reason::SlowConsumer));
    assert_eq!(echo.inline(5).await.expect("a reply"), 5);
    // Its transport is not waited for, either.
    until(|| hub.peers().len() == 1).await;
    drop(stuck);
}

/// f20: a window that is never opened holds data back, and the bound acts.
pub async fn f20_a_window_that_stays_shut(scene: &Scene) {
    let hub = scene.hub_with(|builder| builder.outbox_bytes_max(64 * 1024));
    let _echo = hub.serve(EchoServer::new(EchoService::default())).expect("served");
    let mut raw = scene.raw("raw", ALL).await;
    let small = Limits { window_bytes: 4 * 1024, ..Limits::DEFAULT };
    raw.greet(&Hello { limits: small, ..hello() }).await;
    raw.next().await.expect("welcome");
    let binding = raw.bind::<EchoInterface>(FIRST_ID).await;
    let body = bytes_of(&vec![7u8; 4 * 1024]);
    let mut burst = Vec::new();
    for slot in 1..=64 {
        let head =
            Head { binding, ordinal: BYTES, id: FIRST_ID + slot, ..Head::new(Kind::Request) };
        burst.extend(frame(head, &body));
    }
    raw.send(&burst).await;
    let goodbye = raw.goodbye().await.expect("a goodbye");
    assert_eq!(goodbye.reason, Reason::SlowConsumer);
}

/// f15, f24: whoever has to wait for its rate and hangs up meanwhile is gone, however long it would have had to wait, and
/// whatever it has left unread.
pub async fn f15_who_hangs_up_while_it_has_to_wait_is_gone(scene: &Scene) {
    // For what it sends it would have to wait for hours.
    let role = Role::new("slow").budget(Budget::new().bytes_per_second(1, 1));
    let hub = scene.hub_with(|builder| builder.role(role));
    let ping = frame(Head { id: 1, ..Head::new(Kind::Ping) }, &[]);
    for rest in [0, 200] {
        let mut raw = scene.raw("slow", "slow").await;
        raw.greet(&hello()).await;
        // Where nothing can wait, so much more than may come ends it.
        until(|| match hub.peers().first() {
            Some(peer) => peer.counters.paused > 0,
            None => hub.counters().ended.contains_key(&Reason::RateExceeded),
        })
        .await;
        raw.send(&ping.repeat(rest)).await;
        drop(raw);
        until(|| hub.peers().is_empty()).await;
    }
}
