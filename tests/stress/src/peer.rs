//! A process that is a peer: it connects, serves, and works at several things at once, as its seed says, until it is told to
//! come to rest and then to leave; or until it crashes, leaves early, or is ended.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use conformance::transport::{Browser, WsClientLink};
use portcullis::link::{Link, UnixLink};
use portcullis::peer::{Peer, PeerConfig};
use portcullis::{BlobPool, Limits, SessionConfig};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::contract::WorkServer;
use crate::fact::Fact;
use crate::fault::Fault;
use crate::house::KEPT;
use crate::journal::Journal;
use crate::link::{Ear, Moody};
use crate::programs::Seats;
use crate::publishing::{Publishing, label_of};
use crate::rng::Rng;
use crate::service::Worker;

/// How often a process looks whether it is to rest or to leave.
const LOOKS: Duration = Duration::from_millis(20);
/// Least and most things that a process works at.
const TASKS: (u64, u64) = (2, 6);
/// Memory of a process for blobs that it publishes: slots, and bytes of each.
const POOL: (usize, usize) = (4, 160 * 1024);

/// What a process is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Whatever its seed says.
    Any,
    /// One call of main's after the other: nothing is wrong with it, and it must not notice the others.
    Witness,
    /// It only serves, and goes when it is told by its connection.
    Server,
}

/// How a process is started.
#[derive(Clone, Debug, clap::Args)]
pub struct Orders {
    /// Where the journals of the round stand
    #[arg(long)]
    pub folder: PathBuf,
    /// Which process it is
    #[arg(long)]
    pub serial: u32,
    /// The first process of the round
    #[arg(long)]
    pub first: u32,
    /// Where its choices begin
    #[arg(long)]
    pub seed: u64,
    /// What it is to do
    #[arg(long, value_enum)]
    pub part: Part,
    /// Where it is let in as a page; its socket is its standard input otherwise
    #[arg(long, num_args = 3, value_names = ["ADDRESS", "COOKIE", "WINDOW"])]
    pub page: Option<Vec<String>>,
    /// What is wrong with its link
    #[arg(long, value_enum)]
    pub fault: Option<Fault>,
}

/// How far a round is, as its folder tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Work,
    Rest,
    Leave,
}

impl Phase {
    /// The file that says so, if any has to.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Work => "",
            Self::Rest => "rest",
            Self::Leave => "leave",
        }
    }

    fn of(folder: &Path) -> Self {
        let said = |phase: &Self| folder.join(phase.file()).exists();
        [Self::Leave, Self::Rest].into_iter().find(said).unwrap_or(Self::Work)
    }
}

/// The file by which a process says that it has come to rest.
pub(crate) fn rested_file(serial: u32) -> String {
    format!("{serial}.rested")
}

/// What everything that a process does has at hand.
pub(crate) struct Member {
    pub(crate) peer: Peer,
    pub(crate) journal: Journal,
    pub(crate) serial: u32,
    /// The first process of the round.
    pub(crate) first: u32,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) ear: Ear,
    pub(crate) publishing: Mutex<Publishing>,
    next: AtomicU32,
}

