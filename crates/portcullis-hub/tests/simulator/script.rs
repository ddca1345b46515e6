//! Scripts: a hub at work for others, and connections of which a text says byte by byte what they send and what must
//! come back. `scripts/README.md` tells the format.

use std::collections::BTreeMap;

use portcullis_hub::HubEvent;
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Serving, Subscription, Target};
use sample_contract::{
    EchoClient, EchoRequest, EchoServer, FlowsServer, TopicsClient, TopicsPublisher,
};

use crate::bench::{FlowsService, Node, Sim, Split};
use crate::frames::{Seen, compare, frame, reason, show, take_frames};
use crate::words::{BOUND, blocks, relay};

/// Runs every case of a file, with what is sent cut in every way.
pub(crate) fn check_file(text: &str) {
    let mut cases = 0;
    for (name, script) in blocks(text) {
        for split in [Split::Whole, Split::EveryByte, Split::Random] {
            Case::new(name, split).run(script);
        }
        cases += 1;
    }
    assert!(cases > 0, "a file of scripts has cases");
}

/// Others that must not notice anything.
struct Bystanders {
    main: EchoClient,
    remote: EchoClient,
    publisher: TopicsPublisher,
    ticks: Option<Subscription<u32>>,
    published: u32,
    _served: Vec<Serving>,
}

impl Bystanders {
    fn new(sim: &mut Sim) -> Self {
        sim.serve_main();
        sim.host_topics();
        let server = sim.peer("server", "all");
        let service = EchoServer::new(sim.echo());
        let served = vec![
            sim.serve(server, service, "remote"),
            sim.serve(server, FlowsServer::new(FlowsService), "remote"),
            sim.serve_topics(server, "remote"),
        ];
        let bystander = sim.peer("bystander", "all");
        let remote = Target::Instance("remote".into());
        let topics: TopicsClient = sim.bind(bystander, remote.clone());
        let ticks = Some(topics.subscribe_ticked());
        sim.settle();
        Self {
            main: sim.bind(bystander, Target::Any),
            remote: sim.bind(bystander, remote),
            publisher: served[2].publisher(),
            ticks,
            published: 0,
            _served: served,
        }
    }

    /// They are served as ever.
    fn check(&mut self, sim: &mut Sim) {
        for echo in [&self.main, &self.remote] {
            let request = EchoRequest { number: 41, text: "well?".into(), value: 0.0 };
            assert_eq!(sim.wait(echo.call(request)).expect("the others are served").number, 42);
        }
        self.published += 1;
        let number = self.published;
        self.publisher.ticked(&number).expect("published");
        let mut ticks = self.ticks.take().expect("subscribed");
        let (ticks, got) = sim.wait(async move {
            let got = ticks.next().await;
            (ticks, got)
        });
        assert_eq!(got.expect("the others hear"), Some(number));
        self.ticks = Some(ticks);
    }
}

struct Connection {
    node: Node,
    bytes: Vec<u8>,
    frames: Vec<Seen>,
    /// Bytes to be sent at once.
    to_send: Vec<u8>,
    ended: bool,
}

struct Case<'a> {
    name: &'a str,
    split: Split,
    sim: Sim,
    others: Bystanders,
    connections: BTreeMap<String, Connection>,
    work_before: usize,
    expected: BTreeMap<Reason, u64>,
}

impl<'a> Case<'a> {
    fn new(name: &'a str, split: Split) -> Self {
        let mut sim = Sim::new(7);
        let others = Bystanders::new(&mut sim);
        sim.events();
        let work_before = sim.open_work();
        Self {
            name,
            split,
            sim,
            others,
            connections: BTreeMap::new(),
            work_before,
            expected: BTreeMap::new(),
        }
    }

    fn fail(&self, line: &str, why: &str) -> ! {
        panic!("case `{}`, {:?}, line `{line}`: {why}", self.name, self.split)
    }

    fn run(mut self, script: &str) {
        self.lines(script);
        self.flush();
        self.sim.settle();
        self.receive();
        for connection in self.connections.values() {
            if let Some(seen) = connection.frames.first() {
                self.fail("(end)", &format!("also came: {}", show(seen)));
            }
        }
        self.others.check(&mut self.sim);
        let nodes: Vec<Node> = self.connections.values().map(|each| each.node).collect();
        for node in nodes {
            self.sim.link(node).cut();
        }
        self.sim.rest();
        assert_eq!(self.sim.open_work(), self.work_before, "case `{}` leaves nothing", self.name);
        let ended = &self.sim.counters().ended;
        let violations = ended.iter().filter(|(reason, _)| **reason != Reason::Closed);
        let violations: BTreeMap<Reason, u64> = violations.map(|(r, count)| (*r, *count)).collect();
        assert_eq!(violations, self.expected, "case `{}` counts what has ended", self.name);
    }

