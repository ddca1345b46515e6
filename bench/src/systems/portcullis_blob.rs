//! Blobs through the hub: main fills a slot of shared memory in place and publishes it as a value of a topic, with roles,
//! validation and limits on; each receiver reads the slot itself and answers by a notification.

use std::ops::RangeInclusive;
use std::os::unix::net::UnixStream;

use ::portcullis::BlobPool;
use ::portcullis::link::UnixLink;
use ::portcullis::peer::Target;
use anyhow::{Context, Result};

use super::portcullis::{PingClient, PingPublisher, PingServer, Told, admission, config, hub};
use super::{Outgoing, System, block_on};
use crate::frame::{self, Sums};
use crate::load::{Load, Work};
use crate::meter::{Meter, Sample};

/// Blobs in a pool that main fills.
pub(crate) struct PortcullisBlob {
    /// Whether bytes are copied into the pool first, or are there already.
    pub(crate) copy: bool,
}

/// Slots of the pool: a receiver may hold half of them.
const SLOTS: usize = 4;
/// What is measured as a blob: 64 bytes are one to nobody, and more than this may not be on its way to a peer at once.
/// Those below 16 KiB are not lent, but copied through the socket.
const BLOB_BYTES: RangeInclusive<usize> = 1 << 10..=64 << 20;

impl System for PortcullisBlob {
    fn name(&self) -> &'static str {
        if self.copy { "portcullis-blob-copy" } else { "portcullis-blob" }
    }

    fn about(&self) -> &'static str {
        if self.copy {
            "portcullis-blob, the bytes copied into the pool first"
        } else {
            "a blob that the hub publishes, filled in place and lent to each subscriber, tokio on both sides"
        }
    }

    fn does(&self, load: Load) -> bool {
        load.work == Work::Deliver && BLOB_BYTES.contains(&load.bytes)
    }

    fn receive(&self, _load: Load, link: UnixStream) -> Result<()> {
        block_on(async {
            let peer = ::portcullis::client::connect(UnixLink::new(link)?, &config());
            let client: PingClient = peer.bind(Target::Any).await?;
            let mut deliveries = client.subscribe_lent();
            // It is told once the subscription is on its way, and so comes behind it.
            client.took(0)?;
            while let Some(frame) = deliveries.next().await? {
                let sum = frame::sum(&frame);
                drop(frame);
                client.took(sum)?;
            }
            Ok(())
        })
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let hub = hub()?;
            let Told { service, until: _until, mut told } = Told::new();
            let served = hub.serve(PingServer::from_arc(service))?;
            for (place, link) in links.into_iter().enumerate() {
                hub.attach(UnixLink::new(link)?, &admission(&format!("peer-{place}")))?;
            }
            let gone = "a peer has gone";
            for _ in 0..load.peers {
                told.recv().await.context(gone)?;
            }
            let publisher: PingPublisher = served.publisher();
            let pool = BlobPool::new(SLOTS, load.bytes)?;
            // All slots once, as whoever makes frames in place has left them.
            let mut leases = Vec::new();
            for _ in 0..SLOTS {
                let mut lease = pool.lease(load.bytes)?;
                frame::fill(&mut lease);
                leases.push(lease);
            }
            drop(leases);
            let sums = Sums::of(load.bytes);
            let mut elsewhere = self.copy.then(|| Outgoing::new(load.bytes));
            let deliver = async |number| {
                let mut lease = pool.lease(load.bytes)?;
                match &mut elsewhere {
                    Some(elsewhere) => lease.copy_from_slice(elsewhere.numbered(number)),
                    None => frame::stamp(&mut lease, number),
                }
                publisher.lent(&lease.freeze())?;
                for _ in 0..load.peers {
                    sums.check(number, told.recv().await.context(gone)?)?;
                }
                Ok(())
            };
            meter.deliver(load.work, deliver).await
        })
    }
}
