//! What `#[portcullis::interface]` makes of a trait: the schema, the client, the publisher and the server, the latter
//! three through a hub in memory.
#![cfg(feature = "tokio")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::peer::{PeerConfig, Target};
use portcullis::rpc::{Dispatch, Interface, Mode, NoFlows, Origin, Request, Service};
use portcullis::schema::{Channel, ChannelKind, Overflow, SchemaBuilder, Type};
use portcullis::{Call, Error, Failure, Hub, Role, Sink, Source, Status};

/// How long anything here may take before it counts as hung.
const WATCHDOG: Duration = Duration::from_secs(60);

/// Why a lamp does not shine.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
pub enum LampError {
    /// It is broken.
    Broken {
        /// The lamp.
        lamp: u32,
    },
}

/// The lamps of a house.
///
/// Every one of them.
#[portcullis::interface(name = "test.lamps", version = 3)]
pub trait Lamps {
    /// Switches a lamp.
    #[call(deadline = "1500ms", idempotent, capability = "switch")]
    async fn switch(&self, cx: &Call, lamp: u32, on: Option<bool>) -> Result<bool, LampError>;

    /// Puts its arguments together, whose names are those that the generated code uses itself.
    #[call(blocking)]
    async fn names(
        &self,
        cx: &Call,
        out: u8,
        args: String,
        input: u8,
        error: u8,
        value: u8,
    ) -> String;

