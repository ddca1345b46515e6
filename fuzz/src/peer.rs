//! The target of peers: an application at work on a peer whose hub says anything.

use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::error::Error;
use portcullis_proto::frame::Kind;
use portcullis_proto::peer::{Peer, PeerConfig, Target, Turn};
use portcullis_proto::rpc::{Replies, start_job};
use portcullis_proto::session::{Config, Limits};
use portcullis_proto::time::Time;
use sample_contract::{
    EchoClient, EchoRequest, EchoServer, FlowsClient, FlowsServer, TopicsClient, TopicsPublisher,
};

use super::bench::{EchoService, FlowsService, PeerWorld, Tasks, World};
use super::input::Input;
use super::lines::frame;
use super::wire;

/// Most steps of a run.
const STEPS_MAX: usize = 100;
/// Most programs of a run.
const PROGRAMS_MAX: usize = 12;
/// Polls after which an application that only hears of an end has come to rest.
const POLLS_MAX: usize = 100_000;
/// Items that a program sends or takes.
const ITEMS_MAX: u32 = 40;

struct Run {
    world: Arc<World>,
    peer: Peer,
    tasks: Tasks,
    /// Handlers of notifications: nobody's call, so that the end of the connection does not stop them.
    told: Tasks,
    /// Where the programs are, or were, and which.
    started: Vec<(usize, usize)>,
    received: Vec<u8>,
}

impl Run {
    fn new() -> Self {
        let world = Arc::new(World::default());
        let limits = Limits { frame_bytes: 4096, calls: 4, stream_items: 2, ..Limits::DEFAULT };
        let session = Config { limits, outbox_bytes_max: 16 * 1024, keepalive: true };
        let config = PeerConfig { session, ..PeerConfig::default() };
        let peer = Peer::new(&config, Arc::new(PeerWorld(Arc::clone(&world))));
        Self {
            world,
            peer,
            tasks: Tasks::default(),
            told: Tasks::default(),
            started: Vec::new(),
            received: Vec::new(),
        }
    }

    /// What an application may be about. Each program ends when the connection does.
    fn start(&mut self, number: usize) {
        if self.started.len() == PROGRAMS_MAX {
            return;
        }
        let peer = self.peer.clone();
        let world = Arc::clone(&self.world);
        // How they end is up to the hub; that they end is what is asked.
        let started = self.tasks.spawn(match number {
            0 => Box::pin(async move { drop(call(peer).await) }),
            1 => Box::pin(async move { drop(count(peer).await) }),
            2 => Box::pin(async move { drop(sum(peer).await) }),
            3 => Box::pin(async move { drop(mirror(peer).await) }),
            4 => Box::pin(async move { drop(subscribe(peer).await) }),
            5 => Box::pin(async move {
                let serving = peer.serve(EchoServer::new(EchoService::new(&world)), "fuzz").await;
                peer.closed().await;
                drop(serving);
            }),
            6 => Box::pin(async move {
                let serving = peer.serve(FlowsServer::new(FlowsService), "").await;
                peer.closed().await;
                drop(serving);
            }),
            7 => Box::pin(async move { drop(publish(peer).await) }),
            _ => Box::pin(async move { drop(peer.ready().await) }),
        });
        self.started.push((started, number));
    }

    fn deliver(&mut self) {
        let mut turn = Turn::default();
        let delivery = self.peer.deliver(&self.received, &mut turn);
        assert!(delivery.consumed <= self.received.len());
        let complete = self.peer.completer();
        let mut replies = Replies::default();
        for job in turn.jobs {
            let tasks = if job.id.is_some() { &mut self.tasks } else { &mut self.told };
            if let Some((_, running)) = start_job(job, &self.received, &mut replies, &complete) {
                tasks.spawn(Box::pin(running));
            }
        }
        complete.complete(&mut replies);
        self.received.drain(..delivery.consumed);
        assert_eq!(delivery.ended, self.peer.has_ended());
        if delivery.ended {
            self.received.clear();
        }
    }

    fn transmit(&self) {
        let mut bytes = Vec::new();
        while self.peer.transmit(&mut bytes) {}
        wire::check_sent(&bytes, false, u32::MAX);
    }

    /// Polls whoever was woken, until nobody is.
    fn poll(&mut self) {
        for _ in 0..POLLS_MAX {
            self.world.wake_due();
            let (woken, told) = (self.tasks.woken(), self.told.woken());
            if woken.is_empty() && told.is_empty() {
                return;
            }
            woken.into_iter().for_each(|index| self.tasks.poll(index));
            told.into_iter().for_each(|index| self.told.poll(index));
        }
        panic!("an application goes in circles");
    }

