//! Which cameras there are, which one is shown, and plugging them. Their pictures are `frames`.

use portcullis::Call;

use crate::{NAME_BYTES_MAX, SOURCE_BYTES_MAX, TEXT_BYTES_MAX};

/// The most cameras of one studio.
pub const CAMERAS_MAX: u32 = 8;

/// A camera's number, which it keeps while the studio runs.
#[portcullis::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CameraId(pub u32);

/// What a camera is doing.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraStatus {
    /// It has no worker process.
    Unplugged,
    /// Its worker was started and has not sent a picture yet.
    Starting,
    /// Its worker runs.
    Live,
    /// Its worker has ended, and is not started again.
    Failed {
        /// Why, in a sentence.
        #[limit(len <= TEXT_BYTES_MAX)]
        reason: String,
    },
}

/// One camera, plugged in or not.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Its number.
    pub id: CameraId,
    /// What people call it.
    #[limit(len = 1..=NAME_BYTES_MAX)]
    pub name: String,
    /// Where its pictures come from, as it was written on the command line.
    #[limit(len <= SOURCE_BYTES_MAX)]
    pub source: String,
    /// Width of its pictures, in pixels.
    pub width: u32,
    /// Height of its pictures, in pixels.
    pub height: u32,
    /// Pictures a second, as the source was recorded.
    pub frames_per_second: f64,
    /// What it is doing.
    pub status: CameraStatus,
    /// How often its worker was started again after it had ended by itself.
    pub restarts: u32,
}

/// All cameras, and the one that is shown.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct CameraList {
    /// In the order of the command line.
    #[limit(items <= CAMERAS_MAX)]
    pub cameras: Vec<Camera>,
    /// The camera whose pictures go to all windows; none when none was ever plugged in.
    pub selected: Option<CameraId>,
}

/// Why something cannot be done with a camera.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraError {
    /// There is no camera with this number.
    NoSuchCamera {
        /// The number.
        camera: CameraId,
    },
    /// It must be plugged in first.
    Unplugged {
        /// The camera.
        camera: CameraId,
    },
    /// Its worker could not be started, or its source cannot be opened.
    CannotStart {
        /// The camera.
        camera: CameraId,
        /// Why, in a sentence.
        #[limit(len <= TEXT_BYTES_MAX)]
        reason: String,
    },
}

/// The cameras of the studio. Served by main.
#[portcullis::interface(name = "studio.cameras", version = 1)]
pub trait Cameras {
    /// Lists all cameras.
    #[call(deadline = "2s", idempotent)]
    async fn list(&self, cx: &Call) -> CameraList;

    /// Plugs a camera in: starts its worker, and answers when that has opened its source. Nothing happens when it
    /// is plugged in already.
    #[call(deadline = "5s")]
    async fn plug(&self, cx: &Call, camera: CameraId) -> Result<(), CameraError>;

    /// Unplugs a camera: ends its worker, and answers when that has ended.
    #[call(deadline = "5s")]
    async fn unplug(&self, cx: &Call, camera: CameraId) -> Result<(), CameraError>;

    /// Shows this camera's pictures in every window.
    #[call(deadline = "2s", idempotent)]
    async fn select(&self, cx: &Call, camera: CameraId) -> Result<(), CameraError>;

    /// A camera was plugged in.
    #[event]
    fn attached(camera: Camera);

    /// A camera was unplugged, or has failed.
    #[event]
    fn detached(camera: Camera);

    /// All cameras, whenever something about one has changed.
    #[state]
    fn cameras(value: CameraList);
}
