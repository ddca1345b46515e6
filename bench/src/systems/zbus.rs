//! zbus from peer to peer: no bus daemon between, the D-Bus wire format, an interface and a proxy
//! made by its macros.

use anyhow::Result;
use futures_util::future;
use tokio::net::UnixStream;
use zbus::connection::Builder;
use zbus::proxy::CacheProperties;
use zbus::{Guid, interface, proxy};

use super::TokioSystem;
use crate::message::{Reply, Request};

/// zbus.
pub(crate) struct Zbus;

impl TokioSystem for Zbus {
    const NAME: &'static str = "zbus";
    const ABOUT: &'static str = "zbus 6.2 from peer to peer, on its tokio backend";
    type Client = PeerProxy<'static>;

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
}

impl super::Client for PeerProxy<'static> {
    async fn call(&self, request: Request) -> Result<Reply> {
        Ok(self.answer(request).await?)
    }
}

#[proxy(interface = "org.example.Peer", default_service = "org.example", default_path = "/peer")]
pub(crate) trait Peer {
    fn answer(&self, request: Request) -> zbus::Result<Reply>;
}

struct Handler;

#[interface(name = "org.example.Peer")]
impl Handler {
    fn answer(&self, request: Request) -> Reply {
        request.answer()
    }
}
