//! An admitted WebSocket that carries whole binary messages. It knows nothing of what is in them;
//! who may have one was settled before it was made.

use std::fmt;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use portcullis_proto::text::beginning;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::halves::SharedStream;
use super::turns::ByTurns;

/// How long a closing handshake is waited for.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest reason that fits in a close frame.
pub const CLOSE_REASON_BYTES_MAX: usize = 123;

/// The buffer in front of the socket, for each direction. Small messages are read and written many
/// at a time up to this size; a larger message grows it to its own.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why a WebSocket ended, or would not take a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WsError {
    /// The peer sent text; it was told 1003 and the connection is over.
    #[error("the peer sent a text message; only binary ones are spoken here")]
    Text,
    /// The peer announced more than is allowed; nothing was allocated for it, it was told 1009 and
    /// the connection is over.
    #[error("the peer sent a message of more than {limit} bytes")]
    TooBig {
        /// The limit in force.
        limit: usize,
    },
    /// The peer broke the WebSocket protocol; it was told 1002 and the connection is over.
    #[error("the peer broke the WebSocket protocol: {0}")]
    Protocol(String),
    /// The connection is gone without a closing handshake.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The connection is closed already.
    #[error("the connection is closed")]
    Closed,
}

impl WsError {
    /// Whether the peer is to blame, and not the connection.
    pub fn is_violation(&self) -> bool {
        self.close_code().is_some()
    }

    fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Text => Some(CloseCode::Unsupported),
            Self::TooBig { .. } => Some(CloseCode::Size),
            Self::Protocol(_) => Some(CloseCode::Protocol),
            Self::Lost(_) | Self::Closed => None,
        }
    }

    fn from_tungstenite(error: Error, limit: usize) -> Self {
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::SendAfterClosing) => Self::Closed,
            Error::Io(error) => Self::Lost(error.to_string()),
            Error::Protocol(error @ ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Lost(error.to_string())
            }
            Error::Capacity(_) => Self::TooBig { limit },
            // Text is refused whether it is proper UTF-8 or not.
            Error::Utf8(_) => Self::Text,
            other => Self::Protocol(other.to_string()),
        }
    }
}

/// Pings that are answered before the answers must have left: a peer that asks and takes nothing waits, and nothing
/// piles up for it.
const PINGS_MAX: u32 = 64;

/// Whoever writes holds it from the first byte of a message to the last.
type Sink = Arc<Mutex<SharedStream>>;

/// A WebSocket that was admitted. Pings are answered while somebody receives. Dropping it closes
/// the connection without a closing handshake; [`close`](Self::close) is the polite way.
pub struct WebSocket {
    reader: WebSocketReader,
    writer: WebSocketWriter,
}

/// The receiving half of a [`WebSocket`].
pub struct WebSocketReader {
    stream: SharedStream,
    /// For the close frame that ends a violation, even while the other half is elsewhere.
    sink: Sink,
    state: State,
    /// Pings since all answers had left.
    pings: u32,
    limit: usize,
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The sending half of a [`WebSocket`].
pub struct WebSocketWriter {
    sink: Sink,
    limit: usize,
    _permit: Arc<OwnedSemaphorePermit>,
}

enum State {
    Open,
    /// So many pings came that their answers must leave before anything more is read.
    Answering,
    /// The peer is yet to be told; kept here so that a dropped `recv` does not lose the error.
    Failing(WsError),
    Done,
}

impl WebSocket {
    /// Takes over a connection behind the answer 101, with the bytes that came close behind the
    /// request. The permit is held until both halves are gone.
    pub(super) async fn server(
        stream: TcpStream,
        early: Vec<u8>,
        message_bytes_max: usize,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        let stream = ByTurns::new(stream);
        let stream =
            WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
        let stream = SharedStream::new(stream);
        let sink = Arc::new(Mutex::new(stream.clone()));
        let permit = Arc::new(permit);
        let limit = message_bytes_max;
        let writer = WebSocketWriter { sink: sink.clone(), limit, _permit: permit.clone() };
        let state = State::Open;
        let reader = WebSocketReader { stream, sink, state, pings: 0, limit, _permit: permit };
        Self { reader, writer }
    }

    /// See [`WebSocketReader::recv`].
    pub async fn recv(&mut self) -> Option<Result<Bytes, WsError>> {
        self.reader.recv().await
    }

    /// See [`WebSocketWriter::send`].
    pub async fn send(&mut self, message: Bytes) -> Result<(), WsError> {
        self.writer.send(message).await
    }

    /// Parts the directions, so that each can be driven by a task of its own.
    pub fn split(self) -> (WebSocketReader, WebSocketWriter) {
        (self.reader, self.writer)
    }

