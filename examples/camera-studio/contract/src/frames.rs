//! Live pictures. How they are measured is `measurements`.

use portcullis::{Blob, Timestamp};

use crate::CameraId;

/// The longest side of a picture, in pixels.
pub const SIDE_PIXELS_MAX: u32 = 8192;

/// The most bytes of a picture.
pub const PICTURE_BYTES_MAX: u32 = 15 << 20;

/// One picture.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The camera that took it.
    pub camera: CameraId,
    /// Counts the pictures that one run of a camera worker has sent; a gap is a picture that was dropped on its way.
    pub sequence: u64,
    /// When it was taken.
    pub captured: Timestamp,
    /// Pixels in a row.
    #[limit(range = 1..=SIDE_PIXELS_MAX)]
    pub width: u32,
    /// Rows.
    #[limit(range = 1..=SIDE_PIXELS_MAX)]
    pub height: u32,
    /// The luma plane, then both chroma planes at half the width and height, rounded up (I420, BT.601, video range).
    #[limit(len <= PICTURE_BYTES_MAX)]
    pub data: Blob,
}

/// The selected camera's pictures, for every window and native renderer. Hosted by main; the camera worker publishes.
#[portcullis::interface(name = "studio.live", version = 1)]
pub trait Live {
    /// A picture. A receiver that is slow misses the oldest and gets the newest.
    #[event(overflow = "drop_oldest", depth = 2)]
    fn frame(frame: Frame);
}
