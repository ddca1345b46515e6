//! Holds `docs/protocol.md` to the code: its tables are those of the code, and its worked example is what a peer and a
//! hub really say to each other.

use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use portcullis_hub::{Admission, Hub, HubConfig, Kind, PeerId, Role, Turn};
use portcullis_proto::codec::ErrorKind;
use portcullis_proto::frame::{HEADER_BYTES, Kind as FrameKind, Parsed, parse};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Driver, Peer, PeerConfig, Target};
use portcullis_proto::rpc::{NoFlows, Replies, start_job};
use portcullis_proto::session::{FRAME_BYTES_FLOOR, Limits, WINDOW_BYTES_FLOOR};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use sample_contract::{
    Echo, EchoClient, EchoError, EchoReply, EchoRequest, EchoServer, TopicsClient, TopicsInterface,
    Who, contract,
};

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The cells of every table row in the section with that heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let start = DOCUMENT.find(heading).expect("the section exists");
    let section = &DOCUMENT[start + heading.len()..];
    let section = &section[..section.find("\n## ").unwrap_or(section.len())];
    let row = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    section.lines().filter(|line| line.starts_with('|')).map(row).collect()
}

fn has(rows: &[Vec<String>], code: u32, name: &str) -> bool {
    rows.iter().any(|row| row.first() == Some(&code.to_string()) && row[1] == name)
}

