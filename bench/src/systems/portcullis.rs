//! Portcullis as an application uses it: the contract's own client, a hub with roles, and everything on: validation,
//! policy, limits, deadlines. On tokio, on blocking sockets, and relayed by the hub between two peers.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ::portcullis::client::{BlockingPeer, Spin};
use ::portcullis::hub::{Admission, Hub, Kind, Role};
use ::portcullis::link::UnixLink;
use ::portcullis::peer::{Peer, PeerConfig, Target};
use ::portcullis::{Blob, Call, Limits, SessionConfig, Sink};
use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc;

use super::{Client, Outgoing, System, block_on, drive_client};
use crate::frame;
use crate::load::{Load, Work};
use crate::message::{Item, Reply, Request};
use crate::meter::{Meter, Sample};

/// The request, as the contract declares it.
#[::portcullis::message]
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) number: u64,
    #[limit(len <= 64)]
    pub(crate) text: String,
    pub(crate) value: f64,
}

/// The reply, as the contract declares it.
#[::portcullis::message]
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) number: u64,
    #[limit(len <= 64)]
    pub(crate) text: String,
    pub(crate) value: f64,
}

/// An item, as the contract declares it.
#[::portcullis::message]
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) number: u64,
    pub(crate) value: f64,
}

/// The benchmark's calls, its stream and its topic.
#[::portcullis::interface(name = "bench.ping", version = 1)]
pub(crate) trait Ping {
    /// Answers.
    #[call(deadline = "10s")]
    async fn ping(&self, cx: &Call, ask: Ask) -> Answer;

    /// Sends items for a while.
    #[stream]
    async fn readings(&self, cx: &Call, out: Sink<Reading>);

    /// Says how many items came, or what the sum of a delivery is.
    #[notify]
    async fn took(&self, cx: &Call, number: u64);

    /// What is delivered.
    #[event]
    fn delivered(bytes: Vec<u8>);

    /// What is lent.
    #[event]
    fn lent(frame: Blob);
}

::portcullis::contract! { name = "bench", interfaces = [Ping] }

/// What main serves. Calls need nothing of it.
pub(super) struct Service {
    /// Until when the next stream is to last.
    until: tokio::sync::Mutex<mpsc::UnboundedReceiver<Instant>>,
    /// Items that the last stream had.
    sent: AtomicU64,
    /// What peers have told.
    told: mpsc::UnboundedSender<u64>,
}

/// The other ends of a service's channels.
pub(super) struct Told {
    pub(super) service: Arc<Service>,
    pub(super) until: mpsc::UnboundedSender<Instant>,
    pub(super) told: mpsc::UnboundedReceiver<u64>,
}

impl Told {
    pub(super) fn new() -> Self {
        let (until, wanted) = mpsc::unbounded_channel();
        let (sender, told) = mpsc::unbounded_channel();
        let (until_lock, sent) = (tokio::sync::Mutex::new(wanted), AtomicU64::new(0));
        Self { service: Arc::new(Service { until: until_lock, sent, told: sender }), until, told }
    }
}

impl Ping for Service {
    async fn ping(&self, _: &Call, ask: Ask) -> Answer {
        let Ask { number, text, value } = ask;
        let Reply { number, text, value } = Request { number, text, value }.answer();
        Answer { number, text, value }
    }

    async fn readings(&self, _: &Call, mut out: Sink<Reading>) {
        let Some(until) = self.until.lock().await.recv().await else { return };
        let mut count = 0;
        let mut row = Vec::with_capacity(ROW);
        while Instant::now() < until {
            row.clear();
            row.extend((count..).take(ROW).map(|number| {
                let Item { number, value } = Item::new(number);
                Reading { number, value }
            }));
            if out.send_all(&row).await.is_err() {
                return;
            }
            count += ROW as u64;
        }
        self.sent.store(count, Ordering::Relaxed);
    }

