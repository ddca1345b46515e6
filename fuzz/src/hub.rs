//! The target of the hub: sequences of what peers send, what main does and time, on the simulator's bench.

use std::sync::Arc;

use portcullis_hub::{InstanceId, Kind as PeerKind};
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::Target;
use sample_contract::{EchoClient, EchoServer};

use super::bench::{Node, Quality, Sim, config};
use super::input::Input;
use super::lines::{frame, take_frames};
use super::wire;

/// Most steps of a run.
const STEPS_MAX: usize = 64;
/// Most connections of a run.
const NODES_MAX: usize = 6;
/// Data that may wait for a peer, in bytes: little, so that too much is met.
const OUTBOX_BYTES_MAX: usize = 32 * 1024;
/// Most bindings and subscriptions of a peer.
const HANDLES_MAX: usize = 8;

/// What a connection that serves says first.
const SERVER: &[&str] = &[
    "hello",
    "request ordinal=2 id=0x10000 body=serve(sample.echo,raw)",
    "request ordinal=2 id=0x10001 body=serve(sample.flows,raw)",
    "request ordinal=2 id=0x10002 body=serve(sample.topics,raw)",
];

/// What one that calls says first: main's instances, then the server's.
const CALLER: &[&str] = &[
    "hello window=100000",
    "request id=0x10000 body=bind(sample.echo)",
    "request id=0x10001 body=bind(sample.flows)",
    "request id=0x10002 body=bind(sample.topics)",
    "request id=0x10003 body=bind(sample.echo,raw)",
    "request id=0x10004 body=bind(sample.flows,raw)",
    "request id=0x10005 body=bind(sample.topics,raw)",
];

struct Run {
    sim: Sim,
    bystander: Node,
    nodes: Vec<Node>,
    /// What each of them has received, from the first frame on that is not whole.
    received: Vec<Vec<u8>>,
    echo: InstanceId,
    topics: InstanceId,
}

impl Run {
    fn new() -> Self {
        let config = config()
            .outbox_bytes_max(OUTBOX_BYTES_MAX)
            .bindings_max(HANDLES_MAX)
            .subscriptions_max(HANDLES_MAX)
            .queued_bytes_max(4096)
            .handled_bytes_max(4096)
            .observe_calls(true);
        let mut sim = Sim::with(1, config);
        let [echo, _] = sim.serve_main();
        let topics = sim.host_topics();
        let bystander = sim.peer("bystander", "all");
        Self { sim, bystander, nodes: Vec::new(), received: Vec::new(), echo, topics }
    }