#[test]
fn the_tables_are_those_of_the_code() {
    let frames = rows("## 1 Frames");
    for kind in FrameKind::ALL {
        assert!(has(&frames, *kind as u32, kind.name()), "{kind:?}");
        let class = if kind.is_data() { "data" } else { "control" };
        let row = frames.iter().find(|row| row.get(1).is_some_and(|name| name == kind.name()));
        assert_eq!(row.expect("listed")[3], class, "{kind:?}");
    }
    let statuses = rows("## 9 Status codes");
    for status in Status::ALL {
        assert!(has(&statuses, status.code(), status.name()), "{status:?}");
    }
    assert_eq!(statuses.len(), Status::ALL.len() + 2);
    let reasons = rows("## 10 Ends of a connection");
    for reason in Reason::ALL {
        assert!(has(&reasons, reason.code(), reason.name()), "{reason:?}");
    }
    assert_eq!(reasons.len(), Reason::ALL.len() + 2);
    for kind in ErrorKind::ALL {
        assert!(DOCUMENT.contains(&format!("`{}`", kind.name())), "{kind:?}");
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    let table = rows("## 11 Limits");
    let limit = |name: &str| {
        let row = table.iter().find(|row| row[0] == name).expect("listed");
        (row[1].clone(), row.get(2).cloned().unwrap_or_default())
    };
    let bytes = |bytes: u32| match bytes {
        _ if bytes >= 1024 * 1024 => format!("{} MiB", bytes / 1024 / 1024),
        _ if bytes >= 1024 => format!("{} KiB", bytes / 1024),
        _ => bytes.to_string(),
    };
    let defaults = Limits::DEFAULT;
    assert_eq!(limit("frame_bytes"), (bytes(defaults.frame_bytes), bytes(FRAME_BYTES_FLOOR)));
    assert_eq!(limit("window_bytes"), (bytes(defaults.window_bytes), bytes(WINDOW_BYTES_FLOOR)));
    assert_eq!(limit("calls").0.replace(',', ""), defaults.calls.to_string());
    assert_eq!(limit("stream_items").0, defaults.stream_items.to_string());
    assert_eq!(limit("stream_bytes").0, bytes(defaults.stream_bytes));
    assert_eq!(limit("bindings of a peer").0, portcullis_hub::BINDINGS_MAX.to_string());
    assert_eq!(limit("exports of a peer").0, portcullis_hub::EXPORTS_MAX.to_string());
    assert_eq!(limit("subscriptions of a peer").0, portcullis_hub::SUBSCRIPTIONS_MAX.to_string());
    assert_eq!(limit("nesting of a value").0, portcullis_proto::codec::DEPTH_MAX.to_string());
}

struct Still;

impl Driver for Still {
    fn now(&self) -> Time {
        Time::ZERO
    }
}

struct Answers;

impl Echo for Answers {
    async fn call(&self, _: &portcullis::Call, request: EchoRequest) -> EchoReply {
        EchoReply { number: request.number + 1, text: request.text, value: request.value * 2.0 }
    }
    async fn bytes(&self, _: &portcullis::Call, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
    async fn join(&self, _: &portcullis::Call, left: String, _: Option<String>, _: u8) -> String {
        left
    }
    async fn nothing(&self, _: &portcullis::Call) {}
    async fn fail(
        &self,
        _: &portcullis::Call,
        number: u64,
        _: Vec<String>,
    ) -> Result<u64, EchoError> {
        Err(EchoError::Odd { number })
    }
    async fn refuse(&self, _: &portcullis::Call, message: String) -> Result<(), portcullis::Error> {
        Err(portcullis::Error::new(Status::FailedPrecondition, message))
    }
    async fn panic(&self, _: &portcullis::Call, _: String) {}
    async fn later(&self, _: &portcullis::Call, ms: u32) -> u32 {
        ms
    }
    async fn never(&self, _: &portcullis::Call) {}
    async fn block(&self, _: &portcullis::Call, ms: u32) -> u32 {
        ms
    }
    async fn inline(&self, _: &portcullis::Call, number: u32) -> u32 {
        number
    }
    async fn who(&self, _: &portcullis::Call) -> Who {
        Who::default()
    }
    async fn tell(&self, _: &portcullis::Call, _: String) {}
    async fn told(&self, _: &portcullis::Call) -> u32 {
        0
    }
}

/// A peer and a hub that hand each other their bytes, and a text of what they said.
struct Example {
    hub: Hub,
    peer: Peer,
    id: PeerId,
    text: String,
}

impl Example {
    fn note(&mut self, arrow: &str, mut bytes: &[u8]) {
        // Every turn takes a frame.
        while let Ok(Parsed::Frame { frame, length }) = parse(bytes, u32::MAX) {
            let (head, body) = bytes[..length].split_at(HEADER_BYTES);
            let hex = |bytes: &[u8]| {
                bytes.iter().fold(String::new(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            };
            let words: Vec<String> = head.chunks(4).map(hex).collect();
            let _ =
                writeln!(self.text, "{arrow} {}\n  {}", frame.head.kind.name(), words.join(" "));
            for line in body.chunks(32) {
                let _ = writeln!(self.text, "  {}", hex(line));
            }
            bytes = &bytes[length..];
        }
        assert!(bytes.is_empty(), "whole frames");
    }

    /// Carries bytes until nobody has anything to say.
    fn talk(&mut self) {
        // Every turn moves bytes; the example ends.
        loop {
            let (mut to_hub, mut to_peer) = (Vec::new(), Vec::new());
            let mut turn = Turn::default();
            if self.peer.transmit(&mut to_hub) {
                self.note(">", &to_hub.clone());
                self.hub.deliver(self.id, &to_hub, Time::ZERO, &mut turn);
                let mut replies = Replies::default();
                let complete = self.peer.completer();
                for job in turn.jobs.drain(..) {
                    assert!(start_job(job, &to_hub, &mut replies, &complete).is_none());
                }
                self.hub.complete(self.id, &mut replies, Time::ZERO, &mut turn);
            }
            if self.hub.transmit(self.id, &mut to_peer) {
                self.note("<", &to_peer.clone());
                self.peer.deliver(&to_peer, &mut portcullis_proto::peer::Turn::default());
            }
            if to_hub.is_empty() && to_peer.is_empty() {
                return;
            }
        }
    }

    /// Polls a future that is ready once the two have talked.
    fn finish<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        // A few turns of talk settle everything in the example.
        for _ in 0..4 {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            self.talk();
        }
        panic!("the example does not end");
    }

    fn chapter(&mut self, title: &str) {
        let _ = writeln!(self.text, "# {title}");
    }
}

fn example() -> String {
    let role = Role::new("window")
        .call("sample.echo.*")
        .subscribe("sample.topics.*")
        .publish("sample.topics.ticked");
    let mut hub = Hub::new(HubConfig::new(contract()).role(role)).expect("roles fit");
    let mut turn = Turn::default();
    hub.serve("sample.echo", "", Some(Arc::new(EchoServer::new(Answers))), &mut turn)
        .expect("served");
    hub.serve("sample.topics", "", None, &mut turn).expect("served");
    let admission = Admission::new("viewer", "window", Kind::Native);
    let id = hub.admit(&admission, Time::ZERO).expect("admitted");
    // Handlers of the example have no flows.
    hub.set_host(id, Arc::new(NoFlows));
    let config = PeerConfig { client: "example".into(), ..PeerConfig::default() };
    let peer = Peer::new(&config, Arc::new(Still));
    let mut example = Example { hub, peer: peer.clone(), id, text: String::new() };

    example.chapter("The handshake: limits, then the hub's word");
    example.talk();
    example.chapter("Bind any instance of sample.echo: binding 1");
    let echo: EchoClient = example.finish(peer.bind(Target::Any)).expect("bound");
    example.chapter("call({ number: 300, text: \"left\", value: 0.5 }), five seconds at most");
    let request = EchoRequest { number: 300, text: "left".into(), value: 0.5 };
    let reply = example.finish(echo.call(request)).expect("a reply");
    assert_eq!(reply.number, 301);
    example.chapter("A call that ends with the application's own error: Odd { number: 3 }");
    example.finish(echo.fail(3, Vec::new())).expect_err("odd");
    example.chapter("A call that ends with a status");
    example.finish(echo.refuse("no".into())).expect_err("refused");
    example.chapter("Bind sample.topics: binding 2; subscribe to its topic 1");
    let topics: TopicsClient = example.finish(peer.bind(Target::Any)).expect("bound");
    let mut ticked = topics.subscribe_ticked();
    example.talk();
    example.chapter("Publish 7 and ask who got it: an item with a token, its ack, the report");
    let report = topics.publisher().ticked_reported(&7, std::time::Duration::from_secs(1));
    let report = example.finish(report).expect("a report");
    assert_eq!(report.delivered.len(), 1);
    assert_eq!(example.finish(ticked.next()).expect("a value"), Some(7));
    example.chapter("Unsubscribe");
    drop(ticked);
    example.talk();
    example.chapter("Goodbye");
    peer.close();
    let mut bytes = Vec::new();
    peer.transmit(&mut bytes);
    example.note(">", &bytes);
    let _ = TopicsInterface;
    example.text
}

#[test]
fn the_worked_example_is_what_they_say() {
    let example = example();
    let start = DOCUMENT.find("<!-- example -->").expect("the example begins");
    let shown = &DOCUMENT[start..];
    let shown = &shown[shown.find("```text\n").expect("a block") + 8..];
    let shown = &shown[..shown.find("```").expect("its end")];
    if std::env::var_os("PRINT_EXAMPLE").is_some() {
        println!("{example}");
    }
    assert!(shown == example, "the example differs; PRINT_EXAMPLE=1 prints the new one");
}
