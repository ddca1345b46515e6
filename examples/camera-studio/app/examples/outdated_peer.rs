//! A process that was built from another contract: what main starts instead of a worker or a renderer in the tests. It
//! offers every interface in a shape that nobody else has, and waits for what main says to that.

use camera_studio_contract::{CameraWorkerInterface, LiveInterface};
use portcullis::peer::PeerConfig;
use portcullis::rpc::{Descriptor, Interface};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let interfaces =
        [CameraWorkerInterface::descriptor(), LiveInterface::descriptor()].map(outdated).to_vec();
    let config = PeerConfig { client: "outdated".to_owned(), interfaces, ..PeerConfig::default() };
    let peer = portcullis::client::connect_inherited(&config)?;
    peer.closed().await;
    Ok(())
}

fn outdated(now: &'static Descriptor) -> &'static Descriptor {
    let mut shape = now.shape.clone();
    shape.hash[0] ^= 1;
    let digests = now.digests.iter().map(|digest| digest ^ 1).collect();
    let channels = now.channels.clone();
    Box::leak(Box::new(Descriptor {
        name: now.name,
        version: now.version,
        shape,
        digests,
        channels,
    }))
}
