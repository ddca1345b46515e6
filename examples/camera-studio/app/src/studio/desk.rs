//! The windows as the built-in interface shows them: pages in a browser and native renderers, and what this host can do with
//! each. A renderer is started and ended; a page can be closed, and neither opened nor brought to the front from here.

use std::sync::{Arc, Weak};
use std::time::Duration;

use portcullis::hub::{Hub, Reason};
use portcullis_desktop::registry::{Asker, Host, Kind, OpenRequest, Registry};
use portcullis_desktop::{WindowAction, WindowError, WindowInfo};

use super::error::StudioError;
use super::renderers::Renderer;
use super::roles;

/// How long a page that loads again may be away.
const PAGE_RETURNS: Duration = Duration::from_secs(2);

/// How long a renderer may be away before it runs again: the longest wait before a restart, and the start itself.
const RENDERER_RETURNS: Duration = Duration::from_secs(10);

struct Desk {
    hub: Hub,
    /// They end when the studio drops them, which must not wait for this.
    renderers: Vec<Weak<Renderer>>,
}

/// Serves `portcullis.windows` and `portcullis.application` from now on.
pub(super) fn start(hub: &Hub, renderers: &[Arc<Renderer>]) -> Result<Registry, StudioError> {
    let mut registry = Registry::builder();
    for (name, title) in roles::WINDOWS.into_iter().zip(["Viewer", "Controls", "Message log"]) {
        registry =
            registry.kind(Kind::new(name).title(title).closes().returns_within(PAGE_RETURNS));
    }
    for renderer in renderers {
        let kind = Kind::new(renderer.role()).title(renderer.title()).windows_max(1);
        registry = registry.kind(kind.opens().closes().returns_within(RENDERER_RETURNS));
    }
    let desk = Desk { hub: hub.clone(), renderers: renderers.iter().map(Arc::downgrade).collect() };
    Ok(registry.start(hub, desk)?)
}

impl Desk {
    /// The renderer whose windows are of that kind.
    fn renderer(&self, kind: &str) -> Option<Arc<Renderer>> {
        self.renderers.iter().filter_map(Weak::upgrade).find(|renderer| renderer.role() == kind)
    }
}

impl Host for Desk {
    async fn open(&self, request: OpenRequest) -> Result<String, WindowError> {
        let Some(renderer) = self.renderer(&request.kind) else { return Err(ending()) };
        renderer.start_again();
        Ok(renderer.label().to_owned())
    }

    async fn close(&self, window: WindowInfo, _: Asker) -> Result<(), WindowError> {
        if let Some(renderer) = self.renderer(&window.kind) {
            renderer.stop();
            return Ok(());
        }
        // A page that is told this does not connect again by itself.
        for peer in self.hub.peers().iter().filter(|peer| peer.label == window.label) {
            self.hub.disconnect(peer.peer, Reason::Revoked);
        }
        Ok(())
    }

    async fn focus(&self, _: WindowInfo, _: Asker) -> Result<(), WindowError> {
        let reason =
            "neither a page in a browser nor a process without a window comes to the front";
        Err(WindowError::NotPossible { action: WindowAction::Focus, reason: reason.to_owned() })
    }
}

fn ending() -> WindowError {
    WindowError::Refused { reason: "the studio is ending".to_owned() }
}
