//! The native renderers: each is kept running until it is closed, and main may kill one to show that nothing else suffers.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis::supervisor::{Exit, ExitReason, Supervised};
use portcullis_desktop::registry::{Registry, Told};
use tokio::sync::mpsc;

use super::context::Context;
use super::roles;
use crate::child;
use crate::renderer::Kind;

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

/// Why a renderer is no longer kept running.
enum Ended {
    /// By itself, and it is not started again.
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
        // Every turn is one time that it is open.
        loop {
            let ended = self.open(&context, &registry).await;
            self.process.store(0, Ordering::Relaxed);
            if context.is_closing() || matches!(ended, Ended::Dropped) {
                return;
            }
            if !self.wait_for_start().await {
                return;
            }
        }
    }

    async fn open(&mut self, context: &Context, registry: &Registry) -> Ended {
        let label = self.kind.name();
        let arguments = vec![child::RENDERER.into(), label.into()];
        let spec = context.spawner.spec(label, role(self.kind), arguments, || Ok(Stdio::null()));
        let mut supervised = context.spawner.supervisor.start(spec);
        let ended = self.until_end(&mut supervised, context, registry).await;
        supervised.stop().await;
        ended
    }

    async fn until_end(
        &mut self,
        supervised: &mut Supervised,
        context: &Context,
        registry: &Registry,
    ) -> Ended {
        let mut restarts = 0;
        // Every turn waits for news or a command.
        loop {
            tokio::select! {
                status = supervised.changed() => {
                    let Some(status) = status else { return Ended::Itself };
                    self.process.store(status.process.unwrap_or(0), Ordering::Relaxed);
                    if status.restarts > restarts || status.phase.is_last() {
                        self.tell(status.exit.as_ref(), context, registry);
                    }
                    if status.restarts > restarts && !context.is_closing() {
                        context.restarts.count(self.kind.name());
                    }
                    restarts = status.restarts;
                    if status.phase.is_last() {
                        return Ended::Itself;
                    }
                }
                command = self.commands.recv() => match command {
                    Some(Command::Kill) => {
                        supervised.kill();
                    }
                    Some(Command::Stop) => return Ended::Stopped,
                    Some(Command::Start) => {}
                    None => return Ended::Dropped,
                },
            }
        }
    }

    /// Tells the desk and the studio what a process has ended by.
    fn tell(&self, exit: Option<&Exit>, context: &Context, registry: &Registry) {
        let Some(exit) = exit else { return };
        let label = self.kind.name();
        context.contract_differs(label, exit);
        if !exit.asked && exit.reason != ExitReason::Code(0) {
            registry.tell(label, Told::Crashed(exit.to_string()));
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
