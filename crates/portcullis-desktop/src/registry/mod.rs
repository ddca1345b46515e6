//! For a native main: a registry that serves [`Windows`](crate::Windows) and [`Application`](crate::Application) on its hub.
//! It learns of windows from the peers that join and leave, and from what the application tells it; how a window is opened,
//! closed and focused is the [`Host`]'s business.
//!
//! ```
//! use portcullis::testing::TestHub;
//! use portcullis_desktop::registry::{Host, Kind, OpenRequest, Registry};
//! use portcullis_desktop::{OpenOptions, WindowError, WindowPhase, WindowsClient, contract};
//!
//! /// Opens windows in no other way than by saying so.
//! struct Desk;
//!
//! impl Host for Desk {
//!     fn kind_of(&self, peer: &portcullis::hub::PeerInfo) -> Option<String> {
//!         Some(peer.label.split('-').next()?.to_owned())
//!     }
//!     async fn open(&self, request: OpenRequest) -> Result<String, WindowError> {
//!         Ok(format!("{}-1", request.kind))
//!     }
//! }
//!
//! # fn main() {
//! # let mut runtime = tokio::runtime::Builder::new_current_thread();
//! # runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
//! let bench = TestHub::start(contract());
//! let registry =
//!     Registry::builder().kind(Kind::new("editor").opens()).start(bench.hub(), Desk).unwrap();
//! registry.ready();
//!
//! let windows: WindowsClient = bench.client("test").await;
//! let editor = windows.open("editor".to_owned(), OpenOptions::default()).await.unwrap();
//! assert_eq!((editor.label.as_str(), editor.phase), ("editor-1", WindowPhase::Opening));
//!
//! let mut opened = windows.subscribe_opened();
//! let _peer = bench.peer("editor-1");
//! assert!(opened.next().await.unwrap().is_some_and(|window| window.connected));
//! # });
//! # }
//! ```

mod application;
mod host;
mod kinds;
mod presence;
mod shared;
mod table;
mod told;
mod watch;
mod windows;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis::hub::{Hosted, Hub};
use tokio::task::JoinHandle;

pub use application::{Held, QuitReport};
pub use host::{Asker, Host, OpenRequest};
pub use kinds::{Kind, OPENING, RegistryError};
pub use told::Told;

use crate::{ApplicationPhase, ApplicationServer, WindowList, WindowsServer};
use shared::Shared;

/// The registry of a native main. It serves until it is dropped.
#[must_use = "the interfaces are withdrawn when this is dropped"]
pub struct Registry {
    shared: Arc<Shared>,
    watching: JoinHandle<()>,
    _hosted: [Hosted; 2],
}

/// Sets up a [`Registry`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `start`"]
pub struct RegistryBuilder {
    kinds: Vec<Kind>,
}

impl RegistryBuilder {
    /// Declares a kind of window. What is not declared is no window, and cannot be opened.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Serves both interfaces from now on, in phase `starting`. Peers that are connected already are seen too.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; nothing is served then.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(self, hub: &Hub, host: impl Host) -> Result<Registry, RegistryError> {
        kinds::check(&self.kinds)?;
        let (shared, host) = (Arc::new(Shared::new(hub.clone(), self.kinds)), Arc::new(host));
        // Heard from before the list of peers is read, so that none is missed between.
        let events = hub.events();
        let windows = windows::Service { shared: Arc::clone(&shared), host: Arc::clone(&host) };
        let windows = hub.serve(WindowsServer::new(windows)).map_err(RegistryError::Serve)?;
        let life = application::Service { shared: Arc::clone(&shared), host: Arc::clone(&host) };
        let life = hub.serve(ApplicationServer::new(life)).map_err(RegistryError::Serve)?;
        shared
            .publish_with(windows.publisher(), life.publisher())
            .map_err(RegistryError::Publish)?;
        let watching = tokio::spawn(watch::run(Arc::clone(&shared), host, events));
        Ok(Registry { shared, watching, _hosted: [windows, life] })
    }
}

impl Registry {
    /// Sets up a registry.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// What windows there are now.
    pub fn windows(&self) -> WindowList {
        self.shared.list()
    }

    /// Tells what only the application knows of a window. False when there is none of that label.
    pub fn tell(&self, label: &str, told: Told) -> bool {
        self.shared.change(|table, moment| table.told(label, told, moment))
    }

    /// The phase of the application.
    pub fn phase(&self) -> ApplicationPhase {
        self.shared.phase()
    }

    /// Everything is there now.
    pub fn ready(&self) {
        self.shared.enter(ApplicationPhase::Ready);
    }

    /// The machine is about to sleep.
    pub fn suspending(&self) {
        self.shared.enter(ApplicationPhase::Suspending);
    }

    /// The machine is awake again.
    pub fn resumed(&self) {
        self.shared.enter(ApplicationPhase::Resumed);
    }

    /// Waits until a peer that may has asked to end the application, and tells who. Ending it is [`Self::quit`], from wherever
    /// main ends.
    pub async fn quit_asked(&self) -> Asker {
        self.shared.quit_asked().await
    }

    /// The application ends: the phase becomes `quitting`; peers that hold the quit have up to `grace` to let go; then the hub
    /// is shut down in what is left of it, see [`Hub::shutdown`], which tells every peer that it is over.
    pub async fn quit(&self, grace: Duration) -> QuitReport {
        self.shared.quit(grace).await
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("phase", &self.phase())
            .field("windows", &self.windows().windows)
            .finish_non_exhaustive()
    }
}
