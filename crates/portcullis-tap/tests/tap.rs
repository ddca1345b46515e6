//! The tap as its readers meet it: what is shown of every kind of message, what is not, to whom, and what a slow reader costs.

use std::time::Duration;

use portcullis::hub::{Grant, Hub, HubEvent};
use portcullis::peer::Target;
use portcullis::rpc::Client;
use portcullis::testing::{ANYTHING, TestHub, anything};
use portcullis::{Blob, Call, Failure, Incoming, Role, Sink, Source, Status};
use portcullis_tap::{TapBatch, TapClient, TapError, TapExtent, TapFilter, TapKind, TapMessage};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract for these tests")]

    use portcullis::{Blob, Call, Sink, Source};

    #[portcullis::message]
    #[derive(Debug, Clone, PartialEq)]
    pub struct Login {
        pub name: String,
        #[secret]
        pub password: String,
        pub number: u64,
    }

    #[portcullis::message]
    #[derive(Debug, Clone, PartialEq)]
    pub enum LoginError {
        Unknown { name: String },
    }

    #[portcullis::interface(name = "app.door", version = 1)]
    pub trait Door {
        #[call(deadline = "1s")]
        async fn enter(&self, cx: &Call, login: Login) -> Result<u32, LoginError>;
        #[call(deadline = "1s")]
        async fn wait(&self, cx: &Call);
        #[notify]
        async fn knock(&self, cx: &Call, #[secret] code: String, times: u8);
        #[stream]
        async fn talk(&self, cx: &Call, input: Source<u8>, out: Sink<Login>) -> u32;
        #[call(deadline = "1s")]
        async fn picture(&self, cx: &Call, picture: Blob) -> u32;
        #[event]
        fn opened(login: Login);
    }

    portcullis::contract! { name = "app", interfaces = [Door, portcullis_tap::Tap] }
}
use contract::{Door, DoorClient, DoorPublisher, DoorServer, Login, LoginError};

const SECRET: &str = "sesame";

fn login() -> Login {
    Login { name: "me".into(), password: SECRET.into(), number: u64::MAX }
}

fn numbered(number: u64) -> Login {
    Login { number, ..login() }
}

struct House;

impl Door for House {
    async fn enter(&self, _: &Call, login: Login) -> Result<u32, LoginError> {
        if login.name == "me" { Ok(7) } else { Err(LoginError::Unknown { name: login.name }) }
    }
    async fn wait(&self, _: &Call) {
        std::future::pending::<()>().await;
    }
    async fn knock(&self, _: &Call, _: String, _: u8) {}
    async fn talk(&self, _: &Call, mut input: Source<u8>, mut out: Sink<Login>) -> u32 {
        let mut sum = 0;
        while let Ok(Some(item)) = input.next().await {
            sum += u32::from(item);
            let answers: Vec<Login> = (0..item).map(|number| numbered(number.into())).collect();
            let sent = match item {
                0..=4 => out.send_all(&answers).await,
                _ => out.send(&login()).await,
            };
            if sent.is_err() {
                break;
            }
        }
        sum
    }
    async fn picture(&self, _: &Call, picture: Blob) -> u32 {
        picture.len() as u32
    }
}

/// A hub whose peers of the role `app` may do everything but tap, and those of `developer` nothing else.
fn bench() -> TestHub {
    let schema = contract::contract();
    let builder = Hub::builder(schema)
        .role(anything(schema))
        .role(anything_but_tap())
        .role(Role::new("developer").call("portcullis.tap.*"));
    TestHub::start_with(builder)
}

fn anything_but_tap() -> Role {
    Role::new("app").call("app.door.*").subscribe("app.door.*").serve("app.door")
}

async fn client<C: Client>(bench: &TestHub, label: &str, role: &str) -> C {
    bench.peer_as(label, role).bind(Target::Any).await.expect("bound")
}

/// A reader that has begun.
struct Reader {
    stream: Incoming<TapBatch, (), Failure<TapError>>,
    next: std::collections::VecDeque<TapMessage>,
    missed: u64,
}

impl Reader {
    async fn start(tap: &TapClient, filter: TapFilter) -> Self {
        let mut stream = tap.watch(filter);
        assert_eq!(stream.next().await, Ok(Some(TapBatch::default())));
        Self { stream, next: Default::default(), missed: 0 }
    }

    async fn message(&mut self) -> TapMessage {
        while self.next.is_empty() {
            let batch = self.stream.next().await.expect("it goes on").expect("it goes on");
            self.missed += batch.missed;
            self.next.extend(batch.messages);
        }
        self.next.pop_front().expect("a message")
    }

