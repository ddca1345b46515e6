//! The built-in interfaces of a desktop application, an ordinary contract: [`Windows`], what windows there are, and opening,
//! closing and focusing them; [`Application`], the phases of the application's life.
//!
//! Main serves both, whatever it runs in: under Electron the adapter does, in a native main the registry (feature `registry`).
//! Without features this crate is a contract and has no runtime behind it. An application lists the interfaces in its
//! own contract, so that its schema, its roles and its generated code hold them too:
//!
//! ```
//! portcullis::contract! {
//!     name = "studio",
//!     interfaces = [portcullis_desktop::Windows, portcullis_desktop::Application],
//! }
//! # fn main() {
//! let names: Vec<_> = contract().interfaces.iter().map(|each| each.name.as_str()).collect();
//! assert_eq!(names, ["portcullis.application", "portcullis.windows"]);
//! # }
//! ```
//!
//! What a role may do with them is granted as with any interface: `Role::new("viewer").subscribe("portcullis.windows.*")` sees
//! the windows and opens none.

mod application;
#[cfg(feature = "registry")]
pub mod registry;
mod windows;

pub use application::*;
pub use windows::*;

/// The longest reason or explanation, in bytes.
pub const REASON_BYTES_MAX: u32 = 512;

portcullis::contract! {
    name = "portcullis",
    interfaces = [Windows, Application],
}
