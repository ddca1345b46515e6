//! The camera worker process: serves `studio.worker` to main, and publishes pictures. Reading and pacing them is `pump`.

mod pace;
mod pump;

use std::error::Error;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use camera_studio_contract::{
    CameraId, CameraWorker, CameraWorkerInterface, CameraWorkerServer, Format, LiveClient,
    LiveInterface, LivePublisher, Progress, Settings, WorkerError,
};
use portcullis::Call;
use portcullis::peer::{Peer, Target};
use portcullis::rpc::Interface;
use portcullis::sandbox::Profile;

use crate::child;
use crate::source::{self, Source, SourceError, SourceSpec};
use pump::Pump;

/// What a worker may read when its file is not there: that it is missing is found out, and told, when it is opened.
const NOTHING: &str = "/dev/null";

/// Runs the process until main is gone. `file` is what it may read.
pub fn run(file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let profile = match file {
        Some(file) => Profile::worker().read(if file.exists() { file } else { Path::new(NOTHING) }),
        None => Profile::worker(),
    };
    let interfaces = vec![CameraWorkerInterface::descriptor(), LiveInterface::descriptor()];
    child::run(profile, "camera", interfaces, |peer| async move {
        let live: LiveClient = peer.bind(Target::Any).await?;
        let worker = Worker {
            peer: peer.clone(),
            publisher: live.publisher(),
            pump: Arc::new(Mutex::new(None)),
        };
        let _serving = peer.serve(CameraWorkerServer::new(worker), "").await?;
        peer.closed().await;
        Ok(())
    })
}

/// The camera: nothing, or a pump that runs.
struct Worker {
    peer: Peer,
    publisher: LivePublisher,
    pump: Arc<Mutex<Option<Pump>>>,
}

impl Worker {
    fn with_pump<R>(&self, work: impl FnOnce(&mut Option<Pump>) -> R) -> R {
        work(&mut self.pump.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens a source. A worker's own standard input is its connection; main hands it its own as standard output, for which
/// a worker has no other use.
fn open(spec: &SourceSpec, variant: u32) -> Result<Box<dyn Source>, SourceError> {
    match spec {
        SourceSpec::Stdin => {
            let unreadable =
                |error| SourceError::Unreadable { name: "standard input".to_owned(), error };
            let input = std::io::stdout().as_fd().try_clone_to_owned().map_err(unreadable)?;
            source::open_standard_input(File::from(input))
        }
        other => source::open(other, variant),
    }
}

fn broken(reason: impl ToString) -> WorkerError {
    WorkerError::Source { reason: crate::text::cut(reason.to_string()) }
}

impl CameraWorker for Worker {
    async fn start(
        &self,
        _: &Call,
        camera: CameraId,
        source: String,
        settings: Settings,
        publishing: bool,
    ) -> Result<Format, WorkerError> {
        if self.with_pump(|pump| pump.is_some()) {
            return Err(WorkerError::AlreadyStarted);
        }
        let spec: SourceSpec = source.parse().map_err(broken)?;
        let variant = camera.0.wrapping_sub(1);
        // Standard input may keep its header for itself for a long time.
        let opened = tokio::task::spawn_blocking(move || open(&spec, variant));
        let source = opened.await.map_err(broken)?.map_err(broken)?;
        let format = Format {
            width: u32::try_from(source.size().width()).unwrap_or(u32::MAX),
            height: u32::try_from(source.size().height()).unwrap_or(u32::MAX),
            frames_per_second: source.rate().per_second(),
        };
        let begin = (settings, publishing);
        let pump = Pump::start(source, camera, begin, self.peer.clone(), self.publisher.clone())
            .map_err(broken)?;
        self.with_pump(|held| {
            if held.is_some() {
                return Err(WorkerError::AlreadyStarted);
            }
            *held = Some(pump);
            Ok(format)
        })
    }

    async fn stop(&self, _: &Call) {
        self.with_pump(|pump| *pump = None);
    }

    async fn adjust(&self, _: &Call, settings: Settings, publishing: bool) {
        self.with_pump(|pump| {
            if let Some(pump) = pump {
                pump.adjust(settings, publishing);
            }
        });
    }

    async fn progress(&self, _: &Call) -> Result<Progress, WorkerError> {
        self.with_pump(|pump| pump.as_ref().map(Pump::progress).ok_or(WorkerError::NotStarted))
    }
}
