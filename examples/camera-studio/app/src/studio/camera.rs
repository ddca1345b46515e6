//! One camera: keeps its worker process running while the camera is plugged in, starts it again when it ends by itself,
//! and tells it about settings.

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use camera_studio_contract::{
    CameraId, CameraStatus, CameraWorkerClient, CameraWorkerInterface, ChannelKind, Progress,
    Settings, WorkerError,
};
use portcullis::codec;
use portcullis::peer::Target;
use portcullis::rpc::{Failure, Interface};
use portcullis::supervisor::{Exit, Phase, Status, Supervised};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use super::cameras::{State, add};
use super::context::Context;
use super::log::Line;
use super::roles;
use super::settings::Controls;
use crate::source::SourceSpec;
use crate::{child, text};

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

/// A worker that is kept running.
struct Worker {
    supervised: Supervised,
    /// Which of its runs is looked after.
    run: u32,
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
    /// Starting it again would not help.
    Source(String),
    /// This run of it is of no use.
    Other(String),
    /// The camera is not to run any more.
    Ended(Ended),
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
        let mut worker = Worker { supervised: self.supervise(), run: 0 };
        // Every turn is one run of a worker; the waits between them are the supervisor's.
        let ended = loop {
            self.status(CameraStatus::Starting);
            match self.start(&mut worker, commands, waiting.is_some()).await {
                Ok(client) => {
                    if let Some(plugged) = waiting.take() {
                        self.state.announce(self.id, true);
                        let _ = plugged.send(Ok(()));
                    }
                    let ended = self.attend(&mut worker, &client, commands).await;
                    self.account();
                    if !matches!(ended, Ended::Lost) {
                        break ended;
                    }
                }
                Err(StartError::Ended(ended)) => break ended,
                Err(StartError::Source(reason)) => break Ended::Source(reason),
                Err(StartError::Other(reason)) if waiting.is_some() => {
                    break Ended::Source(reason);
                }
                // Another run may be of more use.
                Err(StartError::Other(_)) => drop(worker.supervised.kill()),
            }
        };
        worker.supervised.stop().await;
        match ended {
            Ended::Source(reason) => self.failed(waiting, reason),
            Ended::Unplugged(done) => Some(self.unplugged(done)),
            Ended::Lost | Ended::Quit => None,
        }
    }

    /// The camera has failed. Whoever plugs it in is told, or everybody.
    fn failed(
        &self,
        waiting: Option<oneshot::Sender<Result<(), String>>>,
        reason: String,
    ) -> Option<oneshot::Sender<()>> {
        self.status(CameraStatus::Failed { reason: text::cut(reason.clone()) });
        match waiting {
            Some(plugged) => {
                let _ = plugged.send(Err(text::cut(reason)));
            }
            None => self.state.announce(self.id, false),
        }
        None
    }

    fn unplugged(&self, done: oneshot::Sender<()>) -> oneshot::Sender<()> {
        self.status(CameraStatus::Unplugged);
        self.state.announce(self.id, false);
        done
    }

    /// Has a worker started, and kept running.
    fn supervise(&self) -> Supervised {
        let spawner = &self.context.spawner;
        let mut arguments = vec![OsString::from(child::WORKER)];
        if let SourceSpec::File(path) = &self.spec {
            arguments.push(path.into());
        }
        let reads_input = self.spec == SourceSpec::Stdin;
        let output = move || if reads_input { standard_input() } else { Ok(Stdio::null()) };
        let spec = spawner
            .spec(&self.label, roles::CAMERA, arguments, output)
            .serves(CameraWorkerInterface::NAME)
            .ready_within(SERVE_TIME);
        spawner.supervisor.start(spec)
    }

    /// Waits until the next run of a worker serves, and tells how often it was started again.
    async fn next_run(
        &self,
        worker: &mut Worker,
        commands: &mut mpsc::Receiver<Command>,
        first: bool,
    ) -> Result<(), StartError> {
        let mut restarts = worker.run.saturating_sub(1);
        // Every turn waits for news or answers a command.
        loop {
            let status = worker.supervised.status();
            let why = || status.exit.as_ref().map_or_else(String::new, Exit::to_string);
            for _ in restarts..status.restarts {
                if self.context.is_closing() {
                    break;
                }
                let restarts = self.context.restarts.count(&self.label);
                self.state.update(self.id, |camera| camera.restarts = restarts);
            }
            restarts = status.restarts;
            if status.phase.is_last() || status.phase == Phase::Waiting && first {
                if let Some(exit) = &status.exit {
                    self.context.contract_differs(&self.label, exit);
                }
                return Err(match status.phase {
                    Phase::Ended => StartError::Ended(Ended::Quit),
                    Phase::GaveUp => {
                        StartError::Source(format!("its process was given up ({})", why()))
                    }
                    _ => StartError::Other(format!("its process has ended at once ({})", why())),
                });
            }
            if status.phase == Phase::Ready && status.run > worker.run {
                worker.run = status.run;
                return Ok(());
            }
            tokio::select! {
                _ = worker.supervised.changed() => {}
                command = commands.recv() => match command {
                    None => return Err(StartError::Ended(Ended::Quit)),
                    Some(Command::Plug(done)) => {
                        let _ = done.send(Ok(()));
                    }
                    Some(Command::Unplug(done)) => {
                        return Err(StartError::Ended(Ended::Unplugged(done)));
                    }
                    Some(Command::Settle(done)) => {
                        let _ = done.send(());
                    }
                },
            }
        }
    }

    /// Waits for the next run of a worker, and lets it open its source.
    async fn start(
        &self,
        worker: &mut Worker,
        commands: &mut mpsc::Receiver<Command>,
        first: bool,
    ) -> Result<CameraWorkerClient, StartError> {
        self.next_run(worker, commands, first).await?;
        let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
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
                Ok(client)
            }
            Err(Failure::App(WorkerError::Source { reason })) => Err(StartError::Source(reason)),
            Err(error) => Err(other(&error)),
        }
    }

    /// Tells a worker about settings and asks for its progress, until it ends or is to end.
    async fn attend(
        &mut self,
        worker: &mut Worker,
        client: &CameraWorkerClient,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Ended {
        let mut controls = self.context.controls.subscribe();
        controls.mark_changed();
        let mut progress = interval(PROGRESS_EVERY);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Every turn waits for one of these.
        loop {
            tokio::select! {
                status = worker.supervised.changed() => {
                    let same = |status: Status| {
                        status.run == worker.run && status.phase == Phase::Ready
                    };
                    if !status.is_some_and(same) {
                        return Ended::Lost;
                    }
                }
                changed = controls.changed() => {
                    if changed.is_err() {
                        return Ended::Quit;
                    }
                    let now = controls.borrow_and_update().clone();
                    let publishing = now.selected == Some(self.id);
                    self.adjust(client, now.settings, publishing);
                }
                _ = progress.tick() => {
                    if let Err(reason) = self.ask(client).await {
                        return Ended::Source(reason);
                    }
                }
                command = commands.recv() => match command {
                    None => return Ended::Quit,
                    Some(Command::Plug(done)) => {
                        let _ = done.send(Ok(()));
                    }
                    Some(Command::Settle(done)) => {
                        let settings = self.context.controls.borrow().settings.clone();
                        self.adjust(client, settings, false);
                        let _ = self.ask(client).await;
                        let _ = done.send(());
                    }
                    Some(Command::Unplug(done)) => {
                        let settings = self.context.controls.borrow().settings.clone();
                        self.adjust(client, settings, false);
                        let _ = self.ask(client).await;
                        // One that does not answer is ended all the same.
                        let _ = client.with_timeout(STOP_TIME).stop().await;
                        return Ended::Unplugged(done);
                    }
                },
            }
        }
    }

    /// Tells a worker about settings. The hub reports calls and what is published; a notification is logged by its sender.
    fn adjust(&self, client: &CameraWorkerClient, settings: Settings, publishing: bool) {
        let bytes = codec::to_bytes(&settings).map_or(0, |bytes| bytes.len() + 1);
        // A worker that is gone is found by whoever waits for its process.
        let _ = client.adjust(settings, publishing);
        self.context.log.add(Line {
            channel: format!("{}.adjust", CameraWorkerInterface::NAME),
            kind: ChannelKind::Notification,
            from: String::new(),
            to: self.label.clone(),
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            duration: None,
            outcome: portcullis::Status::Ok.name().to_owned(),
        });
    }

    /// Asks a worker how far it is; fails when its source has ended or broken off.
    async fn ask(&mut self, client: &CameraWorkerClient) -> Result<(), String> {
        // One that does not answer has ended, or is busy: the next turn tells.
        let Ok(progress) = client.progress().await else { return Ok(()) };
        self.state.set_progress(self.id, add(&self.before, &progress));
        self.current = progress;
        self.current.ended.take().map_or(Ok(()), Err)
    }

    /// A worker has ended: what it has said last is what it has done.
    fn account(&mut self) {
        self.before = add(&self.before, &std::mem::take(&mut self.current));
    }
}

/// Main's own standard input, for the worker that reads it.
fn standard_input() -> std::io::Result<Stdio> {
    use std::os::fd::AsFd;
    Ok(Stdio::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}
