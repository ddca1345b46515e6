//! What a system must say to be measured, and the list of all of them: one file each, as even as
//! they can be. Clocks, loops and processes are the harness's.

mod descriptor;
mod iceoryx2;
mod ipc_channel;
mod portcullis;
mod portcullis_blob;
mod portcullis_ring;
mod raw_blocking;
mod raw_futex;
mod raw_tokio;
mod shm_pool;
mod shm_ring;
mod tarpc;
mod tokio_bincode;
mod tokio_relay;
mod tonic;
mod zbus;

use std::marker::PhantomData;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;

use crate::frame::{self, Sums};
use crate::load::{Load, Work};
use crate::message::{Reply, Request};
use crate::meter::{Meter, Sample};

/// All systems, in the order of the table. A new one is a file beside this one and a line here.
pub(crate) static ALL: &[&dyn System] = &[
    &raw_blocking::RawBlocking { burst: false },
    &raw_blocking::RawBlocking { burst: true },
    &raw_futex::RawFutex { how: raw_futex::How::InPlace },
    &raw_futex::RawFutex { how: raw_futex::How::Copied },
    &raw_futex::RawFutex { how: raw_futex::How::Spinning },
    &shm_ring::ShmRing { spin: false },
    &shm_ring::ShmRing { spin: true },
    &portcullis_blob::PortcullisBlob { copy: false },
    &portcullis_blob::PortcullisBlob { copy: true },
    &shm_pool::ShmPool { copy: false },
    &shm_pool::ShmPool { copy: true },
    &ipc_channel::IpcChannel,
    &iceoryx2::Iceoryx2 { how: iceoryx2::How::InPlace },
    &iceoryx2::Iceoryx2 { how: iceoryx2::How::Copied },
    &iceoryx2::Iceoryx2 { how: iceoryx2::How::Busy },
    &raw_tokio::RawTokio,
    &OnTokio::<tokio_bincode::TokioBincode>::NEW,
    &OnTokio::<tarpc::Tarpc>::NEW,
    &OnTokio::<zbus::Zbus>::NEW,
    &OnTokio::<tonic::Tonic>::NEW,
    &tokio_relay::TokioRelay,
    &portcullis::Portcullis,
    &portcullis::Blocking,
    &portcullis_ring::PortcullisRing { how: portcullis_ring::How::Threads },
    &portcullis_ring::PortcullisRing { how: portcullis_ring::How::Spinning },
    &portcullis_ring::PortcullisRing { how: portcullis_ring::How::Task },
    &portcullis::Relay,
    &portcullis::RelayedPeer,
];

/// The system of this name.
pub(crate) fn find(name: &str) -> Result<&'static dyn System> {
    let found = ALL.iter().find(|system| system.name() == name);
    found.copied().with_context(|| format!("no system is called {name}"))
}

/// One way for processes to talk, over the links between them. The measuring process calls (`drive`) what another one
/// serves (`serve`), or sends (`send`) what others take in (`receive`).
pub(crate) trait System: Sync {
    /// Its name in `--only` and in the rows.
    fn name(&self) -> &'static str;

    /// What it is, in a few words.
    fn about(&self) -> &'static str;

    /// Whether it can be measured with this.
    fn does(&self, load: Load) -> bool;

    /// Whether it looks for what it waits for, and never sleeps.
    fn spins(&self) -> bool {
        false
    }

    /// The system whose process is started beside this one's server, for a relay to forward to.
    fn helper(&self) -> Option<&'static str> {
        None
    }

    /// Answers requests until the link closes.
    fn serve(&self, _link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        bail!("{} serves no calls", self.name())
    }

    /// Makes calls.
    fn drive(&self, _work: Work, _link: UnixStream, _meter: &mut Meter) -> Result<Sample> {
        bail!("{} makes no calls", self.name())
    }

    /// Takes in what is sent until the link closes: counts items, and reads every byte of what is delivered.
    fn receive(&self, _load: Load, _link: UnixStream) -> Result<()> {
        bail!("{} takes in nothing", self.name())
    }

    /// Sends items or deliveries, to all at once.
    fn send(&self, _load: Load, _links: Vec<UnixStream>, _meter: &mut Meter) -> Result<Sample> {
        bail!("{} sends nothing", self.name())
    }
}

