//! Portcullis as an application uses it: the contract's own client, a hub with roles, and everything on: validation,
//! policy, limits, deadlines. On tokio, on blocking sockets, and relayed by the hub between two peers.

use std::os::unix::net::UnixStream;

use ::portcullis::Call;
use ::portcullis::client::BlockingPeer;
use ::portcullis::hub::{Admission, Hub, Kind, Role};
use ::portcullis::link::UnixLink;
use ::portcullis::peer::{PeerConfig, Target};
use anyhow::{Context, Result};
use futures_util::FutureExt;

use super::{Client, System, block_on, drive_client};
use crate::message::{Reply, Request};
use crate::meter::{Meter, Sample, Work};

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

/// The benchmark's call.
#[::portcullis::interface(name = "bench.ping", version = 1)]
pub(crate) trait Ping {
    /// Answers.
    #[call(deadline = "10s")]
    async fn ping(&self, cx: &Call, ask: Ask) -> Answer;
}

::portcullis::contract! { name = "bench", interfaces = [Ping] }

struct Service;

impl Ping for Service {
    async fn ping(&self, _: &Call, ask: Ask) -> Answer {
        let Ask { number, text, value } = ask;
        let Reply { number, text, value } = Request { number, text, value }.answer();
        Answer { number, text, value }
    }
}

impl Client for PingClient {
    async fn call(&self, request: Request) -> Result<Reply> {
        let Request { number, text, value } = request;
        let Answer { number, text, value } = self.ping(Ask { number, text, value }).await?;
        Ok(Reply { number, text, value })
    }
}

fn hub() -> Result<Hub> {
    let peer = Role::new("peer").call("bench.ping.*").serve("bench.ping");
    Ok(Hub::builder(contract()).role(peer).build()?)
}

fn admission(label: &str) -> Admission {
    Admission::new(label, "peer", Kind::Native)
}

fn config() -> PeerConfig {
    PeerConfig { client: "bench".into(), ..PeerConfig::default() }
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

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let hub = hub()?;
            let _served = hub.serve(PingServer::new(Service))?;
            hub.attach(UnixLink::new(link)?, &admission("client"))?.closed().await;
            Ok(())
        })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(drive(work, link, meter))
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

    fn works(&self) -> &'static [Work] {
        &[Work::Call]
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let hub = hub()?;
            let _served = hub.serve(PingServer::new(Service))?;
            hub.attach_blocking(link, &admission("client"))?.closed().await;
            Ok(())
        })
    }

    fn drive(&self, _work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let mut peer = BlockingPeer::new(link, &config())?;
        let handle = peer.peer().clone();
        let client: PingClient = peer.block_on(handle.bind(Target::Any))?;
        let call = async |number| {
            peer.block_on(Client::call(&client, Request::new(number)))?.check(number)
        };
        // The calls block, so that the loop around them never waits.
        meter.one_at_a_time(call).now_or_never().context("a blocking call was pending")?
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

    fn works(&self) -> &'static [Work] {
        &[]
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let peer = ::portcullis::client::connect(UnixLink::new(link)?, &config());
            let _serving = peer.serve(PingServer::new(Service), "").await?;
            peer.closed().await;
            Ok(())
        })
    }

    fn drive(&self, _work: Work, _link: UnixStream, _meter: &mut Meter) -> Result<Sample> {
        anyhow::bail!("the serving end of a relay does not call")
    }
}
