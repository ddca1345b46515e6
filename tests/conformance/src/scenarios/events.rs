//! What observers hear (R18): peers, interfaces, calls, denials; and what is counted.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use portcullis::Status;
use portcullis::hub::{DenyReason, Events, HubEvent, Reason};
use portcullis::peer::Target;
use sample_contract::{EchoClient, EchoServer, FlowsClient};

use super::{barrier, failed, until};
use crate::scene::{ALL, By, Scene, VIEWER};
use crate::service::EchoService;

async fn next(events: &mut Events) -> HubEvent {
    events.next().await.expect("an event")
}

/// A peer joins once and leaves once, with who it is and why it left.
pub async fn peers_join_and_leave(scene: &Scene) {
    let hub = scene.hub();
    let mut events = hub.events();
    let one = scene.peer("one").await;
    let HubEvent::Joined(info) = next(&mut events).await else { panic!("it joins first") };
    assert_eq!((info.label.as_str(), info.role.as_str()), ("one", ALL));
    one.close();
    let HubEvent::Left { peer, goodbye } = next(&mut events).await else { panic!("it leaves") };
    assert_eq!((peer.peer, goodbye.reason), (info.peer, Reason::Closed));
    let _again = scene.peer("one").await;
    let HubEvent::Joined(later) = next(&mut events).await else { panic!("it joins again") };
    assert_ne!(later.peer, info.peer, "numbers are not used again");
    assert_eq!(hub.counters().admitted, 2);
    until(|| hub.peers().len() == 1).await;
}

/// An interface comes and goes.
pub async fn interfaces_come_and_go(scene: &Scene) {
    let hub = scene.hub();
    let server = scene.peer("server").await;
    let mut events = hub.events();
    let serving = server.serve(EchoServer::new(EchoService::default()), "a").await.expect("served");
    let HubEvent::Served { interface, instance, label } = next(&mut events).await else {
        panic!("it is served")
    };
    assert_eq!((&*interface, &*instance, &*label), ("sample.echo", "a", "server"));
    drop(serving);
    let HubEvent::Withdrawn { interface, instance, label } = next(&mut events).await else {
        panic!("it is withdrawn")
    };
    assert_eq!((&*interface, &*instance, &*label), ("sample.echo", "a", "server"));
}

/// Every call leaves one record, however it ended.
pub async fn calls_are_recorded(scene: &Scene, by: By) {
    scene.hub_with(|builder| builder.observe_calls(true));
    let served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    let flows: FlowsClient = served.bind().await;
    let mut events = served.hub.events();
    echo.bytes(vec![0; 100]).await.expect("a reply");
    failed(echo.refuse("no".into()).await, Status::FailedPrecondition);
    echo.fail(1, Vec::new()).await.expect_err("odd");
    failed(echo.never().await, Status::DeadlineExceeded);
    assert_eq!(flows.count(3, None).reply().await.expect("a reply").items, 3);
    let started = served.seen.started.get();
    let dropped = echo.with_timeout(Duration::from_secs(600)).later(600_000);
    served.seen.started.reach(started + 1).await;
    drop(dropped);
    let callee = if by == By::Peer { "server" } else { "" };
    let expected = [
        ("sample.echo.bytes", &[Status::Ok][..], Some(101)),
        ("sample.echo.refuse", &[Status::FailedPrecondition], None),
        ("sample.echo.fail", &[Status::Application], None),
        // The caller's cancel and the hub's own clock race.
        ("sample.echo.never", &[Status::DeadlineExceeded, Status::Cancelled], Some(0)),
        ("sample.flows.count", &[Status::Ok], None),
        ("sample.echo.later", &[Status::Cancelled], None),
    ];
    // In the order in which they end: a peer that serves may answer what came later before it has heard of a cancel.
    let mut records = HashMap::new();
    for _ in &expected {
        let HubEvent::Call(record) = next(&mut events).await else { panic!("a call") };
        assert_eq!((record.caller.as_str(), record.callee.as_str()), ("client", callee));
        assert_eq!(records.insert(record.channel.to_string(), record), None);
    }
    for (channel, statuses, bytes_in) in expected {
        let record = records.get(channel).expect("one record for each call");
        assert!(statuses.contains(&record.status), "{record:?}");
        if let Some(bytes) = bytes_in {
            assert_eq!(record.bytes_in, bytes);
        }
    }
    let correlations: HashSet<u64> = records.values().map(|record| record.correlation).collect();
    assert_eq!(correlations.len(), records.len(), "{records:?}");
}

/// The error that a caller gets and the record that observers get carry the same number.
pub async fn errors_and_records_share_their_number(scene: &Scene, by: By) {
    scene.hub_with(|builder| builder.observe_calls(true));
    let served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    let mut events = served.hub.events();
    let error = failed(echo.panic("oh".into()).await, Status::Internal);
    let HubEvent::Call(record) = next(&mut events).await else { panic!("a call") };
    assert_eq!(record.correlation, error.correlation());
    assert_ne!(record.correlation, 0);
}

/// A denial is an event for main's observers, with the channel's name if it exists.
pub async fn denials_are_told(scene: &Scene) {
    let served = scene.served(By::Main).await;
    let viewer = scene.peer_with("viewer", VIEWER, Default::default()).await;
    let echo: EchoClient = viewer.bind(Target::Any).await.expect("bound");
    let mut events = served.hub.events();
    failed(echo.nothing().await, Status::PermissionDenied);
    let HubEvent::Denied { label, role, channel, reason, count, .. } = next(&mut events).await
    else {
        panic!("a denial")
    };
    let told = (label.as_str(), role.as_str(), channel.as_deref(), reason, count);
    let channel = Some("sample.echo.nothing");
    assert_eq!(told, ("viewer", VIEWER, channel, DenyReason::NotGranted, 1));
}

/// What is counted for each peer, and for the hub.
pub async fn counters_count(scene: &Scene, by: By) {
    let served = scene.served(by).await;
    let echo: EchoClient = served.bind().await;
    for number in 0..10 {
        echo.inline(number).await.expect("a reply");
    }
    failed(echo.refuse("no".into()).await, Status::FailedPrecondition);
    served.publisher.ticked(&1).expect("published");
    if let Some(server) = &served.server {
        barrier(server).await;
    }
    let counters = served.hub.counters();
    assert_eq!((counters.calls, counters.errors, counters.published), (11, 1, 1));
    let info = served.hub.peers().into_iter().find(|peer| peer.label == "client");
    let counters = info.expect("connected").counters;
    assert_eq!((counters.calls, counters.errors, counters.denied), (11, 1, 0));
    assert!(counters.bytes_in > 11 * 24 && counters.bytes_out > 11 * 24, "{counters:?}");
    until(|| served.hub.open_work() == 0).await;
}
