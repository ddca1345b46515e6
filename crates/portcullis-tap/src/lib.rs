//! The built-in interface [`Tap`], an ordinary contract: the messages of a running hub, for those whose role may look on. Main
//! serves it only if the application says so (feature `serve`); `portcullis tap` is its reader.
//!
//! Without features this crate is a contract and has no runtime behind it. An application lists the interface in its own
//! contract and grants it to a role that nobody else has:
//!
//! ```
//! portcullis::contract! { name = "studio", interfaces = [portcullis_tap::Tap] }
//! # fn main() {
//! assert_eq!(contract().interfaces[0].name, "portcullis.tap");
//! # }
//! ```
//!
//! What passes is shown as JSON, made where main is: what the contract marks as secret never leaves it. Messages of this
//! interface itself are not shown.

mod contract;
#[cfg(feature = "serve")]
mod serve;

pub use contract::*;
#[cfg(feature = "serve")]
pub use serve::serve;
#[cfg(all(feature = "serve", unix))]
pub use serve::{Listening, StartError, listen};

portcullis::contract! {
    name = "portcullis",
    interfaces = [Tap],
}
