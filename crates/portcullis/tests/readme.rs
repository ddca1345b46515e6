//! The README's Rust, compiled and run; the last test holds the two together.
#![allow(missing_docs, reason = "the README's contract documents what a reader needs to see")]

mod shown;

use std::time::Duration;

use portcullis::peer::{PeerConfig, Target};
use portcullis::{Hub, Role};

#[rustfmt::skip]
#[allow(unreachable_pub, reason = "a contract is a crate of its own")]
mod contract {
// contract begin
use portcullis::{Call, Sink};

#[portcullis::message]
#[derive(Clone, Debug)]
pub struct Camera {
    pub id: u32,
    #[limit(len <= 128)]
    pub name: String,
}

#[portcullis::message]
#[derive(Clone, Debug)]
pub enum CameraError {
    Unplugged { id: u32 },
}

#[portcullis::interface(name = "studio.cameras", version = 1)]
pub trait Cameras {
    /// Lists the attached cameras.
    #[call(deadline = "2s", idempotent)]
    async fn list(&self, cx: &Call) -> Vec<Camera>;
    /// Live frames of one camera; when the window is slow, the oldest goes.
    #[stream(overflow = "drop_oldest")]
    async fn frames(&self, cx: &Call, camera: u32, out: Sink<Vec<u8>>) -> Result<(), CameraError>;
    #[event]
    fn attached(camera: Camera);
    #[state]
    fn selected(camera: Option<u32>);
}

portcullis::contract! { name = "studio", interfaces = [Cameras] }
// contract end
}

use contract::{
    Camera, CameraError, Cameras, CamerasClient, CamerasPublisher, CamerasServer, contract,
};
use portcullis::{Call, Sink};

struct Studio;

impl Cameras for Studio {
    async fn list(&self, _: &Call) -> Vec<Camera> {
        vec![Camera { id: 1, name: "left".into() }]
    }

    async fn frames(
        &self,
        _: &Call,
        camera: u32,
        mut out: Sink<Vec<u8>>,
    ) -> Result<(), CameraError> {
        if camera != 1 {
            return Err(CameraError::Unplugged { id: camera });
        }
        // A caller that has had enough ends the flow.
        let _ = out.send(&vec![1, 2, 3]).await;
        Ok(())
    }
}

#[tokio::test]
async fn the_readme_works() -> Result<(), Box<dyn std::error::Error>> {
    tokio::time::timeout(Duration::from_secs(60), async {
        // main begin
        let viewer = Role::new("viewer").call("studio.cameras.*").subscribe("studio.cameras.*");
        let hub = Hub::builder(contract()).role(viewer).build()?;
        let cameras = hub.serve(CamerasServer::new(Studio))?;
        cameras.publisher::<CamerasPublisher>().selected(&Some(1))?;
        // main end
        let peer = hub.connect("viewer-1", "viewer", &PeerConfig::default())?;
        // client begin
        let cameras: CamerasClient = peer.bind(Target::Any).await?;
        for camera in cameras.list().await? {
            println!("{}: {}", camera.id, camera.name);
        }
        // client end
        let mut frames = cameras.frames(1);
        assert_eq!(frames.next().await?, Some(vec![1, 2, 3]));
        let mut selected = cameras.watch_selected();
        assert_eq!(selected.next().await?, Some(Some(1)));
        Ok(())
    })
    .await?
}

#[test]
fn the_readme_shows_these_lines() {
    let readme = include_str!("../../../README.md");
    shown::shows(readme, include_str!("readme.rs"), &["contract", "main", "client"]);
}
