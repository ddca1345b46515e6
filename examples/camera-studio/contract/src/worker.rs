//! What main and others ask of a camera worker process.

use portcullis::{Call, Sink};

use crate::{CameraId, Frame, NAME_BYTES_MAX, Settings, TEXT_BYTES_MAX};

/// The pictures that a source gives.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures a second.
    pub frames_per_second: f64,
}

/// Why a worker does not do what it was asked for.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerError {
    /// It was not started, or was stopped.
    NotStarted,
    /// It was started already.
    AlreadyStarted,
    /// The source cannot be opened, or has broken off.
    Source {
        /// Why, in a sentence.
        #[limit(len <= TEXT_BYTES_MAX)]
        reason: String,
    },
}

/// A camera. Served by its worker process, which main has started.
#[portcullis::interface(name = "studio.worker", version = 1)]
pub trait CameraWorker {
    /// Opens the source, and answers with what it gives. From then on pictures are published while `publishing`.
    #[call(deadline = "5s")]
    async fn start(
        &self,
        cx: &Call,
        camera: CameraId,
        #[limit(len <= NAME_BYTES_MAX)] source: String,
        settings: Settings,
    ) -> Result<Format, WorkerError>;

    /// Closes the source.
    #[call(deadline = "2s", idempotent)]
    async fn stop(&self, cx: &Call);

    /// Applies other settings to the pictures that follow, and tells whether those are published.
    #[notify]
    async fn adjust(&self, cx: &Call, settings: Settings, publishing: bool);

    /// Every picture for one receiver, at the receiver's pace: when it is slow, the oldest are dropped. Ends with the
    /// source.
    #[stream(overflow = "drop_oldest", depth = 4)]
    async fn frames(&self, cx: &Call, out: Sink<Frame>) -> Result<(), WorkerError>;
}
