//! What is done on each connection: serving, publishing.

use std::fmt;
use std::future::Future;

use portcullis_proto::error::Error;
use portcullis_proto::peer::Peer;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::state::{State, connected};

/// Something that is done on each connection, until this is dropped.
#[must_use = "nothing more is done on later connections when this is dropped"]
pub struct Each(AbortHandle);

impl Each {
    /// Does it on `runtime`, in a task of its own: it is the application's code, which may take its time or panic.
    pub(super) fn spawn<R, F, T>(
        runtime: &tokio::runtime::Handle,
        states: watch::Receiver<State>,
        run: R,
    ) -> Self
    where
        R: FnMut(Peer) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        Self(runtime.spawn(on_each(states, run)).abort_handle())
    }
}

impl Drop for Each {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn on_each<R, F, T>(mut states: watch::Receiver<State>, mut run: R)
where
    R: FnMut(Peer) -> F,
    F: Future<Output = Result<T, Error>>,
{
    let mut seen = 0;
    // Every turn is one connection.
    while let Ok(connection) = connected(&mut states, seen).await {
        seen = connection.number;
        let peer = connection.peer;
        let running = run(peer.clone());
        let kept = async {
            let _kept = match running.await {
                Ok(kept) => Some(kept),
                Err(error) => {
                    let number = connection.number;
                    tracing::warn!(%error, number, "what is done on each connection has failed");
                    None
                }
            };
            peer.closed().await
        };
        tokio::select! {
            biased;
            _ = peer.closed() => {}
            _ = kept => {}
        }
    }
}

impl fmt::Debug for Each {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Each")
    }
}
