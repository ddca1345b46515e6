//! tonic (gRPC over HTTP/2) with prost messages. Client and service are written out as tonic's code
//! generator writes them, so that building the benchmark needs no `protoc`.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use anyhow::Result;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, future, stream};
use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

use super::TokioSystem;
use crate::message::{Reply, Request};

const ANSWER: &str = "/bench.Peer/Answer";

/// tonic.
pub(crate) struct Tonic;

impl TokioSystem for Tonic {
    const NAME: &'static str = "tonic";
    const ABOUT: &'static str = "tonic 0.14, prost messages, HTTP/2 over the Unix socket";
    type Client = PeerClient;

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
        Ok(PeerClient(Grpc::new(endpoint.connect_with_connector(connector).await?)))
    }
}

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
            if request.uri().path() != ANSWER {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
            Ok(grpc.unary(Handler, request).await)
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
