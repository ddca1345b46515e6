//! Portcullis over a ring of shared memory: the blocking client on one side, threads of the hub on the other, and everything on
//! as over a socket.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use ::portcullis::client::{BlockingPeer, Ring, Spin};
use ::portcullis::hub::{Admission, AdmitError, Connection, Hub};
use ::portcullis::peer::Target;
use anyhow::Result;
use futures_util::TryStreamExt;
use futures_util::stream::FuturesUnordered;

use super::portcullis::{PingClient, PingServer, Told, admission, config, hub_that, receive, send};
use super::{Client, System, block_on};
use crate::load::{IN_FLIGHT, Load, Work};
use crate::message::Request;
use crate::meter::{Meter, Sample};

/// Served by the hub over a ring.
pub(crate) struct PortcullisRing {
    pub(crate) how: How,
}

/// How what comes by a ring is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Each ring by a thread.
    Threads,
    /// The same, and both sides look for a while before they sleep.
    Spinning,
    /// All rings by the one thread of the hub's runtime.
    Task,
}

impl PortcullisRing {
    fn kind(&self) -> Spin {
        if self.how == How::Spinning { Spin::Adaptive } else { Spin::Never }
    }

    fn attach(&self) -> Attach {
        match self.how {
            How::Threads | How::Spinning => Hub::attach_blocking,
            How::Task => Hub::attach_ring,
        }
    }

    fn connect(&self, link: UnixStream) -> Result<BlockingPeer> {
        let ring = Ring { spin: self.kind(), ..Ring::default() };
        Ok(BlockingPeer::with_ring(link, &ring, &config())?)
    }
}

type Attach = fn(&Hub, UnixStream, &Admission) -> Result<Connection, AdmitError>;

impl System for PortcullisRing {
    fn name(&self) -> &'static str {
        match self.how {
            How::Threads => "portcullis-ring",
            How::Spinning => "portcullis-ring-spin",
            How::Task => "portcullis-ring-task",
        }
    }

    fn about(&self) -> &'static str {
        match self.how {
            How::Threads => {
                "served by the hub over a ring of shared memory, threads on both sides; policy, validation, limits, deadlines"
            }
            How::Spinning => "portcullis-ring, looking for a while before sleeping",
            How::Task => "portcullis-ring, all rings read by the one thread of the hub's runtime",
        }
    }

    fn does(&self, load: Load) -> bool {
        match load.work {
            Work::Call | Work::InFlight => true,
            Work::Stream | Work::Deliver => load.bytes < 1 << 20 && self.how != How::Spinning,
            Work::Idle => self.how != How::Spinning,
        }
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let hub = hub_that(self.kind())?;
            let _served = hub.serve(PingServer::from_arc(Told::new().service))?;
            self.attach()(&hub, link, &admission("client"))?.closed().await;
            Ok(())
        })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let mut peer = self.connect(link)?;
        let handle = peer.peer().clone();
        let client: PingClient = peer.block_on(handle.bind(Target::Any))?;
        if work == Work::InFlight {
            return meter.pump_blocking(|until| peer.block_on(keep_in_flight(&client, until)));
        }
        meter.one_at_a_time_blocking(|number| {
            peer.block_on(Client::call(&client, Request::new(number)))?.check(number)
        })
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        let mut peer = self.connect(link)?;
        let handle = peer.peer().clone();
        peer.block_on(receive(load, &handle))
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        let hub = || hub_that(self.kind());
        let attach = self.attach();
        block_on(send(hub, load, links, meter, |hub, link, admission| {
            attach(hub, link, admission)?;
            Ok(())
        }))
    }
}

/// As one is answered, the next is made; how many were.
async fn keep_in_flight(client: &PingClient, until: Instant) -> Result<u64> {
    let one = async || {
        let mut count = 0;
        while Instant::now() < until {
            Client::call(client, Request::new(count)).await?.check(count)?;
            count += 1;
        }
        anyhow::Ok(count)
    };
    let all: FuturesUnordered<_> = (0..IN_FLIGHT).map(|_| one()).collect();
    all.try_fold(0, async |sum, count| Ok(sum + count)).await
}