    async fn took(&self, _: &Call, number: u64) {
        // Nobody listens any more when the measurement is over.
        let _ = self.told.send(number);
    }
}

/// Items that are ready at once, before the clock is read again.
const ROW: usize = 128;

impl Client for PingClient {
    async fn call(&self, request: Request) -> Result<Reply> {
        let Request { number, text, value } = request;
        let Answer { number, text, value } = self.ping(Ask { number, text, value }).await?;
        Ok(Reply { number, text, value })
    }
}

pub(super) fn hub() -> Result<Hub> {
    hub_that(Spin::default())
}

/// The hub, whose threads look at rings before they sleep or not.
pub(super) fn hub_that(spin: Spin) -> Result<Hub> {
    let peer = Role::new("peer").call("bench.ping.*").subscribe("bench.ping.*").serve("bench.ping");
    Ok(Hub::builder(contract()).role(peer).limits(LIMITS).spin(spin).build()?)
}

/// Credit of a stream, in items: as usual its bytes, not their number, are what bounds how much of it waits.
const LIMITS: Limits = Limits { stream_items: 8192, ..Limits::DEFAULT };

pub(super) fn admission(label: &str) -> Admission {
    Admission::new(label, "peer", Kind::Native)
}

pub(super) fn config() -> PeerConfig {
    let session = SessionConfig { limits: LIMITS, ..SessionConfig::default() };
    PeerConfig { client: "bench".into(), session, ..PeerConfig::default() }
}

async fn drive(work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
    let peer = ::portcullis::client::connect(UnixLink::new(link)?, &config());
    // A relay's other peer may still be on its way.
    let client: PingClient = loop {
        match peer.bind(Target::Any).await {
            Ok(client) => break client,
            Err(error) if error.status() == ::portcullis::Status::Unavailable => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    drive_client(client, work, meter).await
}

/// Served by the hub, on tokio.
pub(crate) struct Portcullis;

impl System for Portcullis {
    fn name(&self) -> &'static str {
        "portcullis"
    }

    fn about(&self) -> &'static str {
        "served by the hub, tokio on both sides; policy, validation, limits, deadlines"
    }

    fn does(&self, load: Load) -> bool {
        // A frame has at most 16 MiB.
        load.bytes < LIMITS.frame_bytes as usize
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let hub = hub()?;
            let _served = hub.serve(PingServer::from_arc(Told::new().service))?;
            hub.attach(UnixLink::new(link)?, &admission("client"))?.closed().await;
            Ok(())
        })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(drive(work, link, meter))
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        block_on(async {
            let peer = ::portcullis::client::connect(UnixLink::new(link)?, &config());
            receive(load, &peer).await
        })
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        block_on(send(hub, load, links, meter, |hub, link, admission| {
            hub.attach(UnixLink::new(link)?, admission)?;
            Ok(())
        }))
    }
}

/// Sends items or deliveries from main, to peers that are attached in one way or another.
pub(super) async fn send(
    hub: impl FnOnce() -> Result<Hub>,
    load: Load,
    links: Vec<UnixStream>,
    meter: &mut Meter,
    attach: impl Fn(&Hub, UnixStream, &Admission) -> Result<()>,
) -> Result<Sample> {
    let hub = hub()?;
    let Told { service, until: wanted, mut told } = Told::new();
    let served = hub.serve(PingServer::from_arc(service.clone()))?;
    for (place, link) in links.into_iter().enumerate() {
        attach(&hub, link, &admission(&format!("peer-{place}")))?;
    }
    let gone = "a peer has gone";
    if load.work == Work::Stream {
        let pump = async |until| {
            wanted.send(until)?;
            let counted = told.recv().await.context(gone)?;
            let count = service.sent.load(Ordering::Relaxed);
            ensure!(counted == count, "of {count} items, {counted} came");
            Ok(count)
        };
        return meter.pump(pump).await;
    }
    for _ in 0..load.peers {
        told.recv().await.context(gone)?;
    }
    let publisher: PingPublisher = served.publisher();
    let mut outgoing = Outgoing::new(load.bytes);
    let sums = outgoing.sums;
    let deliver = async |number| {
        frame::stamp(&mut outgoing.bytes, number);
        publisher.delivered(&outgoing.bytes)?;
        for _ in 0..load.peers {
            sums.check(number, told.recv().await.context(gone)?)?;
        }
        Ok(())
    };
    meter.deliver(load.work, deliver).await
}

