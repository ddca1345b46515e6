//! The two halves of a WebSocket, and a look at the connection under both. `futures` has halves, too, but lets nobody see what is
//! under them.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use tokio::io::Interest;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::turns::ByTurns;

/// A WebSocket that one task reads and one writes. Each poll has it for as long as that lasts, and none waits for the other.
#[derive(Clone, Debug)]
pub(super) struct SharedStream(Arc<Mutex<WebSocketStream<ByTurns>>>);

impl SharedStream {
    pub(super) fn new(stream: WebSocketStream<ByTurns>) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    fn lock(&self) -> MutexGuard<'_, WebSocketStream<ByTurns>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the other side has said its last byte, or is gone.
    pub(super) fn has_hung_up(&self, context: &mut Context<'_>) -> bool {
        let stream = self.lock();
        // It tells what is known of the connection and leaves it as it is.
        match pin!(stream.get_ref().stream().ready(Interest::READABLE)).poll(context) {
            Poll::Ready(Ok(ready)) => ready.is_read_closed(),
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }
}

impl Stream for SharedStream {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.lock()).poll_next(context)
    }
}

impl Sink<Message> for SharedStream {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut *self.lock()).poll_ready(context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Pin::new(&mut *self.lock()).start_send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut *self.lock()).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut *self.lock()).poll_close(context)
    }
}
