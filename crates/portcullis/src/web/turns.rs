//! A connection that is read by turns: whoever sends a large message faster than it is read would otherwise hold everybody up
//! until the message is whole.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::driver::wake_after_others;

/// Bytes that are read before others have their turn.
const TURN_BYTES: usize = 128 * 1024;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct ByTurns {
    stream: TcpStream,
    /// Bytes since others had theirs.
    read: usize,
}

impl ByTurns {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, read: 0 }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl AsyncRead for ByTurns {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read >= TURN_BYTES {
            self.read = 0;
            wake_after_others(context);
            return Poll::Pending;
        }
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        let came = into.filled().len().saturating_sub(before);
        self.read = if polled.is_pending() { 0 } else { self.read.saturating_add(came) };
        polled
    }
}

impl AsyncWrite for ByTurns {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn others_have_their_turn_before_a_large_message_is_whole() {
        const SENT: usize = 8 * TURN_BYTES;
        const READ: usize = 64 * 1024;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it has one");
        let mut far = TcpStream::connect(address).await.expect("connected");
        let (near, _) = listener.accept().await.expect("accepted");
        let writing = tokio::spawn(async move {
            far.write_all(&vec![7; SENT]).await.expect("taken");
            far
        });
        let mut near = ByTurns::new(near);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Arc::clone(&flag).into();
        let mut context = Context::from_waker(&waker);
        let (mut sum, mut gave_way) = (0, 0);
        let mut room = vec![0; READ];
        // Every turn reads, or lets others write.
        while sum < SENT {
            let mut turn = 0;
            loop {
                let mut into = ReadBuf::new(&mut room);
                match Pin::new(&mut near).poll_read(&mut context, &mut into) {
                    Poll::Ready(read) => read.expect("nothing breaks"),
                    Poll::Pending => break,
                }
                turn += into.filled().len();
                if sum + turn == SENT {
                    break;
                }
            }
            assert!(turn < TURN_BYTES + READ, "{turn} bytes in one turn");
            gave_way += usize::from(turn >= TURN_BYTES);
            sum += turn;
            // Its waker is told when there is more, or when others have had their turn.
            while sum < SENT && !flag.0.swap(false, Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
        }
        assert!(gave_way > 0, "nothing came faster than it was read");
        drop(writing.await);
    }
}
