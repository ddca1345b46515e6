//! One run: who is there at first, then step after step with a look at everything that must hold, and an end. The seed decides
//! all of it. What happens in a step stands in `actions.rs`, what must hold in `checks.rs`.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use portcullis_hub::{HubConfig, InstanceId, Kind as PeerKind, Role};
use portcullis_proto::rpc::Service;
use sample_contract::{BlobsServer, EchoClient, EchoServer, FlowsServer, contract};

use crate::bench::{FlowsService, Node, Rng, Sim, World};
use crate::checks;
use crate::fault::Fault;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::members::{Member, ROLE};
use crate::programs::{Kind, Program};
use crate::service::{Noted, Scanning};
use crate::topics::Key;

/// Most steps of a run.
const STEPS_MAX: u64 = 160;
/// Least and most members.
const MEMBERS: (u64, u64) = (3, 8);
/// Steps that are told of a run that fails.
const NOTES_KEPT: usize = 30;

/// A run that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What replays it.
    pub seed: u64,
    /// After which step.
    pub step: u64,
    /// What does not hold.
    pub broken: Vec<String>,
    /// The last steps before.
    pub notes: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} fails after step {}:", self.seed, self.step)?;
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        for broken in &self.broken {
            writeln!(f, "broken: {broken}")?;
        }
        write!(f, "replay: cargo xtask soak --seed {}", self.seed)
    }
}

impl std::error::Error for Failure {}

pub(crate) struct Run {
    pub(crate) sim: Sim,
    pub(crate) rng: Rng,
    pub(crate) ledger: Arc<Ledger>,
    world: Arc<World>,
    pub(crate) members: Vec<Member>,
    /// Those whose connection has been replaced.
    pub(crate) left: Vec<Member>,
    /// What peers have served, and under which names.
    pub(crate) names: Vec<(Kind, String)>,
    pub(crate) echo: InstanceId,
    pub(crate) topics: InstanceId,
    /// Reports of main's own that have not come.
    pub(crate) reports: Vec<(u32, Key, u64, Vec<u64>)>,
    pub(crate) fault: Option<Fault>,
    pub(crate) figures: Figures,
    pub(crate) undisturbed: Node,
    pub(crate) hurry: Arc<AtomicBool>,
    notes: VecDeque<String>,
}

/// Runs what the seed says; with a fault, over transports that have it.
///
/// # Errors
///
/// The first thing that does not hold.
pub fn run(seed: u64, fault: Option<Fault>) -> Result<Figures, Failure> {
    let mut run = Run::new(seed, fault);
    let done = catch_unwind(AssertUnwindSafe(|| run.all())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(vec![format!("panic: {}", text.unwrap_or_default())])
    });
    let step = run.figures.steps;
    match done {
        Ok(()) => Ok(run.figures()),
        Err(broken) => Err(Failure { seed, step, broken, notes: run.notes.into() }),
    }
}

/// Everything with the interfaces that the programs use.
fn role() -> Role {
    let interfaces = ["sample.blobs", "sample.echo", "sample.flows", "sample.topics"];
    let served = interfaces
        .into_iter()
        .fold(Role::new(ROLE), |role, name| role.call(format!("{name}.*")).serve(name));
    served.subscribe("sample.topics.*").publish("sample.topics.*")
}

