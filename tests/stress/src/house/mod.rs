//! The main process: a hub, its own instance of the work, a gate for pages, and whoever is started when its standard input
//! says so. What it is told are lines, and each has one line for an answer; what happens stands in its journal.

mod kept;
mod members;
mod orders;

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use conformance::transport::Browser;
use portcullis::hub::{Admission, Events, Hosted, HubEvent, Kind};
use portcullis::link::WebSocketLink;
use portcullis::web::{Files, Gate, GateConfig};
use portcullis::{BlobPool, Hub, Role};
use tokio::sync::{Mutex, mpsc};

use crate::contract::{WorkServer, contract};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::peer::note_panics;
use crate::plan::PLACES;
use crate::publishing::Publishing;
use crate::rng::Rng;
use crate::service::Worker;
use members::Members;

pub(crate) use kept::KEPT;
pub(crate) use orders::{Order, State, word};

/// Memory of main for blobs that it publishes: slots, and bytes of each.
const POOL: (usize, usize) = (8, 160 * 1024);
/// The role of everybody.
const ROLE: &str = "worker";
/// How long a thread of the pool stays that has nothing to do: short, so that threads can be counted.
const KEEP_ALIVE: Duration = Duration::from_millis(300);

/// Main, for whoever works at a part of it.
pub(crate) struct House {
    hub: Hub,
    journal: Journal,
    members: Members,
    publishing: Mutex<Publishing>,
    pool: BlobPool,
    browser: Browser,
    /// The number of main's next request.
    next: AtomicU32,
    /// Blobs that those who have left were lent, and those that were copied for them.
    lent: AtomicU64,
    copied: AtomicU64,
    /// Goes of publishing that are not over.
    busy: AtomicUsize,
    fault: Option<Fault>,
    /// Kept by a fault alone.
    kept: std::sync::Mutex<Vec<std::fs::File>>,
    _hosted: Hosted,
}

/// Runs main until its standard input ends.
///
/// # Errors
///
/// When it cannot be set up.
pub fn run(folder: &Path, fault: Option<Fault>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(KEEP_ALIVE)
        .enable_all()
        .build()?;
    runtime.block_on(live(folder, fault))
}

async fn live(folder: &Path, fault: Option<Fault>) -> Result<()> {
    let journal = Journal::create(folder, 0).context("the journal")?;
    note_panics(&journal);
    let role = Role::new(ROLE)
        .call("stress.work.*")
        .subscribe("stress.work.*")
        .publish("stress.work.*")
        .serve("stress.work");
    let hub = Hub::builder(contract()).role(role).build()?;
    let hosted = hub.serve(WorkServer::new(Worker::new(&journal)))?;
    let (gate, browser) = gate().await?;
    let pool = BlobPool::new(POOL.0, POOL.1)?;
    let publishing = Publishing::new(0, hosted.publisher(), &journal, pool.clone());
    let house = Arc::new(House {
        members: Members::new(&hub, &journal),
        hub,
        journal,
        publishing: Mutex::new(publishing),
        pool,
        browser,
        next: AtomicU32::new(1),
        lent: AtomicU64::new(0),
        copied: AtomicU64::new(0),
        busy: AtomicUsize::new(0),
        fault,
        kept: std::sync::Mutex::default(),
        _hosted: hosted,
    });
    tokio::spawn(Arc::clone(&house).let_in(gate));
    tokio::spawn(Arc::clone(&house).note_ends(house.hub.events()));

    let (sender, mut lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let answer = house.follow(&Order::of_line(&line)?).await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").and_then(|()| out.flush())?;
    }
    Ok(())
}

/// The gate, and a browser that it has let in; all pages have its session.
async fn gate() -> Result<(Gate, Browser)> {
    let files = Files::new().file("/", "text/html", "<!doctype html><title>Stress</title>");
    let windows = (0..PLACES).map(window_of);
    let gate = Gate::bind(GateConfig::new().files(files).windows(windows))?;
    let code = gate.new_code("/")?;
    let browser = Browser::enter(gate.local_addr(), &code.form_body()).await?;
    Ok((gate, browser))
}

/// The kind of window of a place.
pub(crate) fn window_of(place: usize) -> String {
    format!("place{place}")
}

impl House {
    /// Counts what those who have left were sent. Nobody here breaks the protocol: whoever is said to have done so is a finding.
    async fn note_ends(self: Arc<Self>, mut events: Events) {
        while let Some(event) = events.next().await {
            let HubEvent::Left { peer, goodbye } = event else { continue };
            self.lent.fetch_add(peer.counters.blobs_lent, Ordering::Relaxed);
            self.copied.fetch_add(peer.counters.blobs_copied, Ordering::Relaxed);
            if goodbye.reason.is_violation() {
                let text = format!("{} is said to break the protocol: {goodbye}", peer.label);
                self.journal.broken(&text);
            }
        }
    }

    /// Lets in whoever comes through the gate, as the one that was started for its place.
    async fn let_in(self: Arc<Self>, gate: Gate) {
        while let Some(admitted) = gate.accept().await {
            // Whoever was killed on its way in has nobody who waits for it.
            let Some(label) = self.members.awaited(&admitted.window) else { continue };
            let admission = Admission::new(label, ROLE, Kind::Page);
            let attached = self.hub.attach(WebSocketLink::new(admitted.socket), &admission);
            match attached {
                Ok(connection) => self.members.is_in(&admitted.window, connection),
                Err(error) => self.journal.broken(&format!("a page was not admitted: {error}")),
            }
        }
    }

    async fn follow(self: &Arc<Self>, order: &Order) -> Result<String> {
        match order {
            Order::Round { folder, first } => {
                self.journal.turn_to(folder, 0)?;
                self.publishing.lock().await.note_last();
                if self.fault == Some(Fault::KeptDescriptor) {
                    let file = std::fs::File::open("/dev/null")?;
                    self.kept.lock().expect("nobody panics under it").push(file);
                }
                self.members.begin(folder.clone(), *first, self.fault);
            }
            Order::Join { place, page, part, seed } => {
                let page = page.then_some(&self.browser);
                return Ok(self.members.join(*place, page, *part, *seed)?.to_string());
            }
            Order::Kill { place } => self.members.kill(*place),
            Order::Stop { place, ms } => self.members.stop(*place, Duration::from_millis(*ms)),
            Order::End { place } => self.members.end(*place),
            Order::KillKept => self.members.kill_kept(),
            Order::Publish { seed } => {
                let (house, mut rng) = (Arc::clone(self), Rng::new(*seed));
                house.busy.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let next = || house.next.fetch_add(1, Ordering::Relaxed).into();
                    house.publishing.lock().await.go(&mut rng, next).await;
                    house.busy.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Order::Leave => self.members.stop_kept().await,
            Order::Look => return Ok(self.look().to_line()),
        }
        Ok("done".to_owned())
    }

    fn look(&self) -> State {
        State {
            living: self.members.living(),
            kept: self.members.kept(),
            busy: self.busy.load(Ordering::Relaxed),
            peers: self.hub.peers().len(),
            open: self.hub.open_work(),
            violations: self.hub.counters().violations(),
            lent: POOL.0.saturating_sub(self.pool.free()),
            blobs_lent: self.lent.load(Ordering::Relaxed),
            blobs_copied: self.copied.load(Ordering::Relaxed),
        }
    }
}
