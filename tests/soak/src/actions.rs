//! What may happen in a step: somebody begins something, somebody fails, main does its part, or time goes by.

use portcullis_hub::Kind as PeerKind;
use portcullis_proto::codec::to_bytes;
use portcullis_proto::goodbye::{Goodbye, Reason};

use crate::bench::{Quality, Split};
use crate::members::Member;
use crate::programs::{CALLING, SERVING};
use crate::run::Run;
use crate::topics::Key;

/// Most programs that a member runs.
const PROGRAMS_MAX: usize = 12;
/// How many of the names of an interface are looked for.
const NEWEST: usize = 3;
/// The topics that main publishes on: their ordinals in `sample.topics`.
const TOPICS: [(&str, u32); 4] = [("ticked", 1), ("kept", 2), ("strict", 3), ("level", 6)];

impl Run {
    pub(crate) fn step(&mut self) {
        let place = self.rng.index(self.members.len());
        match self.rng.below(40) {
            0..=13 => self.begin(place),
            14..=16 => self.serve(place),
            17..=24 => {
                let ms = [0, 1, 5, 20, 200, 1_000, 2_000, 15_000][self.rng.index(8)];
                self.note(format!("{ms} ms"));
                self.sim.run_for(ms);
            }
            25 | 26 => self.publish(),
            27 => self.serve_anew(),
            28 => self.crash(place),
            29 => self.break_within(place),
            30 => self.reload(place),
            31 | 32 => self.stop_reading(place),
            33 | 34 => self.read_again(),
            35 | 36 => self.change_quality(place),
            37 => self.give_up(place),
            38 => self.leave(place),
            _ => self.come_back(place),
        }
        // Some steps take effect before the next, others run into it.
        if self.rng.one_in(2) {
            self.sim.run_for_us(self.rng.below(2_000));
        }
    }

    fn begin(&mut self, place: usize) {
        self.be_there(place);
        let kind = CALLING[self.rng.index(CALLING.len())];
        let serving = kind.served_by();
        let served = self.names.iter().rev().filter(|(served, _)| *served == serving);
        // The newest are the likeliest to be there.
        let newest: Vec<&String> = served.map(|(_, name)| name).take(NEWEST).collect();
        let name = match self.rng.below(3) {
            0 => String::new(),
            _ => newest.get(self.rng.index(NEWEST)).map(|name| (*name).clone()).unwrap_or_default(),
        };
        if self.members[place].programs.len() < PROGRAMS_MAX {
            self.start(place, kind, name);
        }
    }

    fn serve(&mut self, place: usize) {
        self.be_there(place);
        let kind = SERVING[self.rng.index(SERVING.len())];
        let name = format!("{}-{}", self.members[place].label, self.figures.steps);
        if self.members[place].programs.len() < PROGRAMS_MAX {
            self.names.push((kind, name.clone()));
            self.start(place, kind, name);
        }
    }

    /// The process or page dies, or the connection breaks and they are told.
    fn crash(&mut self, place: usize) {
        let dies = self.rng.one_in(2);
        let Self { sim, members, .. } = self;
        let member = &mut members[place];
        if dies {
            member.die(sim);
        }
        sim.link(member.node).cut();
        self.figures.crashes += 1;
        let (label, way) = (&self.members[place].label, if dies { "dies" } else { "is cut off" });
        self.note(format!("{label} {way}"));
    }

    /// The connection breaks within the next bytes, in the middle of a frame as a rule.
    fn break_within(&mut self, place: usize) {
        let (bytes, up) = (self.rng.below(2_000) as usize, self.rng.one_in(2));
        let link = self.sim.link(self.members[place].node);
        let pipe = if up { &mut link.up } else { &mut link.down };
        if pipe.cut_after.is_none() {
            pipe.cut_after = Some(pipe.bytes_read() + bytes);
            self.figures.crashes += 1;
        }
        self.note(format!("{} breaks after {bytes} bytes", self.members[place].label));
    }

    /// A page is there anew: what ran in it is gone, and the hub may still know its old connection.
    fn reload(&mut self, place: usize) {
        if self.members[place].kind != PeerKind::Page {
            return;
        }
        let Self { sim, members, .. } = self;
        members[place].die(sim);
        members[place].core.lost("the page was reloaded");
        sim.link(members[place].node).close_far();
        self.figures.reloads += 1;
        self.note(format!("{} reloads", self.members[place].label));
        self.replace(place);
    }

    /// Whoever begins something is back as a rule; to begin it without a connection is worth a look, too.
    fn be_there(&mut self, place: usize) {
        if !self.rng.one_in(4) {
            self.come_back(place);
        }
    }