impl Run {
    fn new(seed: u64, fault: Option<Fault>) -> Self {
        let mut rng = Rng::new(seed);
        let mut config = HubConfig::new(contract()).role(role());
        if rng.one_in(3) {
            config = config.outbox_bytes_max(64 * 1024).queued_bytes_max(16 * 1024);
        }
        let mut sim = Sim::with(rng.next(), config);
        let world = Arc::clone(&sim.echo().world);
        let ledger = Ledger::new(Arc::clone(&world));
        let echo: Arc<dyn Service> = Arc::new(EchoServer::new(Noted::new(&world, &ledger)));
        let flows: Arc<dyn Service> = Arc::new(FlowsServer::new(FlowsService));
        let blobs: Arc<dyn Service> = Arc::new(BlobsServer::new(Scanning::new(&ledger)));
        let services = [("sample.echo", echo), ("sample.flows", flows), ("sample.blobs", blobs)];
        let [echo, ..] = services.map(|(name, service)| {
            let served = sim.main(|hub, _, turn| hub.serve(name, "", Some(service), turn));
            served.expect("nobody serves it yet")
        });
        let topics = sim.host_topics();
        let undisturbed = sim.peer("undisturbed", ROLE);
        let mut run = Self {
            sim,
            rng,
            ledger,
            world,
            members: Vec::new(),
            left: Vec::new(),
            names: Vec::new(),
            echo,
            topics,
            reports: Vec::new(),
            fault,
            figures: Figures { runs: 1, ..Figures::default() },
            undisturbed,
            hurry: Arc::default(),
            notes: VecDeque::new(),
        };
        for number in 0..run.rng.within(MEMBERS.0, MEMBERS.1) {
            let page = run.rng.one_in(2);
            let (label, kind) = match page {
                true => (format!("window{number}"), PeerKind::Page),
                false => (format!("worker{number}"), PeerKind::Native),
            };
            let member = Member::connect(&mut run.sim, &mut run.rng, &label, kind, fault);
            run.members.push(member);
            run.figures.connections += 1;
        }
        run
    }

    fn all(&mut self) -> Result<(), Vec<String>> {
        let undisturbed: EchoClient = self.sim.bind(self.undisturbed, checks::of_main());
        let mut undisturbed = Some(undisturbed);
        for _ in 0..self.rng.within(STEPS_MAX / 4, STEPS_MAX) {
            self.figures.steps += 1;
            self.step();
            self.take_reports();
            self.check()?;
            if self.rng.one_in(8)
                && let Some(echo) = &mut undisturbed
            {
                self.ask_undisturbed(echo)?;
            }
        }
        self.come_to_rest()?;
        undisturbed.take();
        self.end()
    }

    /// What was done, for whoever reads of a failure.
    pub(crate) fn note(&mut self, text: String) {
        if self.notes.len() == NOTES_KEPT {
            self.notes.pop_front();
        }
        self.notes.push_back(format!("{:>4} at {:?}: {text}", self.figures.steps, self.sim.now()));
    }

    /// Starts a program of a member.
    pub(crate) fn start(&mut self, place: usize, kind: Kind, instance: String) {
        let member = &self.members[place];
        let program = Program {
            peer: member.core.clone(),
            number: self.sim.id(member.node).number(),
            label: member.label.clone(),
            blob_bytes: member.blob_bytes,
            ledger: Arc::clone(&self.ledger),
            world: Arc::clone(&self.world),
            rng: Rng::new(self.rng.next()),
            hurry: Arc::clone(&self.hurry),
            instance: instance.clone(),
        };
        let text = format!("{} begins {kind:?} with {instance:?}", member.label);
        let handle = self.sim.spawn(program.run(kind));
        self.members[place].programs.retain(|(_, program)| !program.is_done());
        self.members[place].programs.push((kind, handle));
        self.note(text);
    }

    pub(crate) fn serve_echo(&mut self) -> InstanceId {
        let service = Noted::new(&self.world, &self.ledger);
        let service: Arc<dyn Service> = Arc::new(EchoServer::new(service));
        let served =
            self.sim.main(|hub, _, turn| hub.serve("sample.echo", "", Some(service), turn));
        served.expect("nobody serves it")
    }

    fn figures(&self) -> Figures {
        let mut figures = self.figures.clone();
        self.ledger.figures(|of_programs| {
            figures.outcomes.clone_from(&of_programs.outcomes);
            figures.items = of_programs.items;
        });
        figures.virtual_ms =
            self.sim.now().since(portcullis_proto::time::Time::ZERO).as_millis() as u64;
        for member in self.left.iter().chain(&self.members) {
            member.wire(|wire| {
                figures.frames += wire.frames;
                figures.digest = figures.digest.rotate_left(5) ^ wire.digest;
            });
        }
        figures
    }
}
