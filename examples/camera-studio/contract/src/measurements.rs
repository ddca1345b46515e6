//! What the native renderers find out about the pictures.

use portcullis::{Call, Source};

use crate::{CameraId, NAME_BYTES_MAX};

/// What one picture measured.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The camera that took it.
    pub camera: CameraId,
    /// The picture's number.
    pub sequence: u64,
    /// Mean luma: 0 is black, 1 is white.
    #[limit(range = 0.0..=1.0)]
    pub brightness: f64,
    /// Mean absolute luma difference to the picture before: 0 is the same, 1 is black against white.
    #[limit(range = 0.0..=1.0)]
    pub motion: f64,
}

/// Brightness and motion. Hosted by main; the native renderer that measures publishes.
#[portcullis::interface(name = "studio.measurements", version = 1)]
pub trait Measurements {
    /// A picture was measured.
    #[event]
    fn measured(measurement: Measurement);
}

/// How pictures reached one receiver: a native renderer, or a viewer window.
#[portcullis::message]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// The receiver's label. Main writes it: who reports is nobody's own word.
    #[limit(len <= NAME_BYTES_MAX)]
    pub receiver: String,
    /// Pictures in the last second.
    pub frames_per_second: f64,
    /// Bytes in the last second.
    pub bytes_per_second: f64,
    /// Pictures since it was started.
    pub received: u64,
    /// Pictures that are missing between those that it got, since it was started: those that main has dropped for it, and those
    /// that the camera has left out for all.
    pub dropped: u64,
    /// Pictures that main has dropped for it since it was started, by the topic's policy: it was slow.
    pub missed: u64,
    /// How often pictures were copied for it alone since it was started, on their way to its handler. It tells of its own
    /// copies, and main adds those that it has made; the one that main makes for all receivers together is not in it.
    pub copies: u64,
    /// Bytes since it was started.
    pub bytes: u64,
    /// Half of the last second's pictures took at most this long from camera to renderer, in microseconds.
    pub latency_p50_us: u64,
    /// 99 of 100 of the last second's pictures took at most this long, in microseconds.
    pub latency_p99_us: u64,
    /// As `latency_p50_us`, of all pictures since it was started.
    pub total_latency_p50_us: u64,
    /// As `latency_p99_us`, of all pictures since it was started.
    pub total_latency_p99_us: u64,
}

/// Statistics of all that receive pictures. Served by main.
#[portcullis::interface(name = "studio.reports", version = 2)]
pub trait Reports {
    /// Takes a receiver's statistics, one item a second, for as long as it runs; answers with how many there were.
    #[stream(deadline = "1440m")]
    async fn report(&self, cx: &Call, input: Source<Statistics>) -> Result<u64, portcullis::Error>;

    /// A receiver has reported.
    #[event]
    fn reported(statistics: Statistics);
}