    /// Fails with a status.
    #[call(inline)]
    async fn refuse(&self, cx: &Call, #[limit(len <= 8)] why: String) -> Result<(), Error>;

    /// Fails in one way or the other.
    #[call]
    async fn either(&self, cx: &Call, app: bool) -> Result<u8, Failure<LampError>>;

    /// Counts.
    #[notify]
    async fn nudge(&self, cx: &Call, by: u32);

    /// Sends numbers.
    #[stream(deadline = "1m")]
    async fn count(&self, cx: &Call, to: u32, out: Sink<u32>) -> Result<u32, LampError>;

    /// Takes numbers.
    #[stream]
    async fn sum(&self, cx: &Call, input: Source<u32>, plus: u32) -> u32;

    /// Sends back what it takes.
    #[stream(overflow = "drop_oldest", depth = 7)]
    async fn mirror(&self, cx: &Call, out: Sink<String>, input: Source<String>);

    /// A lamp was switched.
    #[event(overflow = "disconnect", depth = 5)]
    fn switched(lamp: u32);

    #[event]
    fn flickered(#[limit(len <= 4)] lamps: Vec<u32>);

    #[state]
    fn brightness(#[secret] value: f64);
}

portcullis::contract! { name = "test", interfaces = [Lamps] }

#[derive(Default)]
struct House {
    nudges: AtomicU32,
}

impl Lamps for House {
    async fn switch(&self, _: &Call, lamp: u32, on: Option<bool>) -> Result<bool, LampError> {
        if lamp > 9 { Err(LampError::Broken { lamp }) } else { Ok(on.unwrap_or(true)) }
    }

    async fn names(
        &self,
        _: &Call,
        out: u8,
        args: String,
        input: u8,
        error: u8,
        value: u8,
    ) -> String {
        format!("{out} {args} {input} {error} {value}")
    }

    async fn refuse(&self, _: &Call, why: String) -> Result<(), Error> {
        Err(Error::new(Status::FailedPrecondition, why))
    }

    async fn either(&self, _: &Call, app: bool) -> Result<u8, Failure<LampError>> {
        if app {
            Err(Failure::App(LampError::Broken { lamp: 1 }))
        } else {
            Err(Error::new(Status::Aborted, "no").into())
        }
    }

    async fn nudge(&self, _: &Call, by: u32) {
        self.nudges.fetch_add(by, Ordering::SeqCst);
    }

    async fn count(&self, _: &Call, to: u32, mut out: Sink<u32>) -> Result<u32, LampError> {
        for number in 0..to {
            if out.send(&number).await.is_err() {
                return Err(LampError::Broken { lamp: number });
            }
        }
        if to == 13 { Err(LampError::Broken { lamp: 13 }) } else { Ok(to) }
    }

    async fn sum(&self, _: &Call, mut input: Source<u32>, plus: u32) -> u32 {
        let mut sum = plus;
        while let Ok(Some(number)) = input.next().await {
            sum += number;
        }
        sum
    }

    async fn mirror(&self, _: &Call, mut out: Sink<String>, mut input: Source<String>) {
        while let Ok(Some(text)) = input.next().await {
            if out.send(&text).await.is_err() {
                return;
            }
        }
    }
}

fn channels() -> Vec<Channel> {
    let interface = contract().interface("test.lamps").expect("it is in the contract");
    interface.channels.clone()
}

fn channel(name: &str) -> Channel {
    channels().into_iter().find(|channel| channel.name == name).expect("the channel is there")
}

#[test]
fn the_schema_says_what_the_trait_says() {
    let interface = contract().interface("test.lamps").expect("it is in the contract");
    assert_eq!((interface.version, interface.trait_name.as_str()), (3, "Lamps"));
    assert_eq!(interface.docs, "The lamps of a house.\n\nEvery one of them.");
    assert_eq!(LampsInterface::descriptor().hash(), interface.hash);
    assert_eq!(LampsInterface::descriptor().digests.len(), channels().len());

    let switch = channel("switch");
    assert_eq!(
        (switch.kind, switch.deadline_ms, switch.idempotent),
        (ChannelKind::Call, 1_500, true)
    );
    assert_eq!((switch.capability.as_str(), switch.docs.as_str()), ("switch", "Switches a lamp."));
    let names: Vec<&str> = switch.args.iter().map(|arg| arg.name.as_str()).collect();
    assert_eq!(names, ["lamp", "on"]);
    assert_eq!((switch.reply, switch.error), (Type::Bool, Some(Type::Named("LampError".into()))));

    let refuse = channel("refuse");
    assert_eq!((refuse.error, refuse.reply, refuse.deadline_ms), (None, Type::Unit, 30_000));
    assert_eq!(refuse.args[0].ty, Type::String { min: None, max: Some(8) });
    assert_eq!(channel("either").error, Some(Type::Named("LampError".into())));
    assert_eq!(channel("nudge").kind, ChannelKind::Notify);

    let count = channel("count");
    assert_eq!((count.kind, count.deadline_ms), (ChannelKind::Stream, 60_000));
    assert_eq!((count.overflow, count.depth), (Overflow::Wait, 16));
    assert!(count.up.is_none() && count.down.is_some() && count.args.len() == 1);
    let mirror = channel("mirror");
    assert_eq!((mirror.overflow, mirror.depth), (Overflow::DropOldest, 7));
    assert!(mirror.up.is_some() && mirror.down.is_some() && mirror.args.is_empty());

    let switched = channel("switched");
    assert_eq!(
        (switched.kind, switched.overflow, switched.depth),
        (ChannelKind::Event, Overflow::Disconnect, 5)
    );
    let flickered = channel("flickered");
    assert_eq!((flickered.overflow, flickered.depth), (Overflow::DropOldest, 16));
    assert!(matches!(flickered.args[0].ty, Type::List { max: Some(4), .. }));
    let brightness = channel("brightness");
    assert_eq!((brightness.kind, brightness.overflow), (ChannelKind::State, Overflow::Conflate));
    assert!(brightness.args[0].secret);
}

#[test]
fn two_interfaces_of_one_name_are_no_contract() {
    let mut builder = SchemaBuilder::new();
    LampsInterface::describe(&mut builder);
    LampsInterface::describe(&mut builder);
    let error = builder.finish("twice").expect_err("one name, two interfaces");
    assert_eq!(error.to_string(), "two interfaces are called `test.lamps`");
}

fn dispatch(ordinal: u32, body: &[u8]) -> Dispatch {
    let call = Call::new(Arc::new(Origin::new(Arc::new(NoFlows), None)), None, 0);
    Arc::new(LampsServer::new(House::default())).dispatch(Request {
        ordinal,
        body,
        blobs: &[],
        call,
        id: 1,
    })
}

#[test]
fn arguments_that_break_the_contract_never_reach_a_handler() {
    let cases: [(u32, &[u8], &str); 6] = [
        (0, &[], "lamp: the data ends inside the value"),
        (0, &[1, 2], "on: a flag is neither 0 nor 1"),
        (0, &[1, 0, 0], "bytes are left over after the value"),
        (2, &[9, 0, 0, 0, 0, 0, 0, 0, 0, 0], "why: the length is above its limit"),
        (4, &[0x80, 0], "by: an integer is not in its shortest form"),
        (7, &[0], "bytes are left over after the value"),
    ];
    for (ordinal, body, text) in cases {
        match dispatch(ordinal, body) {
            Dispatch::Malformed(error) => assert_eq!(error.to_string(), text),
            other => panic!("{body:?} was taken: {other:?}"),
        }
    }
}

#[test]
fn topics_and_ordinals_beyond_the_last_have_no_handler() {
    for ordinal in 8..12 {
        assert!(matches!(dispatch(ordinal, &[0; 8]), Dispatch::Unknown), "{ordinal}");
    }
}

#[test]
fn handlers_run_where_the_trait_says() {
    let mode = |ordinal, body| match dispatch(ordinal, body) {
        Dispatch::Task { mode, .. } => mode,
        other => panic!("{other:?}"),
    };
    assert_eq!(mode(0, &[1, 0]), Mode::Async);
    assert_eq!(mode(1, &[0; 5]), Mode::Blocking);
    assert_eq!(mode(2, &[0]), Mode::Inline);
}

/// Runs a test with a client of a served house, and a publisher.
async fn with_house<F: Future<Output = ()>>(
    test: impl FnOnce(LampsClient, LampsPublisher, Arc<House>) -> F,
) {
    let role = Role::new("all").call("test.lamps.*").subscribe("test.lamps.*");
    let hub = Hub::builder(contract()).role(role).build().expect("the hub is configured");
    let house = Arc::new(House::default());
    let hosted = hub.serve(LampsServer::from_arc(Arc::clone(&house))).expect("main serves");
    let config =
        PeerConfig { interfaces: vec![LampsInterface::descriptor()], ..PeerConfig::default() };
    let peer = hub.connect("window", "all", &config).expect("the peer is admitted");
    let client: LampsClient = peer.bind(Target::Any).await.expect("the interface is served");
    let run = test(client, hosted.publisher(), house);
    tokio::time::timeout(WATCHDOG, run).await.expect("the test hangs");
}

#[tokio::test]
async fn calls_are_typed_on_both_sides() {
    with_house(|client, _, house| async move {
        assert_eq!(client.switch(1, Some(false)).await, Ok(false));
        assert_eq!(client.switch(1, None).await, Ok(true));
        let broken = client.switch(10, None).await;
        assert_eq!(broken, Err(Failure::App(LampError::Broken { lamp: 10 })));
        let said = client.names(1, "two".into(), 3, 4, 5).await;
        assert_eq!(said.expect("it answers"), "1 two 3 4 5");
        let refused = client.refuse("not now".into()).await.expect_err("it refuses");
        assert_eq!(refused.status(), Status::FailedPrecondition);
        let app = client.either(true).await;
        assert_eq!(app, Err(Failure::App(LampError::Broken { lamp: 1 })));
        let status = client.either(false).await.expect_err("it fails").status();
        assert_eq!(status, Status::Aborted);

        client.nudge(2).expect("it is sent");
        client.nudge(3).expect("it is sent");
        // Requests start in order, so this one comes behind both.
        assert_eq!(client.switch(1, None).await, Ok(true));
        assert_eq!(house.nudges.load(Ordering::SeqCst), 5);
    })
    .await;
}

#[tokio::test]
async fn a_client_sends_nothing_that_breaks_the_contract() {
    with_house(|client, publisher, _| async move {
        let long = client.refuse("far too long".into()).await.expect_err("it is too long");
        assert_eq!((long.status(), long.path()), (Status::InvalidArgument, "why"));
        let many = publisher.flickered(&vec![1; 5]).expect_err("they are too many");
        assert_eq!((many.status(), many.path()), (Status::InvalidArgument, "lamps"));
    })
    .await;
}

#[tokio::test]
async fn streams_flow_in_each_direction() {
    with_house(|client, _, _| async move {
        let mut count = client.count(40);
        let mut seen = Vec::new();
        while let Some(number) = count.next().await.expect("the stream goes on") {
            seen.push(number);
        }
        assert_eq!(seen, (0..40).collect::<Vec<_>>());
        assert_eq!(count.reply().await, Ok(40));
        let failed = client.count(13).reply().await;
        assert_eq!(failed, Err(Failure::App(LampError::Broken { lamp: 13 })));

        let (mut sink, sum) = client.sum(100);
        for number in 0..40 {
            sink.send(&number).await.expect("there is room");
        }
        sink.finish();
        assert_eq!(sum.await.expect("it answers"), 880);

        let (mut sink, mut mirror) = client.mirror();
        sink.send(&"a".to_owned()).await.expect("there is room");
        assert_eq!(mirror.next().await.expect("it goes on").as_deref(), Some("a"));
        sink.finish();
        assert_eq!(mirror.next().await.expect("it ends well"), None);
        mirror.reply().await.expect("it ends well");
    })
    .await;
}

#[tokio::test]
async fn topics_reach_their_subscribers() {
    with_house(|client, publisher, _| async move {
        publisher.brightness(&0.5).expect("it is published");
        let mut brightness = client.watch_brightness();
        assert_eq!(brightness.next().await.expect("it is granted"), Some(0.5));
        publisher.brightness(&0.75).expect("it is published");
        assert_eq!(brightness.next().await.expect("it goes on"), Some(0.75));

        let mut switched = client.subscribe_switched();
        // A subscription is in order with calls: once this is answered, it stands.
        assert_eq!(client.switch(1, None).await, Ok(true));
        publisher.switched(&7).expect("it is published");
        assert_eq!(switched.next().await.expect("it goes on"), Some(7));
        let report = publisher.switched_reported(&8, Duration::from_secs(20)).await;
        let report = report.expect("main may publish");
        assert_eq!((report.delivered.len(), report.missed.len()), (1, 0));
        assert_eq!(report.delivered[0].label, "window");
        assert_eq!(switched.next().await.expect("it goes on"), Some(8));
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_is_not_granted_it_cannot_publish() {
    with_house(|client, _, _| async move {
        let publisher = client.publisher();
        let report = publisher.switched_reported(&1, Duration::from_secs(20)).await;
        let error = report.expect_err("only main publishes here");
        assert_eq!(error.status(), Status::PermissionDenied);
    })
    .await;
}

/// A lamp that answers only when it is asked from within another call.
struct Nested {
    inner: Mutex<Option<LampsClient>>,
}

impl Lamps for Nested {
    async fn switch(&self, cx: &Call, lamp: u32, _: Option<bool>) -> Result<bool, LampError> {
        if lamp == 0 {
            return Ok(true);
        }
        let inner = self.inner.lock().expect("not poisoned").clone();
        match inner {
            Some(client) => match client.within(cx).switch(0, None).await {
                Ok(on) => Ok(on),
                Err(_) => Err(LampError::Broken { lamp }),
            },
            None => std::future::pending().await,
        }
    }
    async fn names(&self, _: &Call, _: u8, _: String, _: u8, _: u8, _: u8) -> String {
        String::new()
    }
    async fn refuse(&self, _: &Call, _: String) -> Result<(), Error> {
        Ok(())
    }
    async fn either(&self, _: &Call, _: bool) -> Result<u8, Failure<LampError>> {
        Ok(0)
    }
    async fn nudge(&self, _: &Call, _: u32) {}
    async fn count(&self, _: &Call, to: u32, _: Sink<u32>) -> Result<u32, LampError> {
        Ok(to)
    }
    async fn sum(&self, _: &Call, _: Source<u32>, plus: u32) -> u32 {
        plus
    }
    async fn mirror(&self, _: &Call, _: Sink<String>, _: Source<String>) {}
}

#[tokio::test]
async fn deadlines_are_overridden_and_passed_on() {
    let hub = Hub::builder(contract())
        .role(Role::new("all").call("test.lamps.*"))
        .build()
        .expect("the hub is configured");
    let service = Arc::new(Nested { inner: Mutex::new(None) });
    let _hosted = hub.serve(LampsServer::from_arc(Arc::clone(&service))).expect("main serves");
    let peer = hub.connect("window", "all", &PeerConfig::default()).expect("it is admitted");
    let client: LampsClient = peer.bind(Target::Any).await.expect("the interface is served");

    let short = client.with_timeout(Duration::from_millis(20));
    let error = short.switch(1, None).await.expect_err("nobody answers");
    assert_eq!(error.status(), Status::DeadlineExceeded);

    *service.inner.lock().expect("not poisoned") = Some(client.clone());
    let run = client.switch(1, None);
    let answer = tokio::time::timeout(WATCHDOG, run).await.expect("the test hangs");
    assert_eq!(answer, Ok(true));
}
