//! One camera: keeps its worker process running while the camera is plugged in, starts it again when it ends by itself,
//! and tells it about settings.

use std::ffi::OsStr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camera_studio_contract::{
    CameraId, CameraStatus, CameraWorkerClient, CameraWorkerInterface, ChannelKind, Progress,
    Settings, WorkerError,
};
use portcullis::hub::{Events, HubEvent};
use portcullis::peer::Target;
use portcullis::process::Process;
use portcullis::rpc::{Failure, Interface};
use portcullis::{Status, codec};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::cameras::{State, add};
use super::children::{Backoff, end};
use super::context::Context;
use super::log::Line;
use super::roles;
use super::settings::Controls;
use crate::source::SourceSpec;
use crate::{child, clock, text};

/// How long a worker has to connect and to serve.
const SERVE_TIME: Duration = Duration::from_secs(5);
/// How long a worker has to open a file or a pattern.
const OPEN_TIME: Duration = Duration::from_secs(4);
/// How long a worker has to open standard input: somebody may still be starting what writes it.
const OPEN_STDIN_TIME: Duration = Duration::from_secs(60);
/// How long a worker has to close its source when it is unplugged.
const STOP_TIME: Duration = Duration::from_secs(1);
/// How often a worker is asked how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// What is asked of a camera.
pub(super) enum Command {
    /// To be plugged in; answered when its source is open.
    Plug(oneshot::Sender<Result<(), String>>),
    /// To be unplugged; answered when its worker has ended.
    Unplug(oneshot::Sender<()>),
    /// To publish nothing more; answered when its progress is known.
    Settle(oneshot::Sender<()>),
}

/// Looks after one camera.
pub(super) struct Keeper {
    id: CameraId,
    label: String,
    spec: SourceSpec,
    context: Context,
    state: Arc<State>,
    /// What workers that have ended had done.
    before: Progress,
    /// What the present worker has said last.
    current: Progress,
}

/// A worker that runs and has opened its source.
struct Worker {
    process: Process,
    client: CameraWorkerClient,
    started: Instant,
}

/// How a worker's run ended.
enum Ended {
    /// By itself.
    Lost,
    /// Its source has broken off; starting it again would not help.
    Source(String),
    /// It was unplugged.
    Unplugged(oneshot::Sender<()>),
    /// The studio quits.
    Quit,
}

/// Why a worker does not run.
enum StartError {
    /// Its source cannot be opened: starting it again would not help.
    Source(String),
    /// It could not be started, or has ended at once.
    Other(String),
}

impl Keeper {
    pub(super) fn new(id: CameraId, spec: SourceSpec, context: Context, state: Arc<State>) -> Self {
        let label = format!("camera-{}", id.0);
        Self {
            id,
            label,
            spec,
            context,
            state,
            before: Progress::default(),
            current: Progress::default(),
        }
    }