/// Takes in what main sends, and answers.
pub(super) async fn receive(load: Load, peer: &Peer) -> Result<()> {
    let client: PingClient = peer.bind(Target::Any).await?;
    if load.work == Work::Stream {
        return count_items(&client).await;
    }
    let mut deliveries = client.subscribe_delivered();
    // It is told once the subscription is on its way, and so comes behind it.
    client.took(0)?;
    while let Some(bytes) = deliveries.next().await? {
        client.took(frame::sum(&bytes))?;
    }
    Ok(())
}

/// Reads one stream after the other, and tells how many items each had.
async fn count_items(client: &PingClient) -> Result<()> {
    loop {
        let mut readings = client.readings();
        let mut count = 0;
        while let Some(Reading { number, value }) = readings.next().await? {
            Item { number, value }.check(count)?;
            count += 1;
        }
        client.took(count)?;
    }
}

/// Served by the hub, on blocking sockets.
pub(crate) struct Blocking;

impl System for Blocking {
    fn name(&self) -> &'static str {
        "portcullis-blocking"
    }

    fn about(&self) -> &'static str {
        "the same with the blocking client, the hub's connection on a thread of its own"
    }

    fn does(&self, load: Load) -> bool {
        load.work == Work::Call
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let hub = hub()?;
            let _served = hub.serve(PingServer::from_arc(Told::new().service))?;
            hub.attach_blocking(link, &admission("client"))?.closed().await;
            Ok(())
        })
    }

    fn drive(&self, _work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let mut peer = BlockingPeer::new(link, &config())?;
        let handle = peer.peer().clone();
        let client: PingClient = peer.block_on(handle.bind(Target::Any))?;
        meter.one_at_a_time_blocking(|number| {
            peer.block_on(Client::call(&client, Request::new(number)))?.check(number)
        })
    }
}

/// Served by another peer; the hub relays.
pub(crate) struct Relay;

impl System for Relay {
    fn name(&self) -> &'static str {
        "portcullis-relay"
    }

    fn about(&self) -> &'static str {
        "relayed by the hub between two peers, validated on the way in"
    }

    fn does(&self, load: Load) -> bool {
        matches!(load.work, Work::Call | Work::InFlight)
    }

    fn helper(&self) -> Option<&'static str> {
        Some("portcullis-peer")
    }

    fn serve(&self, link: UnixStream, helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let hub = hub()?;
            let helper = helper.context("a relay needs someone to relay to")?;
            hub.attach(UnixLink::new(helper)?, &admission("server"))?;
            hub.attach(UnixLink::new(link)?, &admission("client"))?.closed().await;
            Ok(())
        })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(drive(work, link, meter))
    }
}

/// The serving end of a relay; measured by nothing itself.
pub(crate) struct RelayedPeer;

impl System for RelayedPeer {
    fn name(&self) -> &'static str {
        "portcullis-peer"
    }

    fn about(&self) -> &'static str {
        "the serving end of portcullis-relay"
    }

    fn does(&self, _load: Load) -> bool {
        false
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let peer = ::portcullis::client::connect(UnixLink::new(link)?, &config());
            let _serving = peer.serve(PingServer::from_arc(Told::new().service), "").await?;
            peer.closed().await;
            Ok(())
        })
    }

    fn drive(&self, _work: Work, _link: UnixStream, _meter: &mut Meter) -> Result<Sample> {
        anyhow::bail!("the serving end of a relay does not call")
    }
}
