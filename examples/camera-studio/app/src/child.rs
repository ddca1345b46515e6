//! What all processes that main has started have in common: they connect over the socket that they got, and end with it.
//! What they do there is `worker` and `renderer`.

use std::error::Error;

use portcullis::peer::{Peer, PeerConfig};
use portcullis::rpc::Descriptor;

/// The name of the arguments by which main starts its own binary as another process.
pub(crate) const WORKER: &str = "worker";
/// See [`WORKER`].
pub(crate) const RENDERER: &str = "renderer";

/// Connects to main and runs `work` until it fails or main is gone, which is no failure.
pub(crate) fn run<F>(
    client: &str,
    interfaces: Vec<&'static Descriptor>,
    work: impl FnOnce(Peer) -> F,
) -> Result<(), Box<dyn Error>>
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let config = PeerConfig { client: client.to_owned(), interfaces, ..PeerConfig::default() };
        let peer = portcullis::client::connect_inherited(&config)?;
        peer.ready().await.map_err(|goodbye| goodbye.to_string())?;
        tokio::select! {
            _ = peer.closed() => Ok(()),
            outcome = work(peer.clone()) => {
                // What fails because main has just left is no failure either.
                if peer.has_ended() { Ok(()) } else { outcome }
            }
        }
    });
    // A thread may be blocked for ever in reading a source.
    runtime.shutdown_background();
    outcome
}
