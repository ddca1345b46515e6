//! What a call costs in the hub alone: `cargo run --release -p portcullis-hub --example cost -- served|relayed [user]`. No
//! socket, no codec of an application, no handler: requests come in bursts of 64 and are answered at once. For a profiler,
//! and to compare two builds; figures of whole processes are the benchmark's.

use std::sync::Arc;
use std::time::Instant;

use portcullis_hub::{Admission, Hub, HubConfig, Kind, PeerId, Role, Turn};
use portcullis_proto::codec::{Message, to_bytes};
use portcullis_proto::frame::{self, Head, Kind as Frame, Parsed};
use portcullis_proto::peer::{Bind, Serve, Target, hub_ordinal};
use portcullis_proto::rpc::{
    Descriptor, Dispatch, HandlerReply, NoFlows, Outcome, Replies, Request, Service,
};
use portcullis_proto::session::{Hello, Limits, PROTOCOL};
use portcullis_proto::status::Status;
use portcullis_proto::time::Time;
use sample_contract::{EchoReply, EchoRequest, contract};

/// Calls in flight.
const BURST: u32 = 64;
const INTERFACE: &str = "sample.echo";
/// `sample.echo.call`.
const CALL: u32 = 0;

/// Stands for a service in main; its handlers are never started.
struct Served(&'static Descriptor);

impl Service for Served {
    fn descriptor(&self) -> &'static Descriptor {
        self.0
    }
    fn dispatch(self: Arc<Self>, _: Request<'_>) -> Dispatch {
        Dispatch::unknown()
    }
}

fn write(out: &mut Vec<u8>, head: Head, body: &[u8]) {
    let start = frame::begin(out, head);
    out.extend_from_slice(body);
    frame::finish(out, start);
}

struct Bench {
    hub: Hub,
    turn: Turn,
    out: Vec<u8>,
}

impl Bench {
    fn peer(&mut self, label: &str, user: Option<&str>) -> PeerId {
        let mut admission = Admission::new(label, "peer", Kind::Native);
        admission.user = user.map(str::to_owned);
        let peer = self.hub.admit(&admission, Time::ZERO).expect("admitted");
        self.hub.set_host(peer, Arc::new(NoFlows));
        let hello = Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            client: "cost".to_owned(),
            limits: Limits::DEFAULT,
            interfaces: Vec::new(),
        };
        self.control(peer, Head::new(Frame::Hello), &hello);
        peer
    }

    fn control<T: Message>(&mut self, peer: PeerId, head: Head, body: &T) {
        let mut bytes = Vec::new();
        write(&mut bytes, head, &to_bytes(body).expect("within its limits"));
        self.deliver(peer, &bytes);
        self.take(peer);
    }

    fn deliver(&mut self, peer: PeerId, bytes: &[u8]) {
        self.hub.deliver(peer, bytes, Time::ZERO, &mut self.turn);
        self.turn.touched.clear();
        assert!(self.hub.is_connected(peer), "{:?}", self.hub.ended(peer));
    }

    /// What the hub has for a peer; it stands in `self.out`.
    fn take(&mut self, peer: PeerId) {
        self.out.clear();
        while self.hub.transmit(peer, &mut self.out) {}
    }
}

/// The heads of frames.
fn heads(mut bytes: &[u8]) -> impl Iterator<Item = Head> {
    std::iter::from_fn(move || {
        let Ok(Parsed::Frame { frame, length }) = frame::parse(bytes, u32::MAX) else {
            return None;
        };
        let head = frame.head;
        bytes = bytes.get(length..)?;
        Some(head)
    })
}

/// How many of these bytes took window: what does not, stands before them.
fn data_bytes(mut bytes: &[u8]) -> usize {
    while let Ok(Parsed::Frame { frame, length }) = frame::parse(bytes, u32::MAX)
        && !frame.head.kind.is_data()
    {
        bytes = bytes.get(length..).unwrap_or_default();
    }
    bytes.len()
}

