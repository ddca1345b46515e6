//! What main and others ask of a camera worker process.

use portcullis::Call;

use crate::{CameraId, SOURCE_BYTES_MAX, Settings, TEXT_BYTES_MAX};

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

/// What a worker has done since its source was opened.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pictures that it has read.
    pub taken: u64,
    /// Those of them that it has published.
    pub published: u64,
    /// Those of them that it wanted to publish and dropped, because main did not take them in time.
    pub dropped: u64,
    /// Bytes of the pictures that it has published.
    pub bytes: u64,
    /// Why its source has ended or broken off, in a sentence; nothing while it goes on.
    #[limit(len <= TEXT_BYTES_MAX)]
    pub ended: Option<String>,
}

/// Why a worker does not do what it was asked for.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerError {
    /// It was not started, or was stopped.
    NotStarted,
    /// It was started already.
    AlreadyStarted,
    /// The source cannot be opened.
    Source {
        /// Why, in a sentence.
        #[limit(len <= TEXT_BYTES_MAX)]
        reason: String,
    },
}

/// A camera. Served by its worker process, which main has started.
#[portcullis::interface(name = "studio.worker", version = 1)]
pub trait CameraWorker {
    /// Opens the source, and answers with what it gives. From then on pictures are taken, and published while
    /// `publishing`.
    #[call(deadline = "5s")]
    async fn start(
        &self,
        cx: &Call,
        camera: CameraId,
        #[limit(len <= SOURCE_BYTES_MAX)] source: String,
        settings: Settings,
        publishing: bool,
    ) -> Result<Format, WorkerError>;

    /// Closes the source.
    #[call(deadline = "2s", idempotent)]
    async fn stop(&self, cx: &Call);

    /// Applies other settings to the pictures that follow, and tells whether those are published.
    #[notify]
    async fn adjust(&self, cx: &Call, settings: Settings, publishing: bool);

    /// Tells how far it has come.
    #[call(deadline = "2s", idempotent)]
    async fn progress(&self, cx: &Call) -> Result<Progress, WorkerError>;
}
