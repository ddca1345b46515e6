//! Bindings: which instance answers, and what becomes of a binding when its instance leaves.

use std::pin::pin;
use std::time::Duration;

use portcullis::hub::HubEvent;
use portcullis::peer::{Peer, Target};
use portcullis::rpc::Client;
use portcullis::{Error, Status};
use sample_contract::{
    EchoClient, EchoServer, FlowsClient, TopicsClient, TopicsInterface, TopicsPublisher,
};

use super::{barrier, failed, poll_once, until};
use crate::scene::{By, Scene};
use crate::seen::Seen;
use crate::service::EchoService;

fn service() -> EchoServer<EchoService> {
    EchoServer::new(EchoService::default())
}

async fn bind<C: Client>(peer: &Peer, target: Target) -> Result<C, Error> {
    peer.bind(target).await
}

/// Any, by label, by instance name; and none.
pub async fn targets_choose_the_instance(scene: &Scene) {
    let hub = scene.hub();
    let client = scene.peer("client").await;
    let error = failed(bind::<EchoClient>(&client, Target::Any).await, Status::Unavailable);
    assert!(error.message().contains("sample.echo"), "{error}");
    let one = scene.peer("one").await;
    let two = scene.peer("two").await;
    let _first = one.serve(service(), "a").await.expect("served");
    let _second = one.serve(service(), "b").await.expect("served");
    let _third = two.serve(service(), "c").await.expect("served");
    let own = hub.serve_as(service(), "main's").expect("served");
    for (target, label, instance) in [
        (Target::Label("two".into()), "two", "c"),
        (Target::Instance("b".into()), "one", "b"),
        (Target::Instance("main's".into()), "", "main's"),
    ] {
        let echo: EchoClient = bind(&client, target.clone()).await.expect("bound");
        assert_eq!((echo.binding().label(), echo.binding().instance()), (label, instance));
        assert_eq!(echo.inline(1).await.expect("a reply"), 1, "{target:?}");
    }
    let any: EchoClient = bind(&client, Target::Any).await.expect("bound");
    any.nothing().await.expect("a reply");
    for target in [Target::Label("three".into()), Target::Instance("d".into())] {
        failed(bind::<EchoClient>(&client, target).await, Status::Unavailable);
    }
    drop(own);
    let target = Target::Instance("main's".into());
    failed(bind::<EchoClient>(&client, target).await, Status::Unavailable);
}

/// An instance that leaves ends its calls and its bindings, each once; another can be bound in its place.
pub async fn a_gone_instance_is_unavailable(scene: &Scene, by: By) {
    let mut served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    let flows: FlowsClient = served.bind().await;
    let pending = echo.with_timeout(Duration::from_secs(600)).never();
    let mut stalled = flows.stall();
    assert_eq!(stalled.next().await.expect("an item"), Some(1));
    served.seen.started.reach(2).await;
    assert!(!echo.binding().is_gone());
    served.withdraw();
    failed(pending.await, Status::Unavailable);
    failed(stalled.next().await.map(|_| ()), Status::Unavailable);
    assert_eq!(stalled.next().await.expect("told once"), None);
    served.seen.stopped.reach(2).await;
    until(|| echo.binding().is_gone()).await;
    failed(echo.nothing().await, Status::Unavailable);
    failed(bind::<EchoClient>(&served.client, Target::Any).await, Status::Unavailable);
    let _again = served.hub.serve(service()).expect("served");
    let echo: EchoClient = served.bind().await;
    assert_eq!(echo.inline(4).await.expect("a reply"), 4);
}

/// An interface that was just announced can be used at once, by whoever hears of it.
pub async fn an_announced_interface_is_ready(scene: &Scene) {
    let hub = scene.hub();
    let client = scene.peer("client").await;
    let server = scene.peer("server").await;
    for round in 0..30 {
        let mut events = hub.events();
        let serve = server.serve(service(), format!("{round}"));
        let call = async {
            while let Some(event) = events.next().await {
                if matches!(event, HubEvent::Served { .. }) {
                    break;
                }
            }
            let target = Target::Instance(format!("{round}"));
            let echo: EchoClient = bind(&client, target).await.expect("bound");
            assert_eq!(echo.inline(round).await.expect("a reply"), round);
        };
        let (serving, ()) = tokio::join!(serve, call);
        drop(serving.expect("served"));
    }
}

