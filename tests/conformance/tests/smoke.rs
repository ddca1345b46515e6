//! The first crossing.

use std::time::Duration;

use conformance::{EchoService, FlowsService};
use portcullis::hub::{Admission, Kind};
use portcullis::link::{IoLink, UnixLink};
use portcullis::peer::{PeerConfig, Target};
use portcullis::rpc::Failure;
use portcullis::{Hub, Role, Status};
use sample_contract::{
    EchoClient, EchoError, EchoRequest, EchoServer, FlowsClient, FlowsError, FlowsServer,
    TopicsClient, TopicsInterface, TopicsPublisher, contract,
};

fn hub() -> Hub {
    Hub::builder(contract())
        .role(
            Role::new("all")
                .call("sample.echo.*")
                .call("sample.flows.*")
                .call("sample.topics.emit")
                .subscribe("sample.topics.*")
                .publish("sample.topics.*")
                .serve("sample.echo")
                .serve("sample.flows"),
        )
        .build()
        .expect("the roles fit the contract")
}

#[tokio::test]
async fn a_call_crosses_and_comes_back() {
    let hub = hub();
    let _echo = hub.serve(EchoServer::new(EchoService::default())).expect("served");
    let _flows = hub.serve(FlowsServer::new(FlowsService)).expect("served");
    let (ours, theirs) = UnixLink::pair().expect("a pair");
    let admission = Admission { label: "one".into(), role: "all".into(), kind: Kind::Native };
    hub.attach(ours, &admission).expect("admitted");
    let peer = portcullis::client::connect(theirs, &PeerConfig::default());
    let welcome = peer.ready().await.expect("welcome");
    assert_eq!(welcome.label, "one");
    let echo: EchoClient = peer.bind(Target::Any).await.expect("bound");
    let reply = echo
        .call(EchoRequest { number: 1, text: "hello".into(), value: 1.5 })
        .await
        .expect("a reply");
    assert_eq!((reply.number, reply.text.as_str(), reply.value), (2, "hello", 3.0));
    let error = echo.fail(3, Vec::new()).await.expect_err("odd");
    assert_eq!(error, Failure::App(EchoError::Odd { number: 3 }));
    let error = echo.panic("oh".into()).await.expect_err("a panic");
    assert_eq!(error.status(), Status::Internal);
    assert_ne!(error.correlation(), 0);
    let error = echo.never().await.expect_err("never");
    assert_eq!(error.status(), Status::DeadlineExceeded);
    assert_eq!(echo.later(20).await.expect("later"), 20);
    assert_eq!(echo.block(5).await.expect("block"), 5);
    assert_eq!(echo.bytes(vec![7; 10_000_000]).await.expect("bytes").len(), 10_000_000);
    assert_eq!(echo.who().await.expect("who").label, "one");

    let flows: FlowsClient = peer.bind(Target::Any).await.expect("bound");
    let mut count = flows.count(1000, None);
    let mut expected = 0;
    while let Some(number) = count.next().await.expect("an item") {
        assert_eq!(number, expected);
        expected += 1;
    }
    assert_eq!(expected, 1000);
    assert_eq!(count.reply().await.expect("a reply").items, 1000);
    let mut count = flows.count(1000, Some(5));
    for _ in 0..5 {
        assert!(count.next().await.expect("an item").is_some());
    }
    assert_eq!(
        count.next().await.expect_err("its own error"),
        Failure::App(FlowsError::Broken { after: 5 })
    );
    let (mut sink, summing) = flows.sum();
    for number in 0..500 {
        sink.send(&number).await.expect("sent");
    }
    sink.finish();
    assert_eq!(summing.await.expect("a sum").sum, 124_750);
    assert_eq!(hub.open_work(), 0);
}

#[tokio::test]
async fn a_call_is_relayed_between_peers() {
    let hub = hub();
    let config = PeerConfig::default();
    let server = hub.connect("server", "all", &config).expect("admitted");
    let client = hub.connect("client", "all", &config).expect("admitted");
    let _serving = server.serve(EchoServer::new(EchoService::default()), "").await.expect("served");
    let _flows = server.serve(FlowsServer::new(FlowsService), "").await.expect("served");
    let echo: EchoClient = client.bind(Target::Label("server".into())).await.expect("bound");
    let reply = echo
        .call(EchoRequest { number: 1, text: "hello".into(), value: 1.5 })
        .await
        .expect("a reply");
    assert_eq!(reply.number, 2);
    let error = echo.refuse("no".into()).await.expect_err("refused");
    assert_eq!(
        (error.status(), error.path(), error.message()),
        (Status::FailedPrecondition, "message", "no")
    );
    assert_eq!(error.channel(), "sample.echo.refuse");
    let flows: FlowsClient = client.bind(Target::Any).await.expect("bound");
    let (mut sink, mut mirrored) = flows.mirror();
    for round in 0..100 {
        sink.send(&format!("{round}")).await.expect("sent");
        assert_eq!(mirrored.next().await.expect("an item"), Some(format!("{round}")));
    }
    sink.finish();
    assert_eq!(mirrored.next().await.expect("the end"), None);
    let mut count = flows.count(1000, None);
    let mut expected = 0;
    while let Some(number) = count.next().await.expect("an item") {
        assert_eq!(number, expected);
        expected += 1;
    }
    server.close();
    let error = echo.nothing().await.expect_err("gone");
    assert_eq!(error.status(), Status::Unavailable);
}

#[tokio::test]
async fn topics_reach_subscribers_and_report() {
    let hub = hub();
    let topics = hub.host_topics::<TopicsInterface>("").expect("hosted");
    let publisher: TopicsPublisher = topics.publisher();
    publisher.level(&7).expect("published");
    let config = PeerConfig::default();
    let one = hub.connect("one", "all", &config).expect("admitted");
    let two = hub.connect("two", "all", &config).expect("admitted");
    let first: TopicsClient = one.bind(Target::Any).await.expect("bound");
    let second: TopicsClient = two.bind(Target::Any).await.expect("bound");
    let mut level = first.watch_level();
    assert_eq!(level.next().await.expect("a value"), Some(7));
    let mut ticks = first.subscribe_ticked();
    let mut others = second.subscribe_ticked();
    // A bind behind the subscription: the hub has taken it when the answer is here.
    let _: TopicsClient = one.bind(Target::Any).await.expect("bound");
    let _: TopicsClient = two.bind(Target::Any).await.expect("bound");
    let report = publisher.ticked_reported(&5, Duration::from_secs(5)).await.expect("a report");
    assert_eq!(report.delivered.len(), 2, "{report:?}");
    assert_eq!(ticks.next().await.expect("a value"), Some(5));
    assert_eq!(others.next().await.expect("a value"), Some(5));
    let report =
        second.publisher().ticked_reported(&6, Duration::from_secs(5)).await.expect("a report");
    assert_eq!(report.delivered.len(), 2, "{report:?}");
    drop(topics);
    assert_eq!(ticks.next().await.expect("a value"), Some(6));
    let error = ticks.next().await.expect_err("gone");
    assert_eq!(error.status(), Status::Unavailable);
    let _ = IoLink::memory();
}
