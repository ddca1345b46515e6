//! What must hold: after every step, when everybody has come to rest, and when everybody has left.

use std::sync::atomic::Ordering;

use portcullis_hub::Resource;
use portcullis_proto::peer::Target;
use portcullis_proto::status::Status;
use sample_contract::EchoClient;

use crate::bench::Quality;
use crate::run::Run;

/// Longer than any program of a run takes its time, in virtual milliseconds.
const LAST_MS: u32 = 90_000;
/// How long an undisturbed peer may wait for an answer, in virtual milliseconds: those who are disturbed take none of its time.
const UNDISTURBED_MS: u32 = 100;

/// Main's own instance: those of peers have names.
pub(crate) fn of_main() -> Target {
    Target::Instance(String::new())
}

impl Run {
    /// What holds after every step.
    pub(crate) fn check(&mut self) -> Result<(), Vec<String>> {
        self.sim.events();
        let mut broken = self.ledger.complaints();
        for member in self.members.iter().chain(&self.left) {
            if let Some(text) = member.wire(|wire| wire.take_broken()) {
                broken.push(format!("connection of {}: {text}", member.label));
            }
        }
        if self.sim.counters().violations() > 0 {
            broken.push(format!("violations: {:?}", self.sim.counters().ended));
        }
        for panic in self.sim.panics() {
            if !panic.starts_with("sample.echo.panic") {
                broken.push(format!("a handler panicked: {panic}"));
            }
        }
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }

    /// A peer with which nothing is wrong gets its answer, whatever becomes of the others.
    pub(crate) fn ask_undisturbed(&mut self, echo: &mut EchoClient) -> Result<(), Vec<String>> {
        let begun = self.sim.now();
        let mut answer = self.sim.wait(echo.nothing());
        if answer.as_ref().is_err_and(|error| error.status() == Status::Unavailable) {
            // Main serves anew.
            *echo = self.sim.bind(self.undisturbed, of_main());
            answer = self.sim.wait(echo.nothing());
        }
        let took = self.sim.now().since(begun).as_millis();
        match answer {
            Ok(()) if took <= UNDISTURBED_MS.into() => Ok(()),
            other => Err(vec![format!("an undisturbed peer got {other:?} after {took} ms")]),
        }
    }

    /// Nobody stops, dawdles or crashes any more: whatever can end does.
    pub(crate) fn come_to_rest(&mut self) -> Result<(), Vec<String>> {
        self.hurry.store(true, Ordering::Relaxed);
        self.read_again();
        for member in self.members.iter().chain(&self.left) {
            let link = self.sim.link(member.node);
            link.up.quality = Quality::default();
            link.down.quality = Quality::default();
        }
        self.sim.run_for(LAST_MS);
        self.take_reports();
        let checked = self.ledger.topics(|topics| topics.check_reports());
        self.figures.reports += checked;
        self.note("everything has come to rest".to_owned());
        self.check()?;
        // Programs of a connection that has ended have all been told.
        for member in self.members.iter().chain(&self.left) {
            let waiting = member.at_work();
            if member.core.has_ended() && !waiting.is_empty() {
                let text = format!("{waiting:?} of {} were told of no end", member.label);
                return Err(vec![text]);
            }
        }
        Ok(())
    }

    /// Everybody stops working, and then leaves: nothing of it may be left, at the hub or at a peer.
    pub(crate) fn end(&mut self) -> Result<(), Vec<String>> {
        let Self { sim, members, left, .. } = self;
        members.iter_mut().chain(left.iter_mut()).for_each(|member| member.die(sim));
        sim.run_for(5_000);
        let mut broken = Vec::new();
        let open = self.ledger.open();
        if open > 0 {
            broken.push(format!("{open} operations have neither an end nor anybody who waits"));
        }
        for member in &self.members {
            let open = member.core.calls_open();
            let on_wire = member.wire(|wire| wire.open());
            if !member.core.has_ended() && (open, on_wire) != ((0, 0), 0) {
                broken.push(format!("{} has {open:?} calls, {on_wire} on its wire", member.label));
            }
        }
        self.nothing_left("all connected", &mut broken);
        for member in self.members.iter().chain(&self.left) {
            self.sim.link(member.node).cut();
        }
        self.sim.link(self.undisturbed).cut();
        self.sim.run_for(5_000);
        self.nothing_left("all gone", &mut broken);
        for resource in Resource::ALL {
            let used = self.sim.main(|hub, _, _| hub.used(resource));
            if used > 0 {
                broken.push(format!("{used} of {} are charged to nobody", resource.name()));
            }
        }
        // What the bench hands to the hub refers back to it, for as long as a peer is there.
        self.sim.main(|hub, now, turn| hub.close(now, turn));
        if broken.is_empty() { self.check() } else { Err(broken) }
    }

    fn nothing_left(&mut self, when: &str, broken: &mut Vec<String>) {
        let left = (self.sim.open_work(), self.sim.handles_open(), self.sim.handling());
        let tasks = self.sim.tasks_alive();
        if (left, tasks) != ((0, 0, (0, 0)), 0) {
            broken.push(format!("{when}: work, handles, handling {left:?}, tasks {tasks}"));
        }
    }
}
