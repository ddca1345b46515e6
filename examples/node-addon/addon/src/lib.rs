//! An application's own addon: services in Rust for a main process in JavaScript. Built with plain cargo, and loaded by
//! `@portcullis/node` as `new Hub({ addon: 'target/release/libnode_addon_example.so', roles })`.

use std::sync::OnceLock;
use std::time::Duration;

use node_addon_contract::{
    Pictures, PicturesPublisher, PicturesServer, Point, ThumbnailError, contract,
};
use portcullis::hub::{Hosted, ServeError};
use portcullis::{Call, Hub, Sink};

portcullis_node::export!(contract, services);

/// What is served on each hub that JavaScript makes.
fn services(hub: &Hub) -> Result<Vec<Hosted>, ServeError> {
    let studio = std::sync::Arc::new(Studio::default());
    let hosted = hub.serve(PicturesServer::from_arc(std::sync::Arc::clone(&studio)))?;
    let publisher: PicturesPublisher = hosted.publisher();
    // The first value; whoever subscribes gets it.
    let _ = publisher.chosen(&0);
    let _ = studio.publisher.set(publisher);
    Ok(vec![hosted])
}

/// Largest picture, in pixels.
const SIZE_MAX: u32 = 1024;

#[derive(Default)]
struct Studio {
    publisher: OnceLock<PicturesPublisher>,
}

impl Pictures for Studio {
    async fn mirror(&self, _: &Call, point: Point) -> Point {
        Point { x: -point.x, ..point }
    }

    async fn linger(&self, _: &Call, ms: u32) {
        std::thread::sleep(Duration::from_millis(ms.into()));
    }

    async fn later(&self, _: &Call, ms: u32) -> u32 {
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
        ms
    }

    async fn thumbnail(&self, _: &Call, size: u32) -> Result<Vec<u8>, ThumbnailError> {
        match size {
            0 => Err(ThumbnailError::Empty),
            1..=SIZE_MAX => Ok((0..size * size).map(|at| (at / size * 255 / size) as u8).collect()),
            size => Err(ThumbnailError::TooLarge { size }),
        }
    }

    async fn block(&self, _: &Call, ms: u32) -> u32 {
        std::thread::sleep(Duration::from_millis(ms.into()));
        ms
    }

    async fn count(&self, _: &Call, count: u32, mut out: Sink<u32>) -> u32 {
        for number in 0..count {
            if out.send(&number).await.is_err() {
                return number;
            }
        }
        count
    }

    async fn bytes(&self, _: &Call, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    async fn choose(&self, _: &Call, picture: u32) {
        if let Some(publisher) = self.publisher.get() {
            let _ = publisher.chosen(&picture);
        }
    }

    async fn fault(&self, _: &Call) {
        panic!("asked to");
    }

    async fn fault_inline(&self, _: &Call) {
        panic!("asked to, inline");
    }

    async fn tick(&self, _: &Call, count: u32) {
        for number in 0..count {
            if let Some(publisher) = self.publisher.get() {
                let _ = publisher.ticked(&number);
            }
        }
    }
}
