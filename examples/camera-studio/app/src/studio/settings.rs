//! The settings that all windows share, owned by main, and what the camera workers need to know of them.

use camera_studio_contract::{
    CameraId, Settings, SettingsState, SettingsStore, SettingsStorePublisher, SettingsStoreServer,
};
use portcullis::hub::{Hosted, Hub};
use portcullis::{Call, SharedState, Stale, StateVersion, Versioned};
use tokio::sync::watch;

use super::error::StudioError;

/// What camera workers go by.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Controls {
    pub(super) settings: Settings,
    /// The camera whose pictures are published.
    pub(super) selected: Option<CameraId>,
}

/// Serves `studio.settings`.
pub(super) struct Store(SharedState<SettingsState>);

impl Store {
    /// Serves the settings from now on; what is changed is told through `controls`.
    pub(super) fn serve(
        hub: &Hub,
        controls: watch::Sender<Controls>,
    ) -> Result<Hosted, StudioError> {
        let state = SharedState::new(SettingsState::default());
        state.watch(move |now| {
            controls.send_modify(|controls| controls.settings = now.value.settings.clone());
        });
        let hosted = hub.serve(SettingsStoreServer::new(Self(state.clone())))?;
        let publisher: SettingsStorePublisher = hosted.publisher();
        state.publish_to(move |now| publisher.settings(now))?;
        Ok(hosted)
    }
}

impl SettingsStore for Store {
    async fn replace(
        &self,
        cx: &Call,
        mut change: Versioned<SettingsState>,
    ) -> Result<StateVersion, Stale> {
        // Whoever changes them is what main says it is, and not what it says itself.
        change.value.changed_by =
            cx.caller().map(|caller| caller.label.clone()).unwrap_or_default();
        self.0.replace(change)
    }
}
