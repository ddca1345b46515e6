//! What all processes that main has started have in common: they enter their sandbox, connect over the socket that they
//! got, and end with it. What they do there is `worker` and `renderer`.

use std::error::Error;

use portcullis::peer::{Peer, PeerConfig};
use portcullis::rpc::Descriptor;
use portcullis::sandbox::{Feature, Profile, SandboxError};

/// The name of the arguments by which main starts its own binary as another process.
pub(crate) const WORKER: &str = "worker";
/// See [`WORKER`].
pub(crate) const RENDERER: &str = "renderer";

/// Enters the sandbox, connects to main and runs `work` until it fails or main is gone, which is no failure.
///
/// The studio is a demonstration and runs on any kernel: what one lacks is missing here, and main says so at the start.
/// An application that handles what others send would not allow that.
pub(crate) fn run<F>(
    profile: Profile,
    client: &str,
    interfaces: Vec<&'static Descriptor>,
    work: impl FnOnce(Peer) -> F,
) -> Result<(), Box<dyn Error>>
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    let profile = Feature::ALL.into_iter().fold(profile, Profile::allow_missing);
    let entered = match profile.enter() {
        Ok(entered) => Some(entered),
        Err(SandboxError::Unsupported) => None,
        Err(error) => return Err(error.into()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let config = PeerConfig { client: client.to_owned(), interfaces, ..PeerConfig::default() };
        let peer = match entered {
            Some(entered) => entered.connect(&config)?,
            None => portcullis::client::connect_inherited(&config)?,
        };
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