    /// Until the studio quits.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.recv().await {
            match command {
                Command::Plug(done) => {
                    if let Some(unplugged) = self.plugged(done, &mut commands).await {
                        let _ = unplugged.send(());
                    }
                }
                Command::Unplug(done) | Command::Settle(done) => {
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
            }
        }
    }

    fn status(&self, status: CameraStatus) {
        self.state.update(self.id, |camera| camera.status = status);
    }

    /// Keeps a worker running until the camera is unplugged or has failed. Returns who waits for its end.
    async fn plugged(
        &mut self,
        plugged: oneshot::Sender<Result<(), String>>,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Option<oneshot::Sender<()>> {
        let mut waiting = Some(plugged);
        let mut backoff = Backoff::new();
        // Every turn is one run of a worker; before each but the first there is a wait.
        loop {
            self.status(CameraStatus::Starting);
            let began = clock::monotonic();
            let ended = match self.start().await {
                Ok(worker) => {
                    if let Some(plugged) = waiting.take() {
                        self.state.announce(self.id, true);
                        let _ = plugged.send(Ok(()));
                    }
                    let began = worker.started;
                    let ended = self.attend(worker, commands).await;
                    self.account();
                    (ended, began)
                }
                Err(StartError::Source(reason)) => (Ended::Source(reason), began),
                Err(StartError::Other(reason)) if waiting.is_some() => {
                    (Ended::Source(reason), began)
                }
                Err(StartError::Other(_)) => (Ended::Lost, began),
            };
            match ended {
                (Ended::Lost, _) if self.context.is_closing() => return None,
                (Ended::Lost, began) => {
                    let restarts = self.context.restarts.count(&self.label);
                    self.state.update(self.id, |camera| {
                        camera.status = CameraStatus::Starting;
                        camera.restarts = restarts;
                    });
                    let lived = clock::monotonic().saturating_duration_since(began);
                    match self.wait(backoff.after(lived), commands).await {
                        Some(Ended::Unplugged(done)) => return Some(self.unplugged(done)),
                        Some(_) => return None,
                        None => {}
                    }
                }
                (Ended::Source(reason), _) => {
                    self.status(CameraStatus::Failed { reason: text::cut(reason.clone()) });
                    match waiting {
                        Some(plugged) => {
                            let _ = plugged.send(Err(text::cut(reason)));
                        }
                        None => self.state.announce(self.id, false),
                    }
                    return None;
                }
                (Ended::Unplugged(done), _) => return Some(self.unplugged(done)),
                (Ended::Quit, _) => return None,
            }
        }
    }

    fn unplugged(&self, done: oneshot::Sender<()>) -> oneshot::Sender<()> {
        self.status(CameraStatus::Unplugged);
        self.state.announce(self.id, false);
        done
    }

    /// Waits before a restart; ends early when the camera is plugged in again, and tells when it is unplugged.
    async fn wait(&self, wait: Duration, commands: &mut mpsc::Receiver<Command>) -> Option<Ended> {
        let until = tokio::time::Instant::now() + wait;
        // Every turn answers a command.
        loop {
            match tokio::time::timeout_at(until, commands.recv()).await {
                Err(_) => return None,
                Ok(None) => return Some(Ended::Quit),
                Ok(Some(Command::Plug(done))) => {
                    let _ = done.send(Ok(()));
                    return None;
                }
                Ok(Some(Command::Unplug(done))) => return Some(Ended::Unplugged(done)),
                Ok(Some(Command::Settle(done))) => {
                    let _ = done.send(());
                }
            }
        }
    }

    /// Starts a worker and lets it open its source.
    async fn start(&self) -> Result<Worker, StartError> {
        let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
        let output = match self.spec {
            SourceSpec::Stdin => standard_input().map_err(|error| other(&error))?,
            _ => Stdio::null(),
        };
        let mut events = self.context.hub.events();
        let spawner = &self.context.spawner;
        let mut arguments = vec![OsStr::new(child::WORKER)];
        if let SourceSpec::File(path) = &self.spec {
            arguments.push(path.as_os_str());
        }
        let mut process = spawner
            .spawn(&self.label, roles::CAMERA, &arguments, output)
            .map_err(|error| other(&error))?;
        tokio::select! {
            served = timeout(SERVE_TIME, serves(&mut events, &self.label)) => {
                if served != Ok(true) {
                    return Err(StartError::Other("its process did not connect in time".to_owned()));
                }
            }
            ended = process.wait() => {
                let (status, goodbye) = ended.map_err(|error| other(&error))?;
                self.context.contract_differs(&self.label, &goodbye);
                return Err(StartError::Other(format!("its process has ended at once ({status})")));
            }
        }
        let target = Target::Label(self.label.clone());
        let client: CameraWorkerClient =
            self.context.main.bind(target).await.map_err(|error| other(&error))?;
        let time = if self.spec == SourceSpec::Stdin { OPEN_STDIN_TIME } else { OPEN_TIME };
        let Controls { settings, selected } = self.context.controls.borrow().clone();
        let publishing = selected == Some(self.id);
        let spec = self.spec.to_string();
        let opening = client.with_timeout(time).start(self.id, spec, settings, publishing);
        match opening.await {
            Ok(format) => {
                self.state.opened(self.id, &format);
                Ok(Worker { process, client, started: clock::monotonic() })
            }
            Err(Failure::App(WorkerError::Source { reason })) => Err(StartError::Source(reason)),
            Err(error) => Err(other(&error)),
        }
    }

    /// Tells a worker about settings and asks for its progress, until it ends or is to end.
    async fn attend(
        &mut self,
        mut worker: Worker,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Ended {
        let mut controls = self.context.controls.subscribe();
        controls.mark_changed();
        let mut progress = interval(PROGRESS_EVERY);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Every turn waits for one of these.
        loop {
            tokio::select! {
                ended = worker.process.wait() => {
                    if let Ok((_, goodbye)) = &ended {
                        self.context.contract_differs(&self.label, goodbye);
                    }
                    return Ended::Lost;
                }
                changed = controls.changed() => {
                    if changed.is_err() {
                        end(worker.process).await;
                        return Ended::Quit;
                    }
                    let now = controls.borrow_and_update().clone();
                    let publishing = now.selected == Some(self.id);
                    self.adjust(&worker, now.settings, publishing);
                }
                _ = progress.tick() => {
                    if let Err(reason) = self.ask(&worker).await {
                        end(worker.process).await;
                        return Ended::Source(reason);
                    }
                }
                command = commands.recv() => match command {
                    None => {
                        end(worker.process).await;
                        return Ended::Quit;
                    }
                    Some(Command::Plug(done)) => {
                        let _ = done.send(Ok(()));
                    }
                    Some(Command::Settle(done)) => {
                        let settings = self.context.controls.borrow().settings.clone();
                        self.adjust(&worker, settings, false);
                        let _ = self.ask(&worker).await;
                        let _ = done.send(());
                    }
                    Some(Command::Unplug(done)) => {
                        let settings = self.context.controls.borrow().settings.clone();
                        self.adjust(&worker, settings, false);
                        let _ = self.ask(&worker).await;
                        // One that does not answer is ended all the same.
                        let _ = worker.client.with_timeout(STOP_TIME).stop().await;
                        end(worker.process).await;
                        return Ended::Unplugged(done);
                    }
                },
            }
        }
    }

    /// Tells a worker about settings. The hub reports calls and what is published; a notification is logged by its sender.
    fn adjust(&self, worker: &Worker, settings: Settings, publishing: bool) {
        let bytes = codec::to_bytes(&settings).map_or(0, |bytes| bytes.len() + 1);
        // A worker that is gone is found by whoever waits for its process.
        let _ = worker.client.adjust(settings, publishing);
        self.context.log.add(Line {
            channel: format!("{}.adjust", CameraWorkerInterface::NAME),
            kind: ChannelKind::Notification,
            from: String::new(),
            to: self.label.clone(),
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            duration: None,
            outcome: Status::Ok.name().to_owned(),
        });
    }

    /// Asks a worker how far it is; fails when its source has ended or broken off.
    async fn ask(&mut self, worker: &Worker) -> Result<(), String> {
        // One that does not answer has ended, or is busy: the next turn tells.
        let Ok(progress) = worker.client.progress().await else { return Ok(()) };
        self.state.set_progress(self.id, add(&self.before, &progress));
        self.current = progress;
        self.current.ended.take().map_or(Ok(()), Err)
    }

    /// A worker has ended: what it has said last is what it has done.
    fn account(&mut self) {
        self.before = add(&self.before, &std::mem::take(&mut self.current));
    }
}

/// Waits until the worker with this label serves.
async fn serves(events: &mut Events, label: &str) -> bool {
    while let Some(event) = events.next().await {
        if let HubEvent::Served { interface, label: server, .. } = event
            && &*interface == CameraWorkerInterface::NAME
            && server == label
        {
            return true;
        }
    }
    false
}

/// Main's own standard input, for the worker that reads it.
fn standard_input() -> std::io::Result<Stdio> {
    use std::os::fd::AsFd;
    Ok(Stdio::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}
