//! A WebSocket through the browser gate, with a native client at the other end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use portcullis::Hub;
use portcullis::hub::Admission;
use portcullis::link::{Framing, Link, RecvBuffer, WebSocketLink};
use portcullis::web::Gate;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{BoxFuture, BoxLink, Transport, page};

/// A WebSocket on loopback.
#[derive(Debug)]
pub struct WebSocket {
    gate: Gate,
}

impl Default for WebSocket {
    fn default() -> Self {
        Self { gate: page::gate() }
    }
}

impl Transport for WebSocket {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let theirs = page::connect(&self.gate).await;
            let admitted = self.gate.accept().await.expect("an open gate");
            hub.attach(WebSocketLink::new(admitted.socket), admission).expect("admitted");
            BoxLink::new(WsClientLink::new(theirs))
        })
    }
}

/// A link over the client's end of a WebSocket.
#[derive(Debug)]
pub struct WsClientLink(WebSocketStream<TcpStream>);

impl WsClientLink {
    /// A link over `socket`.
    pub fn new(socket: WebSocketStream<TcpStream>) -> Self {
        Self(socket)
    }
}

fn failed(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::new(io::ErrorKind::ConnectionAborted, other),
    }
}

impl Link for WsClientLink {
    fn framing(&self) -> Framing {
        Framing::Messages
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        // Every turn takes a message.
        loop {
            match ready!(Pin::new(&mut self.0).poll_next(context)) {
                Some(Ok(Message::Binary(message))) if !message.is_empty() => {
                    into.extend(&message);
                    return Poll::Ready(Ok(message.len()));
                }
                None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => {
                    return Poll::Ready(Ok(0));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(failed(error))),
            }
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.0).poll_ready(context)).map_err(failed)?;
        let message = Message::Binary(Bytes::copy_from_slice(from));
        Pin::new(&mut self.0).start_send(message).map_err(failed)?;
        Poll::Ready(Ok(from.len()))
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context).map_err(failed)
    }
}
