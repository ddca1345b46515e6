//! The bench: a hub and any number of peers, connected by links whose time, order and faults a seed decides. Nothing
//! here has a thread or a clock; handlers and clients are polled when they are woken.
//!
//! ```text
//! let mut sim = Sim::new(1);
//! let a = sim.peer("a", "all");
//! let echo: EchoClient = sim.bind(a, Target::Any);
//! let reply = sim.wait(echo.call(request));
//! ```

mod host;
mod link;
mod pipe;
mod rng;
mod services;
mod tasks;
mod world;

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use portcullis_hub::{
    Admission, Hub, HubConfig, HubCounters, HubEvent, InstanceId, Kind, PeerId, Role,
};
use portcullis_proto::error::Error;
use portcullis_proto::peer::{Peer, PeerConfig, Serving, Target};
use portcullis_proto::rpc::{Client, Running, Service};
use portcullis_proto::time::Time;
use sample_contract::{EchoServer, FlowsServer, TopicsServer, contract};

pub(crate) use host::SharedHub;
pub(crate) use link::{Far, Link};
pub(crate) use pipe::{Quality, Split};
pub(crate) use rng::Rng;
pub(crate) use services::{EchoService, FlowsService, TopicsService};
pub(crate) use tasks::{Handle, Tasks};
pub(crate) use world::{PeerWorld, World};

/// Turns of drivers and tasks in one run; more is a simulation that goes in circles.
const TURNS_MAX: usize = 5_000_000;
/// How long [`Sim::wait`] waits, in virtual milliseconds.
const WAIT_MS: u32 = 600_000;

/// Names a connection of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node(usize);

/// A hub, its peers, and the world between them.
pub(crate) struct Sim {
    pub(crate) rng: Rng,
    world: Arc<World>,
    hub: Arc<SharedHub>,
    links: Vec<Link>,
    tasks: Tasks,
    /// What new links are like.
    pub(crate) quality: Quality,
}

/// What most peers are.
pub(crate) fn native() -> Kind {
    Kind::Native
}

/// A role that may do everything with the sample contract.
pub(crate) fn all() -> Role {
    Role::new("all")
        .call("sample.echo.*")
        .call("sample.flows.*")
        .call("sample.topics.emit")
        .call("sample.values.*")
        .subscribe("sample.topics.*")
        .publish("sample.topics.*")
        .serve("sample.echo")
        .serve("sample.flows")
        .serve("sample.topics")
        .serve("sample.values")
}

/// The sample contract, and a role that may do everything.
pub(crate) fn config() -> HubConfig {
    HubConfig::new(contract()).role(all()).role(Role::new("none"))
}

