//! The contract of the camera studio: every message and every channel between its processes, declared once. The
//! Rust clients and servers, the TypeScript modules of the pages, the hub's checks and the reference are made from it.
//!
//! | interface | served by | shows |
//! |---|---|---|
//! | [`Cameras`] | main | calls with typed errors, events, a state |
//! | [`SettingsStore`] | main | a shared state, which all windows see and may change |
//! | [`Live`] | main; the camera worker publishes | large messages to many receivers, the oldest dropped |
//! | [`CameraWorker`] | the camera worker | calls from main, a notification |
//! | [`Measurements`] | main; a native renderer publishes | small events at a high rate |
//! | [`Reports`] | main | a stream from client to server |
//! | [`MessageLog`] | main | batches of events, a stream from server to client |
//! | [`Snapshots`] | a viewer window | a call from window to window, through the hub |
//! | [`Notices`] | main | a broadcast that reports who got it |
//! | [`portcullis_desktop::Windows`], [`portcullis_desktop::Application`] | main | the built-in interfaces, listed as any other |
//! | [`portcullis_tap::Tap`] | main, when it is asked to | every message, for a developer |

mod cameras;
mod frames;
mod log;
mod measurements;
mod settings;
mod windows;
mod worker;

pub use cameras::*;
pub use frames::*;
pub use log::*;
pub use measurements::*;
pub use settings::*;
pub use windows::*;
pub use worker::*;

/// The longest name of a peer, a camera, a channel or a source, in bytes.
pub const NAME_BYTES_MAX: u32 = 128;

/// The longest source of a camera, in bytes: a path and the word before it.
pub const SOURCE_BYTES_MAX: u32 = 4200;

/// The longest text that explains something, in bytes.
pub const TEXT_BYTES_MAX: u32 = 512;

portcullis::contract! {
    name = "studio",
    interfaces = [
        Cameras,
        SettingsStore,
        Live,
        CameraWorker,
        Measurements,
        Reports,
        MessageLog,
        Snapshots,
        Notices,
        portcullis_desktop::Windows,
        portcullis_desktop::Application,
        portcullis_tap::Tap,
    ],
}
