//! Runs a scenario: on a runtime of its own, under a watchdog.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::scene::Scene;
use crate::transport::Transport;

/// Nothing here takes long, even on a machine that is busy with something else; what takes this long hangs.
pub const WATCHDOG: Duration = Duration::from_secs(120);

/// The runtime on which the hub, its connections and its handlers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// One thread.
    CurrentThread,
    /// Two worker threads beside the test's own.
    MultiThread,
}

impl Flavour {
    fn runtime(self) -> Runtime {
        let mut builder = match self {
            Self::CurrentThread => Builder::new_current_thread(),
            Self::MultiThread => {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(2);
                builder
            }
        };
        builder.enable_all().build().expect("a runtime")
    }
}

/// A scenario, borrowed from its scene.
pub type Playing<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Plays a scenario, and then looks whether everything has come to its end.
pub fn run<T: Transport>(
    flavour: Flavour,
    transport: impl FnOnce() -> T,
    scenario: impl for<'a> FnOnce(&'a Scene) -> Playing<'a>,
) {
    flavour.runtime().block_on(async {
        let scene = Scene::new(transport());
        let playing = async {
            scenario(&scene).await;
            scene.settle().await;
        };
        if tokio::time::timeout(WATCHDOG, playing).await.is_err() {
            panic!("still waiting after {WATCHDOG:?}: {}", scene.left());
        }
    });
}