    /// The next message, as a line: kind, ends, channel, body.
    async fn line(&mut self) -> String {
        let message = self.message().await;
        let kind = match &message.kind {
            TapKind::Outcome { status, .. } => status.clone(),
            TapKind::Value { subscribers, .. } => format!("value for {subscribers}"),
            other => format!("{other:?}").to_lowercase(),
        };
        let body = message.body.as_ref().map_or("-", |body| body.json.as_str());
        let to = message.to.as_deref().unwrap_or("-");
        format!("{kind} {}>{to} {} {body}", message.from, message.channel)
    }
}

async fn lines(reader: &mut Reader, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..count {
        lines.push(reader.line().await);
    }
    lines
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_message_is_shown_and_no_secret() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let served = bench.hub().serve(DoorServer::new(House)).expect("served");
    let publisher: DoorPublisher = served.publisher();
    let mut reader =
        Reader::start(&client(&bench, "dev", "developer").await, TapFilter::default()).await;
    let door: DoorClient = client(&bench, "page", "app").await;

    assert_eq!(door.enter(login()).await, Ok(7));
    let shown = r#"{"name":"me","password":{"$secret":true},"number":"18446744073709551615"}"#;
    let request = reader.message().await;
    let outcome = reader.message().await;
    let body = request.body.clone().expect("a body");
    assert_eq!(body.json.as_str(), format!(r#"{{"login":{shown}}}"#));
    assert_eq!((body.extent, request.kind), (TapExtent::Whole, TapKind::Request));
    assert_eq!((request.from.as_str(), request.to.as_deref()), ("page", Some("main")));
    assert_eq!(request.bytes as usize, 1 + 2 + 1 + SECRET.len() + 10);
    assert!(matches!(outcome.kind, TapKind::Outcome { ref status, .. } if status == "ok"));
    assert_eq!(outcome.body.expect("a reply").json.as_str(), "7");
    assert!(request.correlation != 0 && request.correlation == outcome.correlation);

    let stranger = Login { name: "x".into(), ..login() };
    assert!(matches!(door.enter(stranger).await, Err(Failure::App(_))));
    let [_, failed] = &lines(&mut reader, 2).await[..] else { panic!("two") };
    assert_eq!(failed, r#"application main>page app.door.enter {"Unknown":{"name":"x"}}"#);

    assert_eq!(door.wait().await.unwrap_err().status(), Status::DeadlineExceeded);
    let waited = lines(&mut reader, 2).await;
    assert_eq!(waited[0], "request page>main app.door.wait {}");
    assert!(
        waited[1].starts_with("cancelled main>page app.door.wait {\"message\":\""),
        "{waited:?}"
    );

    door.knock(SECRET.to_owned(), 3).expect("sent");
    let knock = r#"notification page>main app.door.knock {"code":{"$secret":true},"times":3}"#;
    assert_eq!(reader.line().await, knock);

    let (mut input, mut output) = door.talk();
    input.send(&5).await.expect("sent");
    assert_eq!(output.next().await, Ok(Some(login())));
    input.finish();
    assert_eq!(output.next().await, Ok(None));
    assert_eq!(output.reply().await, Ok(5));
    let expected = [
        "request page>main app.door.talk {}".to_owned(),
        "itemup page>main app.door.talk 5".to_owned(),
        format!("itemdown main>page app.door.talk {shown}"),
        "ok main>page app.door.talk 5".to_owned(),
    ];
    assert_eq!(lines(&mut reader, 4).await, expected);

    assert_eq!(door.picture(Blob::from(vec![1; 70_000])).await, Ok(70_000));
    let picture = reader.message().await;
    assert_eq!(picture.body.expect("a body").json.as_str(), r#"{"picture":{"$blob":70000}}"#);
    assert_eq!((picture.bytes, reader.message().await.bytes), (70_001, 3));

    let _subscribed = door.subscribe_opened();
    door.enter(login()).await.expect("which comes after the subscription");
    publisher.opened(&login()).expect("published");
    let value = lines(&mut reader, 3).await.pop();
    assert_eq!(value, Some(format!("value for 1 main>- app.door.opened {{\"login\":{shown}}}")));
}

/// Items that share a frame are shown one by one, each once, whoever serves them.
#[tokio::test(start_paused = true)]
async fn the_items_of_a_row_are_shown_one_by_one() {
    for by_main in [true, false] {
        let bench = bench();
        let _tap = portcullis_tap::serve(bench.hub()).expect("served");
        let house = bench.peer_as("house", "app");
        let mut served = (None, None);
        if by_main {
            served.0 = Some(bench.hub().serve(DoorServer::new(House)).expect("served"));
        } else {
            served.1 = Some(house.serve(DoorServer::new(House), "").await.expect("granted"));
        }
        let mut reader =
            Reader::start(&client(&bench, "dev", "developer").await, TapFilter::default()).await;
        let door: DoorClient = client(&bench, "page", "app").await;
        let (mut input, mut output) = door.talk();
        input.send_all(&[4, 0, 2]).await.expect("sent");
        input.finish();
        let mut came = Vec::new();
        while let Some(answer) = output.next().await.expect("an item") {
            came.push(answer.number);
        }
        assert_eq!(came, [0, 1, 2, 3, 0, 1]);
        let lines = lines(&mut reader, 1 + 3 + 6 + 1).await;
        let shown = |kind| {
            let of_kind = lines.iter().filter(move |line| line.starts_with(kind));
            of_kind.map(|line| line.split("\"number\":").last().unwrap_or("").to_owned())
        };
        let down: Vec<String> = shown("itemdown").collect();
        assert_eq!(down, [0, 1, 2, 3, 0, 1].map(|number| format!("\"{number}\"}}")), "{lines:?}");
        let up: Vec<String> = shown("itemup").collect();
        let to = if by_main { "main" } else { "house" };
        assert_eq!(up, [4, 0, 2].map(|item| format!("itemup page>{to} app.door.talk {item}")));
    }
}

/// Between two peers, both ends are named, and callee and tap know the call by the same number.
#[tokio::test(start_paused = true)]
async fn what_peers_say_to_each_other_is_shown_once() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let mut reader =
        Reader::start(&client(&bench, "dev", "developer").await, TapFilter::default()).await;
    let server = bench.peer_as("house", "app");
    let _serving = server.serve(DoorServer::new(House), "").await.expect("granted");
    let door: DoorClient = client(&bench, "page", "app").await;

    assert_eq!(door.enter(login()).await, Ok(7));
    let (request, outcome) = (reader.message().await, reader.message().await);
    assert_eq!((request.from.as_str(), request.to.as_deref()), ("page", Some("house")));
    assert_eq!((outcome.from.as_str(), outcome.to.as_deref()), ("house", Some("page")));
    assert_eq!(request.correlation, outcome.correlation);
    door.knock(String::new(), 1).expect("sent");
    let (mut input, mut output) = door.talk();
    input.send(&5).await.expect("sent");
    assert!(output.next().await.expect("an item").is_some());
    drop((input, output));
    let lines = lines(&mut reader, 5).await;
    assert!(lines[0].starts_with("notification page>house "), "{lines:?}");
    assert!(lines[2].starts_with("itemup page>house "), "{lines:?}");
    assert!(lines[3].starts_with("itemdown house>page "), "{lines:?}");
    assert!(lines[4].starts_with("cancelled house>page "), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn denials_are_shown_and_who_may_not_tap_sees_nothing() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let _served = bench.hub().serve(DoorServer::new(House)).expect("served");
    let refused = bench.peer_as("page", "app").bind::<TapClient>(Target::Any).await;
    assert_eq!(refused.err().map(|error| error.status()), Some(Status::PermissionDenied));

    let mut reader =
        Reader::start(&client(&bench, "dev", "developer").await, TapFilter::default()).await;
    // A publication that is not granted.
    let door: DoorClient = client(&bench, "page", "app").await;
    let publisher: DoorPublisher = door.publisher();
    publisher.opened(&login()).expect("sent");
    assert_eq!(reader.line().await, "denied page>- app.door.opened -");

    // A grant that is taken back ends the tap.
    let dev = bench.hub().peers().into_iter().find(|peer| peer.label == "dev").expect("it is here");
    bench.hub().revoke(dev.peer, &Grant::call("portcullis.tap.*")).expect("it was granted");
    let ended = reader.stream.next().await;
    assert_eq!(ended.err().map(|error| error.status()), Some(Status::PermissionDenied));
}

#[tokio::test(start_paused = true)]
async fn nobody_taps_what_main_does_not_serve() {
    let bench = bench();
    let bound = bench.peer_as("dev", "developer").bind::<TapClient>(Target::Any).await;
    assert_eq!(bound.err().map(|error| error.status()), Some(Status::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn taps_do_not_see_taps() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let _served = bench.hub().serve(DoorServer::new(House)).expect("served");
    let tap: TapClient = client(&bench, "dev", "developer").await;
    let mut first = Reader::start(&tap, TapFilter::default()).await;
    let mut second = Reader::start(&tap, TapFilter::default()).await;
    let door: DoorClient = client(&bench, "page", "app").await;
    for _ in 0..3 {
        assert_eq!(door.enter(login()).await, Ok(7));
    }
    for reader in [&mut first, &mut second] {
        let seen = lines(reader, 6).await;
        assert!(seen.iter().all(|line| line.contains(" app.door.enter ")), "{seen:?}");
        assert!(reader.next.is_empty());
    }
    // Nor does a filter that names them.
    let filter = TapFilter { channels: vec!["portcullis.tap.*".into()], ..TapFilter::default() };
    assert!(matches!(
        tap.watch(filter).next().await,
        Err(Failure::App(TapError::NoSuchChannel { .. }))
    ));
}

#[tokio::test(start_paused = true)]
async fn filters_name_peers_and_channels() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let _served = bench.hub().serve(DoorServer::new(House)).expect("served");
    let tap: TapClient = client(&bench, "dev", "developer").await;
    let only = |peers: &[&str], channels: &[&str]| TapFilter {
        peers: peers.iter().map(|it| it.to_string()).collect(),
        channels: channels.iter().map(|it| it.to_string()).collect(),
    };
    let mut of_one = Reader::start(&tap, only(&["one"], &[])).await;
    let mut of_main = Reader::start(&tap, only(&["main"], &["app.door.k*"])).await;
    let mut knocks = Reader::start(&tap, only(&[], &["app.door.knock", "app.door.wait"])).await;
    let [one, two]: [DoorClient; 2] =
        [client(&bench, "one", "app").await, client(&bench, "two", "app").await];
    two.enter(login()).await.expect("entered");
    two.knock(String::new(), 2).expect("sent");
    one.enter(login()).await.expect("entered");
    let entered = lines(&mut of_one, 2).await;
    assert!(entered[0].starts_with("request one>main app.door.enter "), "{entered:?}");
    assert!(entered[1].starts_with("ok main>one app.door.enter "), "{entered:?}");
    for reader in [&mut of_main, &mut knocks] {
        assert!(reader.line().await.starts_with("notification two>main app.door.knock "));
    }

    let wrong = tap.watch(only(&[], &["app.door.knok"])).next().await;
    let nearest = Some("app.door.knock".to_owned());
    let pattern = "app.door.knok".to_owned();
    assert_eq!(wrong, Err(Failure::App(TapError::NoSuchChannel { pattern, nearest })));
}

/// A reader that takes nothing: others are not held up, memory is bounded, and it is told what it has missed.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_misses_the_oldest_and_holds_up_nobody() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let _served = bench.hub().serve(DoorServer::new(House)).expect("served");
    let tap: TapClient = client(&bench, "dev", "developer").await;
    let mut reader = Reader::start(&tap, TapFilter::default()).await;
    let door: DoorClient = client(&bench, "page", "app").await;
    let large = Login { name: "n".repeat(30_000), ..login() };
    // Far more than waits for a tap, its stream's credit included.
    for _ in 0..2_000 {
        let answer = door.enter(large.clone()).await;
        assert!(matches!(answer, Err(Failure::App(_))));
    }
    door.knock(String::new(), 9).expect("sent");
    let mut seen = 0_u64;
    loop {
        let message = reader.message().await;
        seen += 1;
        if message.channel == "app.door.knock" {
            break;
        }
        if let (TapKind::Request, Some(body)) = (&message.kind, &message.body) {
            assert_eq!(body.extent, TapExtent::Cut);
            assert!(body.json.as_str().contains("\"$text\":30000"), "{:?}", body.json);
        }
    }
    assert!(reader.missed > 1_000, "{}", reader.missed);
    assert_eq!(seen + reader.missed, 4_001);
    assert_eq!(bench.hub().counters().violations(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tap_ends_with_its_reader() {
    let bench = bench();
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let tap: TapClient = client(&bench, "dev", "developer").await;
    for _ in 0..3 {
        let mut readers = Vec::new();
        for _ in 0..portcullis::hub::TAPS_MAX {
            readers.push(Reader::start(&tap, TapFilter::default()).await);
        }
        let beyond = tap.watch(TapFilter::default()).next().await;
        assert_eq!(beyond, Err(Failure::App(TapError::TooManyTaps { taps_max: 8 })));
        drop(readers);
        // The hub hears of it before the next call of this peer.
        while bench.hub().open_work() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    // Nothing is copied any more.
    assert!(bench.hub().tap(&Default::default()).is_ok());
}

/// What observers of calls are told has no bodies, and a tap none of the events.
#[tokio::test(start_paused = true)]
async fn the_records_of_observers_have_no_bodies() {
    let schema = contract::contract();
    let builder = Hub::builder(schema).role(anything(schema)).observe_calls(true);
    let mut bench = TestHub::start_with(builder);
    bench.serve(DoorServer::new(House));
    let _tap = portcullis_tap::serve(bench.hub()).expect("served");
    let tap: TapClient = client(&bench, "dev", ANYTHING).await;
    let mut events = bench.hub().events();
    let reader = Reader::start(&tap, TapFilter::default()).await;
    drop(reader);
    let record = loop {
        if let HubEvent::Call(record) = events.next().await.expect("an event") {
            break record;
        }
    };
    // That somebody has tapped is on record.
    assert_eq!((&*record.channel, &*record.caller), ("portcullis.tap.watch", "dev"));
}