/// Gives back the window that these bytes took, and the time a burst was begun.
fn acknowledge(bytes: &mut Vec<u8>, budget: usize) {
    let budget = u32::try_from(budget).expect("a burst");
    write(bytes, Head { budget, ..Head::new(Frame::Window) }, &[]);
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let bursts = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(20_000);
    let role = Role::new("peer").call("sample.echo.*").serve(INTERFACE);
    let hub = Hub::new(HubConfig::new(contract()).role(role)).expect("the role fits");
    let mut bench = Bench { hub, turn: Turn::default(), out: Vec::new() };
    let found = contract().interfaces.iter().find(|each| each.name == INTERFACE);
    let shape = found.expect("of the contract").shape();

    let user = has("user").then_some("ada");
    let caller = bench.peer("caller", user);
    let server = bench.peer("server", None);
    let control = |ordinal| Head { id: 0x1_0000, ordinal, ..Head::new(Frame::Request) };
    if has("relayed") {
        let serve =
            Serve { interface: INTERFACE.into(), shape: shape.clone(), instance: String::new() };
        bench.control(server, control(hub_ordinal::SERVE), &serve);
    } else {
        let descriptor = Descriptor {
            name: INTERFACE,
            version: 1,
            shape: shape.clone(),
            digests: Vec::new(),
            channels: Vec::new(),
        };
        let service = Served(Box::leak(Box::new(descriptor)));
        bench.hub.serve(INTERFACE, "", Some(Arc::new(service)), &mut bench.turn).expect("served");
    }
    let bind = Bind { interface: INTERFACE.into(), shape, target: Target::Any };
    bench.control(caller, control(hub_ordinal::BIND), &bind);

    let text = "sixteen letters!".to_owned();
    let ask = EchoRequest { number: 1, text: text.clone(), value: 1.5 };
    let ask = to_bytes(&ask).expect("a request");
    let answer = to_bytes(&EchoReply { number: 2, text, value: 3.0 }).expect("a reply");
    let (mut requests, mut ends, mut replies) = (Vec::new(), Vec::new(), Replies::default());
    let mut taken = 0;
    let begun = Instant::now();
    for burst in 0..bursts {
        requests.clear();
        acknowledge(&mut requests, taken);
        let generation = (burst % 0xffff + 2).min(0xffff) << 16;
        for slot in 0..BURST {
            let head = Head::new(Frame::Request);
            let head =
                Head { binding: 1, ordinal: CALL, id: generation | slot, budget: 10_000, ..head };
            write(&mut requests, head, &ask);
        }
        bench.deliver(caller, &requests);
        if has("relayed") {
            bench.take(server);
            ends.clear();
            acknowledge(&mut ends, data_bytes(&bench.out));
            for head in heads(&bench.out).filter(|head| head.kind == Frame::Request) {
                write(&mut ends, Head { id: head.id, ..Head::new(Frame::End) }, &answer);
            }
            bench.deliver(server, &ends);
        } else {
            for job in bench.turn.jobs.drain(..) {
                let start = replies.bytes.len();
                replies.bytes.extend_from_slice(&answer);
                replies.entries.push(HandlerReply {
                    id: job.id,
                    channel: "sample.echo.call",
                    args_bytes: job.body.len(),
                    correlation: job.call.correlation(),
                    call: job.call,
                    outcome: Ok(Outcome::Written(Status::Ok)),
                    body: start..replies.bytes.len(),
                    blobs: Vec::new(),
                });
            }
            bench.hub.complete(caller, &mut replies, Time::ZERO, &mut bench.turn);
            bench.turn.touched.clear();
        }
        bench.take(caller);
        taken = data_bytes(&bench.out);
    }
    let calls = u64::from(bursts) * u64::from(BURST);
    assert_eq!(bench.hub.counters().calls, calls, "each call has ended");
    println!("{} ns a call", begun.elapsed().as_nanos() / u128::from(calls));
}
