//! The cameras of the studio, as windows see and change them: one list that all share, and calls that are handed to the
//! camera they are about. Running a camera's worker is `camera`.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use camera_studio_contract::{
    Camera, CameraError, CameraId, CameraList, CameraStatus, Cameras, CamerasPublisher,
    CamerasServer, Format, Progress,
};
use portcullis::Call;
use portcullis::hub::Hosted;
use tokio::sync::{mpsc, oneshot};

use super::camera::{Command, Keeper};
use super::context::Context;
use super::error::StudioError;
use super::settings::Controls;
use crate::source::{self, SourceSpec};

/// Calls that may wait for a camera that is busy being plugged or unplugged.
const COMMANDS_MAX: usize = 16;

/// How long the cameras have, at the end, to tell how far they have come.
const SETTLE_TIME: Duration = Duration::from_secs(2);

/// Serves `studio.cameras`.
pub(super) struct Studio {
    state: Arc<State>,
    commands: Vec<mpsc::Sender<Command>>,
    context: Context,
}

/// What all windows see.
pub(super) struct State {
    list: Mutex<CameraList>,
    publisher: OnceLock<CamerasPublisher>,
    progress: Mutex<Vec<Progress>>,
}

impl State {
    /// Changes a camera, and shows it to everybody.
    pub(super) fn update(&self, id: CameraId, change: impl FnOnce(&mut Camera)) {
        self.change(|list| {
            if let Some(camera) = list.cameras.iter_mut().find(|camera| camera.id == id) {
                change(camera);
            }
        });
    }

    /// Says that a camera was plugged in, or is gone.
    pub(super) fn announce(&self, id: CameraId, attached: bool) {
        let list = self.lock();
        let Some(camera) = list.cameras.iter().find(|camera| camera.id == id) else { return };
        let Some(publisher) = self.publisher.get() else { return };
        // It fails only when the hub is gone.
        let _ = if attached { publisher.attached(camera) } else { publisher.detached(camera) };
    }

    /// What a source turned out to give.
    pub(super) fn opened(&self, id: CameraId, format: &Format) {
        self.update(id, |camera| {
            camera.width = format.width;
            camera.height = format.height;
            camera.frames_per_second = format.frames_per_second;
            camera.status = CameraStatus::Live;
        });
    }

    /// What a camera's workers have done in all.
    pub(super) fn set_progress(&self, id: CameraId, progress: Progress) {
        let mut all = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = all.get_mut(id.0.saturating_sub(1) as usize) {
            *slot = progress;
        }
    }

    fn change(&self, change: impl FnOnce(&mut CameraList)) {
        // Held while the value is published, so that values leave in order.
        let mut list = self.lock();
        change(&mut list);
        if let Some(publisher) = self.publisher.get() {
            let _ = publisher.cameras(&list);
        }
    }

    fn lock(&self) -> MutexGuard<'_, CameraList> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Studio {
    /// Serves the cameras from now on; none is plugged in yet.
    pub(super) fn serve(
        context: &Context,
        sources: &[SourceSpec],
    ) -> Result<(Arc<Self>, Hosted), StudioError> {
        let cameras = sources.iter().zip(1..).map(|(spec, number)| camera(spec, number));
        let cameras = cameras.collect::<Result<Vec<_>, _>>()?;
        let selected = cameras.first().map(|camera| camera.id);
        context.controls.send_modify(|controls| controls.selected = selected);
        let state = Arc::new(State {
            progress: Mutex::new(vec![Progress::default(); cameras.len()]),
            list: Mutex::new(CameraList { cameras, selected }),
            publisher: OnceLock::new(),
        });
        let mut commands = Vec::new();
        for (spec, number) in sources.iter().zip(1..) {
            let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
            let keeper =
                Keeper::new(CameraId(number), spec.clone(), context.clone(), Arc::clone(&state));
            context.spawn(keeper.run(receiver));
            commands.push(sender);
        }
        let studio = Arc::new(Self { state, commands, context: context.clone() });
        let hosted = context.hub.serve(CamerasServer::from_arc(Arc::clone(&studio)))?;
        let _ = studio.state.publisher.set(hosted.publisher());
        studio.state.change(|_| ());
        Ok((studio, hosted))
    }

