//! The settings that all windows share: one state, changed by patches, and what the camera workers need to know.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camera_studio_contract::{
    CameraId, Settings, SettingsPatch, SettingsState, SettingsStore, SettingsStorePublisher,
    SettingsStoreServer,
};
use portcullis::Call;
use portcullis::hub::{Hosted, Hub};
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
pub(super) struct Store {
    state: Mutex<SettingsState>,
    publisher: OnceLock<SettingsStorePublisher>,
    controls: watch::Sender<Controls>,
}

impl Store {
    /// Serves the settings from now on; what is changed is told through `controls`.
    pub(super) fn serve(
        hub: &Hub,
        controls: watch::Sender<Controls>,
    ) -> Result<Hosted, StudioError> {
        let store =
            Arc::new(Self { state: Mutex::default(), publisher: OnceLock::new(), controls });
        let hosted = hub.serve(SettingsStoreServer::from_arc(Arc::clone(&store)))?;
        let publisher: SettingsStorePublisher = hosted.publisher();
        publisher.settings(&SettingsState::default())?;
        // A call that came before this would have published nothing; the windows are not let in yet.
        let _ = store.publisher.set(publisher);
        Ok(hosted)
    }
}

impl SettingsStore for Store {
    async fn update(&self, cx: &Call, patch: SettingsPatch) -> u64 {
        // Held while the value is published, so that revisions leave in order.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        apply(&mut state.settings, patch);
        state.revision += 1;
        state.changed_by = cx.caller().map(|caller| caller.label.clone()).unwrap_or_default();
        self.controls.send_modify(|controls| controls.settings = state.settings.clone());
        if let Some(publisher) = self.publisher.get() {
            // It fails only when the hub is gone, and then nobody is there to see it.
            let _ = publisher.settings(&state);
        }
        state.revision
    }
}

fn apply(settings: &mut Settings, patch: SettingsPatch) {
    let SettingsPatch { exposure, gain, mirror, annotation, quality, frames_per_second_max } =
        patch;
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    set(&mut settings.exposure, exposure);
    set(&mut settings.gain, gain);
    set(&mut settings.mirror, mirror);
    set(&mut settings.annotation, annotation);
    set(&mut settings.quality, quality);
    set(&mut settings.frames_per_second_max, frames_per_second_max);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let mut settings = Settings { gain: 6.0, ..Settings::default() };
        let patch =
            SettingsPatch { mirror: Some(true), exposure: Some(-1.5), ..Default::default() };
        apply(&mut settings, patch);
        let expect = Settings { gain: 6.0, mirror: true, exposure: -1.5, ..Settings::default() };
        assert_eq!(settings, expect);
    }
}
