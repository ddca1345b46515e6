//! zbus from peer to peer: no bus daemon between, the D-Bus wire format, an interface and a proxy
//! made by its macros.

use anyhow::Result;
use futures_util::future;
use serde_bytes::{ByteBuf, Bytes};
use tokio::net::UnixStream;
use zbus::connection::Builder;
use zbus::proxy::CacheProperties;
use zbus::{Guid, interface, proxy};

use super::TokioSystem;
use crate::frame;
use crate::load::{Load, Work};
use crate::message::{Reply, Request};

/// zbus.
pub(crate) struct Zbus;

impl TokioSystem for Zbus {
    const NAME: &'static str = "zbus";
    const ABOUT: &'static str = "zbus 6.2 from peer to peer, on its tokio backend";
    type Client = PeerProxy<'static>;

    fn does(load: Load) -> bool {
        // A message has at most 128 MiB. Signals would be written one by one, as calls are.
        load.work != Work::Stream
    }

    async fn serve(link: UnixStream) -> Result<()> {
        let connection = Builder::unix_stream(link.into_std()?)
            .server(Guid::generate())
            .p2p()
            .serve_at("/peer", Handler)
            .build()
            .await?;
        future::pending::<()>().await;
        drop(connection);
        Ok(())
    }

    async fn connect(link: UnixStream) -> Result<PeerProxy<'static>> {
        let connection = Builder::unix_stream(link.into_std()?).p2p().build().await?;
        Ok(PeerProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?)
    }

    async fn deliver(client: &PeerProxy<'static>, bytes: &[u8]) -> Result<u64> {
        Ok(client.sum(Bytes::new(bytes)).await?)
    }
}

impl super::Client for PeerProxy<'static> {
    async fn call(&self, request: Request) -> Result<Reply> {
        Ok(self.answer(request).await?)
    }
}

#[proxy(interface = "org.example.Peer", default_service = "org.example", default_path = "/peer")]
pub(crate) trait Peer {
    fn answer(&self, request: Request) -> zbus::Result<Reply>;
    fn sum(&self, bytes: &Bytes) -> zbus::Result<u64>;
}

struct Handler;

#[interface(name = "org.example.Peer")]
impl Handler {
    fn answer(&self, request: Request) -> Reply {
        request.answer()
    }

    fn sum(&self, bytes: ByteBuf) -> u64 {
        frame::sum(&bytes)
    }
}
