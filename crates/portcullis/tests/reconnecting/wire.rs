//! A wire that is cut: now, or after so many bytes in a direction.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// How many bytes still go through, in each direction; and whoever has to hear that it was cut.
#[derive(Debug, Default)]
struct Left {
    up: Option<usize>,
    down: Option<usize>,
    used: (usize, usize),
    cut: bool,
    waker: Option<Waker>,
}

/// Cuts a wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scissors(Arc<Mutex<Left>>);

impl Scissors {
    /// Cuts it when so many bytes have gone to the hub, or come from it.
    pub(crate) fn after(up: Option<usize>, down: Option<usize>) -> Self {
        Self(Arc::new(Mutex::new(Left { up, down, ..Left::default() })))
    }

    /// Cuts it now.
    pub(crate) fn cut(&self) {
        let mut left = self.0.lock().expect("whole");
        left.cut = true;
        if let Some(waker) = left.waker.take() {
            waker.wake();
        }
    }

    /// Bytes that went through: to the hub, and from it.
    pub(crate) fn used(&self) -> (usize, usize) {
        self.0.lock().expect("whole").used
    }
}

/// The client's end of a wire.
#[derive(Debug)]
pub(crate) struct Wire {
    /// Gone when it is cut: the hub sees the end.
    stream: Option<DuplexStream>,
    scissors: Scissors,
}

impl Wire {
    pub(crate) fn new(stream: DuplexStream, scissors: Scissors) -> Self {
        Self { stream: Some(stream), scissors }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut left = this.scissors.0.lock().expect("whole");
        let room = left.down.map_or(into.remaining(), |down| down.min(into.remaining()));
        left.cut |= left.down == Some(0);
        if left.cut {
            this.stream = None;
        }
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(())) };
        left.waker = Some(context.waker().clone());
        let mut part = into.take(room);
        std::task::ready!(Pin::new(stream).poll_read(context, &mut part))?;
        let count = part.filled().len();
        let bytes = part.filled().to_vec();
        into.put_slice(&bytes);
        left.used.1 += count;
        if let Some(down) = &mut left.down {
            *down -= count;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut left = this.scissors.0.lock().expect("whole");
        left.cut |= left.up == Some(0) && !from.is_empty();
        if left.cut {
            this.stream = None;
        }
        let Some(stream) = &mut this.stream else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let most = left.up.map_or(from.len(), |up| up.min(from.len()));
        let count = std::task::ready!(Pin::new(stream).poll_write(context, &from[..most]))?;
        left.used.0 += count;
        if let Some(up) = &mut left.up {
            *up -= count;
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}
