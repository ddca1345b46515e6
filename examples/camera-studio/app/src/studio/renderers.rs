//! The native renderers: each is kept running until it is closed, and main may kill one to show that nothing else suffers.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use portcullis::process::Process;
use portcullis_desktop::registry::{Registry, Told};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::children::{Backoff, end};
use super::context::Context;
use super::roles;
use crate::renderer::Kind;
use crate::{child, clock};

/// Commands that may wait for a renderer; more are dropped, as those that wait say it all.
const COMMANDS_MAX: usize = 4;

/// What a renderer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    /// Its process is killed at once, and another takes its place.
    Kill,
    /// Its process is ended, and none takes its place.
    Stop,
    /// It runs again.
    Start,
}

/// A renderer. Its process ends when this is dropped.
pub(super) struct Renderer {
    kind: Kind,
    commands: mpsc::Sender<Command>,
    /// The number of its process; 0 while it has none.
    process: Arc<AtomicU32>,
}

/// What runs a renderer.
pub(super) struct Runner {
    kind: Kind,
    commands: mpsc::Receiver<Command>,
    process: Arc<AtomicU32>,
}

/// How one run of a process has ended.
enum Ended {
    /// By itself, or because it was killed.
    Itself,
    /// It was told to.
    Stopped,
    /// The studio ends.
    Dropped,
}

impl Renderer {
    /// A renderer, and what runs it.
    pub(super) fn new(kind: Kind) -> (Arc<Self>, Runner) {
        let (sender, commands) = mpsc::channel(COMMANDS_MAX);
        let process = Arc::new(AtomicU32::new(0));
        let renderer = Self { kind, commands: sender, process: Arc::clone(&process) };
        (Arc::new(renderer), Runner { kind, commands, process })
    }

    /// Its label.
    pub(super) fn label(&self) -> &'static str {
        self.kind.name()
    }

    /// Its role, which is the kind of window that it is.
    pub(super) fn role(&self) -> &'static str {
        role(self.kind)
    }

    /// What people call it.
    pub(super) fn title(&self) -> &'static str {
        match self.kind {
            Kind::Light => "Light meter",
            Kind::Statistics => "Statistics",
        }
    }

    /// Kills its process at once, as `kill -9` does. Returns the number of the process; nothing when there is none.
    pub(super) fn kill(&self) -> Option<u32> {
        let process = self.process.load(Ordering::Relaxed);
        self.tell(Command::Kill);
        (process != 0).then_some(process)
    }

    /// Ends its process for good, or until it is started again.
    pub(super) fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Runs it again after it was stopped.
    pub(super) fn start_again(&self) {
        self.tell(Command::Start);
    }

    fn tell(&self, command: Command) {
        // The ones that are on their way already serve for this one too.
        let _ = self.commands.try_send(command);
    }
}

fn role(kind: Kind) -> &'static str {
    match kind {
        Kind::Light => roles::LIGHT,
        Kind::Statistics => roles::STATISTICS,
    }
}

impl Runner {
    /// Keeps the renderer running, until the studio ends.
    pub(super) async fn run(mut self, context: Context, registry: Arc<Registry>) {
        let mut backoff = Backoff::new();
        // Every turn is one run of the process; before each but the first there is a wait.
        loop {
            let began = clock::monotonic();
            let ended = self.run_once(&context, &registry).await;
            self.process.store(0, Ordering::Relaxed);
            if context.is_closing() {
                return;
            }
            let started = match ended {
                Ended::Itself => {
                    context.restarts.count(self.kind.name());
                    let lived = clock::monotonic().saturating_duration_since(began);
                    self.wait(backoff.after(lived)).await
                }
                Ended::Stopped => self.wait_for_start().await,
                Ended::Dropped => false,
            };
            if !started {
                return;
            }
        }
    }

    async fn run_once(&mut self, context: &Context, registry: &Registry) -> Ended {
        let label = self.kind.name();
        let arguments = [child::RENDERER, label];
        let spawned = context.spawner.spawn(label, role(self.kind), &arguments, Stdio::null());
        // A process that cannot be started is tried again as one that has ended.
        let Ok(mut process) = spawned else { return Ended::Itself };
        self.process.store(process.id().unwrap_or(0), Ordering::Relaxed);
        let ended = self.until_end(&mut process, context, registry).await;
        if !matches!(ended, Ended::Itself) {
            end(process).await;
        }
        ended
    }

    async fn until_end(
        &mut self,
        process: &mut Process,
        context: &Context,
        registry: &Registry,
    ) -> Ended {
        let label = self.kind.name();
        // Every turn waits for the end or a command.
        loop {
            tokio::select! {
                ended = process.wait() => {
                    if let Ok((status, goodbye)) = ended {
                        context.contract_differs(label, &goodbye);
                        if !status.success() {
                            registry.tell(label, Told::Crashed(status.to_string()));
                        }
                    }
                    return Ended::Itself;
                }
                command = self.commands.recv() => match command {
                    // It has ended already otherwise.
                    Some(Command::Kill) => drop(process.kill()),
                    Some(Command::Stop) => return Ended::Stopped,
                    Some(Command::Start) => {}
                    None => return Ended::Dropped,
                },
            }
        }
    }

    /// Waits before the next run; false when there is none.
    async fn wait(&mut self, time: Duration) -> bool {
        match timeout(time, self.commands.recv()).await {
            Err(_) | Ok(Some(Command::Start | Command::Kill)) => true,
            Ok(Some(Command::Stop)) => self.wait_for_start().await,
            Ok(None) => false,
        }
    }

    async fn wait_for_start(&mut self) -> bool {
        // Every turn waits for a command.
        loop {
            match self.commands.recv().await {
                Some(Command::Start) => return true,
                Some(Command::Kill | Command::Stop) => {}
                None => return false,
            }
        }
    }
}
