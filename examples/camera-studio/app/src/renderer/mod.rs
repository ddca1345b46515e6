//! The native renderer processes: `light` measures every picture, `statistics` only counts. Both tell main once a second
//! how pictures reach them.

mod receiver;

use std::error::Error;

use camera_studio_contract::{
    LiveClient, LiveInterface, Measurement, MeasurementsClient, MeasurementsInterface,
    ReportsInterface,
};
use portcullis::peer::{Peer, Target};
use portcullis::rpc::Interface;
use portcullis::sandbox::Profile;

use crate::analysis::LightMeter;
use crate::child;
use crate::picture::{Picture, Size};
use receiver::Receiver;

/// What a renderer does with the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Measures brightness and motion of every picture.
    Light,
    /// Records how pictures arrive.
    Statistics,
}

impl Kind {
    /// Its name on the command line, which is its label too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Statistics => "statistics",
        }
    }
}

/// Runs the process until main is gone.
pub fn run(kind: Kind) -> Result<(), Box<dyn Error>> {
    let mut interfaces = vec![LiveInterface::descriptor(), ReportsInterface::descriptor()];
    if kind == Kind::Light {
        interfaces.push(MeasurementsInterface::descriptor());
    }
    child::run(Profile::renderer(), kind.name(), interfaces, |peer| async move {
        match kind {
            Kind::Light => light(&peer).await,
            Kind::Statistics => statistics(&peer).await,
        }
    })
}

async fn statistics(peer: &Peer) -> Result<(), Box<dyn Error>> {
    let live: LiveClient = peer.bind(Target::Any).await?;
    let mut frames = live.subscribe_frame();
    let receiver = Receiver::start(peer).await?;
    while let Some(frame) = frames.next().await? {
        receiver.arrived(&frame, frames.missed());
    }
    Ok(())
}

async fn light(peer: &Peer) -> Result<(), Box<dyn Error>> {
    let live: LiveClient = peer.bind(Target::Any).await?;
    let measurements: MeasurementsClient = peer.bind(Target::Any).await?;
    let publisher = measurements.publisher();
    let mut frames = live.subscribe_frame();
    let receiver = Receiver::start(peer).await?;
    let mut meter = LightMeter::default();
    let mut camera = None;
    while let Some(frame) = frames.next().await? {
        receiver.arrived(&frame, frames.missed());
        if camera.replace(frame.camera) != Some(frame.camera) {
            meter.reset();
        }
        // The contract bounds each of these alone, not that they fit together.
        let Ok(size) = Size::new(frame.width, frame.height) else { continue };
        let (camera, sequence) = (frame.camera, frame.sequence);
        let Some(picture) = Picture::from_data(size, frame.data) else { continue };
        let light = meter.measure(&picture);
        let (brightness, motion) = (light.brightness, light.motion);
        publisher.measured(&Measurement { camera, sequence, brightness, motion })?;
    }
    Ok(())
}