impl Member {
    /// A number that no other request, row or subscription has.
    pub(crate) fn number(&self) -> u64 {
        u64::from(self.serial) << 32 | u64::from(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn is_to_rest(&self) -> bool {
        *self.phase.borrow() != Phase::Work
    }

    /// Waits until the round is so far.
    pub(crate) async fn until(&self, phase: Phase) {
        let mut now = self.phase.clone();
        // Whoever says it lives as long as the process.
        let _ = now.wait_for(|now| *now >= phase).await;
    }

    /// Takes some time, unless everybody is to rest.
    pub(crate) async fn pause(&self, ms: u64) {
        if ms == 0 {
            return;
        }
        // Either will do.
        let _ = tokio::time::timeout(Duration::from_millis(ms), self.until(Phase::Rest)).await;
    }
}

/// Does all of it, in this process.
///
/// # Errors
///
/// When the process cannot do its part for a reason that is not the hub's.
pub fn run(orders: &Orders) -> Result<()> {
    // A crash leaves no file behind.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Core, none)?;
    let journal = Journal::create(&orders.folder, orders.serial).context("the journal")?;
    note_panics(&journal);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work(orders, &journal))
}

/// Lets panics be found, wherever they are.
pub(crate) fn note_panics(journal: &Journal) {
    let journal = journal.clone();
    std::panic::set_hook(Box::new(move |panic| journal.broken(&format!("{panic}"))));
}

fn connect(link: impl Link, ear: &Ear, orders: &Orders, rng: &mut Rng) -> Peer {
    let mut limits = Limits::DEFAULT;
    // Some have little room.
    if orders.part == Part::Any && rng.one_in(3) {
        limits.window_bytes = [4_096, 64 * 1024][rng.index(2)];
        limits.stream_items = [1, 4][rng.index(2)];
        limits.stream_bytes = [1_000, 64 * 1024][rng.index(2)];
    }
    let session = SessionConfig { limits, ..SessionConfig::default() };
    let config = PeerConfig { session, ..PeerConfig::default() };
    portcullis::client::connect(Moody::new(link, ear, orders.fault), &config)
}

async fn work(orders: &Orders, journal: &Journal) -> Result<()> {
    let mut rng = Rng::new(orders.seed);
    let ear = Ear::default();
    let peer = match orders.page.as_deref() {
        Some([address, cookie, window]) => {
            let browser = Browser { address: address.parse()?, cookie: cookie.clone() };
            let socket = browser.connect(window).await.context("the gate")?;
            connect(WsClientLink::new(socket), &ear, orders, &mut rng)
        }
        _ => connect(UnixLink::new(inherited()?)?, &ear, orders, &mut rng),
    };
    let label = if orders.part == Part::Server { KEPT } else { &label_of(orders.serial) };
    // Whoever is ended before it could serve has nothing to do.
    let Ok(serving) = peer.serve(WorkServer::new(Worker::new(journal)), label).await else {
        journal.note(Fact::Lost);
        return Ok(());
    };
    if orders.part == Part::Server {
        peer.closed().await;
        journal.note(Fact::Lost);
        return Ok(());
    }
    let pool = BlobPool::new(POOL.0, POOL.1)?;
    let (say, phase) = watch::channel(Phase::Work);
    let publishing = Publishing::new(orders.serial, serving.publisher(), journal, pool);
    let member = Arc::new(Member {
        peer: peer.clone(),
        journal: journal.clone(),
        serial: orders.serial,
        first: orders.first,
        phase,
        ear,
        publishing: Mutex::new(publishing),
        next: AtomicU32::new(1),
    });
    let folder = orders.folder.clone();
    tokio::spawn(async move {
        // Ends with the process.
        loop {
            let now = Phase::of(&folder);
            say.send_if_modified(|phase| std::mem::replace(phase, now) != now);
            tokio::time::sleep(LOOKS).await;
        }
    });
    let seats = Seats::default();
    let mut tasks = JoinSet::new();
    if orders.part == Part::Witness {
        tasks.spawn(Arc::clone(&member).watch(Rng::new(rng.next())));
    } else {
        for _ in 0..rng.within(TASKS.0, TASKS.1) {
            let rng = Rng::new(rng.next());
            tasks.spawn(Arc::clone(&member).toil(rng, seats.clone()));
        }
    }
    // Each of them ends: at rest, or because the connection has ended.
    while tasks.join_next().await.is_some() {}
    std::fs::write(orders.folder.join(rested_file(orders.serial)), "")?;
    let stays = tokio::select! {
        _ = peer.closed() => false,
        () = member.until(Phase::Leave) => true,
    };
    seats.all_over().await;
    if !stays || peer.has_ended() {
        // All who waited were told, or this would not be reached.
        journal.note(Fact::Lost);
        return Ok(());
    }
    journal.note(Fact::Stayed);
    peer.close();
    peer.closed().await;
    Ok(())
}

/// The socket to the hub that has started this process.
fn inherited() -> Result<std::os::unix::net::UnixStream> {
    use std::os::fd::AsFd;

    Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into())
}