impl Sim {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(seed, config())
    }

    pub(crate) fn with(seed: u64, config: HubConfig) -> Self {
        let world = Arc::new(World::default());
        let hub = Hub::new(config).expect("the roles fit the contract");
        Self {
            rng: Rng::new(seed),
            hub: SharedHub::new(hub, Arc::clone(&world)),
            world,
            links: Vec::new(),
            tasks: Tasks::default(),
            quality: Quality::default(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.world.now()
    }

    /// Works on the hub, as main does.
    pub(crate) fn main<R>(
        &mut self,
        work: impl FnOnce(&mut Hub, Time, &mut portcullis_hub::Turn) -> R,
    ) -> R {
        self.hub.turn(work).0
    }

    pub(crate) fn echo(&self) -> EchoService {
        EchoService::new(&self.world)
    }

    /// Serves calls and streams of the sample contract in main.
    pub(crate) fn serve_main(&mut self) -> [InstanceId; 2] {
        let echo: Arc<dyn Service> = Arc::new(EchoServer::new(self.echo()));
        let flows: Arc<dyn Service> = Arc::new(FlowsServer::new(FlowsService));
        let serve = |name, service| {
            let served = self.hub.turn(|hub, _, turn| hub.serve(name, "", Some(service), turn)).0;
            served.expect("nobody serves it yet")
        };
        [serve("sample.echo", echo), serve("sample.flows", flows)]
    }

    /// Serves the sample contract's topics in main.
    pub(crate) fn host_topics(&mut self) -> InstanceId {
        let served = self.main(|hub, _, turn| hub.serve("sample.topics", "", None, turn));
        served.expect("nobody serves it yet")
    }

    fn connect(&mut self, admission: &Admission, far: Far) -> Node {
        let now = self.now();
        let peer = self.hub.hub().admit(admission, now).expect("admitted");
        self.link_up(peer, far)
    }

    fn link_up(&mut self, peer: PeerId, far: Far) -> Node {
        let rng = Rng::new(self.rng.next());
        let mut link = Link::new(&self.hub, peer, far, rng);
        link.up.quality = self.quality;
        link.down.quality = self.quality;
        self.links.push(link);
        Node(self.links.len() - 1)
    }

    /// Connects a peer and waits for its welcome.
    pub(crate) fn peer(&mut self, label: &str, role: &str) -> Node {
        let node = self.peer_with(label, role, Kind::Native, &PeerConfig::default());
        let peer = self.core(node);
        self.wait(async move { peer.ready().await }).expect("welcome");
        node
    }

    /// Connects a peer of a user, and waits for its welcome.
    pub(crate) fn peer_of(&mut self, label: &str, role: &str, user: Option<&str>) -> Node {
        self.try_peer_of(label, role, user).expect("admitted")
    }

    /// The same; `None` when its user has as many peers as it may.
    pub(crate) fn try_peer_of(
        &mut self,
        label: &str,
        role: &str,
        user: Option<&str>,
    ) -> Option<Node> {
        let driver = Arc::new(PeerWorld(Arc::clone(&self.world)));
        let peer = Peer::new(&PeerConfig::default(), driver);
        let mut admission = Admission::new(label, role, Kind::Native);
        admission.user = user.map(str::to_owned);
        let now = self.now();
        let id = self.hub.hub().admit(&admission, now).ok()?;
        let node = self.link_up(id, Far::Peer(peer.clone()));
        self.wait(async move { peer.ready().await }).expect("welcome");
        Some(node)
    }

    /// Connects a peer, and waits for nothing.
    pub(crate) fn peer_with(
        &mut self,
        label: &str,
        role: &str,
        kind: Kind,
        config: &PeerConfig,
    ) -> Node {
        let driver = Arc::new(PeerWorld(Arc::clone(&self.world)));
        let peer = Peer::new(config, driver);
        let admission = Admission::new(label, role, kind);
        self.connect(&admission, Far::Peer(peer))
    }

    /// Connects nothing but bytes.
    pub(crate) fn raw(&mut self, label: &str, role: &str) -> Node {
        self.raw_of(label, role, Kind::Native)
    }

    pub(crate) fn raw_of(&mut self, label: &str, role: &str, kind: Kind) -> Node {
        let admission = Admission::new(label, role, kind);
        self.connect(&admission, Far::Raw(Vec::new()))
    }

    /// Connects nothing but bytes, as main says.
    pub(crate) fn raw_as(&mut self, admission: &Admission) -> Node {
        self.connect(admission, Far::Raw(Vec::new()))
    }

    /// A peer's core.
    pub(crate) fn core(&self, node: Node) -> Peer {
        match &self.links[node.0].far {
            Far::Peer(peer) => peer.clone(),
            Far::Raw(_) => panic!("a raw connection has no core"),
        }
    }

    pub(crate) fn link(&mut self, node: Node) -> &mut Link {
        &mut self.links[node.0]
    }

    /// Where outcomes of main's handlers for that connection go.
    pub(crate) fn host(&self, node: Node) -> Arc<dyn portcullis_proto::rpc::Complete> {
        self.links[node.0].host()
    }

    pub(crate) fn id(&self, node: Node) -> PeerId {
        self.links[node.0].peer
    }

    /// Sends bytes from a raw connection, and lets them take effect.
    pub(crate) fn send(&mut self, node: Node, bytes: &[u8]) {
        self.links[node.0].send(bytes);
        self.settle();
    }

    /// What a raw connection has received since the last time.
    pub(crate) fn received(&mut self, node: Node) -> Vec<u8> {
        match &mut self.links[node.0].far {
            Far::Raw(received) => std::mem::take(received),
            Far::Peer(_) => panic!("a peer's core has taken it"),
        }
    }

    pub(crate) fn bind<C: Client>(&mut self, node: Node, target: Target) -> C {
        self.try_bind(node, target).expect("bound")
    }

    pub(crate) fn try_bind<C: Client>(&mut self, node: Node, target: Target) -> Result<C, Error> {
        let peer = self.core(node);
        self.wait(async move { peer.bind::<C>(target).await })
    }

    pub(crate) fn serve(&mut self, node: Node, service: impl Service, name: &str) -> Serving {
        let peer = self.core(node);
        let name = name.to_owned();
        self.wait(async move { peer.serve(service, name).await }).expect("served")
    }

    /// Serves the sample contract's topics at a peer: its `emit` publishes.
    pub(crate) fn serve_topics(&mut self, node: Node, name: &str) -> Serving {
        let publisher = Arc::new(OnceLock::new());
        let service = TopicsServer::new(TopicsService(Arc::clone(&publisher)));
        let serving = self.serve(node, service, name);
        assert!(publisher.set(serving.publisher()).is_ok());
        serving
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Handle<T> {
        let result = Arc::new(Mutex::new(None));
        let put = Arc::clone(&result);
        let task = self.tasks.spawn(Box::pin(async move {
            let value = future.await;
            *put.lock().expect("nothing panics under this lock") = Some(value);
        }));
        Handle { task, result }
    }

    /// Drops what a handle's task does, if it still does anything.
    pub(crate) fn abort<T>(&mut self, handle: &Handle<T>) {
        // The place of one that is done may be another's by now.
        if !handle.is_done() {
            self.tasks.abort(handle.task);
        }
    }

    /// Runs until `future` is done.
    pub(crate) fn wait<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let handle = self.spawn(future);
        self.finish(&handle)
    }

    /// Runs until a task is done.
    pub(crate) fn finish<T>(&mut self, handle: &Handle<T>) -> T {
        let until = self.now().after_ms(WAIT_MS);
        self.run(until, |_| handle.is_done());
        handle.take().expect("done in time: nobody stands still")
    }

    /// Runs until a task is done; `None` when it stands still for too long.
    pub(crate) fn finish_or<T>(&mut self, handle: &Handle<T>) -> Option<T> {
        let until = self.now().after_ms(WAIT_MS);
        self.run(until, |_| handle.is_done());
        handle.take()
    }

    /// Lets so much time pass, in microseconds.
    pub(crate) fn run_for_us(&mut self, us: u64) {
        let until = self.now() + Duration::from_micros(us);
        self.run(until, |_| false);
        self.world.advance_to(until);
    }

    /// Lets so much time pass.
    pub(crate) fn run_for(&mut self, ms: u32) {
        let until = self.now().after_ms(ms);
        self.run(until, |_| false);
        self.world.advance_to(until);
    }

    /// Runs until everything that was sent has arrived and nobody has anything to do but to wait for a time-out.
    pub(crate) fn settle(&mut self) {
        for _ in 0..TURNS_MAX {
            self.work();
            let arrival = self.links.iter().filter_map(Link::next_arrival).min();
            match arrival {
                Some(arrival) => self.world.advance_to(arrival.max(self.now())),
                None => return,
            }
        }
        panic!("the simulation does not settle");
    }

    /// Runs until `until`, or until `done`.
    fn run(&mut self, until: Time, done: impl Fn(&Self) -> bool) {
        for _ in 0..TURNS_MAX {
            self.work();
            if done(self) {
                return;
            }
            let links = self.links.iter().filter_map(Link::next_event);
            let Some(next) =
                links.chain(self.world.next_wake()).min().filter(|time| *time <= until)
            else {
                return;
            };
            self.world.advance_to(next.max(self.now()));
        }
        panic!("the simulation goes in circles");
    }

    /// Gives everybody turns, in any order, until nobody has anything to do at this moment.
    fn work(&mut self) {
        for _ in 0..TURNS_MAX {
            if !self.round() {
                return;
            }
        }
        panic!("the simulation goes in circles without time passing");
    }

    /// One turn for everybody who has something to do; false when there is nobody.
    fn round(&mut self) -> bool {
        self.world.wake_due();
        let now = self.now();
        let touched = std::mem::take(&mut self.hub.left().touched);
        for link in &self.links {
            if touched.contains(&link.peer) {
                link.wake_near();
            }
        }
        let near = |index: &usize| self.links[*index].near_is_ready(now);
        let far = |index: &usize| self.links[*index].far_is_ready(now);
        let links = 0..self.links.len();
        let mut turns: Vec<Turn> = links.clone().filter(near).map(Turn::Near).collect();
        turns.extend(links.filter(far).map(Turn::Far));
        turns.extend(self.tasks.woken().into_iter().map(Turn::Task));
        self.rng.shuffle(&mut turns);
        for turn in &turns {
            let mut spawned: Vec<Running> = Vec::new();
            match turn {
                Turn::Near(index) => self.links[*index].run_near(&mut spawned),
                Turn::Far(index) => self.links[*index].run_far(&mut spawned),
                Turn::Task(index) => self.tasks.poll(*index),
            }
            for running in spawned {
                self.tasks.spawn(Box::pin(running));
            }
        }
        !turns.is_empty()
    }

    pub(crate) fn counters(&self) -> HubCounters {
        self.hub.hub().counters().clone()
    }

    /// The hub's events since the last time.
    pub(crate) fn events(&self) -> Vec<HubEvent> {
        std::mem::take(&mut self.hub.left().events)
    }

    /// The report of a value that main published, if it has come.
    pub(crate) fn report(&self, key: u32) -> Option<portcullis_proto::peer::DeliveryReport> {
        self.hub.left().reports.remove(&key)
    }

    pub(crate) fn handles_open(&self) -> usize {
        self.hub.hub().handles_open()
    }

    pub(crate) fn open_work(&self) -> usize {
        self.hub.hub().open_work()
    }

    /// See [`portcullis_hub::Hub::handling`].
    pub(crate) fn handling(&self) -> (usize, usize) {
        self.hub.hub().handling()
    }

    pub(crate) fn panics(&self) -> Vec<String> {
        self.world.panics()
    }

    /// Tasks of clients and handlers that have not ended.
    pub(crate) fn tasks_alive(&self) -> usize {
        self.tasks.alive()
    }

    /// A moment for everything that was dropped to be told to whom it concerns.
    pub(crate) fn rest(&mut self) {
        self.run_for(Duration::from_secs(1).as_millis() as u32);
    }
}

enum Turn {
    Near(usize),
    Far(usize),
    Task(usize),
}