    fn connect(&mut self, role: &str, kind: PeerKind, first: &[&str]) {
        if self.nodes.len() < NODES_MAX {
            let label = format!("raw{}", self.nodes.len());
            let node = self.sim.raw_of(&label, role, kind);
            self.nodes.push(node);
            self.received.push(Vec::new());
            let bytes: Vec<u8> = first.iter().flat_map(|line| frame(line)).collect();
            self.sim.send(node, &bytes);
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let node = input.pick(&self.nodes);
        match input.below(16) {
            0 | 1 => {
                let count = input.byte();
                self.sim.send(node, input.bytes(count.into()));
            }
            2..=9 => {
                let mut bytes = Vec::new();
                for _ in 0..=input.below(3) {
                    wire::write(input, Kind::ALL, &mut bytes);
                }
                self.sim.send(node, &bytes);
            }
            10 => {
                let ms = input.pick(&[0, 1, 50, 200, 1_000, 5_000, 30_000]);
                self.sim.run_for(ms);
            }
            11 => match input.below(4) {
                0 => self.sim.link(node).close_far(),
                1 => self.sim.link(node).cut(),
                _ => {
                    let role = input.pick(&["all", "none"]);
                    let kind = input.pick(&[PeerKind::Native, PeerKind::Page, PeerKind::Main]);
                    let first = input.pick(&[&[][..], &["hello"], SERVER, CALLER]);
                    self.connect(role, kind, first);
                }
            },
            12 => self.publish(input),
            13 => self.serve_anew(input),
            14 => {
                let reason = input.pick(&[Reason::Revoked, Reason::GoingAway, Reason::Closed]);
                let peer = self.sim.id(node);
                self.sim.main(|hub, now, turn| hub.end_peer(peer, Goodbye::new(reason), now, turn));
            }
            _ => {
                let stopped = input.flag();
                let capacity = input.pick(&[0, 100, 256 * 1024]);
                let down = &mut self.sim.link(node).down;
                down.stopped = stopped;
                down.quality = Quality { capacity, ..down.quality };
            }
        }
        self.sim.settle();
    }

    fn publish(&mut self, input: &mut Input<'_>) {
        let ordinal = input.below(8) as u32;
        let body = input.pick(&[&[7][..], &[0], &[], &[0xff; 9]]);
        let within_ms = input.pick(&[0u32, 1, 100]);
        let topics = self.topics;
        // Whether it may be published is what is being asked.
        self.sim.main(|hub, now, turn| match within_ms {
            0 => drop(hub.publish(topics, ordinal, body, now, turn)),
            _ => drop(hub.publish_reported(topics, ordinal, body, within_ms, now, turn)),
        });
    }

    fn serve_anew(&mut self, input: &mut Input<'_>) {
        if input.flag() {
            let echo = self.echo;
            self.sim.main(|hub, now, turn| hub.unserve(echo, now, turn));
            let service = Arc::new(EchoServer::new(self.sim.echo()));
            let served =
                self.sim.main(|hub, _, turn| hub.serve("sample.echo", "", Some(service), turn));
            self.echo = served.expect("nobody serves it any more");
        } else {
            let topics = self.topics;
            self.sim.main(|hub, now, turn| hub.unserve(topics, now, turn));
            self.topics = self.sim.host_topics();
        }
    }

    /// What holds after every step.
    fn check(&mut self) {
        assert!(self.sim.link(self.bystander).is_open(), "nobody else is ended");
        for (node, received) in self.nodes.iter().zip(&mut self.received) {
            received.extend(self.sim.received(*node));
            for seen in take_frames(received) {
                let wrong = [Kind::Hello, Kind::Subscribe, Kind::Publish, Kind::Ack];
                assert!(!wrong.contains(&seen.kind), "a hub says no {}", seen.kind.name());
            }
        }
        for panic in self.sim.panics() {
            assert!(panic.starts_with("sample.echo.panic"), "{panic}");
        }
    }
}

/// The first byte picks who is there; the others are steps. Whatever happens nobody else is ended, and when all have left
/// nothing of them is left.
pub fn hub(data: &[u8]) {
    let mut input = Input::new(data);
    let mut run = Run::new();
    let bystander = run.bystander;
    let before = (run.sim.open_work(), run.sim.handles_open());
    run.connect("all", PeerKind::Native, SERVER);
    run.connect("all", input.pick(&[PeerKind::Native, PeerKind::Page]), CALLER);
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        run.step(&mut input);
        run.check();
    }
    for node in run.nodes.clone() {
        run.sim.link(node).cut();
    }
    run.sim.rest();
    assert_eq!((run.sim.open_work(), run.sim.handles_open()), before, "nothing is left");
    assert_eq!((run.sim.handling(), run.sim.tasks_alive()), ((0, 0), 0), "nobody is at work");
    let echo: EchoClient = run.sim.bind(bystander, Target::Any);
    run.sim.wait(echo.nothing()).expect("the others are served");
    // What the bench hands to the hub refers back to it, for as long as a peer is there.
    run.sim.main(|hub, now, turn| hub.close(now, turn));
}

/// A seed out of lines of a script: what the server and the caller say, frame by frame.
pub fn seed<'a>(script: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut seed = vec![0];
    for line in script.map(str::trim) {
        let (node, text) = match (line.strip_prefix("s>"), line.strip_prefix('>')) {
            (Some(text), _) => (0, text),
            (None, Some(text)) => (1, text),
            (None, None) => continue,
        };
        let bytes = frame(text.trim());
        // Longer ones, and what a run has said already, would only be in the way.
        if let Ok(count) = u8::try_from(bytes.len())
            && text.trim() != "hello"
        {
            seed.extend([node, 0, count]);
            seed.extend(bytes);
        }
    }
    seed
}
