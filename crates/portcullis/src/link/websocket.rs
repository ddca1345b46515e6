//! A WebSocket as a link: one binary message holds whole frames.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{Framing, Link, RecvBuffer, violation};
use crate::web::{WebSocket, WebSocketReader, WebSocketWriter, WsError};

/// Messages of so many bytes and more are handed over, smaller ones are copied: their memory is used again.
const KEPT_BYTES_MIN: usize = 16 * 1024;

type Sending = Pin<Box<dyn Future<Output = (WebSocketWriter, Result<(), WsError>)> + Send>>;

/// A link over a WebSocket that the gate has admitted.
pub struct WebSocketLink {
    reader: WebSocketReader,
    writer: Option<WebSocketWriter>,
    sending: Option<Sending>,
}

impl WebSocketLink {
    /// A link over `socket`.
    pub fn new(socket: WebSocket) -> Self {
        let (reader, writer) = socket.split();
        Self { reader, writer: Some(writer), sending: None }
    }

    /// Begins to send a message, once the one before has left.
    fn poll_begin(
        &mut self,
        context: &mut Context<'_>,
        message: impl FnOnce() -> Bytes,
    ) -> Poll<io::Result<usize>> {
        match self.poll_sent(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => {}
        }
        let Some(mut writer) = self.writer.take() else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let message = message();
        let count = message.len();
        self.sending = Some(Box::pin(async move {
            let sent = writer.send(message).await;
            (writer, sent)
        }));
        match self.poll_sent(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // The message is taken; what the socket does not take yet is sent on by `poll_flush`.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(count)),
        }
    }

    fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(sending) = &mut self.sending else { return Poll::Ready(Ok(())) };
        match sending.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready((writer, sent)) => {
                self.sending = None;
                self.writer = Some(writer);
                Poll::Ready(sent.map_err(error))
            }
        }
    }
}

fn error(error: WsError) -> io::Error {
    if error.is_violation() {
        violation(error.to_string())
    } else {
        io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string())
    }
}

impl Link for WebSocketLink {
    fn framing(&self) -> Framing {
        Framing::Messages
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        // Every turn takes a message; empty ones carry nothing and are no end.
        loop {
            // `recv` keeps nothing in its future, so that it may be begun anew at each poll.
            match pin!(self.reader.recv()).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(Ok(0)),
                Poll::Ready(Some(Err(failed))) => return Poll::Ready(Err(error(failed))),
                Poll::Ready(Some(Ok(message))) if message.is_empty() => {}
                Poll::Ready(Some(Ok(message))) => {
                    let count = message.len();
                    into.take(message);
                    return Poll::Ready(Ok(count));
                }
            }
        }
    }

    fn has_hung_up(&mut self, context: &mut Context<'_>) -> bool {
        self.reader.has_hung_up(context)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_begin(context, || Bytes::copy_from_slice(from))
    }

    fn poll_write_message(
        &mut self,
        context: &mut Context<'_>,
        message: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        if message.len() < KEPT_BYTES_MIN {
            return self.poll_write(context, message);
        }
        self.poll_begin(context, || {
            // The next one is probably as large.
            let room = Vec::with_capacity(message.len());
            Bytes::from(std::mem::replace(message, room))
        })
    }

    fn copies(&self) -> u32 {
        // Into the buffer in front of the socket that the frame is written to. Small messages are copied once more.
        1
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_sent(context)
    }
}

impl fmt::Debug for WebSocketLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSocketLink")
    }
}
