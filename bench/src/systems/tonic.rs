//! tonic (gRPC over HTTP/2) with prost messages. Client and service are written out as tonic's code
//! generator writes them, so that building the benchmark needs no `protoc`.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, future, stream};
use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use prost::bytes::Bytes;
use tokio::net::UnixStream;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::server::{ClientStreamingService, NamedService, UnaryService};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::Service;

use super::TokioSystem;
use crate::frame;
use crate::load::Load;
use crate::message::{Item, Reply, Request};

const ANSWER: &str = "/bench.Peer/Answer";
const SUM: &str = "/bench.Peer/Sum";
const COUNT: &str = "/bench.Peer/Count";

/// Its own default is 4 MiB.
const MESSAGE_BYTES_MAX: usize = 128 << 20;

/// Bytes to be summed up.
#[derive(Clone, PartialEq, prost::Message)]
struct Frame {
    #[prost(bytes = "bytes", tag = "1")]
    bytes: Bytes,
}

/// A sum, or a count.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Number {
    #[prost(uint64, tag = "1")]
    number: u64,
}

/// tonic.
pub(crate) struct Tonic;

impl TokioSystem for Tonic {
    const NAME: &'static str = "tonic";
    const ABOUT: &'static str = "tonic 0.14, prost messages, HTTP/2 over the Unix socket";
    type Client = PeerClient;

    fn does(_load: Load) -> bool {
        true
    }

    async fn serve(link: UnixStream) -> Result<()> {
        let incoming = stream::iter([Ok::<_, std::io::Error>(link)]).chain(stream::pending());
        Server::builder().add_service(PeerServer).serve_with_incoming(incoming).await?;
        Ok(())
    }

    async fn connect(link: UnixStream) -> Result<PeerClient> {
        let link = Mutex::new(Some(link));
        let connector = tower::service_fn(move |_| {
            let link = link.lock().unwrap_or_else(PoisonError::into_inner).take();
            let link = link.ok_or_else(|| std::io::Error::other("the link cannot be made again"));
            future::ready(link.map(TokioIo::new))
        });
        // The name in the address is never looked up: the connector has the link already.
        let endpoint = Endpoint::from_static("http://peer");
        let grpc = Grpc::new(endpoint.connect_with_connector(connector).await?);
        Ok(PeerClient(grpc.max_encoding_message_size(MESSAGE_BYTES_MAX)))
    }

    async fn deliver(client: &PeerClient, bytes: &[u8]) -> Result<u64> {
        // The message owns its bytes.
        let frame = tonic::Request::new(Frame { bytes: Bytes::copy_from_slice(bytes) });
        let mut grpc = client.0.clone();
        grpc.ready().await?;
        let path = PathAndQuery::from_static(SUM);
        let codec = ProstCodec::<Frame, Number>::default();
        Ok(grpc.unary(frame, path, codec).await?.into_inner().number)
    }

    async fn pump(client: &PeerClient, until: Instant) -> Result<u64> {
        let sent = Arc::new(AtomicU64::new(0));
        let items = (0..).map_while({
            let sent = sent.clone();
            move |number: u64| {
                let more = !number.is_multiple_of(CLOCK_EVERY) || Instant::now() < until;
                more.then(|| {
                    sent.store(number + 1, Ordering::Relaxed);
                    Item::new(number)
                })
            }
        });
        let mut grpc = client.0.clone();
        grpc.ready().await?;
        let path = PathAndQuery::from_static(COUNT);
        let codec = ProstCodec::<Item, Number>::default();
        let request = tonic::Request::new(stream::iter(items));
        let counted = grpc.client_streaming(request, path, codec).await?.into_inner().number;
        let count = sent.load(Ordering::Relaxed);
        ensure!(counted == count, "of {count} items, {counted} came");
        Ok(count)
    }
}

/// After how many items the clock is read.
const CLOCK_EVERY: u64 = 128;

/// What the generator makes of the client's side.
#[derive(Clone)]
pub(crate) struct PeerClient(Grpc<Channel>);

impl super::Client for PeerClient {
    async fn call(&self, request: Request) -> Result<Reply> {
        let mut grpc = self.0.clone();
        grpc.ready().await?;
        let codec = ProstCodec::default();
        let path = PathAndQuery::from_static(ANSWER);
        Ok(grpc.unary(tonic::Request::new(request), path, codec).await?.into_inner())
    }
}

/// What the generator makes of the server's side.
#[derive(Clone)]
struct PeerServer;

impl NamedService for PeerServer {
    const NAME: &'static str = "bench.Peer";
}

impl Service<http::Request<Body>> for PeerServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            match request.uri().path() {
                ANSWER => {
                    let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
                    Ok(grpc.unary(Handler, request).await)
                }
                SUM => {
                    let grpc = tonic::server::Grpc::new(ProstCodec::default());
                    let mut grpc = grpc.max_decoding_message_size(MESSAGE_BYTES_MAX);
                    Ok(grpc.unary(Summing, request).await)
                }
                COUNT => {
                    let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
                    Ok(grpc.client_streaming(Counting, request).await)
                }
                _ => Ok(Status::unimplemented("no such method").into_http()),
            }
        })
    }
}

struct Handler;

impl UnaryService<Request> for Handler {
    type Response = Reply;
    type Future = BoxFuture<'static, Result<Response<Reply>, Status>>;

    fn call(&mut self, request: tonic::Request<Request>) -> Self::Future {
        Box::pin(async move { Ok(Response::new(request.into_inner().answer())) })
    }
}

struct Summing;

impl UnaryService<Frame> for Summing {
    type Response = Number;
    type Future = BoxFuture<'static, Result<Response<Number>, Status>>;

    fn call(&mut self, request: tonic::Request<Frame>) -> Self::Future {
        let number = frame::sum(&request.into_inner().bytes);
        Box::pin(async move { Ok(Response::new(Number { number })) })
    }
}

struct Counting;

impl ClientStreamingService<Item> for Counting {
    type Response = Number;
    type Future = BoxFuture<'static, Result<Response<Number>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Item>>) -> Self::Future {
        Box::pin(async move {
            let mut items = request.into_inner();
            let mut number = 0;
            while let Some(item) = items.message().await? {
                item.check(number).map_err(|error| Status::internal(error.to_string()))?;
                number += 1;
            }
            Ok(Response::new(Number { number }))
        })
    }
}
