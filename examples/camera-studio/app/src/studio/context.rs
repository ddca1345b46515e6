//! What every part of main may need.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camera_studio_contract::CameraWorkerInterface;
use portcullis::hub::{Goodbye, Hub, Reason};
use portcullis::peer::{Peer, PeerConfig};
use portcullis::rpc::Interface;
use portcullis::supervisor::Exit;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::children::{Restarts, Spawner};
use super::error::StudioError;
use super::log::Log;
use super::settings::Controls;

/// See the fields.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) hub: Hub,
    /// Main's own client, for what it asks of others.
    pub(super) main: Peer,
    pub(super) spawner: Spawner,
    pub(super) controls: watch::Sender<Controls>,
    pub(super) restarts: Restarts,
    pub(super) log: Arc<Log>,
    /// Whoever finds that the studio cannot go on says so here.
    fatal: mpsc::Sender<StudioError>,
    closing: Arc<AtomicBool>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Context {
    /// Main's client gets `role` as its role and label; processes are started from `program`. The other part of what is
    /// returned gets why the studio cannot go on.
    pub(super) fn new(
        hub: &Hub,
        role: &str,
        program: PathBuf,
        light_meter: Option<PathBuf>,
    ) -> Result<(Self, mpsc::Receiver<StudioError>), StudioError> {
        let config = PeerConfig {
            client: role.to_owned(),
            interfaces: vec![CameraWorkerInterface::descriptor()],
            ..PeerConfig::default()
        };
        let (fatal, failures) = mpsc::channel(1);
        let context = Self {
            hub: hub.clone(),
            main: hub.connect(role, role, &config)?,
            spawner: Spawner::new(hub, program, light_meter),
            controls: watch::channel(Controls::default()).0,
            restarts: Restarts::default(),
            log: Arc::default(),
            fatal,
            closing: Arc::default(),
            tasks: Arc::default(),
        };
        Ok((context, failures))
    }

    /// Runs a task that is waited for when the studio ends.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    /// From now on, processes that end are not started again.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Whether processes that end now are not to be started again.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed) || self.hub.is_quitting()
    }

    /// Waits for all tasks, at most so long, and stops those that are left.
    pub(super) async fn join(&self, grace: Duration) {
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(grace, all).await.is_err() {
            // Processes are killed when what holds them is dropped.
            tasks.shutdown().await;
        }
    }

    /// Ends the studio when a process was built from another contract: starting it again would not help.
    pub(super) fn contract_differs(&self, label: &str, exit: &Exit) {
        let mismatch = |goodbye: &&Goodbye| {
            matches!(goodbye.reason, Reason::ContractMismatch | Reason::VersionMismatch)
        };
        if let Some(goodbye) = exit.goodbye.as_ref().filter(mismatch) {
            let error = StudioError::Contract { label: label.to_owned(), why: goodbye.to_string() };
            // When one has said so already, that one is enough.
            let _ = self.fatal.try_send(error);
        }
    }
}
