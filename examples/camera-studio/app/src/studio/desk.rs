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

#[cfg(test)]
mod tests {
    use camera_studio_contract::contract;
    use portcullis::Failure;
    use portcullis::peer::{Peer, PeerConfig, Target};
    use portcullis_desktop::{OpenOptions, WindowsClient};

    use super::*;
    use crate::renderer;

    /// A studio without processes: its registry, a controls page and a viewer page.
    async fn studio() -> (Registry, Arc<Renderer>, WindowsClient, Peer) {
        let builder = roles::all().into_iter().fold(Hub::builder(contract()), |b, r| b.role(r));
        let hub = builder.build().expect("the roles fit");
        let (renderer, _) = Renderer::new(renderer::Kind::Light);
        let registry = start(&hub, &[Arc::clone(&renderer)]).expect("the kinds are valid");
        let page = |label: &str, role: &str| hub.connect(label, role, &PeerConfig::default());
        let controls = page("controls-1", "controls").expect("admitted");
        let viewer = page("viewer-1", "viewer").expect("admitted");
        viewer.ready().await.expect("welcome");
        let windows: WindowsClient = controls.bind(Target::Any).await.expect("granted");
        let mut state = windows.watch_windows();
        // Each turn waits for a change; both pages are about to be listed.
        while state.next().await.expect("served").is_some_and(|list| list.windows.len() < 2) {}
        (registry, renderer, windows, viewer)
    }

    fn error<T: std::fmt::Debug>(outcome: Result<T, Failure<WindowError>>) -> WindowError {
        match outcome {
            Err(Failure::App(error)) => error,
            other => panic!("no error of the contract: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_page_is_closed_and_neither_opened_nor_brought_to_the_front() {
        let (_registry, _renderer, windows, viewer) = studio().await;
        let open = windows.open("viewer".to_owned(), OpenOptions::default()).await;
        assert!(matches!(error(open), WindowError::NotPossible { action: WindowAction::Open, .. }));
        let focus = windows.focus("viewer-1".to_owned()).await;
        assert!(matches!(
            error(focus),
            WindowError::NotPossible { action: WindowAction::Focus, .. }
        ));
        let mut closed = windows.subscribe_closed();
        // The subscription is made before what it is to see.
        windows.list().await.expect("served");
        windows.close("viewer-1".to_owned()).await.expect("closed");
        assert_eq!(viewer.closed().await.reason, Reason::Revoked);
        let window = closed.next().await.expect("served").expect("it is told");
        assert_eq!(window.label, "viewer-1");
    }

    #[tokio::test]
    async fn a_renderer_is_opened_under_its_label_and_not_after_the_studio_has_let_go_of_it() {
        let (_registry, renderer, windows, _viewer) = studio().await;
        let window = windows.open("light".to_owned(), OpenOptions::default()).await;
        assert_eq!(window.expect("opened").label, "light");
        windows.close("light".to_owned()).await.expect("it has not connected yet");
        drop(renderer);
        let late = windows.open("light".to_owned(), OpenOptions::default()).await;
        assert!(matches!(error(late), WindowError::Refused { .. }));
    }
}
