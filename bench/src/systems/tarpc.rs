//! tarpc with its bincode transport, as its documentation shows it: a task for each request, a
//! deadline of ten seconds on each call.

use anyhow::Result;
use futures_util::{StreamExt, future};
use serde::{Deserialize, Serialize};
use tarpc::serde_transport::{self, Transport};
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::{Framed, LengthDelimitedCodec};
use tarpc::{client, context};
use tokio::net::UnixStream;

use super::TokioSystem;
use crate::message::{Reply, Request};

#[tarpc::service]
pub(crate) trait Peer {
    async fn answer(request: Request) -> Reply;
}

/// tarpc.
pub(crate) struct Tarpc;

impl TokioSystem for Tarpc {
    const NAME: &'static str = "tarpc";
    const ABOUT: &'static str = "tarpc 0.38, bincode, a task for each request as documented";
    type Client = PeerClient;

    async fn serve(link: UnixStream) -> Result<()> {
        let requests = BaseChannel::with_defaults(transport(link)).execute(Handler.serve());
        requests
            .for_each(|answer| {
                tokio::spawn(answer);
                future::ready(())
            })
            .await;
        Ok(())
    }

    async fn connect(link: UnixStream) -> Result<PeerClient> {
        Ok(PeerClient::new(client::Config::default(), transport(link)).spawn())
    }
}

impl super::Client for PeerClient {
    async fn call(&self, request: Request) -> Result<Reply> {
        Ok(self.answer(context::current(), request).await?)
    }
}

#[derive(Clone)]
struct Handler;

impl Peer for Handler {
    async fn answer(self, _: context::Context, request: Request) -> Reply {
        request.answer()
    }
}

fn transport<In, Out>(link: UnixStream) -> Transport<UnixStream, In, Out, Bincode<In, Out>>
where
    In: for<'de> Deserialize<'de>,
    Out: Serialize,
{
    serde_transport::new(Framed::new(link, LengthDelimitedCodec::new()), Bincode::default())
}
