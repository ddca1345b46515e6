//! The native renderers: each is kept running, and main may kill one to show that nothing else suffers.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc;

use super::children::{Backoff, end};
use super::{Context, contract_differs, roles};
use crate::renderer::Kind;
use crate::{child, clock};

/// A renderer that is kept running.
pub(super) struct Renderer {
    kind: Kind,
    kills: mpsc::Sender<()>,
    process: Arc<AtomicU32>,
}

impl Renderer {
    /// Starts a renderer, and again whenever it ends.
    pub(super) fn start(kind: Kind, context: &Context) -> Self {
        let (kills, receiver) = mpsc::channel(1);
        let process = Arc::new(AtomicU32::new(0));
        context.spawn(keep(kind, context.clone(), Arc::clone(&process), receiver));
        Self { kind, kills, process }
    }

    /// Its label.
    pub(super) fn label(&self) -> &'static str {
        self.kind.name()
    }

    /// Kills its process at once, as `kill -9` does. Returns the number of the process.
    pub(super) fn kill(&self) -> u32 {
        // A kill that is on its way already serves for this one too.
        let _ = self.kills.try_send(());
        self.process.load(Ordering::Relaxed)
    }
}

async fn keep(kind: Kind, context: Context, number: Arc<AtomicU32>, mut kills: mpsc::Receiver<()>) {
    let role = match kind {
        Kind::Light => roles::LIGHT,
        Kind::Statistics => roles::STATISTICS,
    };
    let label = kind.name();
    let mut backoff = Backoff::new();
    // Every turn is one run of the process; before each but the first there is a wait.
    loop {
        let began = clock::monotonic();
        let arguments = [child::RENDERER, label];
        // A process that cannot be started is tried again as one that has ended.
        if let Ok(mut process) = context.spawner.spawn(label, role, &arguments, Stdio::null()) {
            number.store(process.id().unwrap_or(0), Ordering::Relaxed);
            let ended = loop {
                tokio::select! {
                    ended = process.wait() => break ended,
                    killed = kills.recv() => match killed {
                        // It has ended already otherwise.
                        Some(()) => drop(process.kill()),
                        None => return end(process).await,
                    },
                }
            };
            if let Ok((_, goodbye)) = ended {
                contract_differs(&context, label, &goodbye);
            }
        }
        if context.is_closing() {
            return;
        }
        context.restarts.count(label);
        let lived = clock::monotonic().saturating_duration_since(began);
        tokio::time::sleep(backoff.after(lived)).await;
    }
}