    fn pass(&mut self, ms: u64) {
        let now: Time = self.world.now();
        self.world.advance_to(now + Duration::from_millis(ms));
        self.peer.handle_timeout();
    }

    /// The programs that have not ended; `None` stands for a handler.
    fn waiting(&mut self) -> Vec<Option<usize>> {
        let mut waiting = Vec::new();
        for (place, number) in self.started.clone() {
            let before = self.tasks.alive();
            self.tasks.abort(place);
            if self.tasks.alive() < before {
                waiting.push(Some(number));
            }
        }
        waiting.extend((0..self.tasks.alive()).map(|_| None));
        waiting
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.below(16) {
            0 | 1 => {
                let count = input.byte();
                self.received.extend_from_slice(input.bytes(count.into()));
                self.deliver();
            }
            2..=8 => {
                for _ in 0..=input.below(3) {
                    wire::write(input, Kind::ALL, &mut self.received);
                }
                self.deliver();
            }
            9 => self.pass(input.pick(&[0, 1, 100, 1_000, 10_000, 30_000])),
            10 if !self.started.is_empty() => self.tasks.abort(input.pick(&self.started).0),
            11 => self.transmit(),
            12 if input.byte() == 0 => self.peer.close(),
            _ => self.start(input.below(9)),
        }
        self.poll();
        let (inbound, _) = self.peer.calls_open();
        assert!(inbound <= 4, "{inbound} calls are served");
        for panic in self.world.panics() {
            assert!(panic.starts_with("sample.echo.panic"), "{panic}");
        }
    }
}

async fn call(peer: Peer) -> Result<(), Error> {
    let echo: EchoClient = peer.bind(Target::Any).await?;
    let request = EchoRequest { number: 1, text: "text".into(), value: 0.5 };
    echo.call(request).await?;
    echo.tell("text".to_owned())?;
    echo.never().await
}

async fn count(peer: Peer) -> Result<(), Error> {
    let flows: FlowsClient = peer.bind(Target::Instance("raw".into())).await?;
    let mut numbers = flows.count(9, None);
    while let Ok(Some(_)) = numbers.next().await {}
    drop(numbers.reply().await);
    Ok(())
}

async fn sum(peer: Peer) -> Result<(), Error> {
    let flows: FlowsClient = peer.bind(Target::Any).await?;
    let (mut sink, reply) = flows.sum();
    for number in 0..ITEMS_MAX {
        if sink.send(&number).await.is_err() {
            break;
        }
    }
    drop(sink);
    reply.await.map(drop)
}

async fn mirror(peer: Peer) -> Result<(), Error> {
    let flows: FlowsClient = peer.bind(Target::Any).await?;
    let (mut sink, mut texts) = flows.mirror();
    for _ in 0..ITEMS_MAX {
        if sink.send(&"text".to_owned()).await.is_err() {
            break;
        }
        if !matches!(texts.next().await, Ok(Some(_))) {
            break;
        }
    }
    drop(sink);
    texts.reply().await
}

async fn subscribe(peer: Peer) -> Result<(), Error> {
    let topics: TopicsClient = peer.bind(Target::Any).await?;
    let mut ticks = topics.subscribe_ticked();
    let mut preferences = topics.watch_preferences();
    while let Ok(Some(_)) = ticks.next().await {
        if preferences.next().await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn publish(peer: Peer) -> Result<(), Error> {
    let topics: TopicsClient = peer.bind(Target::Any).await?;
    let publisher: TopicsPublisher = topics.publisher();
    publisher.ticked(&1)?;
    publisher.kept_reported(&2, Duration::from_millis(50)).await.map(drop)
}

/// The first byte says whether the hub begins as hubs do; the others are steps. Whatever the hub says nothing panics, and
/// when the connection is over everybody who waits at the peer is told.
pub fn peer(data: &[u8]) {
    let mut input = Input::new(data);
    let mut run = Run::new();
    if input.flag() {
        run.received = frame("welcome");
        run.deliver();
    }
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        run.step(&mut input);
    }
    run.peer.lost("the end of the run");
    run.poll();
    assert!(run.peer.has_ended());
    assert_eq!(run.waiting(), [], "everybody who waits is told");
    assert_eq!(run.peer.calls_open(), (0, 0));
    assert_eq!(run.peer.next_timeout(), None);
    run.transmit();
}

/// A seed out of what a hub says: some programs first, then its bytes.
pub fn seed(bytes: &[u8]) -> Vec<u8> {
    let mut seed = vec![0];
    for program in [0, 1, 2, 5] {
        seed.extend([13, program]);
    }
    for piece in bytes.chunks(200) {
        seed.push(0);
        seed.push(piece.len() as u8);
        seed.extend(piece);
    }
    seed
}