    /// Plugs all cameras in.
    pub(super) async fn plug_all(&self) -> Result<(), StudioError> {
        for id in self.ids() {
            let plugged = self.ask(id, Command::Plug).await;
            plugged.unwrap_or(Ok(())).map_err(StudioError::Camera)?;
        }
        Ok(())
    }

    /// Lets no camera publish any more; afterwards [`Self::progress`] is exact.
    pub(super) async fn settle(&self) {
        let all = async {
            for id in self.ids() {
                self.ask(id, Command::Settle).await;
            }
        };
        // A camera that does not answer keeps its last word.
        let _ = tokio::time::timeout(SETTLE_TIME, all).await;
    }

    /// What all cameras have done so far.
    pub(super) fn progress(&self) -> Progress {
        let all = self.state.progress.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().fold(Progress::default(), |sum, each| add(&sum, each))
    }

    fn ids(&self) -> impl Iterator<Item = CameraId> + use<> {
        (1..=u32::try_from(self.commands.len()).unwrap_or(u32::MAX)).map(CameraId)
    }

    /// Hands a command to a camera; nothing when there is no such camera, or when the studio is quitting.
    async fn ask<R>(
        &self,
        id: CameraId,
        command: impl FnOnce(oneshot::Sender<R>) -> Command,
    ) -> Option<R> {
        let commands = self.commands.get(id.0.checked_sub(1)? as usize)?;
        let (sender, receiver) = oneshot::channel();
        commands.send(command(sender)).await.ok()?;
        receiver.await.ok()
    }
}

/// A sum of what workers have done.
pub(super) fn add(one: &Progress, two: &Progress) -> Progress {
    Progress {
        taken: one.taken + two.taken,
        published: one.published + two.published,
        dropped: one.dropped + two.dropped,
        bytes: one.bytes + two.bytes,
        ended: None,
    }
}

/// A camera that is not plugged in. Its source is opened once, so that what is wrong with it is known at once; except
/// standard input, which can be read only once.
fn camera(spec: &SourceSpec, number: u32) -> Result<Camera, StudioError> {
    let (mut width, mut height, mut frames_per_second) = (0, 0, 0.0);
    if *spec != SourceSpec::Stdin {
        let source = source::open(spec, number - 1)?;
        width = u32::try_from(source.size().width()).unwrap_or(u32::MAX);
        height = u32::try_from(source.size().height()).unwrap_or(u32::MAX);
        frames_per_second = source.rate().per_second();
    }
    Ok(Camera {
        id: CameraId(number),
        name: format!("Camera {number}"),
        source: spec.to_string(),
        width,
        height,
        frames_per_second,
        status: CameraStatus::Unplugged,
        restarts: 0,
    })
}

impl Cameras for Studio {
    async fn list(&self, _: &Call) -> CameraList {
        self.state.lock().clone()
    }

    async fn plug(&self, _: &Call, camera: CameraId) -> Result<(), CameraError> {
        match self.ask(camera, Command::Plug).await {
            None => Err(CameraError::NoSuchCamera { camera }),
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => Err(CameraError::CannotStart { camera, reason }),
        }
    }

    async fn unplug(&self, _: &Call, camera: CameraId) -> Result<(), CameraError> {
        self.ask(camera, Command::Unplug).await.ok_or(CameraError::NoSuchCamera { camera })
    }

    async fn select(&self, _: &Call, camera: CameraId) -> Result<(), CameraError> {
        let mut outcome = Err(CameraError::NoSuchCamera { camera });
        self.state.change(|list| {
            let Some(found) = list.cameras.iter().find(|each| each.id == camera) else { return };
            if found.status == CameraStatus::Unplugged {
                outcome = Err(CameraError::Unplugged { camera });
                return;
            }
            list.selected = Some(camera);
            let select = |controls: &mut Controls| controls.selected = Some(camera);
            self.context.controls.send_modify(select);
            outcome = Ok(());
        });
        outcome
    }
}