/// What is delivered by those who send bytes from where they are: the same bytes each time, but for their number.
struct Outgoing {
    bytes: Vec<u8>,
    sums: Sums,
}

impl Outgoing {
    fn new(len: usize) -> Self {
        Self { bytes: frame::filled(len), sums: Sums::of(len) }
    }

    fn numbered(&mut self, number: u64) -> &[u8] {
        frame::stamp(&mut self.bytes, number);
        &self.bytes
    }
}

/// A system on tokio with a client that many tasks can share: all of it but the loops.
pub(crate) trait TokioSystem: Sync {
    const NAME: &'static str;
    const ABOUT: &'static str;
    type Client: Client;

    /// Whether it can be measured with this, besides calls.
    fn does(_load: Load) -> bool {
        false
    }

    async fn serve(link: tokio::net::UnixStream) -> Result<()>;
    async fn connect(link: tokio::net::UnixStream) -> Result<Self::Client>;

    /// Delivers these bytes, and gives the sum that comes back.
    async fn deliver(_client: &Self::Client, _bytes: &[u8]) -> Result<u64> {
        bail!("{} delivers nothing", Self::NAME)
    }

    /// Sends items until the instant given, and waits until the other side has had all.
    async fn pump(_client: &Self::Client, _until: Instant) -> Result<u64> {
        bail!("{} has no streams", Self::NAME)
    }
}

/// A cheap handle on a connection that makes calls.
pub(crate) trait Client: Clone + Send + Sync + 'static {
    fn call(&self, request: Request) -> impl Future<Output = Result<Reply>> + Send;
}

/// Runs a [`TokioSystem`], client and server alike, on a runtime of one thread.
pub(crate) struct OnTokio<S>(PhantomData<S>);

impl<S> OnTokio<S> {
    const NEW: Self = Self(PhantomData);
}

impl<S: TokioSystem> System for OnTokio<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn about(&self) -> &'static str {
        S::ABOUT
    }

    fn does(&self, load: Load) -> bool {
        matches!(load.work, Work::Call | Work::InFlight) || S::does(load)
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async { S::serve(for_tokio(link)?).await })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let client = S::connect(for_tokio(link)?).await?;
            drive_client(client, work, meter).await
        })
    }

    /// Whoever takes in serves calls that bring it.
    fn receive(&self, _load: Load, link: UnixStream) -> Result<()> {
        self.serve(link, None)
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let mut clients = Vec::new();
            for link in links {
                clients.push(S::connect(for_tokio(link)?).await?);
            }
            if load.work == Work::Stream {
                let client = clients.first().context("a stream has a receiver")?;
                return meter.pump(async |until| S::pump(client, until).await).await;
            }
            let mut outgoing = Outgoing::new(load.bytes);
            let deliver = async |number| {
                let sums = outgoing.sums;
                let bytes = outgoing.numbered(number);
                let all = clients.iter().map(|client| S::deliver(client, bytes));
                for sum in try_join_all(all).await? {
                    sums.check(number, sum)?;
                }
                Ok(())
            };
            meter.deliver(load.work, deliver).await
        })
    }
}

/// Does the work with a client that tasks can share.
async fn drive_client(client: impl Client, work: Work, meter: &mut Meter) -> Result<Sample> {
    match work {
        Work::InFlight => meter.in_flight(client).await,
        _ => {
            let call = async |number| client.call(Request::new(number)).await?.check(number);
            meter.one_at_a_time(call).await
        }
    }
}

/// Every tokio system has one thread in each process: more would only add hand-overs here.
fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Hands a socket to the runtime, inside which this must be called.
fn for_tokio(link: UnixStream) -> Result<tokio::net::UnixStream> {
    link.set_nonblocking(true)?;
    Ok(tokio::net::UnixStream::from_std(link)?)
}