    fn come_back(&mut self, place: usize) {
        if self.members[place].core.has_ended() {
            self.note(format!("{} comes back", self.members[place].label));
            self.replace(place);
        }
    }

    /// Another incarnation takes the place; programs of the one before that run on are waited for at the end.
    fn replace(&mut self, place: usize) {
        let (label, kind) = (self.members[place].label.clone(), self.members[place].kind);
        let next = Member::connect(&mut self.sim, &mut self.rng, &label, kind, self.fault);
        self.figures.connections += 1;
        self.left.push(std::mem::replace(&mut self.members[place], next));
    }

    fn stop_reading(&mut self, place: usize) {
        let up = self.rng.one_in(3);
        let link = self.sim.link(self.members[place].node);
        let pipe = if up { &mut link.up } else { &mut link.down };
        pipe.stopped = true;
        self.figures.stalls += 1;
        self.note(format!("{} stops, up: {up}", self.members[place].label));
    }

    pub(crate) fn read_again(&mut self) {
        for member in self.members.iter().chain(&self.left) {
            let link = self.sim.link(member.node);
            link.up.stopped = false;
            link.down.stopped = false;
        }
        self.note("all read".to_owned());
    }

    fn change_quality(&mut self, place: usize) {
        let rng = &mut self.rng;
        let quality = Quality {
            latency_us: [(50, 50), (0, 5_000), (10_000, 80_000)][rng.index(3)],
            bytes_per_ms: [None, Some(10_000), Some(200)][rng.index(3)],
            capacity: [256 * 1024, 4_096, 100][rng.index(3)],
            split: [Split::Whole, Split::Random][rng.index(2)],
        };
        let link = self.sim.link(self.members[place].node);
        link.up.quality = quality;
        link.down.quality = quality;
        self.note(format!("{} has {quality:?}", self.members[place].label));
    }

    /// Somebody does not want what a program is about any more.
    fn give_up(&mut self, place: usize) {
        let Self { sim, members, rng, .. } = self;
        let programs = &mut members[place].programs;
        if !programs.is_empty() {
            let (_, program) = programs.swap_remove(rng.index(programs.len()));
            sim.abort(&program);
        }
        self.note(format!("{} gives something up", self.members[place].label));
    }

    /// Somebody says goodbye, or main ends a connection.
    fn leave(&mut self, place: usize) {
        if self.rng.one_in(2) {
            self.members[place].core.close();
        } else {
            let peer = self.sim.id(self.members[place].node);
            let goodbye = Goodbye::new(Reason::Revoked);
            self.sim.main(|hub, now, turn| hub.end_peer(peer, goodbye, now, turn));
        }
        self.note(format!("{} leaves", self.members[place].label));
    }

    /// Main publishes some values, and follows one of them.
    fn publish(&mut self) {
        for _ in 0..=self.rng.below(30) {
            let (topic, ordinal) = TOPICS[self.rng.index(TOPICS.len())];
            let key: Key = (String::new(), topic);
            let reported = topic == "ticked" && self.rng.one_in(5);
            let (value, before) =
                self.ledger.topics(|topics| (topics.publish(&key), topics.subscribed(&key)));
            // A number is the same bytes in every width.
            let body = to_bytes(&value).expect("a number");
            let instance = self.topics;
            let report = self.sim.main(|hub, now, turn| match reported {
                false => hub.publish(instance, ordinal, &body, now, turn).map(|()| None),
                true => hub.publish_reported(instance, ordinal, &body, 500, now, turn).map(Some),
            });
            match report {
                Ok(Some(report)) => self.reports.push((report, key, value, before)),
                Ok(None) => {}
                Err(error) => self.ledger.broken(format!("main's value: {error}")),
            }
        }
        self.note("main publishes".to_owned());
    }

    /// Takes in the reports of main's own values.
    pub(crate) fn take_reports(&mut self) {
        let sim = &self.sim;
        let ledger = &self.ledger;
        self.reports.retain(|(number, key, value, before)| match sim.report(*number) {
            Some(report) => {
                ledger.topics(|topics| topics.report(key, *value, report, before.clone()));
                false
            }
            None => true,
        });
    }

    /// Main withdraws what it serves, and serves it again.
    fn serve_anew(&mut self) {
        let topics = self.topics;
        self.sim.main(|hub, now, turn| hub.unserve(topics, now, turn));
        self.topics = self.sim.host_topics();
        let echo = self.echo;
        self.sim.main(|hub, now, turn| hub.unserve(echo, now, turn));
        self.echo = self.serve_echo();
        self.note("main serves anew".to_owned());
    }
}
