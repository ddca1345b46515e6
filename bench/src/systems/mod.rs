//! What a system must say to be measured, and the list of all of them: one file each, as even as
//! they can be. Clocks, loops and processes are the harness's.

mod portcullis;
mod raw_blocking;
mod raw_tokio;
mod shm_ring;
mod tarpc;
mod tokio_bincode;
mod tokio_relay;
mod tonic;
mod zbus;

use std::marker::PhantomData;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};

use crate::message::{Reply, Request};
use crate::meter::{Meter, Sample, Work};

/// All systems, in the order of the table. A new one is a file beside this one and a line here.
pub(crate) static ALL: &[&dyn System] = &[
    &raw_blocking::RawBlocking { burst: false },
    &raw_blocking::RawBlocking { burst: true },
    &shm_ring::ShmRing { spin: false },
    &shm_ring::ShmRing { spin: true },
    &raw_tokio::RawTokio,
    &OnTokio::<tokio_bincode::TokioBincode>::NEW,
    &OnTokio::<tarpc::Tarpc>::NEW,
    &OnTokio::<zbus::Zbus>::NEW,
    &OnTokio::<tonic::Tonic>::NEW,
    &tokio_relay::TokioRelay,
    &portcullis::Portcullis,
    &portcullis::Blocking,
    &portcullis::Relay,
    &portcullis::RelayedPeer,
];

/// The system of this name.
pub(crate) fn find(name: &str) -> Result<&'static dyn System> {
    let found = ALL.iter().find(|system| system.name() == name);
    found.copied().with_context(|| format!("no system is called {name}"))
}

/// One way to make a call from one process to another, over the link between them.
pub(crate) trait System: Sync {
    /// Its name in `--only` and in the rows.
    fn name(&self) -> &'static str;

    /// What it is, in a few words.
    fn about(&self) -> &'static str;

    /// What it can be measured with.
    fn works(&self) -> &'static [Work] {
        &[Work::Call, Work::InFlight]
    }

    /// The system whose server is started beside this one's server, for a relay to forward to.
    fn helper(&self) -> Option<&'static str> {
        None
    }

    /// Answers requests until the link closes.
    fn serve(&self, link: UnixStream, helper: Option<UnixStream>) -> Result<()>;

    /// Does the work as the client.
    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample>;
}

/// A system on tokio with a client that many tasks can share: all of it but the loops.
pub(crate) trait TokioSystem: Sync {
    const NAME: &'static str;
    const ABOUT: &'static str;
    type Client: Client;

    async fn serve(link: tokio::net::UnixStream) -> Result<()>;
    async fn connect(link: tokio::net::UnixStream) -> Result<Self::Client>;
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

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async { S::serve(for_tokio(link)?).await })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let client = S::connect(for_tokio(link)?).await?;
            drive_client(client, work, meter).await
        })
    }
}

/// Does the work with a client that tasks can share.
async fn drive_client(client: impl Client, work: Work, meter: &mut Meter) -> Result<Sample> {
    match work {
        Work::InFlight => meter.in_flight(client).await,
        Work::Call => {
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
