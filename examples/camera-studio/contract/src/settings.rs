//! The settings that all windows share. What they do to a picture is the camera worker's business.

use portcullis::{Call, Stale, StateVersion, Versioned};

use crate::NAME_BYTES_MAX;

/// The longest annotation, in bytes; the controls window allows 80 characters.
pub const ANNOTATION_BYTES_MAX: u32 = 320;

/// How much smaller than taken pictures are sent.
#[portcullis::message]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quality {
    /// As they are taken.
    #[default]
    Full,
    /// Half the width and half the height.
    Half,
    /// A quarter of the width and a quarter of the height.
    Quarter,
}

/// The settings of all cameras.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// In stops.
    #[limit(range = -3.0..=3.0)]
    pub exposure: f64,
    /// In decibels.
    #[limit(range = 0.0..=24.0)]
    pub gain: f64,
    /// Whether left and right are exchanged.
    pub mirror: bool,
    /// Shown over the picture.
    #[limit(len <= ANNOTATION_BYTES_MAX)]
    pub annotation: String,
    /// The size of what is sent.
    pub quality: Quality,
    /// The most pictures a second.
    #[limit(range = 1..=60)]
    pub frames_per_second_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            exposure: 0.0,
            gain: 0.0,
            mirror: false,
            annotation: String::new(),
            quality: Quality::Full,
            frames_per_second_max: 60,
        }
    }
}

/// The settings, and who changed them last.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingsState {
    /// The settings.
    pub settings: Settings,
    /// The label of the peer that changed them; empty before the first change. Main writes it.
    #[limit(len <= NAME_BYTES_MAX)]
    pub changed_by: String,
}

/// The settings, owned by main and shared by all windows.
#[portcullis::interface(name = "studio.settings", version = 2)]
pub trait SettingsStore {
    /// Changes the settings, if they are still of the version that the change was made from.
    #[call(deadline = "2s")]
    async fn replace(
        &self,
        cx: &Call,
        change: Versioned<SettingsState>,
    ) -> Result<StateVersion, Stale>;

    /// The settings as they are now.
    #[state]
    fn settings(value: Versioned<SettingsState>);
}