/// One peer serves an interface under one name once; under another, again.
pub async fn one_name_is_served_once(scene: &Scene) {
    let hub = scene.hub();
    let server = scene.peer("server").await;
    let first = server.serve(service(), "").await.expect("served");
    failed(server.serve(service(), "").await.map(|_| ()), Status::AlreadyExists);
    let _second = server.serve(service(), "other").await.expect("served");
    let _own = hub.serve(service()).expect("another server");
    hub.serve(service()).expect_err("main serves it");
    drop(first);
    barrier(&server).await;
    let _again = server.serve(service(), "").await.expect("free again");
}

/// Bindings that are dropped are released: one can bind as often as one likes.
pub async fn dropped_bindings_are_released(scene: &Scene) {
    let hub = scene.hub_with(|builder| builder.configure(|config| config.bindings_max(4)));
    let _echo = hub.serve(service()).expect("served");
    let client = scene.peer("client").await;
    for _ in 0..50 {
        let echo: EchoClient = bind(&client, Target::Any).await.expect("bound");
        let again = echo.clone();
        drop(echo);
        again.nothing().await.expect("a clone holds it");
    }
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(bind::<EchoClient>(&client, Target::Any).await.expect("bound"));
    }
    failed(bind::<EchoClient>(&client, Target::Any).await, Status::ResourceExhausted);
    held.pop();
    bind::<EchoClient>(&client, Target::Any).await.expect("one is free");
}

/// f16: a bind that nobody waits for any more takes no binding with it.
pub async fn f16_abandoned_binds_leak_nothing(scene: &Scene) {
    let hub = scene.hub_with(|builder| builder.configure(|config| config.bindings_max(4)));
    let _echo = hub.serve(service()).expect("served");
    let client = scene.peer("client").await;
    for round in 0..40u32 {
        let mut binding = pin!(bind::<EchoClient>(&client, Target::Any));
        // Given up at every moment from before the request to behind the answer.
        for _ in 0..=round % 10 {
            if poll_once(binding.as_mut()).await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    // The answers have come, and behind them what takes their bindings back has gone.
    until(|| client.calls_open() == (0, 0)).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(bind::<EchoClient>(&client, Target::Any).await.expect("all are free"));
    }
}

/// f16: an announcement that nobody waits for any more is taken back.
pub async fn f16_abandoned_announcements_are_taken_back(scene: &Scene) {
    let hub = scene.hub();
    let client = scene.peer("client").await;
    let server = scene.peer("server").await;
    for round in 0..40u32 {
        let mut serving = pin!(server.serve(service(), format!("{round}")));
        for _ in 0..=round % 10 {
            if poll_once(serving.as_mut()).await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    until(|| server.calls_open() == (0, 0)).await;
    failed(bind::<EchoClient>(&client, Target::Any).await, Status::Unavailable);
    assert_eq!(hub.open_work(), 0);
}

/// Topics without a service: they can be subscribed to, and calls say that nobody is there for them.
pub async fn topics_alone_are_no_service(scene: &Scene) {
    let hub = scene.hub();
    let topics = hub.host_topics::<TopicsInterface>("").expect("hosted");
    let client = scene.peer("client").await;
    let bound: TopicsClient = bind(&client, Target::Any).await.expect("bound");
    failed(bound.emit(1, 1).await, Status::Unimplemented);
    let mut level = bound.watch_level();
    topics.publisher::<TopicsPublisher>().level(&4).expect("published");
    assert_eq!(level.next().await.expect("a value"), Some(4));
}

/// A server that calls its own instance goes through the hub like everybody else.
pub async fn a_peer_calls_itself(scene: &Scene) {
    let seen = Seen::default();
    let both = scene.peer("both").await;
    let serving = both.serve(EchoServer::new(EchoService::new(&seen)), "").await.expect("served");
    let echo: EchoClient = bind(&both, Target::Label("both".into())).await.expect("bound");
    assert_eq!(echo.inline(2).await.expect("a reply"), 2);
    let pending = echo.with_timeout(Duration::from_secs(600)).never();
    seen.started.reach(1).await;
    drop(serving);
    failed(pending.await, Status::Unavailable);
    seen.stopped.reach(1).await;
}