    fn lines(&mut self, script: &str) {
        for line in script.lines().map(str::trim) {
            // Here every connection is a stream.
            if line.is_empty() || line.starts_with('#') || line == "on unix" {
                continue;
            }
            if line == "bound" {
                self.lines(BOUND);
                continue;
            }
            if let Some(interface) = line.strip_prefix("relay ") {
                self.lines(&relay(interface));
                continue;
            }
            if let Some(ms) = line.strip_prefix("wait ") {
                self.flush();
                self.sim.run_for(ms.parse().expect("milliseconds"));
                continue;
            }
            let at = line.find([':', '>', '<', '!']).unwrap_or_else(|| self.fail(line, "what?"));
            let (name, rest) = line.split_at(at);
            let (sign, rest) = rest.split_at(1);
            let name = name.trim().to_owned();
            let rest = rest.trim();
            if sign == ":" {
                let node = self.sim.raw(&name, rest);
                self.admit(name, node);
                continue;
            }
            if !self.connections.contains_key(&name) {
                let node = self.sim.raw(&name, "all");
                self.admit(name.clone(), node);
            }
            match sign {
                ">" => {
                    let another = |(other, each): (&String, &Connection)| {
                        *other != name && !each.to_send.is_empty()
                    };
                    if self.connections.iter().any(another) {
                        self.flush();
                    }
                    let bytes = frame(rest);
                    let connection = self.connections.get_mut(&name).expect("admitted");
                    connection.to_send.extend(bytes);
                }
                "<" => self.expect(&name, rest, line),
                _ => self.expect_kill(&name, rest, line),
            }
        }
    }

    fn admit(&mut self, name: String, node: Node) {
        self.sim.link(node).up.quality.split = self.split;
        let (bytes, frames, to_send) = (Vec::new(), Vec::new(), Vec::new());
        self.connections.insert(name, Connection { node, bytes, frames, to_send, ended: false });
    }

    /// Sends what stands in lines one behind the other at once.
    fn flush(&mut self) {
        for connection in self.connections.values_mut() {
            if !connection.to_send.is_empty() {
                let bytes = std::mem::take(&mut connection.to_send);
                self.sim.send(connection.node, &bytes);
            }
        }
    }

    fn receive(&mut self) {
        for connection in self.connections.values_mut() {
            connection.bytes.extend(self.sim.received(connection.node));
            connection.frames.extend(take_frames(&mut connection.bytes));
        }
    }

    fn next(&mut self, name: &str, line: &str) -> Seen {
        self.flush();
        self.sim.settle();
        self.receive();
        let frames = &mut self.connections.get_mut(name).expect("admitted").frames;
        if frames.is_empty() {
            self.fail(line, "nothing came");
        }
        frames.remove(0)
    }

    fn expect(&mut self, name: &str, rest: &str, line: &str) {
        let seen = self.next(name, line);
        if let Err(why) = compare(&seen, rest) {
            self.fail(line, &why);
        }
    }

    /// The connection ends for that reason: it is told, it is counted, it is an event, and nobody else notices.
    fn expect_kill(&mut self, name: &str, rest: &str, line: &str) {
        let why = reason(rest);
        let seen = self.next(name, line);
        if let Err(why) = compare(&seen, &format!("goodbye reason={rest}")) {
            self.fail(line, &why);
        }
        let connection = self.connections.get_mut(name).expect("admitted");
        assert!(!connection.ended, "it ends once");
        connection.ended = true;
        let node = connection.node;
        let link = self.sim.link(node);
        assert!(!link.is_open() && !link.far_is_open(), "`{}`: both ends close", self.name);
        let goodbye = link.goodbye.clone().expect("the hub knows how it ended");
        assert_eq!(goodbye.reason, why, "`{}`: the hub's reason", self.name);
        assert!(!goodbye.message.is_empty() && goodbye.message.len() <= 1024);
        *self.expected.entry(why).or_default() += 1;
        let peer = self.sim.id(node);
        let left = self.sim.events().into_iter().any(|event| match event {
            HubEvent::Left { peer: info, goodbye } => info.peer == peer && goodbye.reason == why,
            _ => false,
        });
        assert!(left, "`{}`: observers hear of it", self.name);
        self.others.check(&mut self.sim);
    }
}
