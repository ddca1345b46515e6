//! tarpc with its bincode transport, as its documentation shows it: a task for each request, a
//! deadline of ten seconds on each call.

use anyhow::Result;
use futures_util::{StreamExt, future};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tarpc::serde_transport::{self, Transport};
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::{Framed, LengthDelimitedCodec};
use tarpc::{client, context};
use tokio::net::UnixStream;

use super::TokioSystem;
use crate::frame;
use crate::load::{Load, Work};
use crate::message::{Reply, Request};

#[tarpc::service]
pub(crate) trait Peer {
    async fn answer(request: Request) -> Reply;
    async fn sum(bytes: ByteBuf) -> u64;
}

/// tarpc.
pub(crate) struct Tarpc;

impl TokioSystem for Tarpc {
    const NAME: &'static str = "tarpc";
    const ABOUT: &'static str = "tarpc 0.38, bincode, a task for each request as documented";
    type Client = PeerClient;

    fn does(load: Load) -> bool {
        load.work != Work::Stream
    }

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

    async fn deliver(client: &PeerClient, bytes: &[u8]) -> Result<u64> {
        // The message owns its bytes.
        Ok(client.sum(context::current(), ByteBuf::from(bytes)).await?)
    }
}

impl super::Client for PeerClient {
    async fn call(&self, request: Request) -> Result<Reply> {
        Ok(self.answer(context::current(), request).await?)
    }
}

/// Its own default is 8 MiB, a little less than a frame with its envelope.
const FRAME_BYTES_MAX: usize = 128 << 20;

#[derive(Clone)]
struct Handler;

impl Peer for Handler {
    async fn answer(self, _: context::Context, request: Request) -> Reply {
        request.answer()
    }

    async fn sum(self, _: context::Context, bytes: ByteBuf) -> u64 {
        frame::sum(&bytes)
    }
}

fn transport<In, Out>(link: UnixStream) -> Transport<UnixStream, In, Out, Bincode<In, Out>>
where
    In: for<'de> Deserialize<'de>,
    Out: Serialize,
{
    let codec = LengthDelimitedCodec::builder().max_frame_length(FRAME_BYTES_MAX).new_codec();
    serde_transport::new(Framed::new(link, codec), Bincode::default())
}
