//! What windows ask of each other.

use portcullis::Call;

use crate::{NAME_BYTES_MAX, TEXT_BYTES_MAX};

/// The largest snapshot, in bytes.
pub const SNAPSHOT_BYTES_MAX: u32 = 8 << 20;

/// The most windows in a report.
pub const WINDOWS_MAX: u32 = 64;

/// The picture that a window shows.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The label of the window that it is from.
    #[limit(len <= NAME_BYTES_MAX)]
    pub from: String,
    /// A PNG file.
    #[limit(len = 1..=SNAPSHOT_BYTES_MAX)]
    pub png: Vec<u8>,
}

/// Why there is no snapshot.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotError {
    /// The window has not shown a picture yet.
    NoPicture,
    /// The browser cannot write it.
    Failed {
        /// Why, in a sentence.
        #[limit(len <= TEXT_BYTES_MAX)]
        reason: String,
    },
}

/// Pictures of what a window shows. Served by the viewer windows, called by the controls windows.
#[portcullis::interface(name = "studio.snapshots", version = 1)]
pub trait Snapshots {
    /// Takes a picture of the picture, annotation included.
    #[call(deadline = "5s", idempotent)]
    async fn take(&self, cx: &Call) -> Result<Snapshot, SnapshotError>;
}

/// A line of text for people.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The label of the window that it is from.
    #[limit(len <= NAME_BYTES_MAX)]
    pub from: String,
    /// The text.
    #[limit(len = 1..=TEXT_BYTES_MAX)]
    pub text: String,
}

/// Whether one window got a notice.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The window's label.
    #[limit(len <= NAME_BYTES_MAX)]
    pub peer: String,
    /// Why it did not get the notice; nothing when it did.
    #[limit(len <= NAME_BYTES_MAX)]
    pub problem: Option<String>,
}

/// Who got a notice, and who did not.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryList {
    /// One entry for each window that is there.
    #[limit(items <= WINDOWS_MAX)]
    pub deliveries: Vec<Delivery>,
}

/// Notices for every window. Served by main.
#[portcullis::interface(name = "studio.notices", version = 1)]
pub trait Notices {
    /// Shows a line of text in every window, and answers with who got it.
    #[call(deadline = "3s")]
    async fn announce(
        &self,
        cx: &Call,
        #[limit(len = 1..=TEXT_BYTES_MAX)] text: String,
    ) -> Result<DeliveryList, portcullis::Error>;

    /// Somebody has something to say.
    #[event(overflow = "drop_newest")]
    fn notice(notice: Notice);
}
