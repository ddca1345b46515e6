//! What main serves, whoever owns the windows: cameras and their processes, settings, notices, reports and the message log.
//! The studio's own main starts it, and so does an addon in a main process of another kind.

use std::path::PathBuf;
use std::sync::Arc;

use camera_studio_contract::{LiveInterface, MeasurementsInterface};
use portcullis::hub::{Hosted, Hub};

use super::cameras::Studio;
use super::context::Context;
use super::error::StudioError;
use super::notices::Board;
use super::observer::Observer;
use super::receivers::Receivers;
use super::settings::Store;
use crate::cli;
use crate::source::SourceSpec;

/// The parts that tell figures.
pub(super) struct Services {
    pub(super) cameras: Arc<Studio>,
    pub(super) receivers: Arc<Receivers>,
    pub(super) observer: Arc<Observer>,
}

impl Services {
    /// Serves everything from now on, for as long as what is added to `hosted` is held. No camera is plugged in yet.
    pub(super) fn start(
        context: &Context,
        sources: &[SourceSpec],
        hosted: &mut Vec<Hosted>,
    ) -> Result<Self, StudioError> {
        let hub = &context.hub;
        let observer = Observer::start(hub, Arc::clone(&context.log));
        let (receivers, receivers_hosted) = Receivers::serve(hub)?;
        let (cameras, cameras_hosted) = Studio::serve(context, sources)?;
        hosted.extend([
            context.log.serve(hub)?,
            receivers_hosted,
            cameras_hosted,
            Store::serve(hub, context.controls.clone())?,
            Board::serve(hub)?,
            hub.host_topics::<LiveInterface>("")?,
            hub.host_topics::<MeasurementsInterface>("")?,
        ]);
        Ok(Self { cameras, receivers, observer })
    }
}

/// Serves the studio on a hub of somebody else's, and plugs in the cameras of a command line that names none. Their
/// workers run `program`, which is the studio's binary; `role` is that of the client that asks them. Call it inside of the
/// hub's runtime.
///
/// # Errors
///
/// When the hub's contract or roles are not the studio's. What keeps a camera from starting stands in the list of cameras.
pub fn host(hub: &Hub, role: &str, program: PathBuf) -> Result<Vec<Hosted>, StudioError> {
    let sources = cli::Cameras::default().sources().map_err(StudioError::Arguments)?;
    let (context, _) = Context::new(hub, role, program, None)?;
    let mut hosted = Vec::new();
    let services = Services::start(&context, &sources, &mut hosted)?;
    tokio::spawn(async move {
        // Whoever looks at the list of cameras sees why one has failed.
        let _ = services.cameras.plug_all().await;
    });
    Ok(hosted)
}