    /// Ends the connection with a code and a reason, and waits at most [`CLOSE_TIMEOUT`] for the
    /// peer to agree. What the peer still sends is dropped.
    pub async fn close(mut self, code: u16, reason: &str) {
        self.writer.close(code, reason).await;
        let drained = async { while let Some(Ok(_)) = self.reader.recv().await {} };
        let _ = timeout(CLOSE_TIMEOUT, drained).await;
    }
}

impl WebSocketReader {
    /// The next whole message; `None` once the connection was closed properly. After an error
    /// there is nothing more. Safe to drop at any time: no message is lost by it.
    ///
    /// # Errors
    /// [`WsError::Text`], [`WsError::TooBig`] and [`WsError::Protocol`] are the peer's fault, and
    /// it was told; [`WsError::Lost`] is nobody's.
    pub async fn recv(&mut self) -> Option<Result<Bytes, WsError>> {
        loop {
            match &self.state {
                State::Open => {}
                State::Answering => {
                    let left = self.sink.lock().await.flush().await;
                    self.pings = 0;
                    self.state = match left.map_err(|e| WsError::from_tungstenite(e, self.limit)) {
                        Ok(()) => State::Open,
                        Err(WsError::Closed) => State::Done,
                        Err(error) => State::Failing(error),
                    };
                    continue;
                }
                State::Failing(error) => {
                    let error = error.clone();
                    if let Some(code) = error.close_code() {
                        send_close(&self.sink, code, "").await;
                    }
                    self.state = State::Done;
                    return Some(Err(error));
                }
                State::Done => return None,
            }
            match self.stream.next().await {
                Some(Ok(Message::Binary(message))) => return Some(Ok(message)),
                Some(Ok(Message::Text(_))) => self.state = State::Failing(WsError::Text),
                Some(Ok(Message::Ping(_))) => {
                    self.pings = self.pings.saturating_add(1);
                    if self.pings >= PINGS_MAX {
                        self.state = State::Answering;
                    }
                }
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) => {
                    self.state = State::Done;
                    // The answer to the close frame goes out with the next read.
                    let _ = timeout(CLOSE_TIMEOUT, self.stream.next()).await;
                }
                None => self.state = State::Done,
                Some(Err(error)) => {
                    self.state = match WsError::from_tungstenite(error, self.limit) {
                        WsError::Closed => State::Done,
                        error => State::Failing(error),
                    }
                }
            }
        }
    }

    /// Whether the other side is known to be gone, though what it has sent may still be there to read. Nothing is read
    /// to find that out: an end behind more than the system keeps unread is not seen.
    pub(crate) fn has_hung_up(&self, context: &mut Context<'_>) -> bool {
        matches!(self.state, State::Done) || self.stream.has_hung_up(context)
    }
}

impl WebSocketWriter {
    /// Sends one whole message and returns when the system has taken all of it: a slow peer makes
    /// this wait, and nothing piles up behind it but this one message. Once the future was polled
    /// the message counts as begun; if it is dropped then, the rest goes out with the next send.
    ///
    /// # Errors
    /// [`WsError::Closed`] or [`WsError::Lost`] when there is nobody to send to.
    pub async fn send(&mut self, message: Bytes) -> Result<(), WsError> {
        let sent = self.sink.lock().await.send(Message::Binary(message)).await;
        sent.map_err(|error| WsError::from_tungstenite(error, self.limit))
    }

    /// Says that no more comes, and why; waits at most [`CLOSE_TIMEOUT`] to get it out. The peer's
    /// agreement arrives at the reader as its end. A code that may not be sent (RFC 6455, section
    /// 7.4) goes out as 1011; the reason is cut to [`CLOSE_REASON_BYTES_MAX`].
    pub async fn close(&mut self, code: u16, reason: &str) {
        let code = CloseCode::from(code);
        let code = if code.is_allowed() { code } else { CloseCode::Error };
        send_close(&self.sink, code, reason).await;
    }
}

/// Sends a close frame, or gives up after [`CLOSE_TIMEOUT`]: a peer that does not read does not
/// learn why either.
async fn send_close(sink: &Sink, code: CloseCode, reason: &str) {
    let reason = beginning(reason, CLOSE_REASON_BYTES_MAX).into();
    let frame = Message::Close(Some(CloseFrame { code, reason }));
    let _ = timeout(CLOSE_TIMEOUT, async { sink.lock().await.send(frame).await }).await;
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("message_bytes_max", &self.writer.limit).finish()
    }
}

impl fmt::Debug for WebSocketReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketReader").field("message_bytes_max", &self.limit).finish()
    }
}

impl fmt::Debug for WebSocketWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketWriter").finish_non_exhaustive()
    }
}
